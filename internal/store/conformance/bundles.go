package conformance

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"warder.example/internal/access"
	"warder.example/internal/store"
)

// bundle is an imported bundle whose digest is made from name and version.
func (r *rig) bundle(name, version string, holds ...string) store.Bundle {
	if len(holds) == 0 {
		holds = []string{"threats.jsonl"}
	}
	return store.Bundle{Digest: fmt.Sprintf("%064x", name+version)[:64], Name: name, Version: version, Holds: holds, SignedBy: []string{"acme+0a1b2c3d"},
		Bytes: 5120, Created: r.clock.Now().Add(-time.Hour), NotAfter: r.clock.Now().Add(time.Hour)}
}

// stage stages a bundle.
func (r *rig) stage(b store.Bundle) store.Bundle {
	r.Helper()
	b, err := r.StageBundle(r.ctx, b, false)
	r.ok(err)
	return b
}

// standing is "version state" of all bundles of a name that did not end.
func (r *rig) standing(name string) string {
	r.Helper()
	all, err := r.Bundles(r.ctx)
	r.ok(err)
	var out []string
	for _, b := range all {
		if b.Name == name && b.State != store.BundleEnded {
			out = append(out, b.Version+" "+b.State)
		}
	}
	return strings.Join(out, ", ")
}

