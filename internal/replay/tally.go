package replay

import (
	"slices"
	"strings"

	"warder.example/internal/replay/logs"
)

// Bounds of what a report tells apart; what comes later goes under [Others].
const (
	MaxDays     = 4000
	MaxGroups   = 500
	MaxReasons  = 2000
	MaxExamples = 5  // places of values that cannot be read, for each reason
	MaxDiffers  = 20 // places where two policies differ
)

// Others stands for applications and models beyond MaxGroups, Undated for the day of
// calls whose time is not known.
const (
	Others  = "(others)"
	Undated = "undated"
)

// tally is everything that is counted. It holds no texts, and is what a replay that
// goes on later keeps.
type tally struct {
	Values     int                `json:"values"`
	Requests   int                `json:"requests"`
	Answers    int                `json:"answers"`
	Unreadable map[string]*bad    `json:"unreadable"`
	Left       map[string]int     `json:"left"`
	Days       map[string]*day    `json:"days"`
	Groups     map[string]*group  `json:"groups"`
	Reasons    map[string]*reason `json:"reasons"`
	Leaks      map[string]*leak   `json:"leaks"`
	Carried    int                `json:"carried"`
	Read       int                `json:"read"`
	// Stopped counts would-be blocks; ByModel those that only the classifier
	// decided, at false-positive rates of at most MaxFPR.
	Stopped int     `json:"stopped"`
	ByModel int     `json:"by_model"`
	MaxFPR  float64 `json:"max_fpr"`
	// Own counts what is masked in the application's own texts, by rule and
	// category; Operated the requests that have such texts.
	Own      map[string]int `json:"own"`
	Operated int            `json:"operated"`
	Diff     diff           `json:"diff"`
	// Labelled holds what people said of would-be blocks, by id: true for honest.
	Labelled map[string]bool `json:"labelled"`
	Picks    picks           `json:"picks"`
}

func newTally() *tally {
	return &tally{
		Unreadable: map[string]*bad{}, Left: map[string]int{}, Days: map[string]*day{}, Groups: map[string]*group{},
		Reasons: map[string]*reason{}, Leaks: map[string]*leak{}, Own: map[string]int{}, Picks: picks{},
		Diff: diff{Changed: map[string]int{}, Rules: map[string]int{}}, Labelled: map[string]bool{},
	}
}

// sep joins the parts of a key; names are stripped of it.
const sep = "\x1f"

func joined(parts ...string) string { return strings.Join(parts, sep) }

// at returns the entry of a key, a new one if there is none, and that of others
// when there are most of them.
func at[V any](m map[string]*V, k string, most int, others string) *V {
	v, ok := m[k]
	if !ok {
		if len(m) >= most {
			if k, v = others, m[others]; v != nil {
				return v
			}
		}
		v = new(V)
		m[k] = v
	}
	return v
}

// unreadable counts a value that cannot be read.
func (t *tally) unreadable(why string, p Place) {
	b := t.Unreadable[why]
	if b == nil {
		b = &bad{}
		t.Unreadable[why] = b
	}
	if b.Count++; len(b.Places) < MaxExamples {
		b.Places = append(b.Places, p)
	}
}

// lost is how many values cannot be read.
func (t *tally) lost() (n int) {
	for _, b := range t.Unreadable {
		n += b.Count
	}
	return n
}

// add counts one record.
func (t *tally) add(o *outcome) {
	t.Requests++
	if o.answered {
		t.Answers++
	}
	d := at(t.Days, o.day, MaxDays, Undated)
	d.add(o.action)
	d.Why.add(o)
	d.Read += o.read
	t.Read += o.read
	t.Carried += o.carried
	if o.action.Stops() {
		t.Stopped++
		if o.fpr > 0 {
			d.ByModel++
			t.ByModel++
			t.MaxFPR = max(t.MaxFPR, o.fpr)
		}
	}
	g := at(t.Groups, joined(o.app, o.model), MaxGroups, joined(Others, Others))
	g.add(o.action)
	g.Why.add(o)
	g.InputTokens += o.in
	g.OutputTokens += o.out
	if o.priced {
		g.Cost += o.cost
		g.Priced++
	}
	for k := range o.reasons {
		r := at(t.Reasons, k, MaxReasons, joined(Others, Others, Others, Others, Others))
		r.Requests++
		if k == o.decisive {
			r.Decided++
		}
	}
	for k, n := range o.leaks {
		l := at(t.Leaks, k, MaxReasons, joined(Others, Others))
		l.Findings += n
		l.Requests++
	}
	if o.operated {
		t.Operated++
	}
	for k := range o.own {
		if len(t.Own) < MaxReasons || t.Own[k] > 0 {
			t.Own[k]++
		}
	}
	t.differ(o)
	t.Picks.offer(o)
}

// differ counts where the second policy parts from the first.
func (t *tally) differ(o *outcome) {
	if o.other == nil || o.other.action == o.action && o.other.rule == o.rule {
		return
	}
	if o.other.action != o.action {
		t.Diff.Requests++
		t.Diff.Changed[o.action.String()+" to "+o.other.action.String()]++
		if len(t.Diff.Places) < MaxDiffers {
			t.Diff.Places = append(t.Diff.Places, o.place)
		}
	}
	if k := orNone(o.rule) + " to " + orNone(o.other.rule); len(t.Diff.Rules) < MaxReasons || t.Diff.Rules[k] > 0 {
		t.Diff.Rules[k]++
	}
}

func orNone(rule string) string {
	if rule == "" {
		return "none"
	}
	return rule
}

// dayOf names the day of a record, in UTC.
func dayOf(r *logs.Record) string {
	if r.Time.IsZero() {
		return Undated
	}
	return r.Time.Format("2006-01-02")
}

// whole reports whether a tally that was read from a file can be counted on: all its
// maps are there, and places are of the files there are.
func (t *tally) whole(files int) bool {
	if t.Unreadable == nil || t.Left == nil || t.Days == nil || t.Groups == nil || t.Reasons == nil || t.Leaks == nil || t.Own == nil ||
		t.Picks == nil || t.Labelled == nil || t.Diff.Changed == nil || t.Diff.Rules == nil ||
		anyNil(t.Unreadable) || anyNil(t.Days) || anyNil(t.Groups) || anyNil(t.Reasons) || anyNil(t.Leaks) || anyNil(t.Picks) {
		return false
	}
	places := t.Diff.Places
	for _, b := range t.Unreadable {
		if len(b.Places) == 0 {
			return false
		}
		places = append(places[:len(places):len(places)], b.Places...)
	}
	for _, s := range t.Picks {
		if s.Most < 1 {
			return false
		}
		for _, p := range s.Picks {
			places = append(places, p.Place)
		}
	}
	return !slices.ContainsFunc(places, func(p Place) bool { return p.File < 0 || p.File >= files })
}

func anyNil[V any](m map[string]*V) bool {
	for _, v := range m {
		if v == nil {
			return true
		}
	}
	return false
}
