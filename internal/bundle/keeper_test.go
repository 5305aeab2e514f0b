package bundle_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"warder.example/internal/bundle"
	"warder.example/internal/store"
)

// rig is a keeper of a store and a folder.
type rig struct {
	*testing.T
	db     *store.DB
	dir    string
	signer note.Signer
	public string
	keys   []string // trusted
	keeper *bundle.Keeper
	log    bytes.Buffer
	used   []*bundle.Set
	fails  error // of Use
	now    time.Time
}

func newRig(t *testing.T) *rig {
	r := &rig{T: t, dir: t.TempDir(), now: time.Now()}
	r.signer, r.public = key(t, "acme", 1)
	r.keys = []string{r.public}
	var err error
	if r.db, err = store.Open(t.Context(), filepath.Join(r.dir, "w.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.db.Close() })
	r.keeper = r.fresh()
	return r
}

// fresh is the keeper of a node that starts.
func (r *rig) fresh() *bundle.Keeper {
	return &bundle.Keeper{Store: r.db, Folder: r.folder(), Log: slog.New(slog.NewTextHandler(io.MultiWriter(&r.log), nil)),
		Trust: func() (note.Verifiers, error) { return bundle.Trust(r.keys) },
		Use: func(s *bundle.Set) error {
			if r.fails == nil {
				r.used = append(r.used, s)
			}
			return r.fails
		}}
}

func (r *rig) folder() bundle.Folder { return bundle.Folder(filepath.Join(r.dir, "bundles")) }

// stage imports a bundle and returns its digest.
func (r *rig) stage(version string, c bundle.Content) string {
	r.Helper()
	file := mustMake(r, manifest(version), c, r.signer)
	if err := r.folder().Put(file); err != nil {
		r.Fatal(err)
	}
	b, err := bundle.Open(file, trust(r, r.public))
	if err != nil {
		r.Fatal(err)
	}
	_, err = r.db.StageBundle(r.Context(), store.Bundle{Digest: b.Digest, Name: "acme", Version: version, Holds: []string{"x"}, SignedBy: b.SignedBy,
		Bytes: int64(len(file)), Created: b.Manifest.Created, NotAfter: b.Manifest.NotAfter}, false)
	if err != nil {
		r.Fatal(err)
	}
	return b.Digest
}

func (r *rig) did(_ store.Bundle, err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// step lets the keeper do its work and returns what is in use: "active/staged".
func (r *rig) step(wantErr bool) string {
	r.Helper()
	r.now = r.now.Add(6 * time.Second)
	if err := r.keeper.Step(r.Context(), r.now); (err != nil) != wantErr {
		r.Fatalf("error is %v", err)
	}
	versions := func(ls []*bundle.Loaded) (out []string) {
		for _, l := range ls {
			out = append(out, l.Manifest.Version)
		}
		return out
	}
	s := r.keeper.Set()
	if s == nil {
		return "/"
	}
	return strings.Join(versions(s.Active), ",") + "/" + strings.Join(versions(s.Staged), ",")
}

func (r *rig) want(got, want string) {
	r.Helper()
	if got != want {
		r.Fatalf("in use: %q; expected %q", got, want)
	}
}

var small = bundle.Content{Signatures: []byte(signatures)}

func TestKeeperFollowsTheStore(t *testing.T) {
	r := newRig(t)
	r.want(r.step(false), "/")
	r.stage("1.0.0", small)
	r.want(r.step(false), "/1.0.0")
	n := len(r.used)
	r.want(r.step(false), "/1.0.0")
	if len(r.used) != n {
		t.Error("what did not change was put to use again")
	}
	first := r.keeper.Set().Staged[0]
	r.did(r.db.ActivateBundle(t.Context(), "acme"))
	r.want(r.step(false), "1.0.0/")
	if r.keeper.Set().Active[0] != first {
		t.Error("the bundle was read again when it was activated")
	}
	r.stage("2.0.0", small)
	r.want(r.step(false), "1.0.0/2.0.0")
	r.did(r.db.ActivateBundle(t.Context(), "acme"))
	r.want(r.step(false), "2.0.0/")
	r.did(r.db.RollBackBundle(t.Context(), "acme"))
	r.want(r.step(false), "1.0.0/")
	r.did(r.db.RollBackBundle(t.Context(), "acme"))
	r.want(r.step(false), "/")
	if len(r.used) < 6 {
		t.Errorf("%d sets were put to use", len(r.used))
	}
}

func TestCountsAreWrittenDown(t *testing.T) {
	r := newRig(t)
	r.stage("1.0.0", small)
	r.step(false)
	g := extended(t, r.keeper.Set())
	rules(t, g, oath)
	rules(t, g, tea)
	r.step(false)
	rules(t, g, oath)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r.keeper.Run(ctx) // writes the rest
	all, err := r.db.Bundles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := (store.BundleCounts{Texts: 3, Signatures: 2}); all[0].Seen != want {
		t.Errorf("it saw %+v; expected %+v", all[0].Seen, want)
	}
}

// TestDamagedFiles: an active bundle stays in use when its successor cannot be read,
// a node does not start without one that is active, and a staged one is left out.
func TestDamagedFiles(t *testing.T) {
	r := newRig(t)
	r.stage("1.0.0", small)
	r.did(r.db.ActivateBundle(t.Context(), "acme"))
	r.want(r.step(false), "1.0.0/")
	digest := r.stage("2.0.0", small)
	path := filepath.Join(string(r.folder()), digest+".bundle")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Clone(whole)
	damaged[len(damaged)/2] ^= 1
	if err := os.WriteFile(path, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	r.want(r.step(false), "1.0.0/")
	r.want(r.step(false), "1.0.0/")
	if n := strings.Count(r.log.String(), "was changed"); n != 1 {
		t.Errorf("it was logged %d times:\n%s", n, r.log.String())
	}
	r.did(r.db.ActivateBundle(t.Context(), "acme"))
	r.want(r.step(true), "1.0.0/")
	if err := r.fresh().Refresh(t.Context()); !errors.Is(err, bundle.ErrFormat) {
		t.Errorf("a node starts without its active bundle: %v", err)
	}
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	r.want(r.step(false), "2.0.0/")
}

// TestKeyIsTrustedNoMore: a node that starts believes no key that was taken back.
func TestKeyIsTrustedNoMore(t *testing.T) {
	r := newRig(t)
	r.stage("1.0.0", small)
	r.did(r.db.ActivateBundle(t.Context(), "acme"))
	r.want(r.step(false), "1.0.0/")
	r.keys = nil
	if err := r.fresh().Refresh(t.Context()); !errors.Is(err, bundle.ErrUntrusted) {
		t.Errorf("error is %v", err)
	}
}

// TestUseFails: what cannot be put to use leaves all as it is, and is tried again.
func TestUseFails(t *testing.T) {
	r := newRig(t)
	r.stage("1.0.0", small)
	r.fails = errors.New("thresholds are for another model")
	r.want(r.step(true), "/")
	r.fails = nil
	r.want(r.step(false), "/1.0.0")
}

func TestFolderForgets(t *testing.T) {
	r := newRig(t)
	old, young := r.stage("1.0.0", small), r.stage("2.0.0", small)
	if err := os.WriteFile(filepath.Join(string(r.folder()), "notes.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	names := func() int {
		t.Helper()
		all, err := os.ReadDir(string(r.folder()))
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	for _, c := range []struct {
		now  time.Time
		want int
	}{{time.Now(), 3}, {time.Now().Add(2 * time.Hour), 2}} {
		if err := r.folder().Keep(map[string]bool{young: true}, c.now); err != nil {
			t.Fatal(err)
		}
		if n := names(); n != c.want {
			t.Errorf("%d files; expected %d", n, c.want)
		}
	}
	if _, err := r.folder().Get(old, trust(t, r.public)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
	if _, err := r.folder().Get("../w.db", trust(t, r.public)); !errors.Is(err, bundle.ErrFormat) {
		t.Errorf("a path is a digest: %v", err)
	}
}

// TestKeeperCalledOff: a node that ends while its keeper works is no fault of bundles.
func TestKeeperCalledOff(t *testing.T) {
	r := newRig(t)
	r.stage("1.0.0", small)
	ctx, cancel := context.WithCancel(t.Context())
	r.keeper.Use = func(*bundle.Set) error { cancel(); return ctx.Err() }
	if err := r.keeper.Step(ctx, r.now); !errors.Is(err, context.Canceled) {
		t.Fatalf("error is %v", err)
	}
	if strings.Contains(r.log.String(), "level=ERROR") {
		t.Errorf("logged %s", r.log.String())
	}
}
