// Package conformance is the one suite that every database behind package
// store passes: what holds for SQLite holds for PostgreSQL.
//
// A backend calls [RunTests] with a function that opens a new, empty store.
// The suite knows stores only by their methods, so a test double can be held
// to it too.
package conformance

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"warder.example/internal/access"
	"warder.example/internal/store"
)

// Registrar keeps applications.
type Registrar interface {
	CreateApplication(ctx context.Context, a access.Application) (access.Application, error)
	UpdateApplication(ctx context.Context, ref string, edit func(*access.Application) error) (access.Application, error)
	Application(ctx context.Context, ref string) (access.Application, error)
	Applications(ctx context.Context) ([]access.Application, error)
	DeleteApplication(ctx context.Context, ref string, force bool) (access.Application, error)
}

// Keyring keeps keys.
type Keyring interface {
	CreateKey(ctx context.Context, k access.Key) (access.Key, error)
	Key(ctx context.Context, id string) (access.Key, error)
	Keys(ctx context.Context, application string) ([]access.Key, error)
	RevokeKey(ctx context.Context, id string) (access.Key, error)
}

// Policies keeps which policy is active.
type Policies interface {
	ActivatePolicy(ctx context.Context, a store.Activation) error
	ActivePolicies(ctx context.Context) ([]store.Activation, error)
	PolicyHistory(ctx context.Context, application string, limit int) ([]store.Activation, error)
}

// Acts keeps administrative acts on their way into the ledger.
type Acts interface {
	access.Recorder
	ClaimActs(ctx context.Context, log string, limit int) ([]store.Act, error)
	MarkActs(ctx context.Context, ids ...int64) error
}

// Threats keeps confirmed attacks.
type Threats interface {
	AddThreat(ctx context.Context, t store.Threat) (store.Threat, error)
	ActivateThreat(ctx context.Context, id string, run any) (store.Threat, error)
	SuspendThreat(ctx context.Context, id string, why any) (store.Threat, error)
	PromoteThreat(ctx context.Context, id string) (store.Threat, error)
	RemoveThreat(ctx context.Context, id string) (store.Threat, error)
	ExpireThreats(ctx context.Context) ([]store.Threat, error)
	Threat(ctx context.Context, id string) (store.Threat, error)
	Threats(ctx context.Context) ([]store.Threat, error)
	ThreatPage(ctx context.Context, after string, limit int, ended bool) ([]store.Threat, error)
	ThreatsSince(ctx context.Context, generation int64) ([]store.Threat, int64, error)
	CountThreatHits(ctx context.Context, hits map[string]int64) error
}

// Bundles keeps which bundles were imported and which are in use.
type Bundles interface {
	StageBundle(ctx context.Context, b store.Bundle, older bool) (store.Bundle, error)
	ActivateBundle(ctx context.Context, name string) (store.Bundle, error)
	RollBackBundle(ctx context.Context, name string) (store.Bundle, error)
	DropBundle(ctx context.Context, name string) (store.Bundle, error)
	Bundles(ctx context.Context) ([]store.Bundle, error)
	BundlesInUse(ctx context.Context, generation int64) ([]store.Bundle, int64, error)
	CountBundles(ctx context.Context, seen map[string]store.BundleCounts) error
}

// Projection keeps exchanges.
type Projection interface {
	Projected(ctx context.Context) (int64, error)
	ProjectExchanges(ctx context.Context, upto int64, rows []store.ExchangeRow) error
	ResetProjection(ctx context.Context) error
	Exchange(ctx context.Context, request string) (store.ExchangeRow, error)
	Exchanges(ctx context.Context, f store.ExchangeFilter) ([]store.ExchangeRow, error)
}

// Store is all of it.
type Store interface {
	Registrar
	Keyring
	access.Source
	Policies
	Acts
	Threats
	Bundles
	Projection
	Costs
	Ping(ctx context.Context) error
}

var _ Store = (*store.DB)(nil)

// A Backend opens stores for the suite.
type Backend struct {
	// Open returns a new store with nothing in it, whose time is clock's. It
	// is closed at the end of the test.
	Open func(t *testing.T, clock *Clock) Store
	// Again opens a second, independent connection to the same state as s.
	Again func(t *testing.T, s Store, clock *Clock) Store
}

// Clock is a time that stands still until it is moved. Safe for concurrent use.
type Clock struct{ micros atomic.Int64 }

// NewClock returns a clock that shows a fixed moment.
func NewClock() *Clock {
	c := &Clock{}
	c.micros.Store(time.Date(2026, 3, 4, 5, 6, 7, 891011000, time.UTC).UnixMicro())
	return c
}

// Now is the time shown.
func (c *Clock) Now() time.Time { return time.UnixMicro(c.micros.Load()).UTC() }

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) { c.micros.Add(d.Microseconds()) }

// rig is what one test of the suite works with.
type rig struct {
	*testing.T
	Store
	clock   *Clock
	ctx     context.Context
	backend Backend
}

// minimum is how many tests the suite has at least: one that lost its tests
// must not pass.
const minimum = 25

// RunTests runs the whole suite, each test on a new store.
func RunTests(t *testing.T, b Backend) {
	ran := 0
	for _, group := range [][]test{applicationTests, keyTests, generationTests, actTests, policyTests, threatTests, bundleTests, exchangeTests, costTests} {
		for _, c := range group {
			t.Run(c.name, func(t *testing.T) {
				clock := NewClock()
				c.run(&rig{T: t, Store: b.Open(t, clock), clock: clock, ctx: t.Context(), backend: b})
			})
			ran++
		}
	}
	if ran < minimum {
		t.Errorf("ran %d tests; expected at least %d", ran, minimum)
	}
}

type test struct {
	name string
	run  func(*rig)
}
