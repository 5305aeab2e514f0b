package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/semver"

	"warder.example/internal/access"
)

// The states of a bundle.
const (
	BundleStaged = "staged" // it reads and decides nothing
	BundleActive = "active"
	BundleFormer = "former" // was active before; rollback returns to it
	BundleEnded  = "ended"
)

// The acts of bundles. The payload is a [BundleAct].
const (
	ActBundleStaged     = "bundle.staged"
	ActBundleActivated  = "bundle.activated"
	ActBundleRolledBack = "bundle.rolled_back"
	ActBundleDropped    = "bundle.dropped"
)

// Limits of bundles.
const (
	// MaxBundles is how many names may have a staged or active bundle.
	MaxBundles = 8
	// MaxBundleVersions is how many ended versions of a name can be listed; the
	// newest one is not forgotten.
	MaxBundleVersions = 1000
)

// ErrOlderBundle means that a newer version of the bundle was staged before.
var ErrOlderBundle = errors.New("older than a version that was staged before")

// Bundle is a bundle that was imported. Its file is not in the store.
type Bundle struct {
	Digest     string       `json:"digest"` // SHA-256 of the file in hex
	Name       string       `json:"name"`
	Version    string       `json:"version"` // semantic, without "v" and build data
	State      string       `json:"state"`
	Holds      []string     `json:"holds"`     // names of its parts
	SignedBy   []string     `json:"signed_by"` // keys that were trusted when it was imported
	Bytes      int64        `json:"bytes"`
	Created    time.Time    `json:"created"`
	NotAfter   time.Time    `json:"not_after"`
	ImportedBy string       `json:"imported_by"`
	Imported   time.Time    `json:"imported"`
	Seen       BundleCounts `json:"seen"`
}

// BundleCounts is what a bundle saw while it was staged.
type BundleCounts struct {
	Texts      int64 `json:"texts"`
	Threats    int64 `json:"threats"`
	Signatures int64 `json:"signatures"`
	Compared   int64 `json:"compared"`
	Both       int64 `json:"both"`
	OnlyStaged int64 `json:"only_staged"`
	OnlyActive int64 `json:"only_active"`
}

// BundleAct is the payload of acts of bundles.
type BundleAct struct {
	Bundle   Bundle `json:"bundle"`             // after the act
	Was      string `json:"was,omitempty"`      // state before it
	Replaced string `json:"replaced,omitempty"` // version in whose place it came
	Returned string `json:"returned,omitempty"` // version that a rollback returned to
	Older    bool   `json:"older,omitempty"`    // taken in although a newer version was there
}

const bundleColumns = `digest, name, version, state, holds, signed_by, bytes, created, not_after, imported_by, imported,
	texts, threats, signatures, compared, found_both, found_staged, found_active`

// StageBundle takes a bundle in as the staged one of its name, in place of the one
// there is. State, ImportedBy, Imported and Seen are set here. It returns what is
// stored; [ErrOlderBundle] when a newer version of the name was ever staged, unless
// older allows it; and [ErrConflict] when the version is there with another content,
// or is active or former, or when there are [MaxBundles] names. Staging again what
// is staged changes nothing.
func (db *DB) StageBundle(ctx context.Context, b Bundle, older bool) (Bundle, error) {
	if err := b.check(); err != nil {
		return Bundle{}, fmt.Errorf("staging a bundle: %w", err)
	}
	b.State, b.Seen = BundleStaged, BundleCounts{}
	b.ImportedBy, b.Imported = clean(access.Actor(ctx), 200), fromMicros(micros(db.now()))
	b.Created, b.NotAfter = fromMicros(micros(b.Created)), fromMicros(micros(b.NotAfter))
	err := db.bundles(ctx, func(ctx context.Context, tx *sql.Tx) error {
		all, err := collect(ctx, tx, scanBundle, `SELECT `+bundleColumns+` FROM bundles`)
		if err != nil {
			return err
		}
		v := versions{name: b.Name, all: all}
		if same := v.known(&b); same != nil && same.State == BundleStaged {
			b = *same
			return nil
		}
		act := BundleAct{}
		if act.Older, err = v.admit(&b, older); err != nil {
			return err
		}
		if was := v.in(BundleStaged); was != nil {
			act.Replaced = was.Version
			if err := db.moveBundle(ctx, tx, was, BundleEnded); err != nil {
				return err
			}
		}
		for _, digest := range append(v.stale(), b.Digest) {
			if _, err := tx.ExecContext(ctx, `DELETE FROM bundles WHERE digest = $1`, digest); err != nil {
				return err
			}
		}
		if err := db.insertBundle(ctx, tx, &b); err != nil {
			return err
		}
		act.Bundle = b
		return db.act(ctx, tx, ActBundleStaged, "", act)
	})
	if err != nil {
		return Bundle{}, fmt.Errorf("staging bundle %.40s %.60s: %w", b.Name, b.Version, err)
	}
	return b, nil
}

