package litellm

import "warder.example/internal/dialect"

// The actions of an answer.
const (
	None       = "NONE"                 // the call goes on as it is
	Intervened = "GUARDRAIL_INTERVENED" // it goes on with other texts
	Blocked    = "BLOCKED"              // it does not go on
)

// An Answer says what the proxy does with the call. Its zero value blocks.
type Answer struct {
	Action string   // empty for Blocked
	Reason string   // for people; of Blocked
	Texts  []string // in place of those of the request; of Intervened
}

// Body returns the bytes to answer with.
func (a *Answer) Body() []byte {
	action := a.Action
	if action == "" {
		action = Blocked
	}
	b := dialect.AppendString([]byte(`{"action":`), action)
	switch action {
	case Blocked:
		b = dialect.AppendString(append(b, `,"blocked_reason":`...), a.Reason)
	case Intervened:
		b = append(b, `,"texts":[`...)
		for i, t := range a.Texts {
			if i > 0 {
				b = append(b, ',')
			}
			b = dialect.AppendString(b, t)
		}
		b = append(b, ']')
	}
	return append(b, '}')
}
