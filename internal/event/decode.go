package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// wire is the envelope as it is written.
type wire struct {
	ID          string          `json:"id"`
	Time        time.Time       `json:"time"`
	Kind        string          `json:"kind"`
	Application string          `json:"application"`
	Subject     string          `json:"subject"`
	Request     string          `json:"request"`
	Payload     json.RawMessage `json:"payload"`
}

// DecodeEnvelope reads an encoded event and leaves its payload a
// [json.RawMessage], nil when there is none. Unknown members, trailing text and
// members that break their rule are [ErrInvalid].
func DecodeEnvelope(b []byte) (Event, error) {
	if len(b) > MaxBytes {
		return Event{}, fmt.Errorf("%w: %d bytes, at most %d are read", ErrTooLarge, len(b), MaxBytes)
	}
	var w wire
	if err := decodeStrict(b, &w); err != nil {
		return Event{}, fmt.Errorf("%w: reading envelope: %w", ErrInvalid, err)
	}
	e := Event{ID: w.ID, Time: w.Time.UTC(), Kind: w.Kind, Application: w.Application, Subject: w.Subject, Request: w.Request}
	if len(w.Payload) > 0 {
		e.Payload = w.Payload
	}
	if err := e.check(); err != nil {
		return Event{}, err
	}
	return e, nil
}

// Decode reads an encoded event. Its payload has the type registered for its
// kind, by value, or is a [json.RawMessage] when the kind is unknown here. When
// the error is [ErrPayload] the event is returned all the same, payload raw.
func Decode(b []byte) (Event, error) {
	e, err := DecodeEnvelope(b)
	if err != nil {
		return e, err
	}
	raw, ok := e.Payload.(json.RawMessage)
	if !ok {
		return e, nil
	}
	decode := lookup(e.Kind)
	if decode == nil {
		return e, nil
	}
	p, err := decode(raw)
	if err != nil {
		return e, fmt.Errorf("%w: %q: %w", ErrPayload, e.Kind, err)
	}
	e.Payload = p
	return e, nil
}

// decodeStrict reads exactly one JSON value into v and accepts no member that v
// does not have.
func decodeStrict(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("text follows the value")
	}
	return nil
}
