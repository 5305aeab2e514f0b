package guard_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"warder.example/guard"
)

// words is an exact detector for fixed words: the simplest that can be live.
type words struct {
	category string
	list     []string
}

func (w words) Longest() int {
	n := 0
	for _, x := range w.list {
		n = max(n, len(x))
	}
	return n
}

func (w words) Detect(_ context.Context, t *guard.Text) ([]guard.Finding, error) {
	f, _ := w.Scanner(nil, 0, 0).Scan(t.Content, true)
	return f, nil
}

func (w words) Scanner(*guard.Exchange, guard.Origin, guard.Kind) guard.Scanner {
	return &wordScan{w: w}
}

type wordScan struct {
	w    words
	text string
	from int
}

func (s *wordScan) Scan(piece string, end bool) (out []guard.Finding, safe int) {
	s.text += piece
scan:
	for s.from < len(s.text) {
		live := false
		for _, x := range s.w.list {
			rest := s.text[s.from:]
			if strings.HasPrefix(rest, x) {
				out = append(out, guard.Finding{Category: s.w.category, Score: 1, Detector: "words",
					Spans: []guard.Span{{Start: s.from, End: s.from + len(x)}}})
				s.from += len(x)
				continue scan
			}
			live = live || strings.HasPrefix(x, rest)
		}
		if live && !end {
			break
		}
		s.from++
	}
	return out, s.from
}

// byCategory decides by a finding's category.
type byCategory struct {
	actions map[string]guard.Action
	hold    guard.Hold
}

func (b byCategory) Hold(guard.Facts) guard.Hold { return b.hold }

func (b byCategory) Decide(_ guard.Facts, found []guard.Finding) guard.Verdict {
	v := guard.Verdict{Action: guard.Allow, Would: guard.Allow, Findings: found}
	for i, f := range found {
		a, ok := b.actions[f.Category]
		if !ok {
			a = guard.Block
		}
		v.Decisions = append(v.Decisions, guard.Decision{Finding: i, Rule: f.Category, Action: a, Decides: true})
		v.Action, v.Would = min(v.Action, a), min(v.Would, a)
	}
	if v.Action.Stops() {
		v.Code = "blocked"
	}
	return v
}

// late is a windowed detector: it sees a word only where its window shows it.
type late struct{ word string }

func (l late) Detect(_ context.Context, t *guard.Text) (out []guard.Finding, err error) {
	if l.word == "fail" {
		return nil, errors.New("detector broke")
	}
	for at := 0; ; {
		i := strings.Index(t.Content[at:], l.word)
		if i < 0 {
			return out, nil
		}
		out = append(out, guard.Finding{Category: "jailbreak", Score: .99, Class: guard.Windowed,
			Spans: []guard.Span{{Start: at + i, End: at + i + len(l.word)}}})
		at += i + len(l.word)
	}
}

// play writes pieces and returns what left, and the cut if there was one.
func play(t interface{ Fatalf(string, ...any) }, s *guard.Stream, pieces []string) (string, *guard.Verdict) {
	var out strings.Builder
	whole, at := "", 0
	take := func(r guard.Release, err error) bool {
		if err != nil {
			t.Fatalf("stream: %v", err)
		}
		if r.Upto < at || r.Upto > len(whole) {
			t.Fatalf("released up to %d after %d of %d", r.Upto, at, len(whole))
		}
		for _, m := range r.Masks {
			if m.Start < at || m.End > r.Upto {
				t.Fatalf("mask %v outside the release %d..%d", m, at, r.Upto)
			}
			out.WriteString(whole[at:m.Start] + m.With)
			at = m.End
		}
		out.WriteString(whole[at:r.Upto])
		at = r.Upto
		return r.Cut == nil
	}
	for _, p := range pieces {
		whole += p
		r, err := s.Write(p)
		if !take(r, err) {
			return out.String(), r.Cut
		}
	}
	r, err := s.Close()
	take(r, err)
	return out.String(), r.Cut
}

