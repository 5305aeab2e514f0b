package gateway

import (
	"encoding/json"
	"strings"
	"testing"
)

type moderated struct {
	ID, Model string
	Results   []struct {
		Flagged    bool
		Categories map[string]bool
		Scores     map[string]float64  `json:"category_scores"`
		Applied    map[string][]string `json:"category_applied_input_types"`
	}
}

func (r *rig) moderate(app, input string) moderated {
	r.t.Helper()
	p := r.ask(app, "/v1/moderations", `{"model":"omni-moderation-latest","input":`+input+`}`)
	var m moderated
	if err := json.Unmarshal([]byte(p.body), &m); err != nil || p.status != 200 {
		r.t.Fatalf("%d %v: %s", p.status, err, p.body)
	}
	if !strings.HasPrefix(m.ID, "modr-") || "req_"+m.ID[5:] != p.request() || m.Model != "warder-guard" {
		r.t.Errorf("id %q, model %q of request %s", m.ID, m.Model, p.request())
	}
	return m
}

func TestModerations(t *testing.T) {
	r := guardRig(t, "").withHarm()
	harm := quoted(harmText)
	for _, c := range []struct {
		name, app, input string
		flagged          []bool
	}{
		{"clean", "app", `"Good morning to you."`, []bool{false}},
		{"empty", "app", `""`, []bool{false}},
		{"harm", "app", harm, []bool{true}},
		{"harm among others", "app", `["Good morning","",` + harm + `,"Good night"]`, []bool{false, false, true, false}},
		{"harm in a part", "app", `[{"type":"text","text":"Good morning"},{"type":"text","text":` + harm + `}]`, []bool{true}},
		{"harm, observed", "observe", harm, []bool{true}},
		{"an attack is no category", "app", quoted(attackText), []bool{false}},
		{"neither is personal data", "app", quoted(mailText), []bool{false}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := r.moderate(c.app, c.input)
			if len(m.Results) != len(c.flagged) {
				t.Fatalf("%d results; want %d", len(m.Results), len(c.flagged))
			}
			for i, res := range m.Results {
				if res.Flagged != c.flagged[i] || res.Categories["illicit"] != c.flagged[i] || len(res.Categories) != 13 || len(res.Scores) != 13 || len(res.Applied) != 13 {
					t.Errorf("result %d: %+v", i, res)
				}
				for name, score := range res.Scores {
					if name != "illicit" && (score != 0 || res.Categories[name]) {
						t.Errorf("result %d: %s has evidence from nowhere: %v", i, name, score)
					}
				}
				if want := 0.8; c.flagged[i] && res.Scores["illicit"] != want {
					t.Errorf("result %d is flagged at %v; want %v", i, res.Scores["illicit"], want)
				}
			}
		})
	}
}

// TestModerationScores: in production they come in tenths.
func TestModerationScores(t *testing.T) {
	r := guardRig(t, "").withHarm()
	coarse := r.moderate("app", quoted(harmText)).Results[0].Scores["illicit"]
	fine := r.moderate("dev", quoted(harmText)).Results[0].Scores["illicit"]
	if coarse != 0.8 || fine != 0.8125 {
		t.Errorf("coarse %v, fine %v", coarse, fine)
	}
}
