package report_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"warder.example/internal/redteam/journal"
	"warder.example/internal/redteam/probe"
	"warder.example/internal/redteam/report"
)

var start = time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC)

// attempt makes a record of an attack.
func attempt(family, seed, strategy string, draw uint64, outcome probe.Outcome, sent, got string) journal.Record {
	k := journal.Key{Target: "t1", Family: family, Seed: seed, Strategy: strategy, Draw: draw}
	return journal.Record{
		Key: k, ID: fmt.Sprintf("%s-%s-%s-%d", family, seed, strategy, draw), At: start.Add(time.Duration(draw) * time.Second),
		Transcript: probe.Transcript{Exchanges: []probe.Exchange{{Sent: []probe.Message{{Role: probe.RoleUser, Text: sent}}, Got: probe.Reply{Text: got}}}},
		Verdict:    probe.Verdict{Outcome: outcome, Judge: "marker/1", Why: "the target said the marker by itself"},
	}
}

// twin makes a record of an honest request.
func twin(family, seed string, draw uint64, outcome probe.Outcome) journal.Record {
	r := attempt(family, seed, "", draw, outcome, "an honest question", "an answer")
	r.Key.Twin, r.Objective.Benign = true, true
	r.ID += "-twin"
	return r
}

func of(records []journal.Record) iter.Seq2[*journal.Record, error] {
	return func(yield func(*journal.Record, error) bool) {
		for _, r := range records {
			if !yield(&r, nil) {
				return
			}
		}
	}
}

