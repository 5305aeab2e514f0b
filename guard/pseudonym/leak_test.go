package pseudonym_test

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// leaks are places from which a value could leave, told plainly and apart from
// the code that keeps values out of them.
var leaks = map[string]*regexp.Regexp{
	"address":            regexp.MustCompile(`(?:https?:|www\.|//)\S*VALUE`),
	"address behind":     regexp.MustCompile(`VALUE(?:[A-Za-z0-9@/=&#%-]|[.:?_]+[A-Za-z0-9/])`),
	"link target":        regexp.MustCompile("\\]\\([^)\n`]*VALUE"),
	"address, no scheme": regexp.MustCompile(`[a-z]\.[a-z]+/[^\s<>]*VALUE`),
	"reference text":     regexp.MustCompile("\\[[^\\[\\]\n`]*VALUE[^\\[\\]\n`]*\\](?:\\[|:)"),
	"wiki link":          regexp.MustCompile("\\[\\[[^\\]\n`]*VALUE"),
	"title behind":       regexp.MustCompile("(?:^|\n)\\[[a-z]*\\]: [a-z]+\n\"[^\"\n`\\\\]*VALUE"),
	"link text":          regexp.MustCompile("\\[[^\\]\n`]*VALUE[^\\]\n`]*\\]\\("),
	"tag":                regexp.MustCompile(`<[A-Za-z][^>~]*VALUE`),
	"attribute":          regexp.MustCompile(`^[^<~]*<[a-z]+ [a-z]+="[^"]*VALUE`),
	"comment":            regexp.MustCompile(`^[^<~]*<!--(?:[^-]|-[^-])*VALUE`),
	"anchor":             regexp.MustCompile(`(?s)^[^<~]*<a>[^<]*VALUE`),
	"script":             regexp.MustCompile(`(?s)^[^<~]*<script>[^<]*VALUE`),
	"block of code":      regexp.MustCompile("(?s)^(?:[^~]*\n)?~~~\n[^~]*VALUE"),
	"indented at start":  regexp.MustCompile(`^ {4,}[^\n]*VALUE`),
	"reference":          regexp.MustCompile("(?:^|\n)\\[[a-z]*\\]:[^\n`]*VALUE"),
	"span of one mark":   regexp.MustCompile("^[^`\n]*[^`\\\\\n]`[^`\n]*VALUE"),
	"data and the like":  regexp.MustCompile(`[A-Za-z0-9]:VALUE`),
	"joined to a word":   regexp.MustCompile(`[A-Za-z0-9]_*VALUE|-VALUE`),
	"target after space": regexp.MustCompile("\\]\\(<[^>\n`]*VALUE"),
}

// TestNothingLeaks: whatever stands around tokens, no value comes back where it
// could leave.
func TestNothingLeaks(t *testing.T) {
	v, mail, _ := fixed(t)
	parts := []string{mail, mail, mail, " ", " ", "\n", "\n\n", "`", "~~~\n", "[", "]", "](", "](<", ")", "]:", "(", "<b>", "<b ", "<a>", "</a>", "<script>",
		"<img src=\"", "\"", "'", ">", "<!--", "-->", "https://x/", "www.", "//", ".", "?", "\\", ":", "_", "-", "/", "@", "word", "    ", "é", "!", "{", "}", ",",
		"\",\"", "\":\"", "[\"", "\"]", "[word]: word\n", "\\]", "word.word/"}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 1, 20).Draw(t, "parts"), "")
		r := v.Text()
		out := strings.ReplaceAll(r.Write(text)+r.Close(), "lena@kestrel.example", "VALUE")
		for name, re := range leaks {
			if re.MatchString(out) {
				t.Fatalf("%s: a value came back in %q", name, out)
			}
		}
	})
}
