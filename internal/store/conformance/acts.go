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

var actTests = []test{
	{"act/every-change-leaves-one", func(r *rig) {
		ctx := access.WithActor(r.ctx, "cli:alice")
		a, err := r.CreateApplication(ctx, access.Application{Name: "desk"})
		r.ok(err)
		secret, k := access.NewKey()
		k.Application = a.ID
		_, err = r.CreateKey(ctx, k)
		r.ok(err)
		_, err = r.UpdateApplication(ctx, a.ID, func(a *access.Application) error { a.Mode = access.ModeObserve; return nil })
		r.ok(err)
		for range 2 { // the second changes nothing
			_, err = r.RevokeKey(ctx, k.ID)
			r.ok(err)
			r.ok(r.ActivatePolicy(ctx, store.Activation{Application: a.ID, Environment: access.Prod, Digest: "sha256:77"}))
		}
		_, err = r.DeleteApplication(r.ctx, a.ID, false)
		r.ok(err)
		acts, err := r.ClaimActs(r.ctx, "log", 100)
		r.ok(err)
		var kinds []string
		for i, act := range acts {
			kinds = append(kinds, act.Kind)
			r.same(act.Application, a.ID)
			r.same(act.At, r.clock.Now())
			if i < len(acts)-1 {
				r.same(act.Actor, "cli:alice")
			}
			if !json.Valid(act.Payload) {
				r.Errorf("payload of %s is not JSON", act.Kind)
			}
			if strings.Contains(string(act.Payload), secret.Reveal()) || strings.Contains(strings.ToLower(string(act.Payload)), "hash") {
				r.Errorf("payload of %s holds the secret or its hash", act.Kind)
			}
		}
		r.same(kinds, []string{
			store.ActApplicationCreated, store.ActKeyCreated, store.ActApplicationChanged,
			store.ActKeyRevoked, store.ActPolicyActivated, store.ActApplicationDeleted,
		})
		r.same(acts[len(acts)-1].Actor, "unknown")
		var change store.ApplicationChange
		r.ok(json.Unmarshal(acts[2].Payload, &change))
		r.same([]string{change.Before.Mode, change.After.Mode}, []string{access.ModeEnforce, access.ModeObserve})
	}},
	{"act/marked-ones-do-not-come-again", func(r *rig) {
		for i := range 5 {
			r.ok(r.Record(r.ctx, "test.act", "app_x", map[string]int{"n": i}))
		}
		first, err := r.ClaimActs(r.ctx, "log", 2)
		r.ok(err)
		r.same(len(first), 2)
		r.same(string(first[1].Payload), `{"n":1}`)
		again, err := r.ClaimActs(r.ctx, "log", 2)
		r.ok(err)
		r.same(again, first)
		r.ok(r.MarkActs(r.ctx, first[1].ID, first[1].ID, 1<<60, -1))
		r.ok(r.MarkActs(r.ctx))
		rest, err := r.ClaimActs(r.ctx, "log", 100)
		r.ok(err)
		var payloads []string
		for _, a := range rest {
			payloads = append(payloads, string(a.Payload))
		}
		r.same(payloads, []string{`{"n":0}`, `{"n":2}`, `{"n":3}`, `{"n":4}`})
	}},
	{"act/claimed-ones-are-left-to-their-log", func(r *rig) {
		for i := range 3 {
			r.ok(r.Record(r.ctx, "test.act", "", i))
		}
		first, err := r.ClaimActs(r.ctx, "one", 2)
		r.ok(err)
		r.same(len(first), 2)
		other := r.backend.Again(r.T, r.Store, r.clock)
		rest, err := other.ClaimActs(r.ctx, "two", 100)
		r.ok(err)
		r.same(len(rest), 1)
		r.same(string(rest[0].Payload), "2")
		r.clock.Advance(store.ActLease - time.Microsecond)
		again, err := r.ClaimActs(r.ctx, "one", 100) // claims anew
		r.ok(err)
		r.same(again, first)
		r.clock.Advance(time.Microsecond) // the other one's is over, as after a crash
		all, err := r.ClaimActs(r.ctx, "one", 100)
		r.ok(err)
		r.same(all, append(first, rest...))
		none, err := other.ClaimActs(r.ctx, "two", 100)
		r.ok(err)
		r.same(len(none), 0)
		r.ok(r.MarkActs(r.ctx, all[0].ID, all[1].ID, all[2].ID))
		r.clock.Advance(2 * store.ActLease)
		none, err = other.ClaimActs(r.ctx, "two", 100)
		r.ok(err)
		r.same(len(none), 0)
	}},
	{"act/racing-claimers-share-none", func(r *rig) {
		const acts, claimers = 60, 4
		for i := range acts {
			r.ok(r.Record(r.ctx, "test.act", "", i))
		}
		var mu sync.Mutex
		times := map[int64]int{}
		var wg sync.WaitGroup
		for c := range claimers {
			s := r.Store
			if c%2 == 1 {
				s = r.backend.Again(r.T, r.Store, r.clock)
			}
			wg.Go(func() {
				for range acts {
					got, err := s.ClaimActs(r.ctx, fmt.Sprintf("log %d", c), 7)
					if err != nil {
						r.Error(err)
						return
					}
					var ids []int64
					mu.Lock()
					for _, a := range got {
						times[a.ID]++
						ids = append(ids, a.ID)
					}
					mu.Unlock()
					if err := s.MarkActs(r.ctx, ids...); err != nil {
						r.Error(err)
					}
				}
			})
		}
		wg.Wait()
		r.same(len(times), acts)
		for id, n := range times {
			if n != 1 {
				r.Errorf("act %d was claimed %d times", id, n)
			}
		}
	}},
	{"act/racing-recorders-lose-none", func(r *rig) {
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				if err := r.Record(r.ctx, "test.act", "", i); err != nil {
					r.Error(err)
				}
			})
		}
		wg.Wait()
		acts, err := r.ClaimActs(r.ctx, "log", 100)
		r.ok(err)
		r.same(len(acts), 20)
	}},
	{"act/bounds", func(r *rig) {
		if err := r.Record(r.ctx, "test.act", "", strings.Repeat("x", store.MaxAct)); err == nil {
			r.Error("an oversized payload was kept")
		}
		if err := r.Record(r.ctx, "test.act", "", func() {}); err == nil {
			r.Error("a payload that is no JSON was kept")
		}
		if err := r.Record(r.ctx, "", "", 1); err == nil {
			r.Error("an act of no kind was kept")
		}
		for _, log := range []string{"", strings.Repeat("x", 201)} {
			if _, err := r.ClaimActs(r.ctx, log, 1); err == nil {
				r.Errorf("a log with a name of %d bytes claimed acts", len(log))
			}
		}
		if err := r.MarkActs(r.ctx, make([]int64, store.MaxBatch+1)...); err == nil {
			r.Error("too many ids were marked")
		}
		r.ok(r.Record(access.WithActor(r.ctx, strings.Repeat("é\x1b", 500)), strings.Repeat("k", 500), "a\x00b", "ok"))
		acts, err := r.ClaimActs(r.ctx, "log", 0)
		r.ok(err)
		r.same(len(acts), 1)
		r.same(acts[0].Application, "a\ufffdb")
	}},
}
