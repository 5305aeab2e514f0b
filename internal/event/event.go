// Package event defines the one immutable record that every part of Warder
// speaks: an envelope, and a payload whose type belongs to the package that
// registered its kind.
//
// The audit log stores events, metrics count them, anomaly detection and
// incidents read them. An event never holds a matched text or a plain subject:
// [Event.Subject] is a commitment made by [Commitment], and [Event.AppendJSON]
// refuses anything else.
//
// # Encoding
//
// An event is one line of compact JSON with its members in a fixed order, so
// that equal events are equal bytes. Event logs are read in terminals and by
// other programs, and ids come from strangers: control characters, bidirectional
// controls and line separators are written as \u escapes wherever they stand.
//
// # Payloads
//
// A package calls [Register] for each of its kinds, in an init function. [Decode]
// then gives that type back, strictly: an unknown member is an error. Kinds that
// nobody registered in this process stay readable as [encoding/json.RawMessage].
// A payload on a hot path may implement [Appender] to avoid reflection.
package event

import (
	"errors"
	"time"
)

// Bounds of an event. They are part of the format: what exceeds them is refused.
const (
	// MaxBytes is the most an encoded event may take.
	MaxBytes = 64 << 10
	// MaxID is the most bytes of ID, Application and Request.
	MaxID = 128
	// MaxKind is the most bytes of a kind.
	MaxKind = 64
)

// Errors that callers tell apart.
var (
	// ErrTooLarge means that the encoded event exceeds [MaxBytes].
	ErrTooLarge = errors.New("event is too large")
	// ErrInvalid means that a member of the envelope breaks its rule.
	ErrInvalid = errors.New("event is invalid")
	// ErrPayload means that the envelope is well formed and the payload is
	// not of the type registered for its kind.
	ErrPayload = errors.New("event payload does not fit its kind")
)

// Event is one record of something that happened. Treat it as immutable once it
// was handed on; its payload is shared by all who read it.
type Event struct {
	// ID names the event, at most [MaxID] bytes. Empty means that its place
	// in the log names it.
	ID string
	// Time is when it happened. The log sets it when it is zero. It is kept
	// in UTC to the nanosecond.
	Time time.Time
	// Kind says what happened and which type Payload has: lower-case words
	// of a-z, 0-9, "-" and "_", joined by dots: "exchange.opened".
	Kind string
	// Application is the id of the application concerned, "" for none.
	Application string
	// Subject is a commitment to the end user as [Commitment] makes it, 32
	// lower-case hex digits, or "" when unknown. Never the subject itself.
	Subject string
	// Request is the id of the request concerned, "" for none.
	Request string
	// Payload is what the kind's package registered, by value or pointer;
	// nil for none; [encoding/json.RawMessage] for kinds unknown here.
	Payload any
}
