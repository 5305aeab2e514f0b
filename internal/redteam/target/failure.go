package target

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// A Failure says why a target gave no answer.
type Failure struct {
	Kind   Kind
	Reason string        // plain words; what the target said stands quoted
	Status int           // of HTTP; 0: there was none
	After  time.Duration // how long the target asks to wait; 0: it does not say

	err error
}

// Error returns the kind and the reason.
func (f *Failure) Error() string { return string(f.Kind) + ": " + f.Reason }

// Unwrap returns what was the cause, nil if it is not known.
func (f *Failure) Unwrap() error { return f.err }

// A Kind is a class of failure.
type Kind string

// The kinds.
const (
	Unreachable Kind = "unreachable"  // no connection, or none to the host of the file
	Credentials Kind = "credentials"  // refused, or without quota
	RateLimited Kind = "rate limited" // see Failure.After
	TimedOut    Kind = "timed out"    // no whole answer in time
	Unavailable Kind = "unavailable"  // it says that it failed itself
	Malformed   Kind = "malformed"    // an answer that is not what its kind answers
	TooLong     Kind = "too long"     // an answer over limits.answer
	Rejected    Kind = "rejected"     // it does not take this request
	Ended       Kind = "ended"        // the program is gone
	Unsupported Kind = "unsupported"  // this kind of target has no place for the message
	Interrupted Kind = "interrupted"  // the caller's context ended; not the target's fault
)

// Again reports whether the same message may be answered if it is sent once more,
// after a while.
func (k Kind) Again() bool {
	return k == Unreachable || k == RateLimited || k == TimedOut || k == Unavailable || k == Ended
}

// Stop reports whether every other message would fail alike.
func (k Kind) Stop() bool { return k == Credentials || k == Interrupted }

// failed returns a failure with a reason.
func failed(k Kind, cause error, format string, args ...any) *Failure {
	return &Failure{Kind: k, Reason: fmt.Sprintf(format, args...), err: cause}
}

// maxReason is how much of what others said stands in a failure.
const maxReason = 300

// plain bounds outside words and takes out what could move a terminal's cursor.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " "))
	if r := []rune(s); len(r) > maxReason {
		return string(r[:maxReason]) + "…"
	}
	return s
}
