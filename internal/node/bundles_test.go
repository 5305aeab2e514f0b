package node

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"warder.example/internal/bundle"
	"warder.example/internal/store"
)

// bundleRules find a text that no other detector knows.
const (
	bundleRules = "class LAMP\n  en: lamp\nclass SWEAR\n  en: swears by\nrule lighthouse jailbreak\n  why: a tale\n  SWEAR ~3 LAMP\n"
	bundleText  = "The keeper swears by the old lamp."
)

// maker signs bundles.
func maker(t *testing.T) (signer note.Signer, public string) {
	t.Helper()
	private, public, err := bundle.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{7}, 64)), "acme")
	if err != nil {
		t.Fatal(err)
	}
	if signer, err = bundle.ParsePrivateKey(private); err != nil {
		t.Fatal(err)
	}
	return signer, public
}

// stageBundle does what the import of a bundle does.
func (s *site) stageBundle(signer note.Signer, public, version string) {
	s.t.Helper()
	now := time.Now().UTC().Truncate(time.Second)
	file, err := bundle.Make(bundle.Manifest{Name: "acme", Version: version, Created: now, NotAfter: now.Add(time.Hour)},
		bundle.Content{Signatures: []byte(bundleRules)}, signer)
	if err != nil {
		s.t.Fatal(err)
	}
	trusted, err := bundle.Trust([]string{public})
	if err != nil {
		s.t.Fatal(err)
	}
	b, err := bundle.Open(file, trusted)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := BundleDir(s.cfg).Put(file); err != nil {
		s.t.Fatal(err)
	}
	_, err = s.db.StageBundle(s.as(), store.Bundle{Digest: b.Digest, Name: "acme", Version: version, Holds: []string{bundle.SignaturesPart},
		SignedBy: b.SignedBy, Bytes: int64(len(file)), Created: now, NotAfter: now.Add(time.Hour)}, false)
	if err != nil {
		s.t.Fatal(err)
	}
}

// TestBundles: a bundle is taken in, observed, activated and rolled back while the
// node runs, and what is active is so after a restart.
func TestBundles(t *testing.T) {
	eachStore(t, func(t *testing.T, more string) {
		signer, public := maker(t)
		s := newSite(t, t.TempDir(), says(t, "fine"), more+"bundles: {trusted_keys: ['"+public+"']}\n")
		s.start()
		n := 0
		passes := func() bool {
			t.Helper()
			n++ // another text each time, so that it is read
			r := s.post(s.key, fmt.Sprintf("%s It is lamp number %d.", bundleText, n), false)
			if r.err != nil {
				t.Fatal(r.err)
			}
			return r.status == http.StatusOK
		}
		s.stageBundle(signer, public, "1.0.0")
		eventually(t, "it is counted, and passes", func() bool {
			if !passes() {
				t.Fatal("a staged bundle decided")
			}
			all, err := s.db.Bundles(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return all[0].Seen.Signatures > 0
		})
		if _, err := s.db.ActivateBundle(s.as(), "acme"); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it decides", func() bool { return !passes() })
		s.stop()
		s.start()
		if passes() {
			t.Error("it does not decide after a restart")
		}
		if _, err := s.db.RollBackBundle(s.as(), "acme"); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it passes again", passes)
		eventually(t, "the acts are in the audit log", func() bool {
			var acts []string
			for _, e := range s.entries() {
				if a, ok := e.Event.Payload.(Act); ok && strings.HasPrefix(a.Act, "bundle.") && a.Actor == "tester" {
					acts = append(acts, a.Act)
				}
			}
			return strings.Join(acts, " ") == "bundle.staged bundle.activated bundle.rolled_back"
		})
	})
}

// TestActiveBundleIsMissing: a node does not start without what is active.
func TestActiveBundleIsMissing(t *testing.T) {
	signer, public := maker(t)
	s := newSite(t, t.TempDir(), says(t, "fine"), "bundles: {trusted_keys: ['"+public+"']}\n")
	s.stageBundle(signer, public, "1.0.0")
	if _, err := s.db.ActivateBundle(s.as(), "acme"); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(string(BundleDir(s.cfg))); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), s.path, s.logger()); err == nil || !strings.Contains(err.Error(), "bundle acme 1.0.0, which is active") {
		t.Errorf("error is %v", err)
	}
}
