package access_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"warder.example/internal/access"
)

// fake is a source with one application, a directory over it and a clock.
type fake struct {
	t   testing.TB
	dir *access.Directory

	mu         sync.Mutex
	now        time.Time
	app        access.Application
	keys       []access.Key
	generation int64
	down       error
	loads      int
}

var _ access.Source = (*fake)(nil)

func newFake(t testing.TB) *fake {
	f := &fake{t: t, now: time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC), generation: 1}
	f.app = access.Application{ID: access.NewApplicationID(), Name: "desk"}.Defaulted()
	f.dir = access.NewDirectory(f)
	f.dir.Clock = func() time.Time { return f.now }
	return f
}

func (f *fake) Generation(context.Context) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.generation, f.down
}

func (f *fake) AccessRecords(context.Context) (*access.Records, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.loads++
	return &access.Records{Generation: f.generation, Applications: []access.Application{f.app}, Keys: append([]access.Key(nil), f.keys...)}, f.down
}

// changed makes the directory see what was changed.
func (f *fake) changed() {
	f.t.Helper()
	f.mu.Lock()
	f.generation++
	f.mu.Unlock()
	if err := f.dir.Refresh(context.Background()); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fake) addKey(edit func(*access.Key)) string {
	f.t.Helper()
	secret, k := access.NewKey()
	k.Application, k.Created = f.app.ID, f.now
	if edit != nil {
		edit(&k)
	}
	f.keys = append(f.keys, k)
	f.changed()
	return secret.Reveal()
}

func (f *fake) lookup(secret string) *access.Grant {
	f.t.Helper()
	g, err := f.dir.Lookup(secret)
	if err != nil {
		f.t.Fatal(err)
	}
	return g
}

func (f *fake) acquire(g *access.Grant) func() {
	f.t.Helper()
	release, err := g.Acquire(f.now)
	if err != nil {
		f.t.Fatal(err)
	}
	return release
}

func TestLookup(t *testing.T) {
	f := newFake(t)
	good := f.addKey(nil)
	revoked := f.addKey(func(k *access.Key) { k.Revoked = f.now })
	expired := f.addKey(func(k *access.Key) { k.Expires = f.now })
	later := f.addKey(func(k *access.Key) { k.Expires = f.now.Add(time.Nanosecond) })
	both := f.addKey(func(k *access.Key) { k.Expires, k.Revoked = f.now, f.now })
	longest := strings.Repeat("k", access.MaxSecret)
	f.addKey(func(k *access.Key) { k.Hash = access.HashKey(longest) })
	unissued, _ := access.NewKey()
	for _, c := range []struct {
		name, secret string
		want         error
	}{
		{"good", good, nil},
		{"not-yet-expired", later, nil},
		{"none", "", access.ErrNoKey},
		{"revoked", revoked, access.ErrRevoked},
		{"expired", expired, access.ErrExpired},
		{"revoked-and-expired", both, access.ErrRevoked},
		{"well-formed-but-not-issued", unissued.Reveal(), access.ErrUnknownKey},
		{"prefix-only", good[:16], access.ErrUnknownKey},
		{"last-character-missing", good[:len(good)-1], access.ErrUnknownKey},
		{"character-more", good + "0", access.ErrUnknownKey},
		{"zero-byte-more", good + "\x00", access.ErrUnknownKey},
		{"padded-to-the-most", good + strings.Repeat("\x00", access.MaxSecret-len(good)), access.ErrUnknownKey},
		{"too-long", good + strings.Repeat("x", 1<<20), access.ErrUnknownKey},
		{"longest", longest, nil},
		{"longest-and-more", longest + "k", access.ErrUnknownKey},
		{"other-case", strings.ToUpper(good), access.ErrUnknownKey},
		{"space", " " + good, access.ErrUnknownKey},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, err := f.dir.Lookup(c.secret)
			if !errors.Is(err, c.want) || (g == nil) == (c.want == nil) {
				t.Fatalf("got %v, %v; expected error %v", g, err, c.want)
			}
			if g != nil && (g.Application.ID != f.app.ID || g.Key.Application != f.app.ID) {
				t.Errorf("grant is for %+v", g.Application)
			}
		})
	}
}

func TestStaleDirectoryFailsClosed(t *testing.T) {
	f := newFake(t)
	f.dir.MaxStale = time.Minute
	if _, err := f.dir.Lookup("wk_x"); !errors.Is(err, access.ErrStale) || f.dir.Ready() == nil {
		t.Fatalf("an empty directory answers %v; expected ErrStale", err)
	}
	secret := f.addKey(nil)
	f.down = errors.New("database is away")
	step := func(d time.Duration, want error) {
		t.Helper()
		f.now = f.now.Add(d)
		if err := f.dir.Refresh(t.Context()); (err == nil) != (f.down == nil) {
			t.Fatalf("refresh: %v", err)
		}
		if _, err := f.dir.Lookup(secret); !errors.Is(err, want) {
			t.Fatalf("lookup: error is %v; expected %v", err, want)
		}
		if err := f.dir.Ready(); !errors.Is(err, want) {
			t.Fatalf("ready: error is %v; expected %v", err, want)
		}
	}
	step(30*time.Second, nil)
	step(30*time.Second, nil)
	step(time.Nanosecond, access.ErrStale)
	step(time.Hour, access.ErrStale)
	f.down = nil
	step(0, nil)
}