func (b *Bundle) check() error {
	switch {
	case !known(b.Name) || len(b.Name) > 32 || !known(b.Version) || len(b.Version) > 40 || !semver.IsValid("v"+b.Version):
		return fmt.Errorf("name %.40q, version %.60q; expected a name and a semantic version", b.Name, b.Version)
	case len(b.Digest) != 64 || !known(b.Digest):
		return fmt.Errorf("digest is %.80q; expected 64 hex digits", b.Digest)
	case len(b.Holds) == 0 || len(b.SignedBy) == 0 || b.Bytes <= 0 || b.Created.IsZero() || b.NotAfter.IsZero():
		return errors.New("parts, keys, size or times are missing")
	}
	for _, s := range slices.Concat(b.Holds, b.SignedBy) {
		if !known(s) || strings.Contains(s, ",") {
			return fmt.Errorf("part or key %.80q; expected printable text without commas", s)
		}
	}
	return nil
}

// versions are the bundles of all names, and one name that is asked about.
type versions struct {
	name string
	all  []Bundle
}

// in returns the bundle of the name that is in a state, nil if there is none.
func (v *versions) in(state string) *Bundle {
	for i := range v.all {
		if b := &v.all[i]; b.Name == v.name && b.State == state {
			return b
		}
	}
	return nil
}

// known returns the row of the same content, nil if it is new.
func (v *versions) known(b *Bundle) *Bundle {
	for i := range v.all {
		if v.all[i].Digest == b.Digest {
			return &v.all[i]
		}
	}
	return nil
}

// newest returns the newest version of the name, "" if there is none.
func (v *versions) newest() (newest string) {
	for i := range v.all {
		if o := &v.all[i]; o.Name == v.name && (newest == "" || semver.Compare("v"+o.Version, "v"+newest) > 0) {
			newest = o.Version
		}
	}
	return newest
}

// stale returns the digests of ended bundles of the name that are beyond what is
// kept, those imported first. The newest version is kept in mind always.
func (v *versions) stale() (digests []string) {
	newest := v.newest()
	var ended []*Bundle
	for i := range v.all {
		if o := &v.all[i]; o.Name == v.name && o.State == BundleEnded && o.Version != newest {
			ended = append(ended, o)
		}
	}
	slices.SortStableFunc(ended, func(a, b *Bundle) int { return a.Imported.Compare(b.Imported) })
	for _, o := range ended[:max(0, len(ended)-MaxBundleVersions)] {
		digests = append(digests, o.Digest)
	}
	return digests
}

// admit returns an error when b must not be staged, and whether it is older than
// another one.
func (v *versions) admit(b *Bundle, older bool) (isOlder bool, err error) {
	names, newest := map[string]bool{b.Name: true}, v.newest()
	for i := range v.all {
		o := &v.all[i]
		if o.State != BundleEnded {
			names[o.Name] = true
		}
		if o.Name != b.Name {
			continue
		}
		switch {
		case o.Version == b.Version && o.Digest != b.Digest:
			return false, fmt.Errorf("%w: version %s is there with another content", ErrConflict, o.Version)
		case o.Digest == b.Digest && o.State != BundleEnded:
			return false, fmt.Errorf("%w: it is %s", ErrConflict, o.State)
		}
	}
	if len(names) > MaxBundles {
		return false, fmt.Errorf("%w: there are bundles of %d names, the most there may be", ErrConflict, MaxBundles)
	}
	if newest != "" && semver.Compare("v"+b.Version, "v"+newest) < 0 {
		if !older {
			return true, fmt.Errorf("%w: %s", ErrOlderBundle, newest)
		}
		return true, nil
	}
	return false, nil
}

// insertBundle stores a bundle.
func (db *DB) insertBundle(ctx context.Context, tx *sql.Tx, b *Bundle) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO bundles (`+bundleColumns+`, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, 0, 0, 0, 0, 0, 0, $12)`,
		b.Digest, b.Name, b.Version, b.State, strings.Join(b.Holds, ","), strings.Join(b.SignedBy, ","), b.Bytes,
		micros(b.Created), micros(b.NotAfter), b.ImportedBy, micros(b.Imported), micros(db.now()))
	return err
}

// moveBundle changes the state of a bundle, in b too.
func (db *DB) moveBundle(ctx context.Context, tx *sql.Tx, b *Bundle, state string) error {
	b.State = state
	_, err := tx.ExecContext(ctx, `UPDATE bundles SET state = $2, changed_at = $3 WHERE digest = $1`, b.Digest, state, micros(db.now()))
	return err
}

// bundles runs f in a transaction that changes bundles: see [DB.threats].
func (db *DB) bundles(ctx context.Context, f func(ctx context.Context, tx *sql.Tx) error) error {
	return db.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE generations
			SET value = CASE WHEN value < $1 THEN $1 ELSE value + 1 END WHERE name = 'bundles'`, micros(db.now()))
		if err != nil {
			return fmt.Errorf("bumping the generation: %w", err)
		}
		return f(ctx, tx)
	})
}

func scanBundle(rows *sql.Rows) (b Bundle, err error) {
	var holds, signed string
	var created, until, imported int64
	c := &b.Seen
	err = rows.Scan(&b.Digest, &b.Name, &b.Version, &b.State, &holds, &signed, &b.Bytes, &created, &until, &b.ImportedBy, &imported,
		&c.Texts, &c.Threats, &c.Signatures, &c.Compared, &c.Both, &c.OnlyStaged, &c.OnlyActive)
	b.Holds, b.SignedBy = strings.Split(holds, ","), strings.Split(signed, ",")
	b.Created, b.NotAfter, b.Imported = fromMicros(created), fromMicros(until), fromMicros(imported)
	return b, err
}
