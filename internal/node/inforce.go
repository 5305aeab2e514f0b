package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"

	"warder.example/guard/threat"
	"warder.example/internal/access"
	"warder.example/internal/bundle"
	"warder.example/internal/config"
	"warder.example/internal/store"
	"warder.example/internal/threats"
)

// InForce is what the state of a deployment adds to a guard for one application, or
// for texts of none. The zero value adds nothing.
type InForce struct {
	// Application is the one that was named; nil if none was.
	Application *access.Application
	// Threats remembers confirmed attacks; nil where there is no store. Remembered
	// is how many there are of each state.
	Threats    *threat.Memory
	Remembered map[string]int
	// Bundles holds the active bundles.
	Bundles *bundle.Set
}

// ReadInForce returns what a node of the configuration, which [config.LoadState] has
// read, would have in use at that time for the application with that id or name; for
// "" only what holds for all.
// Observed attacks are among those remembered, as in a node; staged bundles, which
// decide nothing, are not. It reads as [store.Read] does and leaves no trace.
//
// Without a store there is nothing, and a named application is an error. So is
// whatever a node would not start with, as a bundle that is not signed by a trusted
// key.
func ReadInForce(ctx context.Context, cfg *config.Config, application string, now time.Time) (*InForce, error) {
	var in *InForce
	there := false // the store; what is missing then is something else
	err := store.Read(ctx, StoreDSN(cfg), func(db *store.DB) (err error) {
		there = true
		in, err = readInForce(ctx, cfg, db, application, now)
		return err
	})
	switch {
	case err == nil:
		return in, nil
	case there || !errors.Is(err, fs.ErrNotExist):
		return nil, err
	case application != "":
		return nil, fmt.Errorf("application %.80q: %w", application, err)
	}
	return &InForce{}, nil
}

func readInForce(ctx context.Context, cfg *config.Config, db *store.DB, application string, now time.Time) (*InForce, error) {
	in := &InForce{Threats: threat.NewMemory(store.MaxThreats), Remembered: map[string]int{}}
	if application != "" {
		a, err := db.Application(ctx, application)
		if err != nil {
			return nil, err
		}
		in.Application = &a
	}
	seen := &scoped{DB: db, now: now, kept: in.Remembered}
	if in.Application != nil {
		seen.application = in.Application.ID
	}
	log := slog.New(slog.DiscardHandler) // what a node logs of them is not for who only looks
	if err := threats.NewKeeper(seen, in.Threats, log, nil).Refresh(ctx); err != nil {
		return nil, fmt.Errorf("reading confirmed attacks: %w", err)
	}
	trusted := func() (note.Verifiers, error) { return bundle.Trust(cfg.Bundles.TrustedKeys) }
	bundles := &bundle.Keeper{Store: seen, Folder: BundleDir(cfg), Log: log, Trust: trusted}
	if err := bundles.Refresh(ctx); err != nil {
		return nil, fmt.Errorf("reading bundles: %w", err)
	}
	in.Bundles = bundles.Set()
	return in, nil
}

// scoped is a store in which there is only what can decide on texts of one
// application at one time.
type scoped struct {
	*store.DB
	application string // id; "" for none
	now         time.Time
	kept        map[string]int // of threats by state
}

// ThreatsSince implements [threats.Store]. It leaves out what is over and what holds
// for other applications, and counts the rest.
func (s *scoped) ThreatsSince(ctx context.Context, generation int64) ([]store.Threat, int64, error) {
	all, now, err := s.DB.ThreatsSince(ctx, generation)
	all = slices.DeleteFunc(all, func(t store.Threat) bool {
		return !t.Live() || t.Application != "" && t.Application != s.application || !t.Expires.IsZero() && !s.now.Before(t.Expires)
	})
	for i := range all {
		s.kept[all[i].State]++
	}
	return all, now, err
}

// BundlesInUse implements [bundle.Store]. It leaves out staged bundles.
func (s *scoped) BundlesInUse(ctx context.Context, generation int64) ([]store.Bundle, int64, error) {
	all, now, err := s.DB.BundlesInUse(ctx, generation)
	return slices.DeleteFunc(all, func(b store.Bundle) bool { return b.State != store.BundleActive }), now, err
}
