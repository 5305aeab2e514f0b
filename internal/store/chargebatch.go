package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"warder.example/internal/budget"
)

// chargeBatch is the state that charges of one transaction read and change, each as if
// it were alone.
type chargeBatch struct {
	sql      *chargeSQL
	stored   map[string]*budget.Hold // as they were
	holds    map[string]*budget.Hold // as they are
	counters map[string]counterRow
	changed  map[string]bool  // counters that are to be written
	groups   map[string]int64 // counters of each; only where counters are made
	grown    map[string]bool  // groups that are to be written
}

// counterRow is a counter as it is in the table. One that was made in this transaction
// and that nothing was taken from begins at 0.
type counterRow struct {
	Name     string `json:"name"`
	Starts   int64  `json:"starts"`
	Ends     int64  `json:"ends"`
	Settled  int64  `json:"settled"`
	Reserved int64  `json:"reserved"`
}

func (r counterRow) counter() budget.Counter {
	return budget.Counter{Start: r.Starts, End: r.Ends, Settled: r.Settled, Reserved: r.Reserved}
}

// errMissing means that a counter must be made first.
var errMissing = errors.New("a counter is missing")

// run ends charges in one transaction. An error of the database is that of all.
func (b Budgets) run(all []*charge) {
	err := b.transact(all, false)
	if errors.Is(err, errMissing) {
		err = b.transact(all, true)
	}
	if isUnique(err) { // another node opened one of the ids meanwhile
		if err = budget.ErrOpen; len(all) > 1 {
			for _, c := range all {
				b.run([]*charge{c})
			}
			return
		}
	}
	if err != nil {
		for _, c := range all {
			c.err = err
		}
	}
}

// transact makes counters that are missing, or returns [errMissing].
func (b Budgets) transact(all []*charge, making bool) error {
	return b.db.update(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
		t := &chargeBatch{sql: b.sql(), changed: map[string]bool{}, grown: map[string]bool{}}
		if err := t.load(ctx, tx, all, making); err != nil {
			return fmt.Errorf("reading budgets: %w", err)
		}
		for _, c := range all {
			if c.hold != nil {
				c.err = t.reserve(c.hold)
			} else {
				c.err = t.settle(c.id, c.actual)
			}
		}
		if err := t.save(ctx, tx); err != nil {
			return fmt.Errorf("writing budgets: %w", err)
		}
		return nil
	})
}

// load reads, and locks, all that the charges are about.
func (t *chargeBatch) load(ctx context.Context, tx *sql.Tx, all []*charge, making bool) error {
	ids, names, groups := map[string]bool{}, map[string]string{}, map[string]bool{}
	needed := map[string]bool{}
	for _, c := range all {
		if ids[c.id] = true; c.hold == nil {
			continue
		}
		groups[c.hold.Group] = true
		for i := range c.hold.Lines {
			names[c.hold.Lines[i].Counter], needed[c.hold.Lines[i].Counter] = c.hold.Group, true
		}
	}
	open, err := queryJSON(ctx, tx, scanHold, t.sql.holds, slices.Sorted(maps.Keys(ids)))
	if err != nil {
		return err
	}
	t.stored = map[string]*budget.Hold{}
	for i := range open {
		t.stored[open[i].ID] = &open[i]
		for j := range open[i].Lines {
			if n := open[i].Lines[j].Counter; !needed[n] {
				names[n] = open[i].Group
			}
		}
	}
	t.holds = maps.Clone(t.stored)
	if making {
		return t.loadMaking(ctx, tx, names, groups)
	}
	if err := t.keep(queryJSON(ctx, tx, scanCounterRow, t.sql.counters, slices.Sorted(maps.Keys(names)))); err != nil {
		return err
	}
	for n := range needed {
		if _, ok := t.counters[n]; !ok {
			return errMissing
		}
	}
	return nil
}

func (t *chargeBatch) loadMaking(ctx context.Context, tx *sql.Tx, names map[string]string, groups map[string]bool) error {
	type made struct {
		Name  string `json:"name"`
		Group string `json:"group"`
	}
	var list []made
	for _, n := range slices.Sorted(maps.Keys(names)) {
		list = append(list, made{n, names[n]})
	}
	if err := t.keep(queryJSON(ctx, tx, scanCounterRow, t.sql.allCounters, list)); err != nil {
		return err
	}
	rows, err := queryJSON(ctx, tx, scanGroup, t.sql.groups, slices.Sorted(maps.Keys(groups)))
	t.groups = map[string]int64{}
	for _, g := range rows {
		t.groups[g.Name] = g.Counters
	}
	return err
}

