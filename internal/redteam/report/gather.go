package report

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"warder.example/internal/asr"
	"warder.example/internal/redteam/attack"
	"warder.example/internal/redteam/journal"
	"warder.example/internal/redteam/strategy"
)

// place is where attempts are counted together.
type place struct{ guard, family, strategy string }

// attempt is what a comparison needs of one.
type attempt struct {
	key                 [16]byte // of the journal's key without the target
	guard, family, seed string
	scored, success     bool
}

// gathering is a summary that is being made.
type gathering struct {
	opt     Options
	sum     *Summary
	attacks map[place]*tally
	honest  map[place]*tally // strategy is empty
	worst   map[place]*Finding
	seen    map[[16]byte]bool
	names   map[string]string
	// families are those seen, by mode of the guard.
	families map[place]bool
	// began and ended are the first and the last attempt.
	began, ended time.Time
}

// Summarize reads the attempts of a run once. It refuses what is out of bounds, an
// attempt that is there twice, and an outcome that it does not know; an error of the
// reader ends it.
func Summarize(run Run, records iter.Seq2[*journal.Record, error], opt Options) (*Summary, error) {
	if opt.Confidence == 0 {
		opt.Confidence = 0.95
	}
	if !(opt.Confidence > 0 && opt.Confidence < 1) {
		return nil, fmt.Errorf("red-team report: a confidence of %v; expected one between 0 and 1", opt.Confidence)
	}
	if len(run.Versions) > maxFacts {
		return nil, fmt.Errorf("red-team report: %d versions; expected at most %d", len(run.Versions), maxFacts)
	}
	if opt.Catalogue == nil {
		opt.Catalogue = attack.Standard()
	}
	g := &gathering{
		opt: opt, sum: &Summary{Run: run.tame(), Confidence: opt.Confidence, random: opt.Random},
		attacks: map[place]*tally{}, honest: map[place]*tally{}, worst: map[place]*Finding{}, seen: map[[16]byte]bool{}, names: map[string]string{}, families: map[place]bool{},
	}
	for r, err := range records {
		if err != nil {
			return nil, fmt.Errorf("reading attempts: %w", err)
		}
		if err := g.add(r); err != nil {
			return nil, fmt.Errorf("attempt %d, %.80q: %w", g.sum.Attempts+1, r.ID, err)
		}
	}
	return g.sum, g.finish()
}

func (g *gathering) add(r *journal.Record) error {
	if g.sum.Attempts >= MaxRecords {
		return fmt.Errorf("there are more than %d; report on a part of the run", MaxRecords)
	}
	k := r.Key
	for _, id := range []string{k.Family, k.Seed, k.Strategy, k.Guard, r.ID} {
		if len(id) > maxID {
			return fmt.Errorf("an id of %d bytes; expected at most %d", len(id), maxID)
		}
	}
	key := digest(k)
	if g.seen[key] {
		return fmt.Errorf("the run has it twice; expected each attempt once")
	}
	g.seen[key] = true
	at := place{g.name(k.Guard), g.name(k.Family), g.name(k.Strategy)}
	if at.strategy == "" {
		at.strategy = string(strategy.Plain)
	}
	in := g.attacks
	if g.families[place{guard: at.guard, family: at.family}] = true; len(g.families) > attack.MaxFamilies {
		return fmt.Errorf("there are more than %d families; report on a part of the run", attack.MaxFamilies)
	}
	honest := k.Twin || r.Objective.Benign
	if honest {
		in, at.strategy = g.honest, ""
	}
	if err := g.count(in, at, r); err != nil {
		return err
	}
	g.sum.Attempts++
	g.span(r.At)
	if honest {
		return nil
	}
	v := r.Verdict.Outcome
	g.sum.outcome = append(g.sum.outcome, attempt{
		key: key, guard: at.guard, family: at.family, seed: g.name(k.Seed),
		scored: scored(v), success: won(v),
	})
	g.finding(at, r)
	return nil
}

// name makes an id fit to be shown and keeps one copy of it, which holds on to no line.
func (g *gathering) name(id string) string {
	kept, ok := g.names[id]
	if !ok {
		kept = short(id)
		g.names[strings.Clone(id)] = kept
	}
	return kept
}