var bundleTests = []test{
	{"bundle/all-fields-come-back", func(r *rig) {
		want := r.bundle("acme", "1.2.0-rc.1", "threats.jsonl", "guard.wtm")
		made, err := r.StageBundle(access.WithActor(r.ctx, "cli:alice"), want, false)
		r.ok(err)
		want.State, want.ImportedBy, want.Imported = store.BundleStaged, "cli:alice", r.clock.Now()
		r.same(made, want)
		all, err := r.Bundles(r.ctx)
		r.ok(err)
		r.same(all, []store.Bundle{want})
		again, err := r.StageBundle(access.WithActor(r.ctx, "cli:bob"), r.bundle("acme", "1.2.0-rc.1", "threats.jsonl", "guard.wtm"), false)
		r.ok(err)
		r.same(again, want)
	}},
	{"bundle/bad-ones-are-refused", func(r *rig) {
		for name, spoil := range map[string]func(*store.Bundle){
			"no name":         func(b *store.Bundle) { b.Name = "" },
			"long name":       func(b *store.Bundle) { b.Name = strings.Repeat("x", 33) },
			"no version":      func(b *store.Bundle) { b.Version = "" },
			"word as version": func(b *store.Bundle) { b.Version = "latest" },
			"digest":          func(b *store.Bundle) { b.Digest = "../../x" },
			"no parts":        func(b *store.Bundle) { b.Holds = nil },
			"no key":          func(b *store.Bundle) { b.SignedBy = nil },
			"comma in key":    func(b *store.Bundle) { b.SignedBy = []string{"a,b"} },
			"escape in key":   func(b *store.Bundle) { b.SignedBy = []string{"a\x1b[2J"} },
			"no size":         func(b *store.Bundle) { b.Bytes = 0 },
			"no end":          func(b *store.Bundle) { b.NotAfter = time.Time{} },
		} {
			b := r.bundle("acme", "1.0.0")
			spoil(&b)
			if _, err := r.StageBundle(r.ctx, b, true); err == nil {
				r.Errorf("%s: no error", name)
			}
		}
		for _, name := range hostile {
			_, err := r.ActivateBundle(r.ctx, name)
			r.is(err, store.ErrNotFound)
			_, err = r.RollBackBundle(r.ctx, name)
			r.is(err, store.ErrNotFound)
			_, err = r.DropBundle(r.ctx, name)
			r.is(err, store.ErrNotFound)
		}
	}},
	{"bundle/versions-go-up", func(r *rig) {
		r.stage(r.bundle("acme", "1.9.0"))
		r.stage(r.bundle("acme", "1.10.0-rc.1"))
		r.same(r.standing("acme"), "1.10.0-rc.1 staged")
		r.stage(r.bundle("acme", "1.10.0"))
		for _, version := range []string{"1.9.0", "1.10.0-rc.2", "0.1.0"} {
			_, err := r.StageBundle(r.ctx, r.bundle("acme", version), false)
			r.is(err, store.ErrOlderBundle)
		}
		r.stage(r.bundle("other", "0.1.0")) // each name by itself
		_, err := r.DropBundle(r.ctx, "acme")
		r.ok(err)
		_, err = r.StageBundle(r.ctx, r.bundle("acme", "1.9.0"), false) // what ended counts
		r.is(err, store.ErrOlderBundle)
		_, err = r.StageBundle(r.ctx, r.bundle("acme", "1.9.0"), true)
		r.ok(err)
		r.same(r.standing("acme"), "1.9.0 staged")
		forged := r.bundle("acme", "1.10.0")
		forged.Digest = strings.Repeat("f", 64)
		_, err = r.StageBundle(r.ctx, forged, true)
		r.is(err, store.ErrConflict)
	}},
	{"bundle/stage-activate-roll-back", func(r *rig) {
		_, err := r.ActivateBundle(r.ctx, "acme")
		r.is(err, store.ErrNotFound)
		for _, version := range []string{"1.0.0", "2.0.0", "3.0.0"} {
			r.stage(r.bundle("acme", version))
			b, err := r.ActivateBundle(r.ctx, "acme")
			r.ok(err)
			r.same(b.State+" "+b.Version, "active "+version)
			r.clock.Advance(time.Second)
		}
		r.same(r.standing("acme"), "2.0.0 former, 3.0.0 active")
		_, err = r.StageBundle(r.ctx, r.bundle("acme", "2.0.0"), true)
		r.is(err, store.ErrConflict)
		_, err = r.StageBundle(r.ctx, r.bundle("acme", "3.0.0"), true)
		r.is(err, store.ErrConflict)
		r.stage(r.bundle("acme", "4.0.0"))
		b, err := r.RollBackBundle(r.ctx, "acme")
		r.ok(err)
		r.same(b.State+" "+b.Version, "ended 3.0.0")
		r.same(r.standing("acme"), "2.0.0 active, 4.0.0 staged")
		_, err = r.RollBackBundle(r.ctx, "acme")
		r.ok(err)
		r.same(r.standing("acme"), "4.0.0 staged")
		_, err = r.RollBackBundle(r.ctx, "acme")
		r.is(err, store.ErrNotFound)
	}},
	{"bundle/one-model", func(r *rig) {
		r.stage(r.bundle("acme", "1.0.0", "guard.wtm"))
		_, err := r.ActivateBundle(r.ctx, "acme")
		r.ok(err)
		r.stage(r.bundle("acme", "2.0.0"))
		_, err = r.ActivateBundle(r.ctx, "acme")
		r.ok(err)
		r.stage(r.bundle("other", "1.0.0", "threats.jsonl", "guard.wtm"))
		_, err = r.ActivateBundle(r.ctx, "other")
		r.ok(err)
		_, err = r.RollBackBundle(r.ctx, "acme") // to the one with a model
		r.is(err, store.ErrConflict)
		r.same(r.standing("acme"), "1.0.0 former, 2.0.0 active")
		r.stage(r.bundle("third", "1.0.0", "guard.wtm"))
		_, err = r.ActivateBundle(r.ctx, "third")
		r.is(err, store.ErrConflict)
	}},
	{"bundle/names-are-bounded", func(r *rig) {
		for i := range store.MaxBundles {
			r.stage(r.bundle(fmt.Sprintf("n%d", i), "1.0.0"))
		}
		_, err := r.StageBundle(r.ctx, r.bundle("one-more", "1.0.0"), false)
		r.is(err, store.ErrConflict)
		_, err = r.DropBundle(r.ctx, "n0")
		r.ok(err)
		r.stage(r.bundle("one-more", "1.0.0"))
	}},
	{"bundle/in-use-by-generation", func(r *rig) {
		in, first, err := r.BundlesInUse(r.ctx, 0)
		r.ok(err)
		if len(in) != 0 || first <= 0 {
			r.Fatalf("%d in use at generation %d", len(in), first)
		}
		made := r.stage(r.bundle("acme", "1.0.0"))
		in, second, err := r.BundlesInUse(r.ctx, first)
		r.ok(err)
		if second <= first {
			r.Errorf("generation %d after %d", second, first)
		}
		r.same(in, []store.Bundle{made})
		seen := store.BundleCounts{Texts: 5, Threats: 1, Signatures: 2, Compared: 4, Both: 1, OnlyStaged: 2, OnlyActive: 1}
		for range 2 {
			r.ok(r.CountBundles(r.ctx, map[string]store.BundleCounts{made.Digest: seen, "nobody": seen}))
		}
		in, third, err := r.BundlesInUse(r.ctx, second)
		r.ok(err)
		if len(in) != 0 || third != second {
			r.Error("counting changed the generation")
		}
		_, err = r.ActivateBundle(r.ctx, "acme")
		r.ok(err)
		in, _, err = r.BundlesInUse(r.ctx, second)
		r.ok(err)
		made.State, made.Seen = store.BundleActive, store.BundleCounts{Texts: 10, Threats: 2, Signatures: 4, Compared: 8, Both: 2, OnlyStaged: 4, OnlyActive: 2}
		r.same(in, []store.Bundle{made})
	}},
	{"bundle/acts", func(r *rig) {
		ctx := access.WithActor(r.ctx, "cli:alice")
		r.ctx = ctx
		r.stage(r.bundle("acme", "1.0.0"))
		_, err := r.ActivateBundle(ctx, "acme")
		r.ok(err)
		r.stage(r.bundle("acme", "2.0.0"))
		r.stage(r.bundle("acme", "2.0.0")) // nothing changes: no act
		_, err = r.ActivateBundle(ctx, "acme")
		r.ok(err)
		_, err = r.RollBackBundle(ctx, "acme")
		r.ok(err)
		_, err = r.StageBundle(ctx, r.bundle("acme", "1.5.0"), true)
		r.ok(err)
		_, err = r.DropBundle(ctx, "acme")
		r.ok(err)
		acts, err := r.ClaimActs(ctx, "log", 100)
		r.ok(err)
		var got []string
		for _, a := range acts {
			var p store.BundleAct
			r.ok(json.Unmarshal(a.Payload, &p))
			got = append(got, strings.Join(strings.Fields(fmt.Sprint(a.Kind, a.Actor, " ", p.Bundle.Version, " ", p.Was, " replaced:", p.Replaced, " returned:", p.Returned, " older:", p.Older)), " "))
		}
		r.same(got, []string{
			"bundle.stagedcli:alice 1.0.0 replaced: returned: older:false",
			"bundle.activatedcli:alice 1.0.0 staged replaced: returned: older:false",
			"bundle.stagedcli:alice 2.0.0 replaced: returned: older:false",
			"bundle.activatedcli:alice 2.0.0 staged replaced:1.0.0 returned: older:false",
			"bundle.rolled_backcli:alice 2.0.0 active replaced: returned:1.0.0 older:false",
			"bundle.stagedcli:alice 1.5.0 replaced: returned: older:true",
			"bundle.droppedcli:alice 1.5.0 staged replaced: returned: older:false",
		})
	}},
	{"bundle/two-at-once", func(r *rig) {
		other := r.backend.Again(r.T, r.Store, r.clock)
		var wg sync.WaitGroup
		for i, s := range []Store{r.Store, other} {
			wg.Go(func() {
				for k := range 10 {
					if _, err := s.StageBundle(r.ctx, r.bundle("acme", fmt.Sprintf("%d.0.%d", k, i)), true); err != nil {
						r.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if n := strings.Count(r.standing("acme"), "staged"); n != 1 {
			r.Errorf("%d are staged", n)
		}
	}},
}
