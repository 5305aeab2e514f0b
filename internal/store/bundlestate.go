package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
)

// modelPart is the name of the part of which one may be active at a time.
const modelPart = "guard.wtm"

// ActivateBundle makes the staged bundle of a name decide; the one that did becomes
// what rollback returns to. It returns what is stored then, [ErrNotFound] when
// nothing is staged, and [ErrConflict] when it has a model and so has an active
// bundle of another name.
func (db *DB) ActivateBundle(ctx context.Context, name string) (Bundle, error) {
	return db.changeBundle(ctx, name, ActBundleActivated, func(ctx context.Context, tx *sql.Tx, v *versions) (*Bundle, *Bundle, error) {
		b := v.in(BundleStaged)
		if b == nil {
			return nil, nil, fmt.Errorf("%w: no version is staged", ErrNotFound)
		}
		if err := v.oneModel(b); err != nil {
			return nil, nil, err
		}
		if f := v.in(BundleFormer); f != nil {
			if err := db.moveBundle(ctx, tx, f, BundleEnded); err != nil {
				return nil, nil, err
			}
		}
		was := v.in(BundleActive)
		if was != nil {
			if err := db.moveBundle(ctx, tx, was, BundleFormer); err != nil {
				return nil, nil, err
			}
		}
		return b, was, db.moveBundle(ctx, tx, b, BundleActive)
	})
}

// RollBackBundle ends the active bundle of a name and makes what was active before
// decide again, nothing if there is none kept. It returns the bundle that ended;
// [ErrNotFound] when none is active, and [ErrConflict] as ActivateBundle does.
func (db *DB) RollBackBundle(ctx context.Context, name string) (Bundle, error) {
	return db.changeBundle(ctx, name, ActBundleRolledBack, func(ctx context.Context, tx *sql.Tx, v *versions) (*Bundle, *Bundle, error) {
		b, back := v.in(BundleActive), v.in(BundleFormer)
		if b == nil {
			return nil, nil, fmt.Errorf("%w: no version is active", ErrNotFound)
		}
		if err := db.moveBundle(ctx, tx, b, BundleEnded); err != nil || back == nil {
			return b, nil, err
		}
		if err := v.oneModel(back); err != nil {
			return nil, nil, err
		}
		return b, back, db.moveBundle(ctx, tx, back, BundleActive)
	})
}

// oneModel returns an error when b has a model and so has an active bundle of
// another name.
func (v *versions) oneModel(b *Bundle) error {
	for _, o := range v.all {
		if o.Name != b.Name && o.State == BundleActive && slices.Contains(o.Holds, modelPart) && slices.Contains(b.Holds, modelPart) {
			return fmt.Errorf("%w: the model in use is that of bundle %s %s", ErrConflict, o.Name, o.Version)
		}
	}
	return nil
}

// DropBundle ends the staged bundle of a name and returns it, or [ErrNotFound].
func (db *DB) DropBundle(ctx context.Context, name string) (Bundle, error) {
	return db.changeBundle(ctx, name, ActBundleDropped, func(ctx context.Context, tx *sql.Tx, v *versions) (*Bundle, *Bundle, error) {
		b := v.in(BundleStaged)
		if b == nil {
			return nil, nil, fmt.Errorf("%w: no version is staged", ErrNotFound)
		}
		return b, nil, db.moveBundle(ctx, tx, b, BundleEnded)
	})
}

// changeBundle edits bundles of a name and notes the act. edit returns the bundle
// that it is about and the one beside it: that it replaced, or that came back.
func (db *DB) changeBundle(ctx context.Context, name, kind string, edit func(context.Context, *sql.Tx, *versions) (b, beside *Bundle, err error)) (Bundle, error) {
	var b Bundle
	if !known(name) {
		return b, fmt.Errorf("changing bundle %.40q: %w", name, ErrNotFound)
	}
	err := db.bundles(ctx, func(ctx context.Context, tx *sql.Tx) error {
		all, err := collect(ctx, tx, scanBundle, `SELECT `+bundleColumns+` FROM bundles`)
		if err != nil {
			return err
		}
		states := map[string]string{}
		for _, o := range all {
			states[o.Digest] = o.State
		}
		changed, beside, err := edit(ctx, tx, &versions{name: name, all: all})
		if err != nil {
			return err
		}
		b = *changed
		act := BundleAct{Bundle: b, Was: states[b.Digest]}
		if beside != nil {
			act.Replaced = beside.Version
		}
		if kind == ActBundleRolledBack && beside != nil {
			act.Replaced, act.Returned = "", beside.Version
		}
		return db.act(ctx, tx, kind, "", act)
	})
	if err != nil {
		return Bundle{}, fmt.Errorf("changing bundle %.40q: %w", name, err)
	}
	return b, nil
}

// Bundles returns all bundles that are kept, those that ended too, by name and time
// of import.
func (db *DB) Bundles(ctx context.Context) ([]Bundle, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	all, err := collect(ctx, db.read, scanBundle, `SELECT `+bundleColumns+` FROM bundles ORDER BY name, imported, version`)
	if err != nil {
		return nil, fmt.Errorf("listing bundles: %w", err)
	}
	return all, nil
}

// BundlesInUse returns the bundles that are staged or active, by name and state, and
// the generation now; none when that is the one given. Counts are no change.
func (db *DB) BundlesInUse(ctx context.Context, generation int64) (in []Bundle, now int64, err error) {
	err = db.view(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		err = tx.QueryRowContext(ctx, `SELECT value FROM generations WHERE name = 'bundles'`).Scan(&now)
		if err != nil || now == generation {
			return err
		}
		in, err = collect(ctx, tx, scanBundle, `SELECT `+bundleColumns+` FROM bundles WHERE state IN ('staged', 'active') ORDER BY name, state`)
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("reading bundles: %w", err)
	}
	return in, now, nil
}

// CountBundles adds to what staged bundles saw, by digest.
func (db *DB) CountBundles(ctx context.Context, seen map[string]BundleCounts) error {
	if len(seen) == 0 {
		return nil
	}
	return db.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, digest := range slices.Sorted(maps.Keys(seen)) { // nodes that count at the same time lock rows in one order
			c := seen[digest]
			_, err := tx.ExecContext(ctx, `UPDATE bundles SET texts = texts + $2, threats = threats + $3, signatures = signatures + $4,
				compared = compared + $5, found_both = found_both + $6, found_staged = found_staged + $7, found_active = found_active + $8 WHERE digest = $1`,
				digest, c.Texts, c.Threats, c.Signatures, c.Compared, c.Both, c.OnlyStaged, c.OnlyActive)
			if err != nil {
				return fmt.Errorf("counting what bundle %.80q saw: %w", digest, err)
			}
		}
		return nil
	})
}