func chunks(t *rapid.T, text string) []string {
	var out []string
	for text != "" {
		n := rapid.IntRange(1, min(len(text), 7)).Draw(t, "n")
		out = append(out, text[:n])
		text = text[n:]
	}
	return out
}

// TestStreamEqualsWhole: whatever the chunking, what leaves a stream is the
// whole text with its masks applied.
func TestStreamEqualsWhole(t *testing.T) {
	g := &guard.Guard{
		Detectors: []guard.Detector{
			words{"pii.email", []string{"a@b.example", "aa@b.example"}},
			words{"secret.key", []string{"KEY-", "KEY-1234", "Y-12"}},
		},
		Decider: byCategory{actions: map[string]guard.Action{"pii.email": guard.Redact, "secret.key": guard.Redact}},
	}
	rapid.Check(t, func(t *rapid.T) {
		frag := rapid.SampledFrom([]string{"a", "aa@b.", "a@b.example", "KEY", "-1", "-12", "34", "Y-12", " ", "x", "example", "KEY-1234"})
		text := strings.Join(rapid.SliceOfN(frag, 0, 30).Draw(t, "frags"), "")
		texts := []guard.Text{{Content: text}}
		found, err := g.Find(context.Background(), texts)
		if err != nil {
			t.Fatal(err)
		}
		v := g.Decide(guard.Facts{}, found)
		want := guard.Apply(text, v.Masks(0))
		got, cut := play(t, g.Stream(context.Background(), guard.Facts{}, guard.Text{}), chunks(t, text))
		if cut != nil || got != want {
			t.Fatalf("text %q\n got %q (cut %v)\nwant %q", text, got, cut, want)
		}
	})
}

func TestStream(t *testing.T) {
	long := strings.Repeat("harmless words go by. ", 60)
	redact := map[string]guard.Action{"secret.key": guard.Redact, "jailbreak": guard.Block}
	for _, c := range []struct {
		name    string
		det     []guard.Detector
		actions map[string]guard.Action
		hold    guard.Hold
		pieces  []string
		want    string
		cut     string
	}{
		{"nothing found", nil, nil, guard.HoldNone, []string{"hel", "lo"}, "hello", ""},
		{"masked across pieces", []guard.Detector{words{"secret.key", []string{"KEY-1"}}}, redact, guard.HoldNone,
			[]string{"my KE", "Y-", "1 is"}, "my [KEY] is", ""},
		{"cut mid-word, nothing of it leaves", []guard.Detector{words{"secret.key", []string{"KEY-1"}}},
			map[string]guard.Action{}, guard.HoldNone, []string{"my KE", "Y-", "1 is"}, "my ", "blocked"},
		{"near miss is released", []guard.Detector{words{"secret.key", []string{"KEY-1"}}}, redact, guard.HoldNone,
			[]string{"KEY", "-", "2"}, "KEY-2", ""},
		{"hold all releases at the end", []guard.Detector{words{"secret.key", []string{"KEY-1"}}}, redact, guard.HoldAll,
			[]string{"one. ", "KEY-1"}, "one. [KEY]", ""},
		{"windowed finding under hold all leaks nothing", []guard.Detector{late{"EVIL"}}, redact, guard.HoldAll,
			[]string{"a. ", "EV", "IL"}, "", "blocked"},
		{"windowed finding under sentence hold", []guard.Detector{late{"EVIL"}}, redact, guard.HoldSentence,
			[]string{"Fine. ", "then EV", "IL now. "}, "Fine.", "blocked"},
		{"windowed finding with no hold is cut late", []guard.Detector{late{"EVIL"}}, redact, guard.HoldNone,
			[]string{"EVIL ", long, "after"}, "EVIL ", "blocked"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := &guard.Guard{Detectors: c.det, Decider: byCategory{c.actions, c.hold}}
			s := g.Stream(context.Background(), guard.Facts{}, guard.Text{})
			got, cut := play(t, s, c.pieces)
			code := ""
			if cut != nil {
				code = cut.Code
			}
			if got != c.want || code != c.cut {
				t.Errorf("got %q cut %q; want %q cut %q", got, code, c.want, c.cut)
			}
			a := s.Account()
			if cut == nil && a.Released+a.Masked != a.Received {
				t.Errorf("account does not add up: %+v", a)
			}
		})
	}
}