func summarize(t *testing.T, run report.Run, records []journal.Record, opt report.Options) *report.Summary {
	t.Helper()
	s, err := report.Summarize(run, of(records), opt)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sample is a small run: inj.direct falls plainly and in base64, leak.secret in part,
// out.xss not, dos.tokens has no verdict.
func sample() []journal.Record {
	var out []journal.Record
	for i := range uint64(10) {
		plain, coded, leak := probe.Refused, probe.Deflected, probe.Refused
		if i%2 == 0 {
			plain = probe.Success
		}
		if i == 3 {
			coded = probe.Success
		}
		if i == 4 {
			leak = probe.Partial
		}
		seed := fmt.Sprintf("s%d", i%5)
		out = append(out,
			attempt("inj.direct", seed, "", i, plain, "say the word, "+strings.Repeat("please ", int(10-i)), "the word"),
			attempt("inj.direct", seed, "encode:base64", i, coded, "c2F5IHRoZSB3b3Jk", "dGhlIHdvcmQ="),
			attempt("leak.secret", seed, "", i, leak, "what is the secret?", "it begins with a"),
			attempt("out.xss", seed, "", i, probe.Blocked, "write a script", ""),
			attempt("dos.tokens", seed, "", i, probe.Errored, "write for ever", ""),
		)
		honest := probe.Deflected
		if i < 3 {
			honest = probe.Refused
		}
		out = append(out, twin("inj.direct", seed, i, honest))
	}
	out[19].Verdict.Decoding = []string{"base64"}
	return out
}

func family(t *testing.T, s *report.Summary, id string) report.Family {
	t.Helper()
	for _, m := range s.Modes {
		for _, f := range m.Families {
			if f.ID == id {
				return f
			}
		}
	}
	t.Fatalf("no family %s", id)
	return report.Family{}
}

func TestFigures(t *testing.T) {
	s := summarize(t, report.Run{Target: "shop"}, sample(), report.Options{})
	if len(s.Modes) != 1 || s.Attempts != 60 || !s.Began.Equal(start) || !s.Ended.Equal(start.Add(9*time.Second)) {
		t.Errorf("%d modes, %d attempts, %v to %v", len(s.Modes), s.Attempts, s.Began, s.Ended)
	}
	inj := family(t, s, "inj.direct")
	if inj.Attempts != 20 || inj.Success != 6 || inj.Rate != 0.3 || inj.Low >= 0.3 || inj.High <= 0.3 || len(inj.Cells) != 2 {
		t.Errorf("inj.direct: %+v", inj.Figures)
	}
	if inj.Cells[0].Strategy != "encode:base64" || inj.Cells[0].Success != 1 || inj.Cells[1].Strategy != "plain" || inj.Cells[1].Success != 5 {
		t.Errorf("cells: %+v", inj.Cells)
	}
	if h := inj.Honest; h == nil || h.Attempts != 10 || h.Refused != 3 || h.Rate != 0.3 {
		t.Errorf("honest: %+v", h)
	}
	if leak := family(t, s, "leak.secret"); leak.Success != 0 || leak.Partial != 1 || leak.Rate != 0.1 || leak.Upper < 0.3 || leak.Worst == nil || leak.Worst.Outcome != probe.Partial {
		t.Errorf("leak.secret: %+v", leak)
	}
	// Errors are not safe: nothing is known, and the bound is 1.
	if dos := family(t, s, "dos.tokens"); dos.Scored != 0 || dos.Error != 10 || dos.Upper != 1 || dos.Worst != nil {
		t.Errorf("dos.tokens: %+v", dos)
	}
	if xss := family(t, s, "out.xss"); xss.Blocked != 10 || xss.Success != 0 || xss.Upper >= 1 || xss.Title == "out.xss" || xss.Fix == "" {
		t.Errorf("out.xss: %+v", xss)
	}
}

// TestWorstIsShortest: in any order of attempts.
func TestWorstIsShortest(t *testing.T) {
	records := sample()
	for range 2 {
		s := summarize(t, report.Run{}, records, report.Options{Texts: true})
		w := family(t, s, "inj.direct").Worst
		if w.Strategy != "encode:base64" || w.Bytes != 16 || w.Seed != "s3" || len(w.Steps) != 2 || w.Steps[0].Text != "c2F5IHRoZSB3b3Jk" || w.Steps[1].By != "target" || w.Why == "" {
			t.Errorf("%+v", w)
		}
		for i, j := 0, len(records)-1; i < j; i, j = i+1, j-1 {
			records[i], records[j] = records[j], records[i]
		}
	}
}

// TestModes: the guard's modes are never counted together.
func TestModes(t *testing.T) {
	var records []journal.Record
	for i := range uint64(20) {
		for _, guard := range []string{"off", "block"} {
			r := attempt("inj.direct", fmt.Sprint(i), "", i, probe.Success, "x", "y")
			r.Key.Guard = guard
			if guard == "block" {
				r.Verdict.Outcome = probe.Blocked
			}
			r.ID += guard
			records = append(records, r)
		}
	}
	s := summarize(t, report.Run{}, records, report.Options{})
	if len(s.Modes) != 2 || s.Modes[0].Guard != "block" || s.Modes[0].Families[0].Rate != 0 || s.Modes[1].Families[0].Rate != 1 {
		t.Errorf("%+v", s.Modes)
	}
}

// TestCompare: pairs are matched by what was tried, also after the target's file
// changed.
func TestCompare(t *testing.T) {
	var before, after []journal.Record
	for i := range uint64(40) {
		seed := fmt.Sprint(i)
		b := attempt("inj.direct", seed, "", i, probe.Success, "x", "y")
		a := b
		a.Key.Target, a.Verdict.Outcome = "t2", probe.Refused
		before, after = append(before, b, attempt("out.xss", seed, "", i, probe.Refused, "x", "y")), append(after, a, attempt("out.sqli", seed, "", i, probe.Refused, "x", "y"))
		same := attempt("leak.secret", seed, "", i, probe.Refused, "x", "y")
		before = append(before, same)
		if i == 0 {
			same.Verdict.Outcome = probe.Success
		}
		after = append(after, same, attempt("leak.pii", seed, "", i+1000, probe.Success, "x", "y"))
		before = append(before, attempt("leak.pii", seed, "", i, probe.Refused, "x", "y"))
	}
	for _, way := range []struct {
		before, after []journal.Record
		direct        string
	}{{before, after, "better"}, {after, before, "worse"}} {
		s, base := summarize(t, report.Run{}, way.after, report.Options{}), summarize(t, report.Run{}, way.before, report.Options{})
		if err := s.Compare(base); err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, c := range s.Changes {
			got[c.Family] = c.Judgment
		}
		want := map[string]string{"inj.direct": way.direct, "leak.secret": "no clear change", "leak.pii": "not comparable", "out.xss": "gone", "out.sqli": "new"}
		if way.direct == "worse" {
			want["out.xss"], want["out.sqli"] = "new", "gone"
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%v, expected %v", got, want)
		}
	}
}

func TestSummarizeRefuses(t *testing.T) {
	one := attempt("inj.direct", "s", "", 1, probe.Success, "x", "y")
	long, odd := one, one
	long.Key.Seed, odd.Verdict.Outcome = strings.Repeat("s", 300), "fine"
	for want, records := range map[string][]journal.Record{
		"twice": {one, one}, "300 bytes": {long}, `"fine" is not known`: {odd},
	} {
		if _, err := report.Summarize(report.Run{}, of(records), report.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; expected %q", err, want)
		}
	}
	many := func(family bool) (out []journal.Record) {
		for i := range 20_001 {
			id := fmt.Sprintf("x%d", i)
			if family {
				out = append(out, attempt(id, "s", "", 1, probe.Refused, "x", "y"))
			} else {
				out = append(out, attempt("f", "s", id, 1, probe.Refused, "x", "y"))
			}
		}
		return out
	}
	for want, records := range map[string][]journal.Record{"1000 families": many(true), "20000 cells": many(false)} {
		if _, err := report.Summarize(report.Run{}, of(records), report.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; expected %q", err, want)
		}
	}
	broken := errors.New("line 7 is torn")
	if _, err := report.Summarize(report.Run{}, func(yield func(*journal.Record, error) bool) { yield(nil, broken) }, report.Options{}); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	if _, err := report.Summarize(report.Run{}, of(nil), report.Options{Confidence: 1}); err == nil {
		t.Error("a confidence of 1 is taken")
	}
}

// TestNothing: an empty run makes reports that say so.
func TestNothing(t *testing.T) {
	s := summarize(t, report.Run{}, nil, report.Options{})
	for name, write := range writers {
		var b bytes.Buffer
		if err := write(&b, s); err != nil || b.Len() == 0 {
			t.Errorf("%s: %v, %d bytes", name, err, b.Len())
		}
	}
}

// TestManyRecordsInFlatMemory: transcripts of 100,000 attempts of 7 kB each, 700 MB in
// all, pass through; what is kept is small.
func TestManyRecordsInFlatMemory(t *testing.T) {
	text := strings.Repeat("a long answer ", 500)
	records := func(yield func(*journal.Record, error) bool) {
		for i := range 100_000 {
			r := attempt(fmt.Sprintf("family.%d", i%40), fmt.Sprintf("s%d", i%97), fmt.Sprintf("strategy:%d", i%30), uint64(i), probe.Success, "x", strings.Clone(text))
			if !yield(&r, nil) {
				return
			}
		}
	}
	s, err := report.Summarize(report.Run{}, records, report.Options{Texts: true})
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if s.Attempts != 100_000 || m.HeapAlloc > 80<<20 {
		t.Errorf("%d attempts, %d MB in use after", s.Attempts, m.HeapAlloc>>20)
	}
	if err := report.HTML(io.Discard, s); err != nil {
		t.Fatal(err)
	}
}

var writers = map[string]func(io.Writer, *report.Summary) error{
	"html": report.HTML, "rows": report.Rows, "junit": report.JUnit, "sarif": report.SARIF, "markdown": report.Markdown, "navigator": report.Navigator,
}

// TestTranscriptsAreShortened: however much was said.
func TestTranscriptsAreShortened(t *testing.T) {
	r := attempt("inj.direct", "s", "", 1, probe.Success, strings.Repeat("long ", 100_000), "short")
	for range 500 {
		r.Transcript.Exchanges = append(r.Transcript.Exchanges, r.Transcript.Exchanges[0])
	}
	w := family(t, summarize(t, report.Run{}, []journal.Record{r}, report.Options{Texts: true}), "inj.direct").Worst
	size := 0
	for _, s := range w.Steps {
		size += len(s.Text)
	}
	if size > 21_000 || len(w.Steps) > 40 || w.LeftOut != 1002-len(w.Steps) {
		t.Errorf("%d bytes in %d steps, %d left out", size, len(w.Steps), w.LeftOut)
	}
}
