package neardup_test

import (
	"fmt"
	"strings"
	"testing"

	"warder.example/internal/neardup"
)

func TestCountsAsOne(t *testing.T) {
	const text = "Where is the parcel that your driver should have left at the back door last Friday?"
	for _, c := range []struct {
		name  string
		kind  string
		text  string
		asOne bool
	}{
		{"the same", "user", text, true},
		{"case and spacing", "user", strings.ToUpper(strings.ReplaceAll(text, " ", " \n ")), true},
		{"a word more", "user", text + " Thanks", true},
		{"of another kind", "email", text, false},
		{"another text", "user", "My invoice of last month shows a discount that I did not ask for.", false},
		{"half of it", "user", text[:len(text)/2] + " gone, or has somebody else taken it by mistake again?", false},
		{"empty", "user", "", false},
	} {
		s := neardup.New()
		if one := s.Find(s.Add("user", text)) == s.Find(s.Add(c.kind, c.text)); one != c.asOne {
			t.Errorf("%s: counts as one: %v", c.name, one)
		}
	}
}

// TestChains: digits aside, and by what is like what is like it.
func TestChains(t *testing.T) {
	s := neardup.New()
	for i := range 500 {
		s.Add("", fmt.Sprintf("order number %d has not arrived yet", i))
	}
	for i := range 500 {
		if s.Find(i) != s.Find(0) {
			t.Fatalf("text %d stands apart", i)
		}
	}
	a, b := s.Add("", "the first of two texts"), s.Add("", "which are nothing alike")
	if s.Find(a) == s.Find(b) {
		t.Error("two texts are one before they are joined")
	}
	s.Join(a, "template")
	s.Join(b, "template")
	if s.Find(a) != s.Find(b) {
		t.Error("two texts of a key are two")
	}
}
