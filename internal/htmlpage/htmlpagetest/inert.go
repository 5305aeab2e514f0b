// Package htmlpagetest has what every page of package htmlpage must hold, for the
// tests of those who write one.
package htmlpagetest

import (
	"io"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

var (
	acting   = regexp.MustCompile(`^(script|img|link|iframe|object|embed|base|form|a|foreignobject|use|image)$`)
	fetching = regexp.MustCompile(`url\(|@import`)
	noNumber = regexp.MustCompile(`NaN|Inf`)
)

// Inert fails a test if a page has a script, a link or anything that is fetched, an
// element that does not close, characters that turn text or steer a terminal, or a
// figure that is no number.
func Inert(t testing.TB, page string) {
	t.Helper()
	var open []string
	z := html.NewTokenizer(strings.NewReader(page))
	for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
		tok := z.Token()
		switch kind {
		case html.StartTagToken, html.SelfClosingTagToken:
			if acting.MatchString(tok.Data) {
				t.Errorf("element %s", tok)
			}
			for _, a := range tok.Attr {
				if strings.HasPrefix(a.Key, "on") || strings.Contains(a.Key, "href") || a.Key == "src" || a.Key == "style" {
					t.Errorf("attribute %s of %s", a.Key, tok.Data)
				}
			}
			if kind == html.StartTagToken && tok.Data != "meta" && tok.Data != "br" {
				open = append(open, tok.Data)
			}
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != tok.Data {
				t.Fatalf("%s closes %v", tok, open)
			}
			open = open[:len(open)-1]
		}
	}
	if err := z.Err(); err != io.EOF || len(open) > 0 {
		t.Errorf("%v, still open %v", err, open)
	}
	if strings.ContainsAny(page, "\u202e\x1b") {
		t.Error("the page turns text or steers a terminal")
	}
	if fetching.MatchString(page) || noNumber.MatchString(page) {
		t.Error("the page fetches something or shows what is no number")
	}
}
