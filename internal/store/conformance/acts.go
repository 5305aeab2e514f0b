package conformance

import (
	"encoding/json"
	"strings"
	"sync"

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
		acts, err := r.PendingActs(r.ctx, 100)
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
		first, err := r.PendingActs(r.ctx, 2)
		r.ok(err)
		r.same(len(first), 2)
		r.same(string(first[1].Payload), `{"n":1}`)
		again, err := r.PendingActs(r.ctx, 2)
		r.ok(err)
		r.same(again, first)
		r.ok(r.MarkActs(r.ctx, first[1].ID, first[1].ID, 1<<60, -1))
		r.ok(r.MarkActs(r.ctx))
		rest, err := r.PendingActs(r.ctx, 100)
		r.ok(err)
		var payloads []string
		for _, a := range rest {
			payloads = append(payloads, string(a.Payload))
		}
		r.same(payloads, []string{`{"n":0}`, `{"n":2}`, `{"n":3}`, `{"n":4}`})
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
		acts, err := r.PendingActs(r.ctx, 100)
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
		if err := r.MarkActs(r.ctx, make([]int64, store.MaxBatch+1)...); err == nil {
			r.Error("too many ids were marked")
		}
		r.ok(r.Record(access.WithActor(r.ctx, strings.Repeat("é\x1b", 500)), strings.Repeat("k", 500), "a\x00b", "ok"))
		acts, err := r.PendingActs(r.ctx, 0)
		r.ok(err)
		r.same(len(acts), 1)
		r.same(acts[0].Application, "a\ufffdb")
	}},
}
