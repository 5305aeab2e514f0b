package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"warder.example/guard/threat"
	"warder.example/internal/corpus"
	"warder.example/internal/store"
	"warder.example/internal/threats"
)

// Bounds of requests.
const (
	maxAttacks = 100 // texts that are added at once
	pageSize   = 100 // threats on a page where nobody says another number
)

// shown is a threat as the API shows it.
type shown struct {
	store.Threat
	Similar bool `json:"similar"` // similar texts are recognised, not only copies
}

func show(t store.Threat) shown { return shown{t, t.Sketch.Similar()} }

// one answers with a threat.
func one(status int, t store.Threat, err error) (reply, *failure) {
	if err != nil {
		return reply{}, why(err)
	}
	return reply{status, map[string]any{"threat": show(t)}}, nil
}

// attacks is the body of a request to remember attacks.
type attacks struct {
	Texts       []string `json:"texts"`
	Application string   `json:"application"`
	Category    string   `json:"category"`
	Source      string   `json:"source"`
	Note        string   `json:"note"`
	Expires     string   `json:"expires"`
}

// refusal is an attack that was not added, and why.
type refusal struct {
	Index   int    `json:"index"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// addThreats remembers attacks. All are looked at before the first is added, so that a
// body in which something is wrong adds nothing; what is remembered already is named
// and holds up no other.
func (a *API) addThreats(c *call) (reply, *failure) {
	in := attacks{Category: "injection", Source: "analyst"}
	if f := c.decode(&in); f != nil {
		return reply{}, f
	}
	list, f := in.list()
	if f != nil {
		return reply{}, f
	}
	added, refused := []shown{}, []refusal{}
	for i, x := range list {
		t, err := threats.Acts{Store: a.store}.Add(c.Context(), x)
		if errors.Is(err, store.ErrConflict) {
			refused = append(refused, refusal{i, failConflict.code, err.Error()})
			continue
		}
		if err != nil {
			f := why(err)
			if len(added) > 0 { // what is done is done; the list says what
				f.message += fmt.Sprintf(" (%d of the texts before it were added)", len(added))
			}
			return reply{}, f
		}
		added = append(added, show(t))
	}
	if len(added) == 0 {
		return reply{}, failConflict.with(refused[0].Message)
	}
	return reply{http.StatusCreated, map[string]any{"threats": added, "refused": refused}}, nil
}

// list returns the attacks of a body, or what is wrong with it.
func (in *attacks) list() ([]threats.Attack, *failure) {
	if n := len(in.Texts); n == 0 || n > maxAttacks {
		return nil, failValue.with(fmt.Sprintf("There are %d texts; expected 1 to %d.", n, maxAttacks)).at("texts")
	}
	x := threats.Attack{Application: in.Application, Category: in.Category, Source: in.Source, Note: in.Note}
	if in.Expires != "" {
		var err error
		if x.Expires, err = time.Parse(time.RFC3339, in.Expires); err != nil {
			return nil, failValue.with(fmt.Sprintf("The time %.40q cannot be read; expected one such as 2027-01-31T12:00:00Z.", in.Expires)).at("expires")
		}
	}
	var out []threats.Attack
	for i, text := range in.Texts {
		if _, err := threat.Of(text); err != nil {
			return nil, failValue.with(err.Error()).at(fmt.Sprintf("texts[%d]", i))
		}
		x.Text = text
		out = append(out, x)
	}
	return out, nil
}

// listThreats answers with a page: ?limit=, ?after=ID of the last one before, ?all=true
// for those that ended lately too.
func (a *API) listThreats(c *call) (reply, *failure) {
	q := c.URL.Query()
	limit := pageSize
	if s := q.Get("limit"); s != "" {
		var err error
		if limit, err = strconv.Atoi(s); err != nil || limit < 1 || limit > store.MaxThreatPage {
			return reply{}, failValue.with(fmt.Sprintf("The limit is %.40q; expected 1 to %d.", s, store.MaxThreatPage)).at("limit")
		}
	}
	all, err := strconv.ParseBool(or(q.Get("all"), "false"))
	if err != nil {
		return reply{}, failValue.with(fmt.Sprintf("all is %.40q; expected true or false.", q.Get("all"))).at("all")
	}
	page, err := a.store.ThreatPage(c.Context(), q.Get("after"), limit, all)
	if err != nil {
		return reply{}, why(err)
	}
	out := struct {
		Threats []shown `json:"threats"`
		Next    string  `json:"next,omitempty"` // for after, if there may be more
	}{Threats: make([]shown, len(page))}
	for i, t := range page {
		out.Threats[i] = show(t)
	}
	if len(page) == limit {
		out.Next = page[limit-1].ID
	}
	return reply{http.StatusOK, out}, nil
}

func (a *API) showThreat(c *call) (reply, *failure) {
	t, err := a.store.Threat(c.Context(), c.PathValue("id"))
	return one(http.StatusOK, t, err)
}

func (a *API) promote(c *call) (reply, *failure) {
	t, err := a.store.PromoteThreat(c.Context(), c.PathValue("id"))
	return one(http.StatusOK, t, err)
}

func (a *API) suspend(c *call) (reply, *failure) {
	t, err := a.store.SuspendThreat(c.Context(), c.PathValue("id"), nil)
	return one(http.StatusOK, t, err)
}

func (a *API) remove(c *call) (reply, *failure) {
	t, err := a.store.RemoveThreat(c.Context(), c.PathValue("id"))
	return one(http.StatusOK, t, err)
}

// ran is a dry run as the API shows it.
type ran struct {
	Threat  shown           `json:"threat"`
	Outcome threats.Outcome `json:"outcome"`
	Budget  float64         `json:"budget"`
	Within  bool            `json:"within_budget"`
	Reason  string          `json:"reason,omitempty"` // why not
}

func (a *API) dryRun(c *call) (reply, *failure) { return a.measure(c, threats.Acts.DryRun) }

func (a *API) activate(c *call) (reply, *failure) { return a.measure(c, threats.Acts.Activate) }

// measure runs the honest texts of a body: JSON Lines in the corpus form, read as they
// come. One such run is made at a time, since it takes a core.
func (a *API) measure(c *call, do func(threats.Acts, context.Context, string, *corpus.Reader, float64) (threats.Run, error)) (reply, *failure) {
	body, f := c.lines()
	if f != nil {
		return reply{}, f
	}
	budget := threats.DefaultBudget
	if s := c.URL.Query().Get("budget"); s != "" {
		var err error
		if budget, err = strconv.ParseFloat(s, 64); err != nil {
			return reply{}, failValue.with(fmt.Sprintf("The budget is %.40q; expected a share of more than 0 and less than 1.", s)).at("budget")
		}
	}
	select {
	case a.runs <- struct{}{}:
		defer func() { <-a.runs }()
	default:
		return reply{}, &failBusy
	}
	r, err := do(threats.Acts{Store: a.store}, c.Context(), c.PathValue("id"), corpus.NewReader(body, ""), budget)
	if f := body.failure(); f != nil {
		return reply{}, f
	}
	if err != nil {
		return reply{}, why(err)
	}
	out := ran{Threat: show(r.Threat), Outcome: r.Outcome, Budget: r.Budget, Within: true}
	if err := r.Within(); err != nil {
		out.Within, out.Reason = false, err.Error()
	}
	return reply{http.StatusOK, out}, nil
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
