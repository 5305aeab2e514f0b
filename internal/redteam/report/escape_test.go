package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"regexp"
	"strings"
	"testing"

	"warder.example/internal/htmlpage/htmlpagetest"
	"warder.example/internal/redteam/journal"
	"warder.example/internal/redteam/probe"
	"warder.example/internal/redteam/report"
)

// hostile is at home in no format.
const hostile = "x</pre></td><script>alert(1)</script><img src=https://evil.example/p onerror=alert(1)>\"'\u202e\x1b[31m\x00\u2066|\r\n\n```\n# @root #1 [click](https://evil.example) ![i](https://evil.example/i) ]]> {0} %s `` &#60;b&#62;"

// hostileSummary is of a run in which everything that can be named is hostile.
func hostileSummary(t *testing.T, texts bool) *report.Summary {
	t.Helper()
	var records []journal.Record
	for i := range uint64(6) {
		r := attempt(hostile[:150], hostile, hostile[:100], i, probe.Success, hostile, hostile+"top-secret-value")
		r.Key.Guard, r.ID = hostile[:40], hostile[:60]
		r.Transcript.Exchanges[0].Sent[0].Files = []probe.File{{Name: hostile, Media: hostile}}
		r.Transcript.Exchanges[0].Sent[0].Tool = hostile
		r.Transcript.Exchanges[0].Got.Calls = []probe.Call{{Tool: hostile, Arguments: hostile}}
		r.Transcript.Exchanges[0].Got.Blocked = hostile
		r.Verdict.Judge, r.Verdict.Why, r.Verdict.Decoding = hostile, hostile, []string{hostile, hostile}
		w := twin(hostile[:150], hostile, i, probe.Refused)
		w.Key.Guard, w.ID = hostile[:40], hostile[:60]
		records = append(records, r, w)
	}
	run := report.Run{Target: hostile, File: hostile, Purpose: hostile, Versions: map[string]string{hostile: hostile, "warder": hostile}}
	s, base := summarize(t, run, records, report.Options{Texts: texts}), summarize(t, run, records[:4], report.Options{})
	if err := s.Compare(base); err != nil {
		t.Fatal(err)
	}
	return s
}

