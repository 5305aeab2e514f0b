package detect

import (
	"context"
	"encoding/json"
	"strings"

	"warder.example/guard"
)

// Code recognises injection into what runs after the model: SQL, script and
// shell in the arguments of tools, script in answers.
//
//	code.sql     a value that breaks out of a query, or adds one to it
//	code.script  script elements, event handlers and script addresses
//	code.shell   a value that adds commands to a command, or a command that
//	             destroys or hands over the machine
//	code.path    a value that climbs out of a folder
//
// In tool arguments it judges each string value by itself: arguments that are a
// JSON object or array are taken apart, others are one value. Whole values are
// needed for that, so these findings are windowed (FPR 0.001, 0.01 where noted).
// A value that is a whole statement, as a database tool takes, is no injection;
// one that chains a second statement is.
//
// In answers script is exact, and code in Markdown fences and spans is left
// alone: there it is shown, not run. Code is safe for concurrent use.
type Code struct{}

var _ guard.StreamDetector = (*Code)(nil)

// valueBytes is how much of one value is judged; what lies beyond is judged in
// further pieces of that size, overlapping by half.
const valueBytes = 8 << 10

// NewCode returns the detector of code injection.
func NewCode() *Code { return &Code{} }

// Detect implements [guard.Detector].
func (d *Code) Detect(ctx context.Context, t *guard.Text) ([]guard.Finding, error) {
	if t.Kind != guard.ToolArguments {
		return detectExact(ctx, d, t)
	}
	var out []guard.Finding
	for _, v := range stringValues(t.Content) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		out = append(out, judgeValue(v)...)
	}
	return out, nil
}

// Longest implements [guard.StreamDetector].
func (d *Code) Longest() int { return scriptBytes + spanBytes + 16 }

// Scanner implements [guard.StreamDetector]. It looks for script in prose that a
// model writes, and is nil for all else.
func (d *Code) Scanner(_ *guard.Exchange, o guard.Origin, k guard.Kind) guard.Scanner {
	if o != guard.OriginModel || k != guard.Prose {
		return nil
	}
	var f fences
	return newScanner("code", func(text string, from int, end bool) (match, int, bool) {
		return findScript(&f, text, from, end)
	})
}

// stringValue is one string of tool arguments: what it says, and where it
// stands. When it was escaped, places in it cannot be told apart.
type stringValue struct {
	text       string
	start, end int
	escaped    bool
}

// stringValues takes JSON apart; what is no JSON object or array is one value.
// Keys are values too: they reach the tool as well.
func stringValues(s string) []stringValue {
	trimmed := strings.TrimLeft(s, " \t\r\n")
	if trimmed == "" || trimmed[0] != '{' && trimmed[0] != '[' || !json.Valid([]byte(s)) {
		return []stringValue{{text: s, end: len(s)}}
	}
	var out []stringValue
	for i := 0; i < len(s); i++ {
		if s[i] != '"' {
			continue
		}
		end := i + 1
		for s[end] != '"' {
			if s[end] == '\\' {
				end++
			}
			end++
		}
		v := stringValue{text: s[i+1 : end], start: i + 1, end: end}
		if strings.IndexByte(v.text, '\\') >= 0 {
			v.escaped = true
			if json.Unmarshal([]byte(s[i:end+1]), &v.text) != nil {
				v.text = s[i+1 : end] // cannot be: s is valid
			}
		}
		if len(v.text) > 2 {
			out = append(out, v)
		}
		i = end
	}
	return out
}

// judgeValue runs every check over one value.
func judgeValue(v stringValue) []guard.Finding {
	var out []guard.Finding
	seen := map[string]bool{}
	for at := 0; at == 0 || at+valueBytes/2 < len(v.text); at += valueBytes / 2 {
		piece := v.text[runeStart(v.text, at):runeStart(v.text, min(len(v.text), at+valueBytes))]
		for _, c := range valueChecks {
			from, to, ok := c.find(piece)
			if !ok || seen[c.category] {
				continue
			}
			seen[c.category] = true
			sp := guard.Span{Start: v.start + at + from, End: v.start + at + to}
			if v.escaped || sp.End <= sp.Start {
				sp = guard.Span{Start: v.start, End: v.end}
			}
			out = append(out, guard.Finding{Category: c.category, Score: c.score, FPR: c.fpr, Detector: "code", Rule: c.rule, Class: guard.Windowed,
				Spans: []guard.Span{sp}, Explanation: c.why})
		}
	}
	return out
}

// valueCheck is one check of a value; find returns the part that decided.
type valueCheck struct {
	category, rule, why string
	score, fpr          float64
	find                func(value string) (from, to int, ok bool)
}

// valueChecks run in order; the first of a category is reported.
var valueChecks = []valueCheck{
	{"code.sql", "union", "a value that joins another query to the query it is put into", 0.99, 0.001, matchOf(sqlUnion)},
	{"code.sql", "stacked", "a value that ends a statement and begins another", 0.99, 0.001, matchOf(sqlStacked)},
	{"code.sql", "tautology", "a value that closes a string and makes a condition true for all rows", 0.99, 0.001, matchOf(sqlTautology)},
	{"code.sql", "blind", "a value that makes the database wait or reveal itself", 0.99, 0.001, matchOf(sqlBlind)},
	{"code.sql", "libinjection", "a value whose tokens are those of a query broken out of", 0.97, 0.01, sqlTokens},
	{"code.script", "element", "a value that holds a script element or handler", 0.99, 0.001, scriptIn},
	{"code.script", "libinjection", "a value that a browser would run as script", 0.97, 0.01, scriptTokens},
	{"code.shell", "chained", "a value that adds a command to the command it is put into", 0.99, 0.001, matchOf(shellChained)},
	{"code.shell", "substitution", "a value with a command to be run in its place", 0.99, 0.001, matchOf(shellSubstitution)},
	{"code.shell", "reverse-shell", "a command that hands a shell to another machine", 1, 0.001, matchOf(shellReverse)},
	{"code.shell", "download-and-run", "a command that runs what it downloads", 0.99, 0.001, matchOf(shellDownload)},
	{"code.shell", "destroys", "a command that deletes or overwrites a system", 0.99, 0.001, matchOf(shellDestroys)},
	{"code.path", "traversal", "a value that climbs out of a folder or names a system file", 0.99, 0.001, matchOf(pathTraversal)},
}
