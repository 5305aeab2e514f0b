package bundle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"warder.example/internal/store"
)

// How often a keeper does what.
const (
	refreshInterval = time.Second
	flushInterval   = 5 * time.Second
)

// Store is what a keeper needs of the store.
type Store interface {
	BundlesInUse(ctx context.Context, generation int64) ([]store.Bundle, int64, error)
	CountBundles(ctx context.Context, seen map[string]store.BundleCounts) error
}

// Keeper keeps what a node uses in step with the store. Its methods are for one
// goroutine.
type Keeper struct {
	// Store, Folder and Log are needed.
	Store  Store
	Folder Folder
	Log    *slog.Logger
	// Trust returns the verifiers of the keys that are trusted now.
	Trust func() (note.Verifiers, error)
	// Use puts a set to use. Nil: whoever made the keeper asks for [Keeper.Set].
	Use func(*Set) error

	generation int64 // 0: nothing was read
	set        *Set
	written    map[string]Counts // of staged bundles by digest
	flushed    time.Time
	complaint  string // the last that was logged
}

// Set returns what is in use.
func (k *Keeper) Set() *Set { return k.set }

// Refresh brings what is in use to what the store says. An active bundle that cannot
// be read is an error; what its name had before stays in use, and all else is done. A
// staged one that cannot be read is left out and logged. Both are tried again.
func (k *Keeper) Refresh(ctx context.Context) error {
	staged, active := k.refresh(ctx)
	if ctx.Err() == nil { // what was called off is no fault of theirs
		k.complain(errors.Join(staged, active))
	}
	return active
}

func (k *Keeper) refresh(ctx context.Context) (staged, active error) {
	rows, now, err := k.Store.BundlesInUse(ctx, k.generation)
	if err != nil || now == k.generation {
		return nil, err
	}
	next, staged, active := k.load(rows)
	if !next.same(k.set) && !(k.set == nil && len(rows) == 0) {
		if err := k.use(ctx, next); err != nil {
			return staged, errors.Join(active, fmt.Errorf("using bundles: %w; those in use stay", err))
		}
	}
	if k.generation = now; active != nil || staged != nil {
		k.generation = 0
	}
	return staged, active
}

func (k *Keeper) use(ctx context.Context, next *Set) error {
	if k.Use != nil {
		if err := k.Use(next); err != nil {
			return err
		}
	}
	k.collect(ctx) // what the bundles of the old set saw
	k.set = next
	k.Log.Info("bundles in use", "active", names(next.Active), "staged", names(next.Staged))
	for _, l := range next.Active {
		if time.Now().After(l.Manifest.NotAfter) {
			k.Log.Warn("bundle has expired and stays active; import a newer one", "name", l.Manifest.Name, "version", l.Manifest.Version, "not_after", l.Manifest.NotAfter)
		}
	}
	return nil
}

// names are the bundles' names and versions, for a log.
func names(ls []*Loaded) string {
	var out []string
	for _, l := range ls {
		out = append(out, l.Manifest.Name+"-"+l.Manifest.Version)
	}
	return strings.Join(out, ",")
}

// load makes the set that rows ask for, as far as it can.
func (k *Keeper) load(rows []store.Bundle) (next *Set, staged, active error) {
	next = &Set{}
	for i := range rows {
		r := &rows[i]
		l, err := k.loaded(r)
		if err != nil {
			err = fmt.Errorf("bundle %s %s, which is %s: %w", r.Name, r.Version, r.State, err)
		}
		switch {
		case r.State == store.BundleStaged && err == nil:
			next.Staged = append(next.Staged, l)
		case r.State == store.BundleStaged:
			staged = errors.Join(staged, err)
		case err == nil:
			next.Active = append(next.Active, l)
		default:
			active = errors.Join(active, err)
			if l = k.active(r.Name); l != nil {
				next.Active = append(next.Active, l)
			}
		}
	}
	return next, staged, active
}

// loaded returns a bundle of the set in use, else from its file.
func (k *Keeper) loaded(r *store.Bundle) (*Loaded, error) {
	if k.set != nil {
		for _, ls := range [][]*Loaded{k.set.Active, k.set.Staged} {
			for _, l := range ls {
				if l.Digest == r.Digest {
					return l, nil
				}
			}
		}
	}
	trusted, err := k.Trust()
	if err != nil {
		return nil, err
	}
	b, err := k.Folder.Get(r.Digest, trusted)
	if err != nil {
		return nil, err
	}
	if b.Manifest.Name != r.Name || b.Manifest.Version != r.Version {
		return nil, fmt.Errorf("%w: its file says that it is %s %s", ErrFormat, b.Manifest.Name, b.Manifest.Version)
	}
	return Load(b)
}

// active returns the bundle of a name that is in use, nil if there is none.
func (k *Keeper) active(name string) *Loaded {
	if k.set == nil {
		return nil
	}
	for _, l := range k.set.Active {
		if l.Manifest.Name == name {
			return l
		}
	}
	return nil
}

// complain logs what is wrong, once.
func (k *Keeper) complain(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != "" && text != k.complaint {
		k.Log.Error("bundles are not as the store says; trying again", "cause", text)
	}
	k.complaint = text
}

// collect writes down what staged bundles saw. What fails is written next time.
func (k *Keeper) collect(ctx context.Context) {
	if k.set == nil {
		return
	}
	fresh, now := map[string]store.BundleCounts{}, map[string]Counts{}
	for _, l := range k.set.Staged {
		c := l.Seen()
		now[l.Digest] = c
		if d := c.Less(k.written[l.Digest]); d != (Counts{}) {
			fresh[l.Digest] = store.BundleCounts(d)
		}
	}
	if err := k.Store.CountBundles(ctx, fresh); err != nil {
		if ctx.Err() == nil {
			k.Log.Warn("what staged bundles saw was not written down; trying again", "cause", err)
		}
		return
	}
	k.written = now
}

// Step does once what a keeper does every second. What fails is logged, once for
// each cause, and tried again by the next one.
func (k *Keeper) Step(ctx context.Context, now time.Time) error {
	err := k.Refresh(ctx)
	if now.Sub(k.flushed) >= flushInterval {
		k.collect(ctx)
		k.flushed = now
	}
	return err
}

// Run steps until ctx ends, and writes down the last counts.
func (k *Keeper) Run(ctx context.Context) {
	t := time.NewTicker(refreshInterval)
	defer t.Stop()
	for {
		_ = k.Step(ctx, time.Now())
		select {
		case <-ctx.Done():
			k.collect(context.WithoutCancel(ctx))
			return
		case <-t.C:
		}
	}
}
