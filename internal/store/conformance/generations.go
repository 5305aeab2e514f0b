package conformance

import (
	"sync"
	"time"

	"warder.example/internal/access"
	"warder.example/internal/store"
)

var generationTests = []test{
	{"generation/grows-with-every-change", func(r *rig) {
		last := r.generation()
		if last <= 0 {
			r.Fatalf("first generation is %d; expected more than 0", last)
		}
		grew := func(what string) {
			r.Helper()
			now := r.generation()
			if now <= last {
				r.Errorf("%s: generation is %d; expected more than %d", what, now, last)
			}
			last = now
		}
		a := r.app("desk")
		grew("create application")
		k := r.key(a.ID)
		grew("create key")
		_, err := r.UpdateApplication(r.ctx, a.ID, func(a *access.Application) error { a.Owner = "x"; return nil })
		r.ok(err)
		grew("update application")
		_, err = r.RevokeKey(r.ctx, k.ID)
		r.ok(err)
		grew("revoke key")
		r.clock.Advance(-time.Hour)
		_, err = r.DeleteApplication(r.ctx, a.ID, true)
		r.ok(err)
		grew("delete application, clock set back")
	}},
	{"generation/stands-still-otherwise", func(r *rig) {
		a := r.app("desk")
		before := r.generation()
		_, err := r.Applications(r.ctx)
		r.ok(err)
		r.ok(r.ActivatePolicy(r.ctx, store.Activation{Digest: "sha256:1"}))
		r.ok(r.Record(r.ctx, "test.act", a.ID, 1))
		r.ok(r.ProjectExchanges(r.ctx, 1, []store.ExchangeRow{{Request: "r"}}))
		r.same(r.generation(), before)
	}},
	{"generation/failed-change-does-not-bump", func(r *rig) {
		before := r.generation()
		_, err := r.RevokeKey(r.ctx, "nosuchkey123")
		r.is(err, store.ErrNotFound)
		r.same(r.generation(), before)
	}},
	{"generation/records-are-of-one-moment", func(r *rig) {
		var wg sync.WaitGroup
		wg.Go(func() {
			for range 15 {
				a, err := r.CreateApplication(r.ctx, access.Application{Name: "fleeting"})
				if err != nil {
					r.Error(err)
					return
				}
				_, k := access.NewKey()
				k.Application = a.ID
				if _, err := r.CreateKey(r.ctx, k); err != nil {
					r.Error(err)
				}
				if _, err := r.DeleteApplication(r.ctx, a.ID, true); err != nil {
					r.Error(err)
				}
			}
		})
		seen := map[int64]int{}
		for range 60 {
			rec, err := r.AccessRecords(r.ctx)
			r.ok(err)
			shape := 10*len(rec.Applications) + len(rec.Keys)
			if shape != 0 && shape != 10 && shape != 11 {
				r.Errorf("%d applications and %d keys were never there together", len(rec.Applications), len(rec.Keys))
			}
			if was, ok := seen[rec.Generation]; ok && was != shape {
				r.Errorf("generation %d had two contents", rec.Generation)
			}
			seen[rec.Generation] = shape
		}
		wg.Wait()
	}},
	{"generation/a-directory-follows-another-process", func(r *rig) {
		d := access.NewDirectory(r.Store)
		d.Clock = r.clock.Now
		r.ok(d.Refresh(r.ctx))
		other := r.backend.Again(r.T, r.Store, r.clock)
		a, err := other.CreateApplication(r.ctx, access.Application{Name: "desk"})
		r.ok(err)
		secret, k := access.NewKey()
		k.Application = a.ID
		_, err = other.CreateKey(r.ctx, k)
		r.ok(err)
		_, err = d.Lookup(secret.Reveal())
		r.is(err, access.ErrUnknownKey)
		r.ok(d.Refresh(r.ctx))
		g, err := d.Lookup(secret.Reveal())
		r.ok(err)
		r.same(g.Application, a)
		_, err = other.RevokeKey(r.ctx, k.ID)
		r.ok(err)
		r.ok(d.Refresh(r.ctx))
		_, err = d.Lookup(secret.Reveal())
		r.is(err, access.ErrRevoked)
	}},
}