func written(t *testing.T, format string, s *report.Summary) string {
	t.Helper()
	var b bytes.Buffer
	if err := writers[format](&b, s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestNoFormatHasControlCharacters: nothing steers a terminal or turns a line, as
// written and as read back.
func TestNoFormatHasControlCharacters(t *testing.T) {
	s := hostileSummary(t, true)
	bad := regexp.MustCompile("[\\x00-\\x08\\x0b-\\x1f\\x7f\u202a-\u202e\u2066-\u2069]")
	for format := range writers {
		if m := bad.FindString(written(t, format, s)); m != "" {
			t.Errorf("%s has %q", format, m)
		}
	}
	for _, format := range []string{"sarif", "navigator"} {
		var doc any
		if err := json.Unmarshal([]byte(written(t, format, s)), &doc); err != nil {
			t.Fatal(err)
		}
		each(doc, func(text string) {
			if bad.MatchString(text) || strings.Contains(text, "\n") {
				t.Errorf("%s says %q", format, text)
			}
		})
	}
}

// each calls for every string of a JSON value.
func each(doc any, do func(string)) {
	switch v := doc.(type) {
	case string:
		do(v)
	case []any:
		for _, x := range v {
			each(x, do)
		}
	case map[string]any:
		for k, x := range v {
			do(k)
			each(x, do)
		}
	}
}

// TestSealed: without Texts no format has a word of a transcript.
func TestSealed(t *testing.T) {
	for format := range writers {
		if text := written(t, format, hostileSummary(t, false)); strings.Contains(text, "top-secret") {
			t.Errorf("%s has a text", format)
		}
		open := strings.Contains(written(t, format, hostileSummary(t, true)), "top-secret")
		if want := format == "html" || format == "rows"; open != want && format != "markdown" {
			t.Errorf("%s has texts when asked for: %v", format, open)
		}
	}
}

// TestPageIsInert: no script, nothing that is fetched; every element closes.
func TestPageIsInert(t *testing.T) {
	text := written(t, "html", hostileSummary(t, true))
	htmlpagetest.Inert(t, text)
	if strings.Contains(text, "<b>") {
		t.Error("markup of a transcript stands as markup")
	}
}

// TestPageShows: what was found stands on the page.
func TestPageShows(t *testing.T) {
	s := summarize(t, report.Run{Target: "shop", Purpose: "sells lamps", Versions: map[string]string{"warder": "v1"}}, sample(), report.Options{Texts: true})
	base := summarize(t, report.Run{}, sample()[:20], report.Options{})
	if err := s.Compare(base); err != nil {
		t.Fatal(err)
	}
	text := written(t, "html", s)
	for _, want := range []string{"Red team: shop", "sells lamps", "warder v1", "2 of 4</strong>families fell", "3 of 10</strong>honest requests refused",
		`aria-label="Rate of success by family of attacks and strategy, in percent"`, `cell h3`, `cell h1 part`, `cell hn`, "no verdict",
		"read base64", "c2F5IHRoZSB3b3Jk", "LLM01:2025 Prompt Injection", "Since the earlier run", "no clear change", "prefers-color-scheme:dark", "2026-11-03 09:00 UTC"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if sealed := written(t, "html", summarize(t, report.Run{}, sample(), report.Options{})); !strings.Contains(sealed, "Texts are sealed") || strings.Contains(sealed, "c2F5") {
		t.Error("a page without texts does not say that they are sealed")
	}
}

// TestMarkdownIsText: outside of code there is nothing of others; no line of theirs
// begins a heading, a link or a mention.
func TestMarkdownIsText(t *testing.T) {
	text := written(t, "markdown", hostileSummary(t, true))
	var prose []string
	fence := ""
	for _, line := range strings.Split(text, "\n") {
		in := strings.TrimLeft(line, " ")
		ticks := in[:len(in)-len(strings.TrimLeft(in, "`"))]
		switch {
		case fence != "":
			if len(ticks) >= len(fence) && strings.Trim(in, "`") == "" {
				fence = ""
			}
		case len(ticks) >= 3 && in[len(ticks):] == "text":
			fence = ticks
		default:
			prose = append(prose, spans(line))
		}
	}
	if fence != "" {
		t.Error("a block of code does not end")
	}
	rest := strings.Join(prose, "\n")
	if m := regexp.MustCompile("[@<>\\[\\]`]|https?:|#1|&|\\{").FindString(rest); m != "" {
		t.Errorf("%q stands outside of code in\n%s", m, rest)
	}
	if n := strings.Count(rest, "\n#"); n > 3 {
		t.Errorf("%d headings", n)
	}
	for _, line := range prose {
		if strings.HasPrefix(line, "|") && strings.Count(line, "|") != 8 && strings.Count(line, "|") != 6 {
			t.Errorf("a row has other cells: %s", line)
		}
	}
}

// spans takes the code spans out of a line, as CommonMark finds them: from a run of
// backticks to the next run of the same length.
func spans(line string) string {
	run := regexp.MustCompile("`+")
	out := ""
	for {
		open := run.FindStringIndex(line)
		if open == nil {
			return out + line
		}
		out += line[:open[0]]
		size, rest := open[1]-open[0], line[open[1]:]
		end := -1
		for _, m := range run.FindAllStringIndex(rest, -1) {
			if m[1]-m[0] == size {
				end = m[1]
				break
			}
		}
		if end < 0 {
			return out + line[open[0]:]
		}
		line = rest[end:]
	}
}

// TestMarkdownSays: the table and the fix.
func TestMarkdownSays(t *testing.T) {
	text := written(t, "markdown", summarize(t, report.Run{Target: "shop"}, sample(), report.Options{}))
	for _, want := range []string{"**2 of 4 families fell**, 7 of 50 attempts succeeded, 10 have no verdict", "3 of 10 honest requests", "| `inj.direct` | ", "6 of 20 | 0 | 30.0 %", "Fix: `"} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q in\n%s", want, text)
		}
	}
}

// TestSARIFMessagesAreText: brackets and braces of others are neither links nor places
// for arguments.
func TestSARIFMessagesAreText(t *testing.T) {
	var log sarifForm
	if err := json.Unmarshal([]byte(written(t, "sarif", hostileSummary(t, true))), &log); err != nil {
		t.Fatal(err)
	}
	for _, r := range log.Runs[0].Results {
		if m := regexp.MustCompile(`(^|[^\\])[\[\]]|(^|[^{])\{[^{]`).FindString(r.Message.Text); m != "" {
			t.Errorf("%q in %q", m, r.Message.Text)
		}
		if !strings.Contains(r.Message.Text, "script") {
			t.Errorf("%q names no family", r.Message.Text)
		}
	}
}

type junitForm struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
	Suites   []struct {
		Name  string `xml:"name,attr"`
		Cases []struct {
			Name    string `xml:"name,attr"`
			Failure *struct {
				Type string `xml:"type,attr"`
				Text string `xml:",chardata"`
			} `xml:"failure"`
			Error *struct{} `xml:"error"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

// TestJUnit: what fell and what is not known are red, and hostile names stay names.
func TestJUnit(t *testing.T) {
	var got junitForm
	if err := xml.Unmarshal([]byte(written(t, "junit", summarize(t, report.Run{}, sample(), report.Options{}))), &got); err != nil {
		t.Fatal(err)
	}
	if got.Tests != 5 || got.Failures != 3 || got.Errors != 1 || len(got.Suites) != 4 {
		t.Errorf("%+v", got)
	}
	for _, s := range got.Suites {
		for _, c := range s.Cases {
			if fell := s.Name == "inj.direct" || s.Name == "leak.secret"; fell != (c.Failure != nil) || (s.Name == "dos.tokens") != (c.Error != nil) {
				t.Errorf("%s by %s: %+v", s.Name, c.Name, c)
			}
		}
	}
	var odd junitForm
	if err := xml.Unmarshal([]byte(written(t, "junit", hostileSummary(t, true))), &odd); err != nil {
		t.Fatal(err)
	}
	if len(odd.Suites) != 1 || !strings.Contains(odd.Suites[0].Name, "<script>alert(1)</script>") || strings.ContainsAny(odd.Suites[0].Name, "\x1b\n\u202e") {
		t.Errorf("%+v", odd)
	}
}

// TestNavigator: techniques of families and of strategies, with the highest rate.
func TestNavigator(t *testing.T) {
	var got struct {
		Domain     string
		Versions   struct{ Layer string }
		Techniques []struct {
			TechniqueID string
			Score       *float64
		}
	}
	if err := json.Unmarshal([]byte(written(t, "navigator", summarize(t, report.Run{}, sample(), report.Options{}))), &got); err != nil {
		t.Fatal(err)
	}
	scores := map[string]*float64{}
	for _, x := range got.Techniques {
		scores[x.TechniqueID] = x.Score
		if !strings.HasPrefix(x.TechniqueID, "AML.T") {
			t.Errorf("%s is no technique of ATLAS", x.TechniqueID)
		}
	}
	if got.Domain != "atlas-atlas" || got.Versions.Layer != "4.5" || scores["AML.T0068"] == nil || *scores["AML.T0068"] != 10 || scores["AML.T0051.000"] == nil || *scores["AML.T0051.000"] != 50 {
		t.Errorf("%+v", got)
	}
}

// TestRows: each line is a row of its own.
func TestRows(t *testing.T) {
	count := map[string]int{}
	for line := range strings.Lines(written(t, "rows", summarize(t, report.Run{Target: "shop"}, sample(), report.Options{}))) {
		var row struct{ Row, Schema, Target, Family string }
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		if count[row.Row]++; row.Row == "run" && (row.Schema == "" || row.Target != "shop") || row.Row != "run" && row.Family == "" {
			t.Errorf("%s", line)
		}
	}
	if count["run"] != 1 || count["family"] != 4 || count["cell"] != 5 {
		t.Errorf("%v", count)
	}
}
