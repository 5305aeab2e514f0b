package htmlpage_test

import (
	"strings"
	"testing"

	"warder.example/internal/htmlpage"
)

func TestNamesAreTame(t *testing.T) {
	for in, want := range map[string]string{
		"": "–", "plain": "plain", "a\u202eb\x1b[1mc\nd\te": "a�b�[1mc�d�e", "a\xffb": "a�b",
		strings.Repeat("ä", 60): strings.Repeat("ä", 47) + "…", strings.Repeat("ä", 48): strings.Repeat("ä", 48),
	} {
		if got := htmlpage.Name(in); got != want {
			t.Errorf("%q becomes %q, expected %q", in, got, want)
		}
	}
	if got := htmlpage.TameLines("a\n\tb\rc\u2066"); got != "a\n\tb�c�" {
		t.Errorf("%q", got)
	}
}

// TestDrawingsEscape: texts in a drawing are texts.
func TestDrawingsEscape(t *testing.T) {
	const hostile = `"><script>x</script>`
	s := htmlpage.NewSVG(10, 10, hostile)
	s.Text(0, 0, "start", hostile)
	s.Slanted("a", 0, 0, hostile)
	s.Figure("a", 0, 0, hostile)
	s.Rect("a", 0, 0, 1, -1, hostile)
	s.Circle("a", 0, 0, 1, hostile)
	if got := string(s.HTML()); strings.Contains(got, "<script") || strings.Count(got, "&lt;script&gt;") != 6 || strings.Contains(got, `height="-`) {
		t.Error(got)
	}
}
