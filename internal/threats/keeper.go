// Package threats keeps the threat memory of a running node in step with the
// store, and decides what may become active and what must not stay so.
//
// A [Keeper] reads what changed in the store every second, so that an attack added
// by another program or node is recognised within about that time, writes down how
// often entries matched, ends those whose time is over, and suspends those that
// suddenly match too much.
//
// A [DryRun] measures an entry on honest traffic before it is activated. [Acts] are what
// people do with entries, on the command line and over HTTP.
package threats

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"warder.example/guard/threat"
	"warder.example/internal/access"
	"warder.example/internal/store"
)

// How often a keeper does what.
const (
	refreshInterval = time.Second
	flushInterval   = 5 * time.Second
)

// Store is what a keeper needs of the store.
type Store interface {
	ThreatsSince(ctx context.Context, generation int64) ([]store.Threat, int64, error)
	ExpireThreats(ctx context.Context) ([]store.Threat, error)
	SuspendThreat(ctx context.Context, id string, why any) (store.Threat, error)
	CountThreatHits(ctx context.Context, hits map[string]int64) error
}

// Keeper keeps a memory in step with a store. Its methods are for one goroutine.
type Keeper struct {
	store  Store
	memory *threat.Memory
	log    *slog.Logger
	now    func() time.Time

	generation int64
	states     map[string]threat.State // of the entries in memory
	hits       map[string]int64        // not yet written
	flushed    time.Time
	meters     map[string]*meter
	surges     map[string]surge // not yet written
}

// NewKeeper returns a keeper. now tells the time; nil means time.Now.
func NewKeeper(s Store, m *threat.Memory, log *slog.Logger, now func() time.Time) *Keeper {
	if now == nil {
		now = time.Now
	}
	return &Keeper{store: s, memory: m, log: log, now: now, states: map[string]threat.State{}, hits: map[string]int64{},
		meters: map[string]*meter{}, surges: map[string]surge{}}
}

// Refresh brings the memory to what the store holds.
func (k *Keeper) Refresh(ctx context.Context) error {
	changed, now, err := k.store.ThreatsSince(ctx, k.generation)
	if err != nil {
		return err
	}
	if now < k.generation { // the store was restored from a backup
		if changed, now, err = k.store.ThreatsSince(ctx, 0); err != nil {
			return err
		}
		k.keepOnly(changed)
	}
	for i := range changed {
		if err := k.apply(&changed[i]); err != nil {
			return fmt.Errorf("remembering a threat: %w", err)
		}
	}
	k.generation = now
	return nil
}

// keepOnly forgets what is not in all.
func (k *Keeper) keepOnly(all []store.Threat) {
	there := map[string]bool{}
	for i := range all {
		there[all[i].ID] = true
	}
	for id := range k.states {
		if !there[id] {
			k.forget(id)
		}
	}
}

func (k *Keeper) forget(id string) {
	k.memory.Remove(id)
	delete(k.states, id)
	delete(k.meters, id)
	delete(k.surges, id)
}

// apply remembers what the store holds of one threat.
func (k *Keeper) apply(t *store.Threat) error {
	if !t.Live() {
		k.forget(t.ID)
		return nil
	}
	state, err := threat.ParseState(t.State)
	if err != nil {
		return err
	}
	e := threat.Entry{ID: t.ID, App: t.Application, Category: t.Category, Source: t.Source, State: state, Expires: t.Expires, Sketch: t.Sketch}
	if e.Source == "" {
		e.Source = t.AddedBy[:min(len(t.AddedBy), threat.MaxField)]
	}
	if state != threat.Active {
		delete(k.meters, t.ID) // an entry that is activated again begins anew
	}
	if err := k.memory.Add(e); err != nil {
		return err
	}
	k.states[t.ID] = state
	return nil
}

// Step does once what a keeper does every second. What fails is tried again by the
// next one.
func (k *Keeper) Step(ctx context.Context) error {
	ctx = access.WithActor(ctx, "threat memory")
	k.count()
	if err := k.suspend(ctx); err != nil {
		return err
	}
	if _, err := k.store.ExpireThreats(ctx); err != nil {
		return err
	}
	if err := k.Refresh(ctx); err != nil {
		return err
	}
	if now := k.now(); now.Sub(k.flushed) >= flushInterval {
		if err := k.flush(ctx); err != nil {
			return err
		}
		k.flushed = now
	}
	return nil
}

// flush writes the hits down.
func (k *Keeper) flush(ctx context.Context) error {
	if err := k.store.CountThreatHits(ctx, k.hits); err != nil {
		return err
	}
	clear(k.hits)
	return nil
}

// Run steps until ctx ends, and writes down the last hits.
func (k *Keeper) Run(ctx context.Context) {
	t := time.NewTicker(refreshInterval)
	defer t.Stop()
	for {
		if err := k.Step(ctx); err != nil && ctx.Err() == nil {
			k.log.Error("threat memory is not up to date; trying again", "cause", err)
		}
		select {
		case <-ctx.Done():
			k.count()
			if err := k.flush(context.WithoutCancel(ctx)); err != nil {
				k.log.Error("hits of threats were not written down", "cause", err)
			}
			return
		case <-t.C:
		}
	}
}
