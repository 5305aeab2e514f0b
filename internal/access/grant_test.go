package access_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"warder.example/internal/access"
)

func TestAllowsModel(t *testing.T) {
	for _, c := range []struct {
		name     string
		patterns []string
		yes, no  []string
	}{
		{"empty-list-allows-all", nil, []string{"m", "", strings.Repeat("x", 10_000)}, nil},
		{"exact", []string{"small"}, []string{"small"}, []string{"", "smal", "small1", "Small", "xsmall"}},
		{"prefix", []string{"small-*"}, []string{"small-", "small-1"}, []string{"small", "xsmall-1"}},
		{"suffix", []string{"*-chat"}, []string{"-chat", "a-chat", "-chat-chat"}, []string{"chat", "a-chat1"}},
		{"middle", []string{"a*b*c"}, []string{"abc", "axbxc", "abbcc", "abcbc"}, []string{"ab", "acb", "abcd", "xabc"}},
		{"head-and-tail-do-not-overlap", []string{"ab*ba"}, []string{"abba", "abxba"}, []string{"aba", "ab"}},
		{"stars", []string{"**"}, []string{"", "m"}, nil},
		{"several", []string{"a", "b*"}, []string{"a", "b", "bc"}, []string{"ab", "c"}},
		{"no-other-wildcards", []string{"a?c", "[ab]", "a.c"}, []string{"a?c", "[ab]", "a.c"}, []string{"abc", "a"}},
		{"too-long", []string{"*"}, []string{strings.Repeat("m", access.MaxModel)}, []string{strings.Repeat("m", access.MaxModel+1)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := &access.Grant{Application: access.Application{Models: c.patterns}}
			for _, m := range c.yes {
				if !g.AllowsModel(m) {
					t.Errorf("%.40q is not allowed by %q", m, c.patterns)
				}
			}
			for _, m := range c.no {
				if g.AllowsModel(m) {
					t.Errorf("%.40q is allowed by %q", m, c.patterns)
				}
			}
		})
	}
}

// TestAllowsModelAgreesWithDefinition compares with the definition of *, spelt
// out by recursion.
func TestAllowsModelAgreesWithDefinition(t *testing.T) {
	var match func(p, s string) bool
	match = func(p, s string) bool {
		switch {
		case p == "":
			return s == ""
		case p[0] == '*':
			return match(p[1:], s) || s != "" && match(p, s[1:])
		}
		return s != "" && s[0] == p[0] && match(p[1:], s[1:])
	}
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.StringMatching(`[ab*]{1,8}`).Draw(t, "pattern")
		s := rapid.StringMatching(`[ab]{0,10}`).Draw(t, "name")
		g := &access.Grant{Application: access.Application{Models: []string{p}}}
		if got, want := g.AllowsModel(s), match(p, s); got != want {
			t.Errorf("pattern %q, name %q: got %v; expected %v", p, s, got, want)
		}
	})
}

// FuzzModelPattern: bounded work whatever the pattern and name.
func FuzzModelPattern(f *testing.F) {
	f.Add("*a*a*a*a*a*b", strings.Repeat("a", 200))
	f.Add("", "")
	f.Add("small-*", "small-1")
	f.Fuzz(func(t *testing.T, p, s string) {
		g := &access.Grant{Application: access.Application{Models: []string{p}}}
		got := g.AllowsModel(s)
		if got && len(s) > access.MaxModel {
			t.Errorf("a name of %d bytes is allowed", len(s))
		}
		if !strings.Contains(p, "*") && len(s) <= access.MaxModel && got != (p == s) {
			t.Errorf("pattern %q, name %q: got %v", p, s, got)
		}
	})
}

// TestLimitsFallBack: a key's own limit, else its application's, else none.
func TestLimitsFallBack(t *testing.T) {
	for _, c := range []struct {
		name           string
		app, key, want [2]int // requests a minute, at the same time
	}{
		{"none", [2]int{}, [2]int{}, [2]int{}},
		{"application", [2]int{5, 6}, [2]int{}, [2]int{5, 6}},
		{"key", [2]int{5, 6}, [2]int{50, 1}, [2]int{50, 1}},
		{"mixed", [2]int{5, 6}, [2]int{0, 1}, [2]int{5, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			f.app.RequestsPerMinute, f.app.MaxConcurrent = c.app[0], c.app[1]
			secret := f.addKey(func(k *access.Key) { k.RequestsPerMinute, k.MaxConcurrent = c.key[0], c.key[1] })
			rpm, conc := f.lookup(secret).Limits()
			if [2]int{rpm, conc} != c.want {
				t.Errorf("limits are %d and %d; expected %v", rpm, conc, c.want)
			}
		})
	}
}

// limited reports whether err says that a request is over that limit.
func limited(err error, kind access.LimitKind) bool {
	var limit *access.LimitError
	return errors.As(err, &limit) && limit.Kind == kind
}

