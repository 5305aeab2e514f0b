package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"warder.example/internal/event"
	"warder.example/internal/gateway"
	"warder.example/internal/ledger"
	"warder.example/internal/store"
)

// KindAct is the kind of an administrative act in the audit log.
const KindAct = "admin.act"

// Act is the payload of [KindAct].
type Act struct {
	ID    int64           `json:"id"` // of the store; an act that comes twice, see moveActs, has the same
	Act   string          `json:"act"`
	Actor string          `json:"actor"`
	At    time.Time       `json:"at"`
	Data  json.RawMessage `json:"data,omitempty"`
}

func init() { event.Register[Act](KindAct) }

// moveActs moves administrative acts from the store into the audit log.
func (n *Node) moveActs(ctx context.Context) {
	t := time.NewTicker(actInterval)
	defer t.Stop()
	for {
		if err := n.moveActsOnce(ctx); err != nil && ctx.Err() == nil {
			n.log.Error("administrative acts were not recorded; they stay in the store", "cause", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

func (n *Node) moveActsOnce(ctx context.Context) error {
	late := time.Now().Add(store.ActLease / 2) // then others may soon take what is left
	acts, err := n.store.ClaimActs(ctx, n.ledger.Name(), store.MaxBatch)
	if err != nil || len(acts) == 0 {
		return err
	}
	// What is recorded is marked although the node stops meanwhile: only a crash or a
	// database that goes away in between lets an act come twice.
	whole := context.WithoutCancel(ctx)
	var ids []int64
	for _, a := range acts {
		if ctx.Err() != nil || time.Now().After(late) {
			break
		}
		_, err = n.ledger.Append(whole, event.Event{Time: time.Now(), Kind: KindAct, Application: a.Application,
			Payload: &Act{ID: a.ID, Act: a.Kind, Actor: a.Actor, At: a.At, Data: a.Payload}})
		if err != nil {
			err = fmt.Errorf("recording act %d: %w", a.ID, err)
			break
		}
		ids = append(ids, a.ID)
	}
	if len(ids) > 0 {
		if merr := n.store.MarkActs(whole, ids...); merr != nil {
			return merr
		}
	}
	return err
}

// projectShare is how much of one core writing the projection takes at most while
// requests are served (reading the log for it costs about as much again): it may
// lag behind under load and catches up after it.
const projectShare = 0.02

// paced is a projector that rests after each batch, so that it takes its share
// and no more.
type paced struct{ ledger.Projector }

// Project implements [ledger.Projector].
func (p paced) Project(ctx context.Context, entries []ledger.Entry) error {
	began := time.Now()
	if err := p.Projector.Project(ctx, entries); err != nil {
		return err
	}
	rest := time.NewTimer(time.Duration(float64(time.Since(began)) * (1/projectShare - 1)))
	defer rest.Stop()
	select {
	case <-rest.C:
	case <-ctx.Done():
	}
	return nil
}

// project keeps the SQL projection of the audit log up to date. It tries again
// after an error: the log is the truth and waits.
func (n *Node) project(ctx context.Context) {
	for ctx.Err() == nil {
		err := n.ledger.Follow(ctx, paced{Projection{n.store}}, projectInterval)
		if err == nil || ctx.Err() != nil {
			return
		}
		if errors.Is(err, ledger.ErrAhead) {
			// The log was replaced, or lost its unsynced end: what is
			// made from it is made again.
			n.log.Warn("the projection is ahead of the audit log and is made again")
			err = n.store.ResetProjection(ctx)
			if err == nil {
				continue
			}
		}
		n.log.Error("projection of the audit log stopped; trying again", "cause", err, "in", retryInterval)
		t := time.NewTimer(retryInterval)
		select {
		case <-ctx.Done():
		case <-t.C:
		}
		t.Stop()
	}
}

// Projection puts the exchanges of the audit log into the store.
type Projection struct{ DB *store.DB }

var _ ledger.Projector = Projection{}

// Projected implements [ledger.Projector].
func (p Projection) Projected(ctx context.Context) (int64, error) { return p.DB.Projected(ctx) }

// Project implements [ledger.Projector].
func (p Projection) Project(ctx context.Context, entries []ledger.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	rows := make([]store.ExchangeRow, 0, len(entries))
	for i := range entries {
		if r, ok := exchangeRow(&entries[i]); ok {
			rows = append(rows, r)
		}
	}
	return p.DB.ProjectExchanges(ctx, entries[len(entries)-1].Sequence+1, rows)
}

func exchangeRow(e *ledger.Entry) (store.ExchangeRow, bool) {
	ev := &e.Event
	r := store.ExchangeRow{Request: ev.Request, Application: ev.Application, Subject: ev.Subject}
	switch p := ev.Payload.(type) {
	case gateway.Opened:
		r.Opened, r.OpenedEntry = ev.Time, e.Sequence+1
		r.Key, r.Route, r.Model, r.Upstream, r.Policy = p.Key, p.Route, p.Model, p.Upstream, p.Policy
		r.Action, r.Rule, r.Code = p.Action.String(), p.Rule, p.Code
		r.RequestBytes, r.RequestFindings = int64(p.Bytes), p.Count
		r.Category = firstCategory(p.Findings)
	case gateway.Closed:
		r.Closed, r.ClosedEntry = ev.Time, e.Sequence+1
		r.AnswerAction, r.AnswerRule, r.Code, r.End = p.Action.String(), p.Rule, p.Code, p.End
		r.Status, r.ResponseBytes, r.AnswerFindings = p.Status, p.Bytes, p.Count
		r.Category = firstCategory(p.Findings)
		r.InputTokens, r.CachedTokens, r.OutputTokens, r.Cost = p.Input, p.Cached, p.Output, p.Cost
		r.GuardMicros, r.UsageSource = p.Guard, usageSource(&p.Used)
	default:
		return r, false
	}
	return r, true
}

// usageSource returns who counted what was used.
func usageSource(u *gateway.Used) string {
	switch {
	case u.Input == 0 && u.Output == 0:
		return ""
	case u.Estimated:
		return store.UsageEstimated
	}
	return store.UsageProvider
}

func firstCategory(f []gateway.FindingRecord) string {
	if len(f) == 0 {
		return ""
	}
	return f[0].Category
}
