package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"warder.example/guard"
	"warder.example/internal/ledger"
)

// The kinds of record that tell of an exchange.
const (
	kindOpened = "exchange.opened"
	kindClosed = "exchange.closed"
)

// record is what the audit log says of one exchange.
type record struct {
	opened, closed bool
	action         guard.Action // the stricter of request and answer
	rule           string       // that decided it
}

// records are the records of exchanges by request id.
type records map[string]*record

// readRecords reads what the audit log in a data folder says of the exchanges.
// The gateway may run meanwhile: a closed record is there before the answer's
// last byte left.
func readRecords(data string, done []exchange) (records, error) {
	out := make(records, len(done))
	for i := range done {
		if id := done[i].gateway.request; id != "" {
			out[id] = &record{}
		}
	}
	err := ledger.Scan(filepath.Join(data, "ledger"), 0, func(e ledger.Entry) error {
		r := out[e.Event.Request]
		if r == nil || e.Event.Kind != kindOpened && e.Event.Kind != kindClosed {
			return nil
		}
		if err := r.add(e.Event.Kind, e.Event.Payload); err != nil {
			return fmt.Errorf("record %d: %w", e.Sequence, err)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the audit log: %w", err)
	}
	return out, nil
}

// add takes one record in. Its payload belongs to the gateway, which this
// program does not link, and so comes as JSON.
func (r *record) add(kind string, payload any) error {
	raw, ok := payload.(json.RawMessage)
	if !ok {
		return fmt.Errorf("payload of %s is a %T; expected JSON", kind, payload)
	}
	var p struct {
		Action *guard.Action `json:"action"`
		Rule   string        `json:"rule"`
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return fmt.Errorf("payload of %s: %w", kind, err)
	}
	if p.Action == nil {
		return fmt.Errorf("payload of %s has no action", kind)
	}
	if first := !r.opened && !r.closed; first || *p.Action < r.action {
		r.action, r.rule = *p.Action, p.Rule
	}
	r.opened = r.opened || kind == kindOpened
	r.closed = r.closed || kind == kindClosed
	return nil
}
