package event

import "fmt"

// check tells whether the envelope keeps its rules.
func (e *Event) check() error {
	if !validKind(e.Kind) {
		return fmt.Errorf("%w: kind %q: want at most %d bytes of lower-case words joined by dots", ErrInvalid, clip(e.Kind), MaxKind)
	}
	for _, f := range [...]struct{ name, value string }{{"id", e.ID}, {"application", e.Application}, {"request", e.Request}} {
		if len(f.value) > MaxID {
			return fmt.Errorf("%w: %s %q is %d bytes long, at most %d are kept", ErrInvalid, f.name, clip(f.value), len(f.value), MaxID)
		}
	}
	if e.Subject != "" && !validCommitment(e.Subject) {
		// It may be a plain subject: the message must not repeat it.
		return fmt.Errorf("%w: subject is not a commitment: want 32 lower-case hex digits", ErrInvalid)
	}
	if y := e.Time.UTC().Year(); y < 0 || y > 9999 {
		return fmt.Errorf("%w: time is in year %d, want 0 to 9999", ErrInvalid, y)
	}
	return nil
}

func validKind(s string) bool {
	if s == "" || len(s) > MaxKind {
		return false
	}
	word := false // within a word
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-':
			word = true
		case c == '.' && word:
			word = false
		default:
			return false
		}
	}
	return word
}

func validCommitment(s string) bool {
	if len(s) != 32 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// clip bounds what an error repeats of a text from outside.
func clip(s string) string {
	const most = 64
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}
