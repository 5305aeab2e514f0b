package node

import (
	"os"
	"path/filepath"
	"testing"

	"warder.example/internal/config"
	"warder.example/internal/store/conformance"
)

// beside makes a site of another node that shares the store of this one, with a
// data folder of its own. It starts nothing.
func (s *site) beside(dir, upstream, more string) *site {
	s.t.Helper()
	o := &site{t: s.t, path: filepath.Join(dir, "warder.yaml"), reload: make(chan os.Signal, 1), db: s.db, app: s.app, key: s.key, keyID: s.keyID}
	o.configure(upstream, more)
	var err error
	if o.cfg, err = config.Load(o.path); err != nil {
		s.t.Fatal(err)
	}
	return o
}

// TestActsOfOneStore: nodes that share a store record each act once between them,
// and one that starts again goes on where it was.
func TestActsOfOneStore(t *testing.T) {
	t.Setenv("WARDER_NODE_TEST_STORE", conformance.EmptySchema(t, "./internal/node/"))
	const more, acts = "store: env:WARDER_NODE_TEST_STORE\n", 1500
	up := says(t, "fine")
	one := newSite(t, t.TempDir(), up, more)
	two := one.beside(t.TempDir(), up, more)
	for i := range acts { // more than one batch
		if err := one.db.Record(one.as(), "test.act", "", i); err != nil {
			t.Fatal(err)
		}
	}
	times := map[int64]int{}
	recorded := func() int {
		clear(times)
		for _, s := range []*site{one, two} {
			for _, e := range s.entries() {
				if a, ok := e.Event.Payload.(Act); ok && a.Act == "test.act" {
					times[a.ID]++
				}
			}
		}
		return len(times)
	}
	one.start()
	two.start()
	eventually(t, "some acts are recorded", func() bool { return recorded() > 0 })
	one.stop() // it may have claimed what it did not record
	one.start()
	eventually(t, "all acts are recorded", func() bool { return recorded() == acts })
	one.stop()
	two.stop()
	if n := recorded(); n != acts {
		t.Errorf("%d acts are recorded; want %d", n, acts)
	}
	for id, n := range times {
		if n != 1 {
			t.Errorf("act %d is recorded %d times", id, n)
		}
	}
}