func TestStreamExposureIsCounted(t *testing.T) {
	g := &guard.Guard{Detectors: []guard.Detector{late{"EVIL"}}, Decider: byCategory{}}
	s := g.Stream(context.Background(), guard.Facts{}, guard.Text{})
	play(t, s, []string{"EVIL ", strings.Repeat("x ", guard.StreamStep)})
	if a := s.Account(); a.Exposed != len("EVIL") {
		t.Errorf("exposed %d bytes; want %d (%+v)", a.Exposed, len("EVIL"), a)
	}
}

// TestStreamExposureIsOfWhatActs: what the policy only flags exposes nothing, what it
// would have masked does, and bytes of two findings count once.
func TestStreamExposureIsOfWhatActs(t *testing.T) {
	for action, want := range map[guard.Action]int{guard.Allow: 0, guard.Flag: 0, guard.Redact: len("EVIL"), guard.Block: len("EVIL")} {
		evil := late{"EVIL"}
		found, err := evil.Detect(context.Background(), &guard.Text{Content: "EVIL"})
		if err != nil || len(found) == 0 {
			t.Fatalf("%v, %v", found, err)
		}
		g := &guard.Guard{Detectors: []guard.Detector{evil, late{"VIL"}}, Decider: byCategory{actions: map[string]guard.Action{found[0].Category: action}}}
		s := g.Stream(context.Background(), guard.Facts{}, guard.Text{})
		play(t, s, []string{"EVIL ", strings.Repeat("x ", guard.StreamStep)})
		if a := s.Account(); a.Exposed != want {
			t.Errorf("%v: exposed %d bytes; want %d (%+v)", action, a.Exposed, want, a)
		}
	}
}

func TestStreamHoldCapCuts(t *testing.T) {
	g := &guard.Guard{Detectors: []guard.Detector{late{"EVIL"}}, Decider: byCategory{hold: guard.HoldAll}}
	s := g.Stream(context.Background(), guard.Facts{}, guard.Text{})
	got, cut := play(t, s, slices.Repeat([]string{strings.Repeat("y", 1000)}, 1+guard.DefaultHoldCap/1000))
	if cut == nil || cut.Code != "hold_exceeded" || got != "" {
		t.Errorf("released %d bytes, cut %v; want none and hold_exceeded", len(got), cut)
	}
}

func TestStreamDetectorErrorCuts(t *testing.T) {
	g := &guard.Guard{Detectors: []guard.Detector{late{"fail"}}, Decider: byCategory{}}
	s := g.Stream(context.Background(), guard.Facts{}, guard.Text{})
	_, err := s.Write(strings.Repeat("z", guard.StreamStep))
	r, _ := s.Close()
	if err == nil || r.Cut == nil || r.Cut.Action != guard.Block {
		t.Errorf("err %v, release %+v; want an error and a cut that blocks", err, r)
	}
}

// TestInspectFailsClosed: no policy blocks; an error blocks.
func TestInspectFailsClosed(t *testing.T) {
	in := guard.Input{Texts: []guard.Text{{Content: "hi"}}}
	if v, err := (&guard.Guard{}).Inspect(context.Background(), in); err != nil || v.Action != guard.Block {
		t.Errorf("no policy: %v %v; want block", v.Action, err)
	}
	g := &guard.Guard{Detectors: []guard.Detector{late{"fail"}}, Decider: byCategory{}}
	if v, err := g.Inspect(context.Background(), in); err == nil || v.Action != guard.Block {
		t.Errorf("broken detector: %v %v; want block and an error", v.Action, err)
	}
}
