package report

import (
	"fmt"
	"maps"
	"slices"

	"warder.example/internal/asr"
	"warder.example/internal/redteam/journal"
	"warder.example/internal/redteam/probe"
)

// tally counts the attempts of a place.
type tally struct {
	Outcomes
	seeds map[string]*asr.Count
}

// count adds the outcome of an attempt to its place and its seed.
func (g *gathering) count(in map[place]*tally, at place, r *journal.Record) error {
	t := in[at]
	if t == nil {
		if len(g.attacks)+len(g.honest) >= MaxCells {
			return fmt.Errorf("there are more than %d cells of family and strategy; report on a part of the run", MaxCells)
		}
		t = &tally{seeds: map[string]*asr.Count{}}
		in[at] = t
	}
	v := r.Verdict.Outcome
	n := t.of(v)
	if n == nil {
		return fmt.Errorf("the outcome %.40q is not known", v)
	}
	*n++
	seed := g.name(r.Key.Seed)
	c := t.seeds[seed]
	if c == nil {
		c = &asr.Count{}
		t.seeds[seed] = c
	}
	c.Attempts++
	switch {
	case !scored(v):
		c.Unscored++
	case at.strategy != "" && won(v), at.strategy == "" && (v == probe.Refused || v == probe.Blocked):
		c.Successes++
	}
	return nil
}

// of is the counter of an outcome; nil of one that is not known.
func (o *Outcomes) of(v probe.Outcome) *int {
	switch v {
	case probe.Success:
		return &o.Success
	case probe.Partial:
		return &o.Partial
	case probe.Refused:
		return &o.Refused
	case probe.Deflected:
		return &o.Deflected
	case probe.Blocked:
		return &o.Blocked
	case probe.Errored:
		return &o.Error
	case probe.Unscorable:
		return &o.Unscorable
	}
	return nil
}

// won reports whether an attack got what it was for, or a part of it.
func won(v probe.Outcome) bool { return v == probe.Success || v == probe.Partial }

// scored reports whether an attempt has a verdict.
func scored(v probe.Outcome) bool { return v != probe.Errored && v != probe.Unscorable }

// join adds the counts of another tally.
func (t *tally) join(u *tally) {
	t.Success += u.Success
	t.Partial += u.Partial
	t.Refused += u.Refused
	t.Deflected += u.Deflected
	t.Blocked += u.Blocked
	t.Error += u.Error
	t.Unscorable += u.Unscorable
	for seed, n := range u.seeds {
		if t.seeds[seed] == nil {
			t.seeds[seed] = &asr.Count{}
		}
		c := t.seeds[seed]
		c.Attempts += n.Attempts
		c.Successes += n.Successes
		c.Unscored += n.Unscored
	}
}

// cell is the tally for package asr, seeds in order so that draws are the same.
func (t *tally) cell() (asr.Cell, error) {
	var seeds []asr.Count
	for _, s := range slices.Sorted(maps.Keys(t.seeds)) {
		seeds = append(seeds, *t.seeds[s])
	}
	return asr.Seeded(seeds)
}
