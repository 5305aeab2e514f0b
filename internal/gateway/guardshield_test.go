package gateway

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// shielded asks as clients of the service do: key and version where it wants them.
func (r *rig) shielded(app, prompt string, documents ...string) (attack []bool) {
	r.t.Helper()
	body, err := json.Marshal(map[string]any{"userPrompt": prompt, "documents": append([]string{}, documents...)})
	if err != nil {
		r.t.Fatal(err)
	}
	p := r.ask(app, "/contentsafety/text:shieldPrompt", string(body), func(q *http.Request) {
		q.URL.RawQuery = "api-version=2024-09-01"
		q.Header.Del("Authorization")
		q.Header.Set("Ocp-Apim-Subscription-Key", r.keys[app])
	})
	type analysis struct {
		AttackDetected *bool `json:"attackDetected"`
	}
	var a struct {
		UserPromptAnalysis analysis
		DocumentsAnalysis  []analysis
	}
	d := json.NewDecoder(strings.NewReader(p.body))
	d.DisallowUnknownFields()
	if err := d.Decode(&a); p.status != 200 || err != nil {
		r.t.Fatalf("%d %v: %s", p.status, err, p.body)
	}
	for _, one := range append([]analysis{a.UserPromptAnalysis}, a.DocumentsAnalysis...) {
		if one.AttackDetected == nil {
			r.t.Fatalf("no verdict on a text: %s", p.body)
		}
		attack = append(attack, *one.AttackDetected)
	}
	return attack
}

func TestShieldPrompt(t *testing.T) {
	r := guardRig(t, "").withHarm()
	for _, c := range []struct {
		name, app, prompt string
		documents         []string
		attack            []bool
	}{
		{"clean", "app", "Good morning to you.", nil, []bool{false}},
		{"attack of the user", "app", attackText, []string{"The invoice is due in May."}, []bool{true, false}},
		{"attack in a document", "app", "Sum this up.", []string{"The invoice is due in May.", attackText, ""}, []bool{false, false, true, false}},
		{"observed", "observe", attackText, []string{attackText}, []bool{false, false}},
		{"personal data is no attack", "app", mailText, []string{mailText}, []bool{false, false}},
		{"neither is a credential, though the policy blocks it", "app", keyText, []string{keyText}, []bool{false, false}},
		{"nor harm", "app", harmText, nil, []bool{false}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := r.shielded(c.app, c.prompt, c.documents...); !slices.Equal(got, c.attack) {
				t.Errorf("got %v; want %v", got, c.attack)
			}
		})
	}
}

// TestShieldPromptWithoutPolicy: what nothing allows is an attack, whatever it says.
func TestShieldPromptWithoutPolicy(t *testing.T) {
	r := guardRig(t, "")
	r.server.state.Load().protections[""].guard.Decider = nil
	if got := r.shielded("app", "Good morning.", "Good night."); !slices.Equal(got, []bool{true, true}) {
		t.Errorf("got %v", got)
	}
}

// TestShieldPromptFailures: they have the form of Azure's services.
func TestShieldPromptFailures(t *testing.T) {
	r := guardRig(t, "")
	p := r.ask("app", "/contentsafety/text:shieldPrompt", `{"userPrompt":["a"]}`)
	var e struct{ Error map[string]string }
	if err := json.Unmarshal([]byte(p.body), &e); err != nil || p.status != 400 {
		t.Fatalf("%d %v: %s", p.status, err, p.body)
	}
	if e.Error["code"] != "wrong_type" || e.Error["target"] != "userPrompt" || !strings.Contains(e.Error["message"], p.request()) || len(e.Error) != 3 {
		t.Errorf("got %v", e.Error)
	}
	for _, c := range []struct {
		name string
		edit func(http.Header)
		code string
	}{
		{"two keys", func(h http.Header) { h.Set("Ocp-Apim-Subscription-Key", r.keys["app"]) }, "invalid_api_key"},
		{"wrong key", func(h http.Header) { h.Del("Authorization"); h.Set("Ocp-Apim-Subscription-Key", "wk_no") }, "invalid_api_key"},
	} {
		p := r.ask("app", "/contentsafety/text:shieldPrompt", `{"userPrompt":"a"}`, func(q *http.Request) { c.edit(q.Header) })
		if p.status != 401 || p.code() != c.code {
			t.Errorf("%s: got %d %s; want 401 %s", c.name, p.status, p.body, c.code)
		}
	}
}
