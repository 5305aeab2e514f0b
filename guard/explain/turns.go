package explain

import (
	"fmt"
	"strings"

	"warder.example/guard"
)

// A Weighed is a message that weighed in a finding about a whole conversation.
type Weighed struct {
	Message int    `json:"message"` // index in the list of messages
	Says    string `json:"says"`    // which one it is, in words: "the user's second turn"
	// Text quotes its beginning, at most 240 bytes.
	Text string `json:"text"`
	// Reasons are what weighed most with the classifier in it, heaviest first.
	Reasons []Reason `json:"reasons,omitempty"`
}

// mostTurnReasons bounds the reasons of one turn.
const mostTurnReasons = 3

// Turns tells of the messages that weighed in a finding about a whole conversation,
// in order; none for other findings. messages are all of the conversation, by their
// index; g is the guard that found it. The scores of the turns are not counted.
func Turns(g *guard.Guard, f *guard.Finding, messages []guard.Text) []Weighed {
	users, out := 0, []Weighed(nil)
	for i := range messages {
		m := messages[i]
		if m.Origin != guard.OriginUser {
			continue
		}
		users++
		for _, n := range f.Turns {
			if n != i {
				continue
			}
			w := Weighed{Message: i, Says: fmt.Sprintf("the user's %s turn", ordinal(users)), Text: quoted(m.Content, []guard.Span{{Start: 0, End: len(m.Content)}})}
			w.Reasons = reasons(g.Detectors, &m, f.Category, 0)
			for k := range w.Reasons {
				if k == mostTurnReasons || w.Reasons[k].Weight <= 0 {
					w.Reasons = w.Reasons[:k]
					break
				}
			}
			out = append(out, w)
		}
	}
	return out
}

// InWords names the turns in a sentence: "the user's first, second and fourth turn".
func InWords(ws []Weighed) string {
	if len(ws) == 0 {
		return ""
	}
	said := make([]string, len(ws))
	for i, w := range ws {
		said[i] = strings.TrimSuffix(strings.TrimPrefix(w.Says, "the user's "), " turn")
	}
	list := said[len(said)-1]
	if len(said) > 1 {
		list = strings.Join(said[:len(said)-1], ", ") + " and " + list
	}
	return "the user's " + list + " turn"
}

var ordinals = [...]string{"first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"}

// ordinal returns "third", or "31st".
func ordinal(n int) string {
	if n <= len(ordinals) {
		return ordinals[n-1]
	}
	suffix := "th"
	if n/10%10 != 1 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return fmt.Sprintf("%d%s", n, suffix)
}
