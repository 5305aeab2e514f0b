package conformance

import (
	"errors"

	"github.com/google/go-cmp/cmp"

	"warder.example/internal/access"
)

// ok fails the test at once on an error.
func (r *rig) ok(err error) {
	r.Helper()
	if err != nil {
		r.Fatalf("unexpected error: %v", err)
	}
}

// is fails the test unless err is want.
func (r *rig) is(err, want error) {
	r.Helper()
	if !errors.Is(err, want) {
		r.Fatalf("error is %v; expected %v", err, want)
	}
}

// same fails the test unless got equals want.
func (r *rig) same(got, want any) {
	r.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		r.Fatalf("unexpected result (-want +got):\n%s", diff)
	}
}

// app creates an application with that name.
func (r *rig) app(name string) access.Application {
	r.Helper()
	a, err := r.CreateApplication(r.ctx, access.Application{Name: name})
	r.ok(err)
	return a
}

// key creates a key of an application.
func (r *rig) key(application string) access.Key {
	r.Helper()
	_, k := access.NewKey()
	k.Application = application
	k, err := r.CreateKey(r.ctx, k)
	r.ok(err)
	return k
}

// generation reads the generation.
func (r *rig) generation() int64 {
	r.Helper()
	n, err := r.Generation(r.ctx)
	r.ok(err)
	return n
}

// hostile are references that name nothing and must do no harm.
var hostile = []string{
	"", "nobody", "x' OR '1'='1", `x"; DROP TABLE applications; --`, "%", "_", "a\x00b", "\xff\xfe", "na\u202eme", "$1", "?",
	string(make([]byte, 100_000)),
}
