package detect

import (
	"context"

	"warder.example/guard"
	"warder.example/guard/normal"
)

// Bounds of a copied run.
const (
	// maxLeakRun is the longest run that is one finding, in bytes; a longer
	// copy is several.
	maxLeakRun = 1024
	// maxLeakWord is the longest word that is compared, in bytes.
	maxLeakWord = 64
	// maxLeakGap is the most that may stand between two words of a run.
	maxLeakGap = 24
	// strongLeak is the number of words from which a run is certain to be a
	// copy, whatever share of the instructions it is.
	strongLeak = 16
)

// Leak reports stretches of an answer that repeat the application's own
// instructions (Exchange.Operator), as category prompt_leak.
//
// Instructions are known by fingerprints: hashes of every eight words in a row
// (fewer in a very short prompt; a character is a word in scripts without
// spaces), letters only, case folded. Runs that are common in the instructions
// of any assistant, or hold few words that mean something, do not begin a
// finding. A run of sixteen words, or of half the instructions, has score 0.9 or
// more; a shorter one less, with false-positive rate 0.01, since an answer may
// well repeat one public sentence that its instructions hold. A value that the
// instructions call a password, a secret or the like is a finding alone.
//
// Fingerprints are kept in a bounded cache, so that a conversation pays for them
// once. Leak is an exact detector; it holds back words only while they continue
// a fingerprint. It reads text of the model only. It is safe for concurrent use;
// make it with [NewLeak].
type Leak struct{ cache *leakCache }

var _ guard.StreamDetector = (*Leak)(nil)

// NewLeak returns the detector with an empty cache of fingerprints.
func NewLeak() *Leak { return &Leak{newLeakCache(leakCacheBytes)} }

// Longest implements [guard.StreamDetector].
func (l *Leak) Longest() int {
	return max(maxLeakRun+maxLeakGap+maxLeakWord+1, maxDeclared*4*(1+maxDenySpace))
}

// Scanner implements [guard.StreamDetector].
func (l *Leak) Scanner(x *guard.Exchange, o guard.Origin, _ guard.Kind) guard.Scanner {
	if x == nil || len(x.Operator) == 0 || o != guard.OriginModel {
		return nil
	}
	p := l.cache.get(x.Operator)
	switch {
	case p.size == 0 && p.values == nil:
		return nil
	case p.values == nil:
		return newScanner("leak", p.findRun)
	case p.size == 0:
		return newScanner("leak", p.findValue)
	}
	return &merged{parts: []guard.Scanner{newScanner("leak", p.findRun), newScanner("leak", p.findValue)}}
}

// Detect implements [guard.Detector]. It looks at answers only.
func (l *Leak) Detect(ctx context.Context, t *guard.Text) ([]guard.Finding, error) {
	if t.Direction != guard.Answer {
		return nil, nil
	}
	return detectExact(ctx, l, t, normal.Canonical)
}

// findValue is the [finder] of values that the instructions call secret.
func (p *leakPrint) findValue(text string, from int, end bool) (match, int, bool) {
	start, stop, id, live := p.values.find(text, from, end)
	if id < 0 {
		return match{}, live, false
	}
	return match{
		Span: guard.Span{Start: start, End: stop}, category: "prompt_leak", rule: "declared-value", score: 0.97,
		why: "a value that the application's instructions call secret",
	}, 0, true
}

// findRun is the [finder] of copied runs.
func (p *leakPrint) findRun(text string, from int, end bool) (match, int, bool) {
	for i := from; ; {
		u := nextUnit(text, i)
		if u.start == len(text) {
			return match{}, len(text), false
		}
		if u.whole { // else it began before from: part of a word
			switch run, live := p.runAt(text, u, end); {
			case live:
				return match{}, u.start, false
			case run.words > 0:
				return p.report(run), 0, true
			}
		}
		i = u.end
	}
}

// report turns a run into a match.
func (p *leakPrint) report(run leakRun) match {
	m := match{
		Span: guard.Span{Start: run.start, End: run.end}, category: "prompt_leak", rule: "copied-run",
		why: "a stretch of the application's instructions, word for word",
	}
	if run.words >= strongLeak || 2*run.words >= p.total {
		m.score = min(0.99, 0.9+0.002*float64(run.words))
		return m
	}
	m.score, m.fpr = 0.5+0.02*float64(run.words), 0.01
	return m
}

// leakRun is a run of words that stands in the instructions too.
type leakRun struct{ start, end, words int }

// runAt returns the run that begins with unit u; live says that more text could
// begin or lengthen one.
func (p *leakPrint) runAt(text string, u unit, end bool) (run leakRun, live bool) {
	var last [leakSize]uint64 // hashes of the latest words, in a ring
	hash := uint64(0)
	for n := 0; ; n++ {
		if u.end == len(text) && !end {
			// The word may go on: live if it is the beginning of one of theirs.
			return run, len(u.text(text)) <= maxLeakWord && p.hasPrefix(u.text(text))
		}
		last[n%p.size] = u.hash(text)
		switch {
		case n < p.size:
			if hash = joinHash(hash, last[n]); !p.starts.has(hash) {
				return run, false
			}
			if n == p.size-1 {
				run = leakRun{run.start, u.end, p.size}
			}
		default:
			hash = 0
			for k := n + 1 - p.size; k <= n; k++ {
				hash = joinHash(hash, last[k%p.size])
			}
			if !p.inside.has(hash) || u.end-run.start > maxLeakRun {
				return run, false
			}
			run.end, run.words = u.end, n+1
		}
		if n == 0 {
			run.start = u.start
		}
		before := u.end
		if u = nextUnit(text, before); u.start-before > maxLeakGap {
			return run, false
		}
		if u.start == len(text) {
			return run, !end
		}
	}
}