func (t *chargeBatch) keep(rows []counterRow, err error) error {
	t.counters = make(map[string]counterRow, len(rows))
	for _, r := range rows {
		t.counters[r.Name] = r
	}
	return err
}

// reserve takes the lines of a hold, or none.
func (t *chargeBatch) reserve(h *budget.Hold) error {
	if t.holds[h.ID] != nil {
		return budget.ErrOpen
	}
	after, err := h.Take(func(name string) budget.Counter { return t.counters[name].counter() })
	if err != nil {
		return err
	}
	fresh := int64(0)
	for i := range h.Lines {
		if t.counters[h.Lines[i].Counter].Starts == 0 {
			fresh++
		}
	}
	if fresh > 0 {
		if t.groups[h.Group] > budget.MaxCounters-fresh {
			return budget.ErrCrowded
		}
		t.groups[h.Group] += fresh
		t.grown[h.Group] = true
	}
	for i, c := range after {
		t.put(h.Lines[i].Counter, c)
	}
	t.holds[h.ID] = h
	return nil
}

// settle ends a hold.
func (t *chargeBatch) settle(id string, actual []int64) error {
	h := t.holds[id]
	if h == nil {
		return budget.ErrNotOpen
	}
	if len(actual) != len(h.Lines) {
		return fmt.Errorf("%w: %d uses of %d counters", budget.ErrInvalid, len(actual), len(h.Lines))
	}
	for i := range h.Lines {
		if r := t.counters[h.Lines[i].Counter]; r.Starts != 0 { // else its window is long over
			t.put(r.Name, h.After(i, r.counter(), actual[i]))
		}
	}
	delete(t.holds, id)
	return nil
}

func (t *chargeBatch) put(name string, c budget.Counter) {
	t.counters[name] = counterRow{name, c.Start, c.End, c.Settled, c.Reserved}
	t.changed[name] = true
}

// save writes what changed.
func (t *chargeBatch) save(ctx context.Context, tx *sql.Tx) error {
	var counters []counterRow
	var unused []string
	for _, n := range slices.Sorted(maps.Keys(t.counters)) {
		if r := t.counters[n]; t.changed[n] {
			counters = append(counters, r)
		} else if r.Starts == 0 {
			unused = append(unused, n)
		}
	}
	var groups []groupRow
	for _, n := range slices.Sorted(maps.Keys(t.grown)) {
		groups = append(groups, groupRow{n, t.groups[n]})
	}
	ended, begun, err := t.holdsToWrite()
	if err != nil {
		return err
	}
	for _, w := range []struct {
		statement string
		rows      int
		list      any
	}{
		{t.sql.putCounters, len(counters), counters}, {t.sql.dropCounters, len(unused), unused}, {t.sql.putGroups, len(groups), groups},
		{t.sql.dropHolds, len(ended), ended}, {t.sql.putHolds, len(begun), begun},
	} {
		if w.rows == 0 {
			continue
		}
		text, err := json.Marshal(w.list)
		if err == nil {
			_, err = tx.ExecContext(ctx, w.statement, string(text))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// holdRow is a hold as it is in the table.
type holdRow struct {
	ID    string `json:"id"`
	Owner string `json:"owner"`
	Hold  string `json:"hold"` // JSON
}

func (t *chargeBatch) holdsToWrite() (ended []string, begun []holdRow, err error) {
	for _, id := range slices.Sorted(maps.Keys(t.stored)) {
		if t.holds[id] != t.stored[id] {
			ended = append(ended, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(t.holds)) {
		h := t.holds[id]
		if h == t.stored[id] {
			continue
		}
		text, err := json.Marshal(h)
		if err != nil {
			return nil, nil, err
		}
		begun = append(begun, holdRow{id, h.Owner, string(text)})
	}
	return ended, begun, nil
}

// groupRow is how many counters a group has.
type groupRow struct {
	Name     string `json:"name"`
	Counters int64  `json:"counters"`
}

func scanGroup(rows *sql.Rows) (g groupRow, err error) {
	err = rows.Scan(&g.Name, &g.Counters)
	return g, err
}

func scanCounterRow(rows *sql.Rows) (r counterRow, err error) {
	err = rows.Scan(&r.Name, &r.Starts, &r.Ends, &r.Settled, &r.Reserved)
	return r, err
}

// queryJSON reads the rows of a query about a list, none if the list is empty.
func queryJSON[T, L any](ctx context.Context, tx *sql.Tx, scan func(*sql.Rows) (T, error), query string, list []L) ([]T, error) {
	if len(list) == 0 {
		return nil, nil
	}
	text, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	return collect(ctx, tx, scan, query, string(text))
}
