// Package access says who a caller is, what they may use and how much.
//
// # Nouns
//
// An [Application] is a registered user of the gateway and the unit of
// isolation. Its [Key]s are what callers present. A key is 256 bits of
// randomness; only its SHA-256 is ever stored, so a stolen database lets
// nobody in (see [NewKey] for the form).
//
// # The way of a request
//
// A [Directory] holds an immutable snapshot of all keys behind an atomic
// pointer and follows its [Source] by polling a generation counter.
// [Directory.Lookup] hashes what the caller presented and looks the whole hash
// up in a map: no database, no lock, no allocation, and no comparison whose
// duration depends on how much of a key was guessed. It returns a [Grant], on
// which [Grant.AllowsModel] and [Grant.Acquire] decide about one request.
//
// # Failing closed
//
// A directory that was never filled, or that could not be checked against its
// source for longer than MaxStale, refuses every key with [ErrStale]: a
// revoked key must not live on because the database is down.
//
// # Limits
//
// Limits count per key in this process. A deployment of n replicas that share
// one source admits at most n times the limit. How many tokens and how much money
// may be used, in windows of the calendar and on several nodes, is the business of
// package [warder.example/internal/budget].
package access

import (
	"context"
	"errors"
	"time"
)

// The environments an application may run in.
const (
	Dev  = "dev"
	Test = "test"
	Prod = "prod"
)

// The data classes, from harmless to most protected.
const (
	Public       = "public"
	Internal     = "internal"
	Confidential = "confidential"
	Restricted   = "restricted"
)

// How an application wants to be told that something was blocked.
const (
	RefusalError         = "error"          // an error response in the caller's dialect
	RefusalContentFilter = "content_filter" // a normal answer that finished by content filter
)

// Whether verdicts are enforced.
const (
	ModeEnforce = "enforce"
	ModeObserve = "observe" // record only
)

// An Application is a registered LLM application. Values handed out by a
// [Directory] are shared: treat them, and the Models slice, as read-only.
type Application struct {
	ID          string `json:"id"`               // see [NewApplicationID]; never used again after deletion
	Name        string `json:"name"`             // unique; see [ValidName]
	Owner       string `json:"owner,omitempty"`  // who answers for it: printable, at most [MaxOwner] bytes
	Environment string `json:"environment"`      // Dev, Test or Prod
	DataClass   string `json:"data_class"`       // Public … Restricted
	Policy      string `json:"policy,omitempty"` // name of a policy in the configuration; empty means the default one
	Refusal     string `json:"refusal"`          // RefusalError or RefusalContentFilter
	Mode        string `json:"mode"`             // ModeEnforce or ModeObserve

	// Models are patterns of the models it may use, where * stands for any
	// run of bytes. Empty means every model that the gateway serves.
	Models []string `json:"models,omitempty"`

	// RequestsPerMinute and MaxConcurrent apply to each of its keys that has
	// no limit of its own. 0 means no limit.
	RequestsPerMinute int `json:"requests_per_minute,omitempty"`
	MaxConcurrent     int `json:"max_concurrent,omitempty"`

	Created time.Time `json:"created"`
}

// A Key is what is kept of a key: never the secret.
type Key struct {
	ID          string   `json:"id"`          // see [NewKey]; part of the key's text, not secret
	Application string   `json:"application"` // id of the application it belongs to
	Prefix      string   `json:"prefix"`      // the start of the key that may be shown
	Hash        [32]byte `json:"-"`           // SHA-256 of the whole key
	Label       string   `json:"label,omitempty"`

	// RequestsPerMinute and MaxConcurrent are this key's limits; 0 means
	// those of its application.
	RequestsPerMinute int `json:"requests_per_minute,omitempty"`
	MaxConcurrent     int `json:"max_concurrent,omitempty"`

	Created time.Time `json:"created"`
	Expires time.Time `json:"expires,omitzero"` // zero: never
	Revoked time.Time `json:"revoked,omitzero"` // zero: not revoked
}

// Records is everything a [Directory] knows, as of one generation.
type Records struct {
	Generation   int64
	Applications []Application
	Keys         []Key
}

// A Source is where a [Directory] gets its records: the store.
type Source interface {
	// Generation returns a counter that grows with every committed change of
	// an application or a key. It must be cheap.
	Generation(ctx context.Context) (int64, error)
	// AccessRecords returns all applications and keys, revoked and expired
	// keys included, as they were together at one generation.
	AccessRecords(ctx context.Context) (*Records, error)
}

// A Recorder takes note of an administrative act. Payload is marshalled as
// JSON; it must hold no secret.
type Recorder interface {
	Record(ctx context.Context, kind, application string, payload any) error
}

// Why a key was not accepted. Callers answer all but ErrStale with status 401
// and a code for each; ErrStale is 503, since the caller's key may be good.
var (
	ErrNoKey      = errors.New("no key was given")
	ErrUnknownKey = errors.New("key is not known")
	ErrRevoked    = errors.New("key was revoked")
	ErrExpired    = errors.New("key has expired")
	ErrStale      = errors.New("keys cannot be checked: the store has not answered for too long")
)
