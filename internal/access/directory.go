package access

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Defaults of a [Directory].
const (
	DefaultMaxStale = 5 * time.Minute
	DefaultPoll     = 500 * time.Millisecond
	// refreshTimeout bounds one exchange with the source.
	refreshTimeout = 10 * time.Second
)

// A Directory knows all keys. Set its fields before first use; its methods are
// safe for concurrent use.
type Directory struct {
	// MaxStale is how long keys are accepted after the source last
	// answered. 0 means DefaultMaxStale.
	MaxStale time.Duration
	// Clock tells the time; nil means time.Now.
	Clock func() time.Time
	// Log is told when the source stops answering and when it answers
	// again; nil means silence. No key or hash is ever logged.
	Log *slog.Logger

	src     Source
	mu      sync.Mutex // serialises Refresh; guards failing
	failing bool
	current atomic.Pointer[snapshot]
}

// snapshot is what a directory knew at one generation. Only checked changes.
type snapshot struct {
	generation   int64
	applications map[string]*Application // by id
	grants       map[[32]byte]*Grant     // by SHA-256 of the whole key
	usage        map[string]*usage       // by key id
	epoch        time.Time
	checked      atomic.Int64 // nanoseconds after epoch when the source last confirmed the generation
}

// NewDirectory returns an empty directory over src. It refuses every key with
// [ErrStale] until the first [Directory.Refresh].
func NewDirectory(src Source) *Directory { return &Directory{src: src} }

// Lookup returns the grant of the key that a caller presented, or [ErrNoKey],
// [ErrUnknownKey], [ErrRevoked], [ErrExpired] or [ErrStale]. The cost does not
// depend on how close the guess was. It does not allocate.
func (d *Directory) Lookup(secret string) (*Grant, error) {
	if secret == "" {
		return nil, ErrNoKey
	}
	s, now := d.current.Load(), d.now()
	if s == nil || now.Sub(s.epoch)-time.Duration(s.checked.Load()) > d.maxStale() {
		return nil, ErrStale
	}
	if len(secret) > MaxSecret {
		return nil, ErrUnknownKey
	}
	var buf [MaxSecret]byte // converting the string would allocate
	g := s.grants[sha256.Sum256(buf[:copy(buf[:], secret)])]
	switch {
	case g == nil:
		return nil, ErrUnknownKey
	case !g.Key.Revoked.IsZero():
		return nil, ErrRevoked
	case !g.Key.Expires.IsZero() && !now.Before(g.Key.Expires):
		return nil, ErrExpired
	}
	return g, nil
}

// Application returns the application with that id as of the last refresh.
func (d *Directory) Application(id string) (*Application, bool) {
	s := d.current.Load()
	if s == nil {
		return nil, false
	}
	a, ok := s.applications[id]
	return a, ok
}

// Ready returns nil when keys can be checked, else [ErrStale]: for a readiness
// probe.
func (d *Directory) Ready() error {
	s := d.current.Load()
	if s == nil || d.now().Sub(s.epoch)-time.Duration(s.checked.Load()) > d.maxStale() {
		return ErrStale
	}
	return nil
}

// State is the condition of a [Directory], for metrics and status pages.
type State struct {
	Generation   int64         // of the snapshot in use; 0 before the first
	Applications int           // in the snapshot
	Keys         int           // in the snapshot, revoked and expired ones included
	Age          time.Duration // since the source last answered
}

// State returns the condition now.
func (d *Directory) State() State {
	s := d.current.Load()
	if s == nil {
		return State{}
	}
	return State{
		Generation: s.generation, Applications: len(s.applications), Keys: len(s.grants),
		Age: d.now().Sub(s.epoch) - time.Duration(s.checked.Load()),
	}
}

// Refresh asks the source for its generation and, when that differs from the
// snapshot's, for all records. On an error the snapshot in use stays.
func (d *Directory) Refresh(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	// Taken before asking: what the source says is at least that fresh.
	asked := d.now()
	err := d.refresh(ctx, asked)
	d.report(ctx, err)
	return err
}

func (d *Directory) refresh(ctx context.Context, asked time.Time) error {
	old := d.current.Load()
	generation, err := d.src.Generation(ctx)
	if err != nil {
		return fmt.Errorf("asking for the generation of keys: %w", err)
	}
	if old != nil && old.generation == generation {
		old.checked.Store(int64(asked.Sub(old.epoch)))
		return nil
	}
	r, err := d.src.AccessRecords(ctx)
	if err != nil {
		return fmt.Errorf("loading applications and keys: %w", err)
	}
	s, err := newSnapshot(r, old, asked)
	if err != nil {
		return err
	}
	d.current.Store(s)
	return nil
}

// newSnapshot indexes r. What keys are using carries over from old by key id.
func newSnapshot(r *Records, old *snapshot, asked time.Time) (*snapshot, error) {
	s := &snapshot{
		generation:   r.Generation,
		applications: make(map[string]*Application, len(r.Applications)),
		grants:       make(map[[32]byte]*Grant, len(r.Keys)),
		usage:        make(map[string]*usage, len(r.Keys)),
		epoch:        asked,
	}
	for i := range r.Applications {
		s.applications[r.Applications[i].ID] = &r.Applications[i]
	}
	for _, k := range r.Keys {
		a := s.applications[k.Application]
		if a == nil {
			return nil, fmt.Errorf("key %q belongs to application %q, which does not exist", k.ID, k.Application)
		}
		if s.grants[k.Hash] != nil {
			return nil, fmt.Errorf("key %q has the hash of another key", k.ID)
		}
		u := (*usage)(nil)
		if old != nil {
			u = old.usage[k.ID]
		}
		if u == nil {
			u = &usage{epoch: asked}
		}
		s.usage[k.ID] = u
		s.grants[k.Hash] = newGrant(*a, k, u)
	}
	return s, nil
}

// Run refreshes every so often until ctx ends, and returns ctx.Err(). 0 means
// DefaultPoll. Errors are retried at the same pace: MaxStale is what bounds
// them.
func (d *Directory) Run(ctx context.Context, every time.Duration) error {
	if every <= 0 {
		every = DefaultPoll
	}
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
			_ = d.Refresh(ctx) // reported there
		}
	}
}

// report logs the first failure of a row and the first success after it.
func (d *Directory) report(ctx context.Context, err error) {
	failing := err != nil
	if ctx.Err() != nil && failing && ctx.Err() == context.Canceled {
		return // we are being stopped
	}
	if d.Log != nil && failing != d.failing {
		if failing {
			d.Log.LogAttrs(ctx, slog.LevelError, "keys cannot be refreshed; the last known ones stay in use for a while",
				slog.Duration("max_stale", d.maxStale()), slog.String("error", err.Error()))
		} else {
			d.Log.LogAttrs(ctx, slog.LevelInfo, "keys are being refreshed again")
		}
	}
	d.failing = failing
}

func (d *Directory) now() time.Time {
	if d.Clock != nil {
		return d.Clock()
	}
	return time.Now()
}

func (d *Directory) maxStale() time.Duration {
	if d.MaxStale > 0 {
		return d.MaxStale
	}
	return DefaultMaxStale
}