// TestStaleAfterLoadFails: a generation that cannot be loaded confirms nothing.
func TestStaleAfterLoadFails(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*fake)
	}{
		{"key-without-application", func(f *fake) { f.keys[0].Application = "app_gone" }},
		{"two-keys-one-hash", func(f *fake) { f.keys = append(f.keys, f.keys[0]) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			secret := f.addKey(nil)
			c.spoil(f)
			f.generation++
			f.now = f.now.Add(access.DefaultMaxStale + 1)
			if err := f.dir.Refresh(t.Context()); err == nil {
				t.Fatal("contradicting records were accepted")
			}
			if _, err := f.dir.Lookup(secret); !errors.Is(err, access.ErrStale) {
				t.Errorf("error is %v; expected ErrStale", err)
			}
		})
	}
}

// TestRefreshLoadsOnlyChanges: most polls read one number.
func TestRefreshLoadsOnlyChanges(t *testing.T) {
	f := newFake(t)
	f.addKey(nil)
	for range 10 {
		if err := f.dir.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if f.loads != 1 {
		t.Errorf("records were loaded %d times; expected once", f.loads)
	}
	f.now = f.now.Add(time.Second)
	if got, want := f.dir.State(), (access.State{Generation: 2, Applications: 1, Keys: 1, Age: time.Second}); got != want {
		t.Errorf("state is %+v; expected %+v", got, want)
	}
	if a, ok := f.dir.Application(f.app.ID); !ok || a.Name != "desk" {
		t.Errorf("application is %v, %v", a, ok)
	}
}

// TestRunFollows: Run notices a change within its interval, goes on through
// errors, logs each turn of events once, and ends with its context.
func TestRunFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		secret := f.addKey(nil)
		var log bytes.Buffer
		f.dir = access.NewDirectory(f)
		f.dir.Log = slog.New(slog.NewTextHandler(&log, nil))
		if err := f.dir.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- f.dir.Run(ctx, time.Second) }()
		set := func(change func()) {
			f.mu.Lock()
			change()
			f.mu.Unlock()
			time.Sleep(2500 * time.Millisecond) // of the fake clock
			synctest.Wait()
		}
		set(func() { f.down = fmt.Errorf("away") })
		set(func() { f.down = nil; f.generation++; f.keys[0].Revoked = time.Now() })
		if _, err := f.dir.Lookup(secret); !errors.Is(err, access.ErrRevoked) {
			t.Errorf("error is %v; expected ErrRevoked", err)
		}
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v; expected context.Canceled", err)
		}
		if n := strings.Count(log.String(), "\n"); n != 2 || !strings.Contains(log.String(), "away") {
			t.Errorf("log has %d lines; expected one for failing and one for recovering:\n%s", n, &log)
		}
	})
}

// TestLookupDuringRefresh runs both at once, for the race detector.
func TestLookupDuringRefresh(t *testing.T) {
	f := newFake(t)
	secret := f.addKey(func(k *access.Key) { k.MaxConcurrent = 4; k.RequestsPerMinute = 1000 })
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				g, err := f.dir.Lookup(secret)
				if err != nil {
					t.Error(err)
					return
				}
				if release, err := g.Acquire(f.now); err == nil {
					release()
				}
			}
		})
	}
	for range 50 {
		f.changed()
	}
	wg.Wait()
	if n := f.lookup(secret).Running(); n != 0 {
		t.Errorf("%d requests hold a place at the end; expected 0", n)
	}
}

// TestLookupDoesNotAllocate holds the promise of the package comment.
func TestLookupDoesNotAllocate(t *testing.T) {
	f := newFake(t)
	secret := f.addKey(nil)
	for name, s := range map[string]string{"good": secret, "unknown": secret[1:], "none": "", "long": strings.Repeat("x", 1000)} {
		if n := testing.AllocsPerRun(100, func() { _, _ = f.dir.Lookup(s) }); n != 0 {
			t.Errorf("%s: %v allocations; expected none", name, n)
		}
	}
}

// FuzzLookup: whatever is presented, only the key itself is accepted.
func FuzzLookup(f *testing.F) {
	fk := newFake(f)
	secret := fk.addKey(nil)
	for _, s := range []string{"", secret[:20], secret + "\x00", "Bearer " + secret, strings.Repeat("\xff", 200)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		g, err := fk.dir.Lookup(s)
		if (err == nil) != (s == secret) || (g == nil) != (err != nil) {
			t.Errorf("%q: got %v, %v", s, g, err)
		}
		if err != nil && !errors.Is(err, access.ErrUnknownKey) && !(s == "" && errors.Is(err, access.ErrNoKey)) {
			t.Errorf("%q: error is %v", s, err)
		}
	})
}
