package conformance

import (
	"time"

	"warder.example/internal/access"
	"warder.example/internal/store"
)

var keyTests = []test{
	{"key/all-fields-come-back", func(r *rig) {
		a := r.app("desk")
		_, want := access.NewKey()
		want.Application, want.Label = "desk", "night batch – wüst"
		want.RequestsPerMinute, want.MaxConcurrent = 5, 2
		want.Expires = r.clock.Now().Add(time.Hour + 1500*time.Nanosecond)
		made, err := r.CreateKey(r.ctx, want)
		r.ok(err)
		want.Application, want.Created = a.ID, r.clock.Now()
		want.Expires = r.clock.Now().Add(time.Hour + time.Microsecond)
		r.same(made, want)
		got, err := r.Key(r.ctx, made.ID)
		r.ok(err)
		r.same(got, want)
	}},
	{"key/needs-its-application", func(r *rig) {
		for _, ref := range hostile {
			_, k := access.NewKey()
			k.Application = ref
			_, err := r.CreateKey(r.ctx, k)
			r.is(err, store.ErrNotFound)
		}
	}},
	{"key/is-stored-once", func(r *rig) {
		a := r.app("desk")
		k := r.key(a.ID)
		_, err := r.CreateKey(r.ctx, k)
		r.is(err, store.ErrConflict)
		_, other := access.NewKey()
		other.Application, other.Hash = a.ID, k.Hash
		_, err = r.CreateKey(r.ctx, other)
		r.is(err, store.ErrConflict)
	}},
	{"key/bad-records-are-refused", func(r *rig) {
		a := r.app("desk")
		for name, spoil := range map[string]func(*access.Key){
			"no hash":         func(k *access.Key) { k.Hash = [32]byte{} },
			"foreign id":      func(k *access.Key) { k.ID = "someoneelses" },
			"foreign prefix":  func(k *access.Key) { k.Prefix = "sk-1" },
			"born revoked":    func(k *access.Key) { k.Revoked = r.clock.Now() },
			"born expired":    func(k *access.Key) { k.Expires = r.clock.Now() },
			"escape in label": func(k *access.Key) { k.Label = "x\x1b]0;y\a" },
			"negative limit":  func(k *access.Key) { k.RequestsPerMinute = -1 },
		} {
			_, k := access.NewKey()
			k.Application = a.ID
			spoil(&k)
			if _, err := r.CreateKey(r.ctx, k); err == nil {
				r.Errorf("%s: no error", name)
			}
		}
		all, err := r.Keys(r.ctx, "")
		r.ok(err)
		r.same(len(all), 0)
	}},
	{"key/revocation-is-for-ever", func(r *rig) {
		k := r.key(r.app("desk").ID)
		r.clock.Advance(time.Minute)
		first, err := r.RevokeKey(r.ctx, k.ID)
		r.ok(err)
		k.Revoked = r.clock.Now()
		r.same(first, k)
		r.clock.Advance(time.Minute)
		again, err := r.RevokeKey(r.ctx, k.ID)
		r.ok(err)
		r.same(again, first)
		got, err := r.Key(r.ctx, k.ID)
		r.ok(err)
		r.same(got, first)
	}},
	{"key/hostile-ids-name-nothing", func(r *rig) {
		r.key(r.app("desk").ID)
		for _, id := range hostile {
			_, err := r.Key(r.ctx, id)
			r.is(err, store.ErrNotFound)
			_, err = r.RevokeKey(r.ctx, id)
			r.is(err, store.ErrNotFound)
			if id != "" {
				all, err := r.Keys(r.ctx, id)
				r.ok(err)
				r.same(len(all), 0)
			}
		}
	}},
	{"key/list-is-by-application-and-age", func(r *rig) {
		a, b := r.app("a"), r.app("b")
		if a.ID > b.ID {
			a, b = b, a
		}
		var want []access.Key
		for _, id := range []string{a.ID, a.ID, b.ID} {
			want = append(want, r.key(id))
			r.clock.Advance(time.Second)
		}
		all, err := r.Keys(r.ctx, "")
		r.ok(err)
		r.same(all, want)
		some, err := r.Keys(r.ctx, a.ID)
		r.ok(err)
		r.same(some, want[:2])
	}},
}
