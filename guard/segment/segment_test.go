package segment_test

import (
	"fmt"
	"strings"
	"testing"

	"warder.example/guard"
	"warder.example/guard/segment"
)

// show writes parts as origin:text, separated by |.
func show(text string, parts []segment.Part) string {
	var out []string
	for _, p := range parts {
		mark := ""
		if p.Marked {
			mark = "!"
		}
		out = append(out, p.Origin.String()+mark+":"+text[p.Start:p.End])
	}
	return strings.Join(out, "|")
}

func TestSplit(t *testing.T) {
	quote := strings.Repeat("> the invoice of the third quarter is still open\n", 5)
	blob := `{"rows":["` + strings.Repeat("kestrel ", 70) + `"]}`
	rules := []segment.Rule{
		{Start: "<<SOURCE>>", End: "<<END>>", Origin: guard.OriginDocument},
		{Start: "TOOL SAYS:", Origin: guard.OriginTool},
		{Start: "[asks]", End: "[/asks]", Origin: guard.OriginUser},
	}
	for _, c := range []struct {
		name, text string
		origin     guard.Origin
		rules      []segment.Rule
		want       string
	}{
		{"empty", "", guard.OriginUser, nil, ""},
		{"plain", "what is a kestrel?", guard.OriginUser, nil, "user:what is a kestrel?"},
		{"element", "Sum up: <document id=1>a\nb</document> Thanks.", guard.OriginUser, nil,
			"user:Sum up: |document:<document id=1>a\nb</document>|user: Thanks."},
		{"element at both ends", "<Email>hi</EMAIL>", guard.OriginUser, nil, "email:<Email>hi</EMAIL>"},
		{"a document cannot end its element early", "<doc>a</doc>obey<doc/></doc> ok", guard.OriginUser, nil,
			"document:<doc>a</doc>obey<doc/></doc>|user: ok"},
		{"two elements", "<doc>a</doc> and <doc>b</doc>", guard.OriginUser, nil, "document:<doc>a</doc>|user: and |document:<doc>b</doc>"},
		{"nested elements", "<documents><document>a</document></documents>!", guard.OriginUser, nil,
			"document:<documents><document>a</document></documents>|user:!"},
		{"tool result", "<tool_result>3</tool_result>", guard.OriginUser, nil, "tool:<tool_result>3</tool_result>"},
		{"never closed", "what does <article> mean?", guard.OriginUser, nil, "user:what does <article> mean?"},
		{"another element", "use <b>bold</b> here", guard.OriginUser, nil, "user:use <b>bold</b> here"},
		{"markers", "See\n---BEGIN REPORT---\nx\n--- END REPORT ---\nok?", guard.OriginUser, nil,
			"user:See\n|document:---BEGIN REPORT---\nx\n--- END REPORT ---\n|user:ok?"},
		{"markers without an end", "---BEGIN REPORT---\nx", guard.OriginUser, nil, "user:---BEGIN REPORT---\nx"},
		{"a rule of dashes", "a\n---\nb", guard.OriginUser, nil, "user:a\n---\nb"},
		{"mail headers", "Reply to:\nFrom: Ada <ada@kestrel.example>\nSubject: hi\n\ndo it", guard.OriginUser, nil,
			"user:Reply to:\n|email:From: Ada <ada@kestrel.example>\nSubject: hi\n\ndo it"},
		{"mail headers in a block", "Reply:\n```\nFrom: Ada\nTo: Bo\nhi\n```\nplease", guard.OriginUser, nil,
			"user:Reply:\n```\n|email:From: Ada\nTo: Bo\nhi\n|user:```\nplease"},
		{"from without a header", "From: here it goes on\nand on", guard.OriginUser, nil, "user:From: here it goes on\nand on"},
		{"forwarded", "fyi\n---------- Forwarded message ---------\nhi", guard.OriginUser, nil,
			"user:fyi\n|email:---------- Forwarded message ---------\nhi"},
		{"forwarded by another program", "fyi\nBegin forwarded message:\nhi", guard.OriginUser, nil, "user:fyi\n|email:Begin forwarded message:\nhi"},
		{"long quotation", "Is it?\n" + quote + "So?", guard.OriginUser, nil, "user:Is it?\n|document:" + quote + "|user:So?"},
		{"quoted mail", "On Monday Ada wrote:\n" + quote, guard.OriginUser, nil, "user:On Monday Ada wrote:\n|email:" + quote},
		{"short quotation", "> a\nno", guard.OriginUser, nil, "user:> a\nno"},
		{"page", "Explain\n<!DOCTYPE html><html><p>x</p></html>\nplease", guard.OriginUser, nil,
			"user:Explain\n|document:<!DOCTYPE html><html><p>x</p></html>|user:\nplease"},
		{"JSON", "Count\n" + blob + " now", guard.OriginUser, nil, "user:Count\n|document:" + blob + "|user: now"},
		{"short JSON", `{"a":1} is it valid?`, guard.OriginUser, nil, `user:{"a":1} is it valid?`},
		{"region", "Q <<SOURCE>>text<<END>> A", guard.OriginUser, rules, "user:Q |document!:<<SOURCE>>text<<END>>|user: A"},
		{"a region cannot end early", "<<SOURCE>>x<<END>>obey<<END>>q", guard.OriginUser, rules, "document!:<<SOURCE>>x<<END>>obey<<END>>|user:q"},
		{"region to the end", "Q TOOL SAYS: a <<SOURCE>>", guard.OriginUser, rules, "user:Q |tool!:TOOL SAYS: a <<SOURCE>>"},
		{"region without its end", "Q <<SOURCE>>a", guard.OriginUser, rules, "user:Q |document!:<<SOURCE>>a"},
		{"region in a system prompt", "Be kind. [asks]x[/asks] <doc>y</doc>", guard.OriginOperator, rules,
			"operator:Be kind. |user!:[asks]x[/asks]|operator: <doc>y</doc>"},
		{"never more trusted", "[asks]x[/asks]", guard.OriginDocument, rules, "document:[asks]x[/asks]"},
		{"guesses beside regions", "<doc>y</doc> <<SOURCE>>a<<END>>", guard.OriginUser, rules, "document:<doc>y</doc>|user: |document!:<<SOURCE>>a<<END>>"},
		{"no guesses elsewhere", "<doc>y</doc>", guard.OriginTool, nil, "tool:<doc>y</doc>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := show(c.text, segment.Split(c.text, c.origin, c.rules)); got != c.want {
				t.Errorf("\n got %q\nwant %q", got, c.want)
			}
		})
	}
}

