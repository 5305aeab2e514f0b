package node

import (
	"os"
	"strings"
	"testing"
	"time"

	"warder.example/guard/threat"
	"warder.example/internal/access"
	"warder.example/internal/store"
)

// remember adds an attack to the store, activated or only observed.
func (s *site) remember(x store.Threat, text string, activate bool) {
	s.t.Helper()
	var err error
	if x.Sketch, err = threat.Of(text); err != nil {
		s.t.Fatal(err)
	}
	x.Category = "jailbreak"
	if x, err = s.db.AddThreat(s.as(), x); err != nil {
		s.t.Fatal(err)
	}
	if activate {
		if _, err := s.db.ActivateThreat(s.as(), x.ID, nil); err != nil {
			s.t.Fatal(err)
		}
	}
}

// TestReadInForce: what is read beside the node is what holds for one application at
// one time.
func TestReadInForce(t *testing.T) {
	eachStore(t, func(t *testing.T, more string) {
		signer, public := maker(t)
		s := newSite(t, t.TempDir(), says(t, "fine"), more+"bundles: {trusted_keys: ['"+public+"']}\n")
		if _, err := s.db.CreateApplication(s.as(), access.Application{Name: "shop"}); err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		s.remember(store.Threat{Source: "all"}, confirmedAttack, true)
		s.remember(store.Threat{Source: "watched"}, "Read "+confirmedAttack, false)
		s.remember(store.Threat{Source: "desk", Application: "desk"}, confirmedAttack, true)
		s.remember(store.Threat{Source: "shop", Application: "shop"}, confirmedAttack, true)
		s.remember(store.Threat{Source: "over soon", Application: "desk", Expires: now.Add(time.Hour)}, confirmedAttack+" at noon", true)
		s.stageBundle(signer, public, "1.0.0")

		for _, c := range []struct {
			application      string
			after            time.Duration
			active, observed int
			sources          string
		}{
			{"", 0, 1, 1, "all"},
			{"desk", 0, 3, 1, "all desk over soon"},
			{s.app.ID, 0, 3, 1, "all desk over soon"},
			{"shop", 0, 2, 1, "all shop"},
			{"desk", time.Hour, 2, 1, "all desk"},
		} {
			in, err := ReadInForce(t.Context(), s.cfg, c.application, now.Add(c.after))
			if err != nil {
				t.Fatal(err)
			}
			if got := in.Remembered; got[store.ThreatActive] != c.active || got[store.ThreatObserved] != c.observed || in.Threats.Len() != c.active+c.observed {
				t.Errorf("%q after %v: remembered %v, %d in memory; expected %d active and %d observed", c.application, c.after, got, in.Threats.Len(), c.active, c.observed)
			}
			id := ""
			if c.application != "" {
				id = in.Application.ID
			}
			found := map[string]bool{}
			for _, m := range in.Threats.Find(id, confirmedAttack) {
				if m.Reports() {
					found[m.Source] = true
				}
			}
			for _, source := range []string{"all", "desk", "shop", "over soon", "watched"} {
				if want := strings.Contains(c.sources, source); found[source] != want {
					t.Errorf("%q after %v: attack of %q found: %v; expected %v", c.application, c.after, source, found[source], want)
				}
			}
			if in.Bundles != nil && len(in.Bundles.Active)+len(in.Bundles.Staged) > 0 {
				t.Errorf("a staged bundle is in force")
			}
		}

		if _, err := s.db.ActivateBundle(s.as(), "acme"); err != nil {
			t.Fatal(err)
		}
		s.stageBundle(signer, public, "1.1.0")
		in, err := ReadInForce(t.Context(), s.cfg, "", now)
		if err != nil || len(in.Bundles.Active) != 1 || len(in.Bundles.Staged) != 0 || in.Bundles.Active[0].Manifest.Version != "1.0.0" {
			t.Errorf("bundles are %+v, %v; expected the active one", in.Bundles, err)
		}
		strange := *s.cfg
		strange.Bundles.TrustedKeys = nil
		if _, err := ReadInForce(t.Context(), &strange, "", now); err == nil || !strings.Contains(err.Error(), "bundle acme 1.0.0, which is active") {
			t.Errorf("a bundle that nobody trusts: %v", err)
		}
		if err := os.RemoveAll(string(BundleDir(s.cfg))); err != nil {
			t.Fatal(err)
		}
		if in, err := ReadInForce(t.Context(), s.cfg, "", now); err == nil {
			t.Errorf("a bundle that is missing: %+v and no error", in)
		}
	})
}

// TestReadInForceWithoutStore: where there is none, there is nothing in force, and
// none is made.
func TestReadInForceWithoutStore(t *testing.T) {
	s := newSite(t, t.TempDir(), says(t, "fine"), "")
	empty := *s.cfg
	empty.Data += "-none"
	in, err := ReadInForce(t.Context(), &empty, "", time.Now())
	if err != nil || in.Threats != nil || in.Bundles != nil {
		t.Errorf("got %+v, %v", in, err)
	}
	if _, err := ReadInForce(t.Context(), &empty, "desk", time.Now()); err == nil || !strings.Contains(err.Error(), `application "desk"`) {
		t.Errorf("an application of no store: %v", err)
	}
	if _, err := os.Stat(empty.Data); !os.IsNotExist(err) {
		t.Errorf("the data folder: %v", err)
	}
}
