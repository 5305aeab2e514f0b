package gateway

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"warder.example/guard"
	"warder.example/guard/detect"
	"warder.example/guard/textmodel"
	"warder.example/guard/threshold"
)

const plainQuestion = "Could you tell me when the library opens on Sunday?"

// ownThresholds writes a file with one threshold for user text.
func ownThresholds(score float64, model string, expires time.Time) string {
	f := threshold.File{Version: 1, Model: model, Made: expires.AddDate(0, 0, -90), Expires: expires, Confidence: 0.95,
		Thresholds: []threshold.Entry{{Origin: guard.OriginUser, Category: "injection", Budget: 0.001, Score: score, Texts: 5000, High: 0.001}}}
	return string(f.Bytes())
}

func (r *rig) drifts() (out []Drift) {
	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	for _, e := range r.ledger.events {
		if e.Kind == KindDrift {
			out = append(out, *e.Payload.(*Drift))
		}
	}
	return out
}

// TestOwnThresholds: the thresholds of an operator decide, are counted, and their
// drift and end are recorded.
func TestOwnThresholds(t *testing.T) {
	score := detect.NewPromptAttack().Scores(&guard.Text{Content: plainQuestion, Origin: guard.OriginUser})["injection"]
	model, end := textmodel.Guard().Digest(), time.Now().AddDate(0, 0, 80).UTC()
	r := newRig(t, answers("application/json", answerBody("At nine.")), rigOptions{
		config: "guard: {thresholds: own.yaml}\n",
		files: map[string]string{
			"own.yaml": ownThresholds(score, model, end), "above.yaml": ownThresholds(1.5, model, end),
			"old.yaml": ownThresholds(score, model, time.Now().Add(-time.Hour)), "other.yaml": ownThresholds(score, strings.Repeat("0", 64), end),
		},
	})
	var d drift
	r.server.lookAtThresholds(t.Context(), &d, time.Now()) // the watch begins
	if p := r.post("app", chatBody(plainQuestion)); p.code() != "blocked" {
		t.Fatalf("%d %s; expected it to be blocked by the operator's threshold", p.status, p.body)
	}
	for i := range 40 {
		r.post("app", chatBody(fmt.Sprintf("%s Or on day %d?", plainQuestion, i)))
	}
	set := r.server.state.Load().thresholds
	for range 60 { // as if so many more had been read
		set.Observe(guard.OriginUser, "injection", score)
	}
	seen := set.Counts()[0]
	metrics := httptest.NewRecorder()
	r.server.AdminHandler().ServeHTTP(metrics, httptest.NewRequest(http.MethodGet, "http://127.0.0.1/metrics", nil))
	for _, want := range []string{
		fmt.Sprintf(`warder_threshold_texts_total{budget="0.001",category="injection",origin="user"} %d`, seen.Seen),
		fmt.Sprintf(`warder_threshold_reached_total{budget="0.001",category="injection",origin="user"} %d`, seen.Hits),
		"warder_threshold_expiry_seconds",
	} {
		if !strings.Contains(metrics.Body.String(), want) {
			t.Errorf("metrics lack %s", want)
		}
	}

	r.server.lookAtThresholds(t.Context(), &d, time.Now())
	r.server.lookAtThresholds(t.Context(), &d, time.Now())
	got := r.drifts()
	if len(got) != 1 || got[0].What != "over_budget" || *got[0].Origin != guard.OriginUser || got[0].Reached != seen.Hits || got[0].Thresholds != set.Digest() {
		t.Fatalf("%+v; expected one record of the drift", got)
	}
	r.server.lookAtThresholds(t.Context(), &d, end.Add(-time.Hour))
	if !strings.Contains(r.log.String(), "thresholds expire soon") {
		t.Error("the log does not say that they expire soon")
	}
	r.server.lookAtThresholds(t.Context(), &d, end)
	r.server.lookAtThresholds(t.Context(), &d, end.Add(time.Minute))
	if got = r.drifts(); len(got) != 2 || got[1].What != "expired" {
		t.Fatalf("%+v; expected one record of the end", got)
	}
	if p := r.post("app", chatBody(plainQuestion)); p.code() != "blocked" {
		t.Errorf("%d %s; expected expired thresholds to stay in use", p.status, p.body)
	}

	for file, want := range map[string]error{"old.yaml": threshold.ErrExpired, "other.yaml": threshold.ErrModel, "none.yaml": os.ErrNotExist} {
		r.swap(file)
		if err := r.server.Reload(t.Context()); err == nil || want != os.ErrNotExist && !strings.Contains(err.Error(), want.Error()) {
			t.Errorf("%s: %v; expected %v", file, err, want)
		}
		if r.server.state.Load().thresholds != set {
			t.Errorf("%s: a refused reload changed the thresholds in use", file)
		}
	}
	r.swap("above.yaml")
	if err := r.server.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p := r.post("app", chatBody(plainQuestion)); p.status != http.StatusOK {
		t.Errorf("%d %s; expected the new thresholds to hold", p.status, p.body)
	}
	r.server.lookAtThresholds(t.Context(), &d, time.Now())
	if d.watch.Set() == set {
		t.Error("the thresholds before the reload are still watched")
	}
}

// swap has the configuration name another file of thresholds.
func (r *rig) swap(file string) {
	r.t.Helper()
	b, err := os.ReadFile(r.path)
	if err != nil {
		r.t.Fatal(err)
	}
	i := strings.Index(string(b), "guard:")
	if err := os.WriteFile(filepath.Clean(r.path), []byte(string(b[:i])+"guard: {thresholds: "+file+"}\n"), 0o600); err != nil {
		r.t.Fatal(err)
	}
}
