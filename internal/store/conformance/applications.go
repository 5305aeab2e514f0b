package conformance

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"warder.example/internal/access"
	"warder.example/internal/store"
)

var applicationTests = []test{
	{"application/all-fields-come-back", func(r *rig) {
		want := access.Application{
			Name: "claims-desk", Owner: "Zoë Ångström, claims", Environment: access.Prod, DataClass: access.Restricted,
			Policy: "strict/claims.yaml", Refusal: access.RefusalContentFilter, Mode: access.ModeObserve,
			Models: []string{"small-*", "@vendor/big:free", "a<b>&c"}, RequestsPerMinute: 90, MaxConcurrent: 7,
		}
		made, err := r.CreateApplication(r.ctx, want)
		r.ok(err)
		want.ID, want.Created = made.ID, r.clock.Now()
		r.same(made, want)
		for _, ref := range []string{made.ID, made.Name} {
			got, err := r.Application(r.ctx, ref)
			r.ok(err)
			r.same(got, want)
		}
	}},
	{"application/empty-choices-are-cautious", func(r *rig) {
		a := r.app("plain")
		got, err := r.Application(r.ctx, "plain")
		r.ok(err)
		r.same(got, access.Application{
			ID: a.ID, Name: "plain", Environment: access.Dev, DataClass: access.Internal,
			Refusal: access.RefusalError, Mode: access.ModeEnforce, Created: r.clock.Now(),
		})
	}},
	{"application/name-is-taken-once", func(r *rig) {
		r.app("desk")
		_, err := r.CreateApplication(r.ctx, access.Application{Name: "desk"})
		r.is(err, store.ErrConflict)
		r.app("other")
		_, err = r.UpdateApplication(r.ctx, "other", func(a *access.Application) error { a.Name = "desk"; return nil })
		r.is(err, store.ErrConflict)
		acts, err := r.ClaimActs(r.ctx, "log", 10)
		r.ok(err)
		r.same(len(acts), 2) // refused changes leave no trace
	}},
	{"application/one-of-many-racing-creators-wins", func(r *rig) {
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			wg.Go(func() { _, errs[i] = r.CreateApplication(r.ctx, access.Application{Name: "desk"}) })
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
				continue
			}
			r.is(err, store.ErrConflict)
		}
		r.same(won, 1)
	}},
	{"application/bad-fields-are-refused", func(r *rig) {
		for _, a := range []access.Application{
			{Name: ""}, {Name: "Desk"}, {Name: "a b"}, {Name: "-a"}, {Name: strings.Repeat("a", 64)}, {Name: "a\x00"},
			{Name: "a", Owner: "x\x1b[2J"}, {Name: "a", Owner: strings.Repeat("x", 201)}, {Name: "a", Owner: "\xff"},
			{Name: "a", Environment: "staging"}, {Name: "a", DataClass: "secret"}, {Name: "a", Refusal: "maybe"},
			{Name: "a", Mode: "off"}, {Name: "a", Policy: "../../etc/passwd"}, {Name: "a", Policy: "/etc/passwd"},
			{Name: "a", Models: []string{""}}, {Name: "a", Models: []string{"a\"b"}}, {Name: "a", Models: []string{"m", "m"}},
			{Name: "a", Models: make([]string, 65)}, {Name: "a", RequestsPerMinute: -1}, {Name: "a", MaxConcurrent: 1_000_001},
		} {
			_, err := r.CreateApplication(r.ctx, a)
			var field *access.FieldError
			if !errors.As(err, &field) {
				r.Errorf("%+v: error is %v; expected a FieldError", a, err)
			}
		}
		all, err := r.Applications(r.ctx)
		r.ok(err)
		r.same(len(all), 0)
	}},
	{"application/largest-fields-fit", func(r *rig) {
		a := access.Application{
			Name: strings.Repeat("n", 63), Owner: strings.Repeat("é", 100), Policy: strings.Repeat("p", 128),
			RequestsPerMinute: access.MaxLimit, MaxConcurrent: access.MaxLimit,
		}
		for i := range access.MaxModels {
			a.Models = append(a.Models, strings.Repeat("&", access.MaxModel-2)+string(rune('a'+i%26))+string(rune('a'+i/26)))
		}
		made, err := r.CreateApplication(r.ctx, a)
		r.ok(err)
		got, err := r.Application(r.ctx, a.Name)
		r.ok(err)
		r.same(got, made)
		_, err = r.UpdateApplication(r.ctx, a.Name, func(a *access.Application) error { a.Mode = access.ModeObserve; return nil })
		r.ok(err)
	}},
	{"application/list-is-ordered-by-bytes", func(r *rig) {
		for _, n := range []string{"b", "a-b", "ab", "a1", "a"} {
			r.app(n)
		}
		all, err := r.Applications(r.ctx)
		r.ok(err)
		var names []string
		for _, a := range all {
			names = append(names, a.Name)
		}
		r.same(names, []string{"a", "a-b", "a1", "ab", "b"})
	}},
	{"application/update-keeps-id-and-creation", func(r *rig) {
		old := r.app("desk")
		r.clock.Advance(time.Hour)
		got, err := r.UpdateApplication(r.ctx, "desk", func(a *access.Application) error {
			a.ID, a.Created, a.Name, a.Models = "app_forged", r.clock.Now(), "front-desk", []string{"m"}
			return nil
		})
		r.ok(err)
		old.Name, old.Models = "front-desk", []string{"m"}
		r.same(got, old)
		got, err = r.Application(r.ctx, old.ID)
		r.ok(err)
		r.same(got, old)
		_, err = r.Application(r.ctx, "desk")
		r.is(err, store.ErrNotFound)
	}},
	{"application/update-refuses-and-leaves-alone", func(r *rig) {
		want, before := r.app("desk"), r.generation()
		_, err := r.UpdateApplication(r.ctx, "desk", func(a *access.Application) error { a.Mode = "off"; return nil })
		var field *access.FieldError
		r.same(errors.As(err, &field), true)
		stop := errors.New("changed my mind")
		_, err = r.UpdateApplication(r.ctx, "desk", func(a *access.Application) error { a.Owner = "x"; return stop })
		r.is(err, stop)
		got, err := r.Application(r.ctx, "desk")
		r.ok(err)
		r.same(got, want)
		r.same(r.generation(), before)
	}},
	{"application/racing-updates-are-all-kept", func(r *rig) {
		r.app("desk")
		var wg sync.WaitGroup
		errs := make([]error, 12)
		for i := range errs {
			wg.Go(func() {
				_, errs[i] = r.UpdateApplication(r.ctx, "desk", func(a *access.Application) error { a.MaxConcurrent++; return nil })
			})
		}
		wg.Wait()
		r.ok(errors.Join(errs...))
		a, err := r.Application(r.ctx, "desk")
		r.ok(err)
		r.same(a.MaxConcurrent, len(errs))
	}},
	{"application/two-processes-race-and-all-is-kept", func(r *rig) {
		r.app("desk")
		stores := []Store{r.Store, r.backend.Again(r.T, r.Store, r.clock)}
		var wg sync.WaitGroup
		errs := make([]error, 16)
		for i := range errs {
			wg.Go(func() {
				_, errs[i] = stores[i%2].UpdateApplication(r.ctx, "desk", func(a *access.Application) error { a.MaxConcurrent++; return nil })
			})
		}
		wg.Wait()
		r.ok(errors.Join(errs...))
		for _, s := range stores {
			a, err := s.Application(r.ctx, "desk")
			r.ok(err)
			r.same(a.MaxConcurrent, len(errs))
		}
	}},
	{"application/cancelled-changes-are-not-made", func(r *rig) {
		ctx, cancel := context.WithCancel(r.ctx)
		_, err := r.CreateApplication(ctx, access.Application{Name: "kept"})
		r.ok(err)
		_, err = r.UpdateApplication(ctx, "kept", func(a *access.Application) error { a.Owner = "x"; cancel(); return nil })
		r.is(err, context.Canceled)
		a, err := r.Application(r.ctx, "kept")
		r.ok(err)
		r.same(a.Owner, "")
		_, err = r.Applications(ctx)
		r.is(err, context.Canceled)
		r.app("still-works")
	}},
	{"application/delete-refuses-while-keys-live", func(r *rig) {
		a := r.app("desk")
		k, revoked := r.key(a.ID), r.key("desk")
		_, err := r.RevokeKey(r.ctx, revoked.ID)
		r.ok(err)
		_, err = r.DeleteApplication(r.ctx, "desk", false)
		r.is(err, store.ErrConflict)
		var live *store.LiveKeysError
		r.same(errors.As(err, &live) && live.Keys == 1, true)
		_, err = r.RevokeKey(r.ctx, k.ID)
		r.ok(err)
		_, err = r.DeleteApplication(r.ctx, "desk", false)
		r.ok(err)
		_, err = r.Key(r.ctx, k.ID)
		r.is(err, store.ErrNotFound)
		if again := r.app("desk"); again.ID == a.ID {
			r.Error("the id of a deleted application was used again")
		}
	}},
	{"application/delete-passes-expired-keys", func(r *rig) {
		a := r.app("desk")
		_, k := access.NewKey()
		k.Application, k.Expires = a.ID, r.clock.Now().Add(time.Minute)
		_, err := r.CreateKey(r.ctx, k)
		r.ok(err)
		_, err = r.DeleteApplication(r.ctx, "desk", false)
		r.is(err, store.ErrConflict)
		r.clock.Advance(time.Minute)
		_, err = r.DeleteApplication(r.ctx, "desk", false)
		r.ok(err)
	}},
	{"application/forced-delete-takes-its-keys-only", func(r *rig) {
		a, b := r.app("a"), r.app("b")
		r.key(a.ID)
		kept := r.key(b.ID)
		_, err := r.DeleteApplication(r.ctx, "a", true)
		r.ok(err)
		all, err := r.Keys(r.ctx, "")
		r.ok(err)
		r.same(all, []access.Key{kept})
	}},
	{"application/hostile-references-name-nothing", func(r *rig) {
		want := []access.Application{r.app("desk")}
		for _, ref := range hostile {
			_, err := r.Application(r.ctx, ref)
			r.is(err, store.ErrNotFound)
			_, err = r.UpdateApplication(r.ctx, ref, func(*access.Application) error { return nil })
			r.is(err, store.ErrNotFound)
			_, err = r.DeleteApplication(r.ctx, ref, true)
			r.is(err, store.ErrNotFound)
			if len(err.Error()) > 1000 {
				r.Errorf("error has %d bytes; expected a bounded quote", len(err.Error()))
			}
		}
		all, err := r.Applications(r.ctx)
		r.ok(err)
		r.same(all, want)
	}},
	{"application/edit-does-not-share-models", func(r *rig) {
		models := []string{"a", "b"}
		made, err := r.CreateApplication(r.ctx, access.Application{Name: "desk", Models: models})
		r.ok(err)
		models[0] = "z"
		r.same(slices.Equal(made.Models, []string{"a", "b"}), true)
	}},
}