// tame makes what a run says of itself fit to be shown.
func (r Run) tame() Run {
	r.Target, r.File, r.Purpose = short(r.Target), short(r.File), short(r.Purpose)
	versions := map[string]string{}
	for k, v := range r.Versions {
		versions[short(k)] = short(v)
	}
	r.Versions = versions
	return r
}

// span widens the time of the attempts to one more.
func (g *gathering) span(at time.Time) {
	if at.IsZero() {
		return
	}
	if g.began.IsZero() || at.Before(g.began) {
		g.began = at
	}
	if at.After(g.ended) {
		g.ended = at
	}
}

// digest is that of a key without the target, whose file may have changed between
// two runs.
func digest(k journal.Key) [16]byte {
	k.Target = ""
	b, err := json.Marshal(k)
	if err != nil {
		panic(err) // strings and numbers
	}
	h := sha256.Sum256(b)
	return [16]byte(h[:16])
}

// finish makes the figures of all places.
func (g *gathering) finish() error {
	if g.sum.Began.IsZero() {
		g.sum.Began = g.began
	}
	if g.sum.Ended.IsZero() {
		g.sum.Ended = g.ended
	}
	modes := map[string]map[string]*Family{}
	family := func(at place) *Family {
		if modes[at.guard] == nil {
			modes[at.guard] = map[string]*Family{}
		}
		if modes[at.guard][at.family] == nil {
			modes[at.guard][at.family] = g.family(at.family)
		}
		return modes[at.guard][at.family]
	}
	whole := map[place]*tally{}
	for _, at := range ordered(g.attacks) {
		t := g.attacks[at]
		fig, err := g.figures(t)
		if err != nil {
			return err
		}
		f := family(at)
		f.Cells = append(f.Cells, Cell{Strategy: at.strategy, Figures: fig})
		all := place{guard: at.guard, family: at.family}
		if whole[all] == nil {
			whole[all] = &tally{seeds: map[string]*asr.Count{}}
		}
		whole[all].join(t)
	}
	for at, t := range whole {
		fig, err := g.figures(t)
		if err != nil {
			return err
		}
		f := family(at)
		f.Figures, f.Worst = fig, g.worst[at]
	}
	for at, t := range g.honest {
		h, err := g.honestOf(t)
		if err != nil {
			return err
		}
		family(at).Honest = h
	}
	for _, guard := range slices.Sorted(maps.Keys(modes)) {
		m := Mode{Guard: guard}
		for _, id := range slices.Sorted(maps.Keys(modes[guard])) {
			m.Families = append(m.Families, *modes[guard][id])
		}
		g.sum.Modes = append(g.sum.Modes, m)
	}
	return nil
}

func ordered(m map[place]*tally) []place {
	return slices.SortedFunc(maps.Keys(m), func(a, b place) int {
		return slices.Compare([]string{a.guard, a.family, a.strategy}, []string{b.guard, b.family, b.strategy})
	})
}

func (g *gathering) figures(t *tally) (Figures, error) {
	c, err := t.cell()
	if err != nil {
		return Figures{}, err
	}
	n := c.Total()
	f := Figures{Outcomes: t.Outcomes, Attempts: n.Attempts, Scored: n.Scored(), Upper: c.Worst().Upper(g.opt.Confidence)}
	f.Rate, f.Interval = c.Rate(), c.Bootstrap(g.opt.Confidence, g.opt.Random)
	return f, nil
}

func (g *gathering) honestOf(t *tally) (*Honest, error) {
	c, err := t.cell()
	if err != nil {
		return nil, err
	}
	n := c.Total()
	return &Honest{Attempts: n.Attempts, Scored: n.Scored(), Refused: n.Successes, Rate: c.Rate(), Interval: c.Bootstrap(g.opt.Confidence, g.opt.Random)}, nil
}

// family is what the catalogue says of a family; of one that it does not have, the id.
func (g *gathering) family(id string) *Family {
	f, ok := g.opt.Catalogue.Get(id)
	if !ok {
		return &Family{ID: id, Title: id}
	}
	return &Family{ID: id, Title: f.Title, Goal: f.Goal, Severity: f.Severity, Frameworks: f.Frameworks, Fix: f.Fix}
}
