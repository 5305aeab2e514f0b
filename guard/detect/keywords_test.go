package detect

import (
	"errors"
	"regexp/syntax"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestKeywordsAgreeWithIndex(t *testing.T) {
	words := []string{"abc", "abcd", "bca", "ca-", "key", "sk-", "sk-ant-", "$2a$"}
	ids := map[string][]int{}
	for i, w := range words {
		ids[w] = []int{i}
	}
	k, err := newKeywords(ids)
	if err != nil {
		t.Fatal(err)
	}
	hits := 0
	rapid.Check(t, func(t *rapid.T) {
		text := drawText(t, words)
		low := strings.ToLower(text)
		got := map[string]int{}
		for at, found := k.next(text, 0); at < len(text); at, found = k.next(text, at+1) {
			for i := range found {
				if found[i].at(text, at) {
					got[found[i].text]++
				}
			}
		}
		any := false
		for _, w := range words {
			want := 0
			for i := range low {
				if strings.HasPrefix(low[i:], w) {
					want++
				}
			}
			any = any || want > 0
			hits += want
			if got[w] != want {
				t.Fatalf("%q occurs %d times in %q, found %d", w, want, text, got[w])
			}
		}
		if k.contains(text) != any {
			t.Fatalf("contains(%q) is %v, want %v", text, !any, any)
		}
		partial := len(text)
		for i := len(text) - 1; i >= 0; i-- {
			for _, w := range words {
				if len(w) > len(low)-i && strings.HasPrefix(w, low[i:]) {
					partial = i
				}
			}
		}
		if got := k.partial(text, 0, func(int) bool { return true }); got != partial {
			t.Fatalf("partial(%q) is %d, want %d", text, got, partial)
		}
	})
	if hits < 200 {
		t.Errorf("only %d keywords occurred in all texts", hits)
	}
	for _, bad := range []string{"ab", "ABC", "abé"} {
		if _, err := newKeywords(map[string][]int{bad: nil}); err == nil {
			t.Errorf("keyword %q was accepted", bad)
		}
	}
}

func TestMatchLengths(t *testing.T) {
	for expr, want := range map[string][2]int{
		"abc": {3, 3}, "a?b": {1, 2}, "[a-c]{2,5}": {2, 5}, "a|bcd": {1, 3}, "a*": {0, -1}, "a+b": {2, -1}, "(ab){3}": {6, 6},
		"é": {2, 2}, ".": {1, 4}, `\bx$`: {1, 1}, "(?i)k": {1, 3}, "[日a]": {1, 3}, "(?:a{1000}){1000}b": {1000001, 1000001}, "": {0, 0},
	} {
		re, err := syntax.Parse(expr, syntax.Perl)
		if err != nil {
			if expr == "(?:a{1000}){1000}b" { // the library refuses it itself
				continue
			}
			t.Fatal(err)
		}
		if low, high := matchLengths(re); low != want[0] || high != want[1] {
			t.Errorf("%q: %d to %d, want %d to %d", expr, low, high, want[0], want[1])
		}
	}
}

func TestNewRexErrors(t *testing.T) {
	if _, err := newRex("a*", 10); !errors.Is(err, errRexEmpty) {
		t.Errorf("a*: %v, want %v", err, errRexEmpty)
	}
	if _, err := newRex("ab*", 0); !errors.Is(err, errRexUnbounded) {
		t.Errorf("ab*: %v, want %v", err, errRexUnbounded)
	}
}

// TestSecretEngineIsSmall bounds what the rules take when every automaton is
// built and used.
func TestSecretEngineIsSmall(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	e, err := newSecretEngine(append(ownSecretRules(), gitleaksRules...))
	if err != nil {
		t.Fatal(err)
	}
	states := 0
	for _, r := range e.rules {
		x := r.rex()
		for _, text := range hostile {
			for i := 0; i < len(text); i += 7 {
				x.run(text, i, true)
			}
		}
		states += len(x.states)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	took := int(after.HeapAlloc) - int(before.HeapAlloc)
	t.Logf("%d rules, %d states, %d KiB", len(e.rules), states, took>>10)
	if took > 64<<20 {
		t.Errorf("the rules take %d MiB, want at most 64", took>>20)
	}
	runtime.KeepAlive(e)
}
