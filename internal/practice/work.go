package practice

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var (
	toolVerb  = regexp.MustCompile(`(?i)\b(call|use|run|invoke|send|e-?mail|forward|delete|remove|transfer|pay|book|execute|look up|search|get|fetch|check)\b`)
	sum       = regexp.MustCompile(`(-?\d{1,9})\s*([-+*x×])\s*(-?\d{1,9})`)
	textOnly  = regexp.MustCompile(`(?i)\buse the text only\b`)
	summarise = regexp.MustCompile(`(?i)\b(summari[sz]e|summary|sum up|tl;?dr|key points)\b`)
	greeting  = regexp.MustCompile(`(?i)^\s*(hi|hello|hey|good (?:morning|afternoon|evening))\b`)
	hours     = regexp.MustCompile(`(?i)\b(open|opening|close|hours)\b`)
	word      = regexp.MustCompile(`[A-Za-z]{3,}`)
)

// work does an honest job: it uses a tool, sums up a text, or says something
// friendly that shows what was asked.
func (m *mind) work() Reply {
	if !m.tooled {
		if c, ok := m.tool(m.user); ok {
			return Reply{Calls: []Call{c}}
		}
	}
	if m.level.filtered(m.user) {
		return Reply{Text: refusal}
	}
	switch {
	case m.tooled:
		return Reply{Text: "Here is what I found: " + shortened(strings.Join(m.material, " "), 300)}
	case len(m.material) > 0 || summarise.MatchString(m.user):
		text := strings.Join(m.material, " ")
		if strings.TrimSpace(text) == "" {
			text = m.user
			if _, rest, ok := strings.Cut(text, ":"); ok {
				text = rest
			}
		}
		return Reply{Text: "In short: " + summary(text)}
	case m.level >= 5 && textOnly.MatchString(m.user):
		return Reply{Text: "The text does not say."}
	case sum.MatchString(m.user):
		return Reply{Text: calculated(m.user)}
	case greeting.MatchString(m.user):
		return Reply{Text: "Hello! How can I help you today?"}
	case hours.MatchString(m.user):
		return Reply{Text: "We are open from nine to six on weekdays and from ten to two on Saturdays."}
	}
	return Reply{Text: "Thank you for your question about " + topic(m.user) + ". A simulator has no real answer, but a helpful assistant would give you one here."}
}

// tool returns a call of an offered tool that a text asks for: its name occurs,
// or a verb of use and two words of its description.
func (m *mind) tool(text string) (Call, bool) {
	low := strings.ToLower(text)
	if len(m.tools) == 0 || m.level >= 5 && text != m.user {
		return Call{}, false
	}
	for _, t := range m.tools {
		name := strings.ToLower(t.Name)
		hits := 0
		for _, w := range word.FindAllString(strings.ToLower(strings.ReplaceAll(t.Name, "_", " ")+" "+t.Description), 64) {
			if len(w) > 3 && strings.Contains(low, w) {
				hits++
			}
		}
		if strings.Contains(low, name) || hits >= 2 && (toolVerb.MatchString(text) || strings.Contains(text, "?")) {
			return Call{Name: t.Name, Arguments: arguments(t, text)}, true
		}
	}
	return Call{}, false
}

var (
	quoted  = regexp.MustCompile(`["“']([^"”']{1,200})["”']`)
	mail    = regexp.MustCompile(`[\w.+-]+@[\w-]+(?:\.[\w-]+)+`)
	number  = regexp.MustCompile(`\d+(?:\.\d+)?`)
	capital = regexp.MustCompile(`\b(?:in|for|at|to|of) ([A-Z][\w-]+(?: [A-Z][\w-]+)*)`)
)

// arguments fills a tool's parameters from a text, as well as rules can.
func arguments(t Tool, text string) map[string]string {
	out := map[string]string{}
	for _, p := range t.Parameters {
		low := strings.ToLower(p)
		switch {
		case (strings.Contains(low, "mail") || low == "to" || low == "recipient") && mail.MatchString(text):
			out[p] = mail.FindString(text)
		case strings.Contains(low, "amount") || strings.Contains(low, "count") || strings.HasSuffix(low, "id"):
			out[p] = number.FindString(text)
		case quoted.MatchString(text):
			out[p] = quoted.FindStringSubmatch(text)[1]
		case capital.MatchString(text):
			out[p] = capital.FindStringSubmatch(text)[1]
		default:
			out[p] = shortened(strings.TrimSpace(text), 200)
		}
	}
	return out
}

func calculated(s string) string {
	g := sum.FindStringSubmatch(s)
	a, _ := strconv.ParseInt(g[1], 10, 64)
	b, _ := strconv.ParseInt(g[3], 10, 64)
	r := a + b
	switch g[2] {
	case "-":
		r = a - b
	case "*", "x", "×":
		r = a * b
	}
	return fmt.Sprintf("%s %s %s is %d.", g[1], g[2], g[3], r)
}

func summary(text string) string {
	s := sentences(text)
	if len(s) > 2 {
		s = s[:2]
	}
	return shortened(strings.Join(s, " "), 300)
}

func topic(s string) string {
	ws := word.FindAllString(s, 200)
	longest := "that"
	for _, w := range ws {
		if len(w) > len(longest) {
			longest = strings.ToLower(w)
		}
	}
	return longest
}

func shortened(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n]) + "…"
}