func TestAcquireRate(t *testing.T) {
	f := newFake(t)
	secret := f.addKey(func(k *access.Key) { k.RequestsPerMinute = 2 })
	g := f.lookup(secret)
	for range 2 {
		f.acquire(g)()
	}
	_, err := g.Acquire(f.now)
	var limit *access.LimitError
	if !errors.As(err, &limit) || *limit != (access.LimitError{Kind: access.LimitRequests, Limit: 2, Retry: 30 * time.Second}) {
		t.Fatalf("error is %#v; expected the request limit, retry in 30s", err)
	}
	if strings.Contains(err.Error(), g.Key.ID) {
		t.Errorf("error %q names the key", err)
	}
	if g.Running() != 0 {
		t.Errorf("%d requests hold a place after a refusal; expected 0", g.Running())
	}
	f.now = f.now.Add(limit.Retry)
	f.acquire(g)()
}

func TestAcquireConcurrent(t *testing.T) {
	f := newFake(t)
	secret := f.addKey(func(k *access.Key) { k.MaxConcurrent = 2; k.RequestsPerMinute = 3 })
	g := f.lookup(secret)
	first, second := f.acquire(g), f.acquire(g)
	for range 5 { // refused ones do not count against the rate
		_, err := g.Acquire(f.now)
		var limit *access.LimitError
		if !errors.As(err, &limit) || limit.Kind != access.LimitConcurrent || limit.Limit != 2 || limit.Retry <= 0 {
			t.Fatalf("error is %#v; expected the limit of 2 at the same time", err)
		}
	}
	first()
	first() // releasing twice frees one place
	third := f.acquire(g)
	if _, err := g.Acquire(f.now); err == nil {
		t.Error("a double release made room for two")
	}
	second()
	third()
	if g.Running() != 0 {
		t.Errorf("%d requests hold a place at the end; expected 0", g.Running())
	}
}

// TestUsageSurvivesRefresh: a change elsewhere gives nobody a fresh allowance,
// and places taken before are given back.
func TestUsageSurvivesRefresh(t *testing.T) {
	f := newFake(t)
	secret := f.addKey(func(k *access.Key) { k.RequestsPerMinute = 3; k.MaxConcurrent = 1 })
	release := f.acquire(f.lookup(secret))
	f.addKey(nil)
	g := f.lookup(secret)
	if _, err := g.Acquire(f.now); !limited(err, access.LimitConcurrent) {
		t.Errorf("error is %v; expected the running request to count after a refresh", err)
	}
	release()
	f.acquire(g)()
	f.acquire(g)()
	f.addKey(nil)
	if _, err := f.lookup(secret).Acquire(f.now); !limited(err, access.LimitRequests) {
		t.Errorf("error is %v; expected the rate to count after a refresh", err)
	}
}

// TestLimitSetLaterSeesWhatRuns: places are counted before there is a limit.
func TestLimitSetLaterSeesWhatRuns(t *testing.T) {
	f := newFake(t)
	secret := f.addKey(nil)
	release := f.acquire(f.lookup(secret))
	f.app.MaxConcurrent = 1
	f.changed()
	if _, err := f.lookup(secret).Acquire(f.now); !limited(err, access.LimitConcurrent) {
		t.Errorf("error is %v; expected the new limit to see the running request", err)
	}
	release()
	f.acquire(f.lookup(secret))()
}

// TestAcquireRace: with many goroutines the cap is reached exactly, and every
// place comes back.
func TestAcquireRace(t *testing.T) {
	const limit, workers = 50_000, 8
	f := newFake(t)
	g := f.lookup(f.addKey(func(k *access.Key) { k.MaxConcurrent = limit }))
	var mu sync.Mutex
	var releases []func()
	for round := range 3 {
		got := race(workers, func() bool {
			release, err := g.Acquire(f.now)
			if err == nil && round == 0 {
				mu.Lock()
				releases = append(releases, release)
				mu.Unlock()
			}
			return err == nil
		})
		want := 0
		if round == 0 {
			want = limit
		}
		if got != want || g.Running() != limit {
			t.Fatalf("round %d: %d entered, %d hold a place; expected %d and %d", round, got, g.Running(), want, limit)
		}
	}
	var wg sync.WaitGroup
	for w := range workers { // each is released by two at once
		wg.Go(func() {
			for i := w / 2; i < limit; i += workers / 2 {
				releases[i]()
			}
		})
	}
	wg.Wait()
	if g.Running() != 0 {
		t.Errorf("%d requests hold a place at the end; expected none", g.Running())
	}
}

// TestAcquireRaceTightly is the same without the mutex in between, for a
// limit that is reached by counting alone.
func TestAcquireRaceTightly(t *testing.T) {
	const limit = 1_000_000
	f := newFake(t)
	g := f.lookup(f.addKey(func(k *access.Key) { k.MaxConcurrent = limit }))
	got := race(8, func() bool { _, err := g.Acquire(f.now); return err == nil })
	if got != limit {
		t.Errorf("%d entered; expected exactly %d", got, limit)
	}
}
