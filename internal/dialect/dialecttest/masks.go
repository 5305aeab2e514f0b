package dialecttest

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// masks: a mask changes its string as it should, and nothing else.
func masks(t *testing.T, s *Suite) {
	ran, exact := 0, 0
	rnd := rand.New(rand.NewPCG(7, 7))
	for _, k := range s.kinds(t) {
		if k.told {
			continue
		}
		for _, e := range k.examples {
			r, err := k.parse(e.Body, dialect.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			for i := range r.leaves {
				if r.leaves[i].Number {
					continue // becomes a string
				}
				for range 20 {
					checkMasks(t, s, r, i, randomMasks(rnd, r.leaves[i].Text))
				}
				checkMasks(t, s, r, i, mask(0, len(r.leaves[i].Text), "\"gone\\\n"))
				ran++
				if checkBytes(t, s, rnd, e, r, i) {
					exact++
				}
			}
			checkAllMasked(t, s, k, e, r)
		}
	}
	if ran < 4 || exact < 3 {
		t.Errorf("masked %d texts, %d of them compared by bytes", ran, exact)
	}
	t.Logf("masked %d texts, %d of them compared by bytes", ran, exact)
}

// checkBytes masks the end of a text that stands once in an example, as it is
// written, and reports whether it could.
func checkBytes(t *testing.T, s *Suite, rnd *rand.Rand, e Example, r *reading, i int) bool {
	t.Helper()
	l := &r.leaves[i]
	body := string(r.out(nil))
	at := strings.Index(body, l.Text)
	if l.Inner || len(l.Text) < 4 || strings.ContainsAny(l.Text, `"\`) || strings.Count(body, l.Text) != 1 ||
		len(outline(t, []byte(body), nil, s.Dropped)) != len(outline(t, []byte(body), nil, nil)) {
		return false
	}
	from := rnd.IntN(len(l.Text))
	for from > 0 && l.Text[from]&0xc0 == 0x80 {
		from--
	}
	masked := r.out([]dialect.Edit{{Leaf: i, Masks: mask(from, len(l.Text), "[X]")}})
	if want := body[:at+from] + "[X]" + body[at+len(l.Text):]; string(masked) != want {
		t.Errorf("%s was masked to %s; expected %s", e.Name, masked, want)
	}
	return true
}

// checkAllMasked masks all texts at once, inner and outer ones.
func checkAllMasked(t *testing.T, s *Suite, k kind, e Example, r *reading) {
	t.Helper()
	var edits []dialect.Edit
	for i := range r.leaves {
		if !matches(s.Declared, place(r.leaves[i].Path())) {
			edits = append(edits, dialect.Edit{Leaf: i, Masks: mask(0, len(r.leaves[i].Text), "#")})
		}
	}
	body := r.out(edits)
	again, err := k.parse(body, dialect.Limits{})
	if err != nil {
		t.Errorf("%s %s: %s: %v", k.name, e.Name, body, err)
		return
	}
	for i := range again.leaves {
		if l := &again.leaves[i]; l.Text != "#" && !matches(s.Declared, place(l.Path())) {
			t.Errorf("%s %s: %s is still %q", k.name, e.Name, again.leaves[i].Path(), again.leaves[i].Text)
		}
	}
}

// randomMasks returns merged masks that begin and end between characters.
func randomMasks(rnd *rand.Rand, text string) []guard.Mask {
	var at []int
	for i := range text {
		at = append(at, i)
	}
	at = append(at, len(text))
	var ms []guard.Mask
	for range 1 + rnd.IntN(3) {
		a, b := at[rnd.IntN(len(at))], at[rnd.IntN(len(at))]
		if a != b {
			ms = append(ms, mask(min(a, b), max(a, b), []string{"[X]", "", `"\`, "é\n\u2028"}[rnd.IntN(4)])...)
		}
	}
	return guard.MergeMasks(ms)
}

// checkMasks masks one leaf and compares what a client reads before and after: one
// string differs, as it should, and null stands for what is dropped.
func checkMasks(t testing.TB, s *Suite, r *reading, i int, ms []guard.Mask) {
	t.Helper()
	body := r.out([]dialect.Edit{{Leaf: i, Masks: ms}})
	if len(ms) == 0 {
		if before := r.out(nil); !bytes.Equal(before, body) {
			t.Fatalf("an edit without masks changed %s to %s", before, body)
		}
		return
	}
	l := &r.leaves[i]
	if !json.Valid(body) {
		t.Fatalf("masking %+v in %q wrote no JSON: %s", ms, l.Text, body)
	}
	outer := i
	for r.leaves[outer].Inner {
		outer--
	}
	want := guard.Apply(l.Text, l.WholeEscapes(ms)) // edge_test.go of dialect checks the bounds
	if r.plain == nil {
		r.plain = outline(t, r.out(nil), nil, s.Dropped)
	}
	b, a := r.plain, outline(t, body, nil, s.Dropped)
	if len(a) != len(b) {
		t.Fatalf("masking %+v in %q changed the structure: %s", ms, l.Text, body)
	}
	if r.answers && s.Dropped != nil && len(a) != len(outline(t, body, nil, nil)) {
		t.Fatalf("masking %+v in %q leaves what tells it again: %s", ms, l.Text, body)
	}
	changed := 0
	for j := range a {
		if reflect.DeepEqual(a[j], b[j]) {
			continue
		}
		changed++
		was, _ := b[j].(string)
		is, _ := a[j].(string)
		switch {
		case !l.Inner && (is != want || was != r.leaves[outer].Text):
			t.Fatalf("masking %+v changed %q to %q; expected %q", ms, was, is, want)
		case l.Inner && json.Valid([]byte(was)):
			checkInner(t, was, is, l.Text, want)
		}
	}
	if changed > 1 {
		t.Fatalf("masking %+v in %q changed %d strings", ms, l.Text, changed)
	}
	if changed == 0 && want != l.Text && !s.drops(l) {
		t.Fatalf("masking %+v in %q changed nothing: %s", ms, l.Text, body)
	}
}

// drops reports whether a leaf stands in what a mask drops.
func (s *Suite) drops(l *dialect.Leaf) bool {
	path := place(l.Path())
	for i := range len(path) {
		if next := path[i:]; (next[0] == '.' || next[0] == '[') && matches(s.Dropped, path[:i]) {
			return true
		}
	}
	return matches(s.Dropped, path)
}

// checkInner compares tool arguments before and after.
func checkInner(t testing.TB, was, is, text, want string) {
	t.Helper()
	if !json.Valid([]byte(is)) {
		t.Fatalf("arguments %q became %q, which is no JSON", was, is)
	}
	b, a := outline(t, []byte(was), nil, nil), outline(t, []byte(is), nil, nil)
	if len(a) != len(b) {
		t.Fatalf("arguments %q became %q", was, is)
	}
	for j := range a {
		if !reflect.DeepEqual(a[j], b[j]) && (b[j] != text || a[j] != want) {
			t.Fatalf("in arguments %q became %q; expected %q", b[j], a[j], want)
		}
	}
}
