// Package corpus reads labelled texts in the corpus form: JSON Lines, one
// object a line, such as
//
//	{"text":"…","label":"injection","source":"set_a","channel":"user","lang":"en"}
//
// The form is shared by `warder check --jsonl`, `warder eval` and `warder
// train`. Keys:
//
//	text      the text under judgement; required, may be empty
//	messages  a conversation in its place: chat messages, for check --jsonl only
//	label     one of the Label constants; required by eval and train only
//	source    the data set that the row comes from
//	channel   user, document, tool, email, operator or output; origin is another
//	          name of it
//	lang      a BCP 47 tag
//	sub       a division within the source; a string or a list of strings
//	template  the template that the row was made from
//	attack    the attack inside text, when text is a carrier with an attack in it
//	spans     [{type,start,end,value}], offsets in characters
//	answer, question, system: the other texts of the exchange
//
// Other keys are ignored: corpora carry notes of their own. Keys are as they are
// written here, in small letters, and none comes twice. A line is at most
// MaxLine bytes; blank lines are skipped; anything else that is not such an
// object is an error that names the line.
package corpus

import (
	"encoding/json"
	"errors"
	"strings"

	"warder.example/guard"
)

// MaxLine is the longest line in bytes that a Reader accepts.
const MaxLine = 4 << 20

// ErrRow is wrapped by every error about the content of a line, as opposed to
// an error of the underlying reader.
var ErrRow = errors.New("not a row in the corpus form")

// Label says what a text is.
type Label string

// The labels.
const (
	Injection      Label = "injection"
	Jailbreak      Label = "jailbreak"
	HarmfulRequest Label = "harmful_request"
	Benign         Label = "benign"
	BenignHard     Label = "benign_hard" // looks like an attack and is not
	Toxic          Label = "toxic"
	NonToxic       Label = "non_toxic"
	PII            Label = "pii"
	NoPII          Label = "no_pii"
	Secret         Label = "secret"
	NonSecret      Label = "non_secret"
	Grounded       Label = "grounded"
	Hallucinated   Label = "hallucinated"
	Generic        Label = "generic"
	HarmfulOutput  Label = "harmful_output"
	SafeOutput     Label = "safe_output"
	PromptLeak     Label = "prompt_leak"
)

// Labels lists every label.
var Labels = []Label{
	Injection, Jailbreak, HarmfulRequest, Benign, BenignHard, Toxic, NonToxic, PII, NoPII, Secret, NonSecret,
	Grounded, Hallucinated, Generic, HarmfulOutput, SafeOutput, PromptLeak,
}

// Known reports whether l is one of [Labels].
func (l Label) Known() bool {
	for _, k := range Labels {
		if l == k {
			return true
		}
	}
	return false
}

// Attack reports whether l marks a prompt attack.
func (l Label) Attack() bool { return l == Injection || l == Jailbreak }

// Ordinary reports whether l marks text that is neither an attack nor a request
// for harm.
func (l Label) Ordinary() bool { return l == Benign || l == BenignHard }

// Row is one line of a corpus.
type Row struct {
	Text     string `json:"text"`
	Label    Label  `json:"label,omitempty"`
	Source   string `json:"source,omitempty"`
	Channel  string `json:"channel,omitempty"`
	Lang     string `json:"lang,omitempty"`
	Sub      Sub    `json:"sub,omitempty"`
	Template string `json:"template,omitempty"`
	Attack   string `json:"attack,omitempty"`
	Spans    []Span `json:"spans,omitempty"`
	Answer   string `json:"answer,omitempty"`
	Question string `json:"question,omitempty"`
	System   string `json:"system,omitempty"`
	// Messages is a conversation in place of a text, as in a chat request; nil
	// unless the Reader was asked for such rows.
	Messages json.RawMessage `json:"messages,omitempty"`

	// File is the name of the file, empty when read from a stream.
	File string `json:"-"`
	// Line is the number of the line, from 1; Offset is where it begins, in
	// bytes.
	Line   int   `json:"-"`
	Offset int64 `json:"-"`
}

// Sub is the division of a row within its source. It is written in JSON as a
// string or as a list of strings; several are joined with "/".
type Sub string

// Span marks a stretch of Row.Text.
type Span struct {
	Type  string `json:"type"`
	Start int    `json:"start"` // in characters (code points), inclusive
	End   int    `json:"end"`   // in characters, exclusive
	Value string `json:"value,omitempty"`
}

// Origin returns who wrote the text, by its channel. A missing channel and one
// that Warder does not know are [guard.OriginUnknown], which detectors trust
// least.
func (r *Row) Origin() guard.Origin {
	o, err := guard.ParseOrigin(strings.ToLower(r.Channel))
	if err != nil {
		return guard.OriginUnknown
	}
	return o
}

// Direction returns [guard.Answer] for what a model wrote, else
// [guard.Request].
func (r *Row) Direction() guard.Direction {
	if r.Channel == "output" {
		return guard.Answer
	}
	return guard.Request
}

// GuardText returns the row as a text to inspect.
func (r *Row) GuardText() guard.Text {
	return guard.Text{Content: r.Text, Origin: r.Origin(), Direction: r.Direction()}
}

// ByteSpans returns Spans with byte offsets of Text instead of characters.
// Spans that lie outside the text are cut to it.
func (r *Row) ByteSpans() []guard.Span {
	if len(r.Spans) == 0 {
		return nil
	}
	at := make([]int, 0, len(r.Text)+1)
	for i := range r.Text {
		at = append(at, i)
	}
	at = append(at, len(r.Text))
	clamp := func(i int) int { return at[min(max(i, 0), len(at)-1)] }
	out := make([]guard.Span, 0, len(r.Spans))
	for _, s := range r.Spans {
		if a, b := clamp(s.Start), clamp(s.End); a < b {
			out = append(out, guard.Span{Start: a, End: b})
		}
	}
	return out
}
