package node

import (
	"os"
	"path/filepath"
	"testing"

	"warder.example/guard/policy"
)

// TestPoliciesInForce: the store says which policy is in force, from the start
// and after a reload, and the change is in the audit log.
func TestPoliciesInForce(t *testing.T) {
	dir := t.TempDir()
	up := says(t, "fine")
	s := newSite(t, dir, up, "")
	s.start()
	digest := func() string {
		a, err := s.db.ActivePolicies(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(a) != 1 {
			return ""
		}
		return a[0].Digest
	}
	eventually(t, "the built-in policy is noted", func() bool { return digest() == policy.Default().Digest() })
	const own = "version: 1\nrules:\n  - name: all\n    when: {category: \"*\"}\n    then: flag\n"
	if err := os.WriteFile(filepath.Join(dir, "own.yaml"), []byte(own), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse("own.yaml", []byte(own))
	if err != nil {
		t.Fatal(err)
	}
	s.configure(up, "policy: own.yaml\n")
	s.reload <- os.Interrupt
	eventually(t, "the new policy is noted", func() bool { return digest() == p.Digest() })
	eventually(t, "the act is in the audit log", func() bool {
		n := 0
		for _, e := range s.entries() {
			if a, ok := e.Event.Payload.(Act); ok && a.Act == "policy.activated" {
				n++
			}
		}
		return n == 2
	})
	s.stop()
}

// TestProjectionAheadOfTheLog: a log that was replaced makes the node make the
// projection again.
func TestProjectionAheadOfTheLog(t *testing.T) {
	s := newSite(t, t.TempDir(), says(t, "fine"), "")
	if err := s.db.ProjectExchanges(t.Context(), 1_000_000, nil); err != nil {
		t.Fatal(err)
	}
	s.start()
	eventually(t, "the projection was made again", func() bool {
		n, err := s.db.Projected(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return n > 0 && n < 1_000_000
	})
	s.stop()
}
