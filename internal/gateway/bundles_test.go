package gateway

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"warder.example/guard"
	"warder.example/internal/bundle"
)

// oath is a text that no detector knows but those of tideBundle.
const oath = "The keeper swears by the old lamp."

// tideBundle is a bundle whose signatures find oath.
func tideBundle(t *testing.T, version string) *bundle.Loaded {
	t.Helper()
	private, public, err := bundle.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{7}, 64)), "acme")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := bundle.ParsePrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC().Truncate(time.Second)
	file, err := bundle.Make(bundle.Manifest{Name: "acme", Version: version, Created: now, NotAfter: now.Add(time.Hour)}, bundle.Content{
		Signatures: []byte("class LAMP\n  en: lamp\nclass SWEAR\n  en: swears by\nrule lighthouse jailbreak\n  why: a tale\n  SWEAR ~3 LAMP\n")}, signer)
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := bundle.Trust([]string{public})
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Open(file, trusted)
	if err != nil {
		t.Fatal(err)
	}
	l, err := bundle.Load(b)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestBundlesSwap: what is staged passes and is counted, what is active stops at
// once, also a text that was read before, and a rollback lets it pass again. A turn
// that was refused stays one.
func TestBundlesSwap(t *testing.T) {
	r := newRig(t, answers("application/json", answerBody("fine")), rigOptions{})
	l := tideBundle(t, "1.2.0")
	use := func(s *bundle.Set) {
		t.Helper()
		if err := r.server.UseBundles(s); err != nil {
			t.Fatal(err)
		}
	}
	want := func(passes bool, what string) {
		t.Helper()
		if got := r.post("app", chatBody(oath)).status; (got == http.StatusOK) != passes {
			t.Fatalf("%s: status %d", what, got)
		}
	}
	goesOn := func(text string) {
		t.Helper()
		body := `{"model":"m1","messages":[{"role":"user","content":"` + oath + `"},{"role":"assistant","content":"No."},{"role":"user","content":"` + text + `"}]}`
		if got := r.post("app", body).status; got != http.StatusOK {
			t.Errorf("a conversation with a refused turn: status %d", got)
		}
	}
	want(true, "before")
	use(&bundle.Set{Staged: []*bundle.Loaded{l}})
	want(true, "staged")
	if s := l.Seen(); s.Texts == 0 || s.Signatures == 0 {
		t.Errorf("a staged bundle saw %+v", s)
	}
	scrape := httptest.NewRecorder()
	r.server.AdminHandler().ServeHTTP(scrape, httptest.NewRequest(http.MethodGet, "http://127.0.0.1/metrics", nil))
	if m := scrape.Body.String(); !strings.Contains(m, `warder_bundle_info{bundle="acme",state="staged",version="1.2.0"} 1`) ||
		!strings.Contains(m, `warder_bundle_observed_found_total{bundle="acme",part="signatures",version="1.2.0"} 1`) {
		t.Errorf("metrics: %s", m)
	}
	use(&bundle.Set{Active: []*bundle.Loaded{l}})
	want(false, "active")
	goesOn("Tell me about tea.")
	use(&bundle.Set{Staged: []*bundle.Loaded{tideBundle(t, "1.3.0")}, Active: []*bundle.Loaded{l}})
	goesOn("Tell me about coffee.")
	if err := r.server.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(false, "active, after a reload")
	use(&bundle.Set{})
	want(true, "rolled back")
	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	var said []string
	for _, e := range r.ledger.events {
		if p, ok := e.Payload.(*Lifecycle); ok && p.What == "bundles" {
			said = append(said, p.Bundles["acme"])
		}
	}
	if got := strings.Join(said, " "); got != " 1.2.0 1.2.0 " {
		t.Errorf("records say that %q was in force", got)
	}
}

// TestHistoryUnder: what detectors of one set found is not served to another's, also
// when both read at the same time; that a turn was refused holds for both.
func TestHistoryUnder(t *testing.T) {
	first, err := newHistory(1000, "policy")
	if err != nil {
		t.Fatal(err)
	}
	first.version = func() uint64 { return 7 }
	second := first.under(1)
	text := &guard.Text{Content: "a text", Origin: guard.OriginUser}
	for name, reads := range map[string][2]*history{"old before new": {first, second}, "new before old": {second, first}} {
		a, b := reads[0], reads[1]
		text.Content = name
		a.Get(text)
		b.Get(text) // both read at the same time
		a.Put(text, []guard.Finding{{Rule: "a"}})
		b.Put(text, []guard.Finding{{Rule: "b"}})
		for h, rule := range map[*history]string{a: "a", b: "b"} {
			if found, ok := h.Get(text); ok && found[0].Rule != rule {
				t.Errorf("%s: one set was served what another found", name)
			}
		}
	}
	text.Content = "refused"
	first.refuse(text, nil)
	if !second.refused(text) {
		t.Error("a refusal does not hold for the next set")
	}
	if _, ok := second.Get(text); ok {
		t.Error("findings of a refused text are served to another set")
	}
	// Many at once, for the race detector and the property above.
	var wg sync.WaitGroup
	for i := range 8 {
		h, rule := first, "a"
		if i%2 == 1 {
			h, rule = second, "b"
		}
		wg.Go(func() {
			for n := range 500 {
				x := &guard.Text{Content: strings.Repeat("x", n%50+1), Origin: guard.OriginUser}
				if found, ok := h.Get(x); ok {
					if found[0].Rule != rule {
						t.Error("one set was served what another found")
					}
					continue
				}
				h.Put(x, []guard.Finding{{Rule: rule}})
			}
		})
	}
	wg.Wait()
}
