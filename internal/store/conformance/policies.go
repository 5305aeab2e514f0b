package conformance

import (
	"time"

	"warder.example/internal/access"
	"warder.example/internal/store"
)

var policyTests = []test{
	{"policy/last-activation-of-a-place-is-in-force", func(r *rig) {
		ctx := access.WithActor(r.ctx, "cli:bo")
		var noted []store.Activation
		for _, a := range []store.Activation{
			{Digest: "sha256:1", By: "root"},
			{Application: "app_a", Environment: access.Prod, Digest: "sha256:2"},
			{Application: "app_a", Environment: access.Dev, Digest: "sha256:3"},
			{Application: "app_a", Environment: access.Prod, Digest: "sha256:4"},
			{Digest: "sha256:5"},
			{Digest: "sha256:1"}, // back to the first
		} {
			r.ok(r.ActivatePolicy(ctx, a))
			a.At = r.clock.Now()
			if a.By == "" {
				a.By = "cli:bo"
			}
			noted = append(noted, a)
			r.clock.Advance(time.Second)
		}
		active, err := r.ActivePolicies(r.ctx)
		r.ok(err)
		r.same(active, []store.Activation{noted[5], noted[2], noted[3]})
		history, err := r.PolicyHistory(r.ctx, "app_a", 2)
		r.ok(err)
		r.same(history, []store.Activation{noted[3], noted[2]})
		history, err = r.PolicyHistory(r.ctx, "", 10)
		r.ok(err)
		r.same(history, []store.Activation{noted[5], noted[4], noted[0]})
	}},
	{"policy/same-again-is-not-noted", func(r *rig) {
		for range 3 {
			r.ok(r.ActivatePolicy(r.ctx, store.Activation{Digest: "sha256:1"}))
		}
		history, err := r.PolicyHistory(r.ctx, "", 10)
		r.ok(err)
		r.same(len(history), 1)
	}},
	{"policy/bad-activations-are-refused", func(r *rig) {
		for _, a := range []store.Activation{
			{}, {Digest: "x", Environment: "moon"}, {Digest: "a\x00"}, {Digest: "x", Application: "\xff"},
		} {
			if err := r.ActivatePolicy(r.ctx, a); err == nil {
				r.Errorf("%+v was accepted", a)
			}
		}
		for _, ref := range hostile {
			history, err := r.PolicyHistory(r.ctx, ref, 10)
			r.ok(err)
			r.same(len(history), 0)
		}
	}},
}