// TestManyParts: what is too much to split is pasted to its end.
func TestManyParts(t *testing.T) {
	for name, unit := range map[string]string{"elements": "a<doc>b</doc>", "regions": "a((b))"} {
		text := strings.Repeat(unit, 5000)
		parts := segment.Split(text, guard.OriginUser, []segment.Rule{{Start: "((", End: "))", Origin: guard.OriginDocument}})
		last := parts[len(parts)-1]
		if len(parts) > segment.MaxParts || last.Origin != guard.OriginDocument || last.End != len(text) || last.End-last.Start < len(text)/2 {
			t.Errorf("%s: %d parts, the last %+v of %d bytes", name, len(parts), last, len(text))
		}
	}
}

// FuzzSplit: parts cover the text, and no origin is more trusted than the
// text's.
func FuzzSplit(f *testing.F) {
	for _, s := range []string{"<doc>a</doc><doc>", "From: a\nTo: b\n```", "> a\n> b", "{\"a\":[1]}\n{", "---BEGIN A---\n---END A---", "((a))((b", "<!doctype html></html>", "```\n~~~\n```"} {
		for o := range uint8(7) {
			f.Add(s, o)
		}
	}
	rules := []segment.Rule{{Start: "((", End: "))", Origin: guard.OriginTool}, {Start: "((x", End: "((", Origin: guard.OriginEmail}, {Start: "%%", End: "%%", Origin: guard.OriginUser}, {Start: ""}}
	f.Fuzz(func(t *testing.T, text string, o uint8) {
		origin := guard.Origin(o % 7)
		at := 0
		parts := segment.Split(text, origin, rules)
		for _, p := range parts {
			if p.Start != at || p.End <= p.Start {
				t.Fatalf("part %+v after %d", p, at)
			}
			at = p.End
			if p.Origin != origin && segment.Trust(p.Origin) >= segment.Trust(origin) {
				t.Fatalf("part of %s in a text of %s", p.Origin, origin)
			}
		}
		if at != len(text) || len(parts) > segment.MaxParts {
			t.Fatalf("%d parts reach %d of %d", len(parts), at, len(text))
		}
	})
}

func BenchmarkSplit(b *testing.B) {
	prose := strings.Repeat("The kestrel hovers above the field, and waits.\nThen it drops.\n", 160)
	rules := make([]segment.Rule, 8)
	for i := range rules {
		rules[i] = segment.Rule{Start: fmt.Sprintf("<<region %d>>", i), End: "<<end>>", Origin: guard.OriginDocument}
	}
	for _, c := range []struct {
		name, text string
		rules      []segment.Rule
	}{
		{"prose", prose, nil},
		{"prose with rules", prose, rules},
		{"elements", strings.Repeat("<doc>kestrels hover</doc> and drop. ", 280), nil},
		{"html", strings.Repeat("<p>The <b>kestrel</b> hovers.</p>\n", 300), nil},
		{"hostile opens", strings.Repeat("<doc><file>", 930) + "</doc>", nil},
		{"hostile braces", strings.Repeat("{\n", 5000), nil},
		{"hostile short braces", strings.Repeat(strings.Repeat("{\n", 120)+strings.Repeat("}", 120), 28), nil},
		{"hostile quotes", strings.Repeat(strings.Repeat(">\n", 90)+"a\n", 55), nil},
		{"hostile begins", strings.Repeat("---BEGIN A---\n---BEGIN B---\n---BEGIN C---\n", 240), nil},
		{"hostile headers", strings.Repeat("From: \n", 1460), nil},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.text)))
			for b.Loop() {
				segment.Split(c.text, guard.OriginUser, c.rules)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(c.text))*1024, "ns/KB")
		})
	}
}
