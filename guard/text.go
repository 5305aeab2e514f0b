package guard

import (
	"fmt"

	"warder.example/guard/normal"
)

// Origin says who wrote a text. The zero value is OriginUnknown, which every
// detector treats like the least trusted one.
type Origin uint8

// The origins. Assistant turns in a request were supplied by the caller, so
// they are OriginModel but never trusted.
const (
	OriginUnknown  Origin = iota
	OriginOperator        // system or developer text of the application
	OriginUser
	OriginDocument
	OriginTool
	OriginEmail
	OriginModel
)

var originNames = [...]string{"unknown", "operator", "user", "document", "tool", "email", "model"}

// String returns the lower-case name used in policies, records and JSON.
func (o Origin) String() string {
	if int(o) < len(originNames) {
		return originNames[o]
	}
	return fmt.Sprintf("origin(%d)", uint8(o))
}

// MarshalText and UnmarshalText use the names of [Origin.String].
func (o Origin) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText accepts the names of [Origin.String] and nothing else.
func (o *Origin) UnmarshalText(b []byte) error {
	p, err := ParseOrigin(string(b))
	if err == nil {
		*o = p
	}
	return err
}

// ParseOrigin returns the origin with that name. "output" is accepted for
// OriginModel, since evaluation corpora name the channel so.
func ParseOrigin(name string) (Origin, error) {
	if name == "output" {
		return OriginModel, nil
	}
	for i, n := range originNames {
		if n == name {
			return Origin(i), nil
		}
	}
	return OriginUnknown, fmt.Errorf("unknown origin %q; expected one of user, document, tool, email, operator, model", name)
}

// Direction says which way a text travels.
type Direction uint8

// The directions.
const (
	Request Direction = iota // to the model
	Answer                   // from the model
)

// String returns "request" or "answer".
func (d Direction) String() string {
	if d == Answer {
		return "answer"
	}
	return "request"
}

// Kind says what a text is used for, where that changes what is looked for.
type Kind uint8

// The kinds.
const (
	Prose         Kind = iota // read by a model or a person
	ToolArguments             // will be given to a tool: SQL, shell and script injection matter
	Name                      // an identifier, a file name, a label: short and structural
)

// String returns a lower-case name.
func (k Kind) String() string {
	switch k {
	case Prose:
		return "prose"
	case ToolArguments:
		return "tool_arguments"
	}
	return "name"
}

// Span is a half-open byte range [Start, End) of a text's UTF-8 content.
type Span struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

// Exchange is what is known about the request that a text belongs to. It is
// read-only once the first text was given to a guard.
type Exchange struct {
	Application string
	// Caller tells the callers of an application from each other where one of
	// them alone must not bring something about; compared and never shown.
	// Empty: all are one.
	Caller      string
	Environment string
	DataClass   string
	// Operator holds the system and developer texts of the request: what
	// the model must not repeat.
	Operator []string
	// Canaries holds the planted strings of this application version whose
	// appearance in an answer proves leakage. Empty unless opted in.
	Canaries []string
}

// Text is one stretch of text under inspection.
type Text struct {
	Content   string // valid UTF-8
	Origin    Origin
	Direction Direction
	Kind      Kind
	Path      string    // where it stands in the body, for records: messages[2].content
	Exchange  *Exchange // may be nil

	views  *normal.Result
	scores AttackScores
	scored bool
}

// AttackScores are what a classifier gives one text for each category that it
// judges: calibrated probabilities, 0..1, also below all thresholds.
type AttackScores struct {
	Injection, Jailbreak, HarmfulRequest float32
}

// NoteScores keeps the scores of the text for who reads it with others later, as
// the turns of a conversation are. Detectors call it; it is not safe for
// concurrent use on the same Text.
func (t *Text) NoteScores(s AttackScores) { t.scores, t.scored = s, true }

// Scores returns the noted scores; ok is false if no classifier read the text.
func (t *Text) Scores() (s AttackScores, ok bool) { return t.scores, t.scored }

// Views returns the text with its obfuscation undone, computed once. It is not
// safe for concurrent use on the same Text.
func (t *Text) Views() *normal.Result {
	if t.views == nil {
		t.views = normal.Undo(t.Content, normal.Options{})
	}
	return t.views
}
