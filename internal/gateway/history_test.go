package gateway

import (
	"fmt"
	"strings"
	"testing"

	"warder.example/guard"
)

// TestHistoryTellsTextsApart: what is remembered of a text is remembered of no
// other: not of another application, origin or kind, not of one that is longer by
// zeros, nor where application and text are cut elsewhere, nor by another history.
func TestHistoryTellsTextsApart(t *testing.T) {
	text := func(app, content string, o guard.Origin, k guard.Kind) *guard.Text {
		return &guard.Text{Content: content, Origin: o, Kind: k, Exchange: &guard.Exchange{Application: app}}
	}
	var blocks strings.Builder // of 16 bytes, as the hash takes them
	for i := range 2500 {
		fmt.Fprintf(&blocks, "block %010d", i)
	}
	long := blocks.String()
	var texts []*guard.Text
	for _, content := range []string{"b", "bc", "c", "b\x00", "b" + strings.Repeat("\x00", 15), "\x00b", strings.Repeat("\x00", 16), strings.Repeat("\x00", 32),
		long, long + "\x00", long[1:], "x" + long[1:], long[:len(long)-1] + "x", long[16:] + long[:16]} {
		for _, app := range []string{"", "a", "ab", "abc", "a\x00"} {
			for _, o := range []guard.Origin{guard.OriginUser, guard.OriginTool} {
				for _, k := range []guard.Kind{guard.Prose, guard.Name} {
					texts = append(texts, text(app, content, o, k))
				}
			}
		}
	}
	h, err := newHistory(1<<16, "v1")
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range texts {
		if found, ok := h.Get(x); ok {
			t.Fatalf("text %d is known as %v before it was read", i, found)
		}
		h.Put(x, []guard.Finding{{Category: fmt.Sprint(i)}})
	}
	for i, x := range texts {
		again := *x
		again.Content = strings.Clone(x.Content)
		if found, ok := h.Get(&again); !ok || len(found) != 1 || found[0].Category != fmt.Sprint(i) {
			t.Errorf("text %d: %v, %v", i, found, ok)
		}
	}
	other, err := newHistory(1<<16, "v1")
	if err != nil {
		t.Fatal(err)
	}
	if other.key(texts[0]) == h.key(texts[0]) {
		t.Error("two histories have the same secret")
	}
	if _, ok := h.Get(&guard.Text{Content: "b", Origin: guard.OriginUser, Direction: guard.Answer}); ok {
		t.Error("an answer is served from memory")
	}
}

// TestHistoryFollowsWhatIsLookedFor: what was found before detectors looked for
// something else is not served, nor what was being read at that moment; a refusal is
// not forgotten.
func TestHistoryFollowsWhatIsLookedFor(t *testing.T) {
	h, err := newHistory(1<<10, "v1")
	if err != nil {
		t.Fatal(err)
	}
	version := uint64(1)
	h.version = func() uint64 { return version }
	text := &guard.Text{Content: "hello", Origin: guard.OriginUser}
	known := func(x *guard.Text) bool { _, ok := h.Get(x); return ok }
	if known(text) {
		t.Error("a text is known before it was read")
	}
	h.Put(text, nil)
	if !known(text) {
		t.Error("what was found is not served")
	}
	version++
	if known(text) {
		t.Error("what was found before the change is served")
	}
	version++ // while it is read
	h.Put(text, nil)
	if known(text) {
		t.Error("what was read during a change is served")
	}
	h.Put(text, nil)
	if !known(text) {
		t.Error("what was read after the changes is not served")
	}
	bad := &guard.Text{Content: "bad", Origin: guard.OriginUser}
	h.refuse(bad, []guard.Finding{{Category: "injection"}})
	if !known(bad) || !h.refused(bad) {
		t.Error("a refusal is not known")
	}
	version++
	if known(bad) || !h.refused(bad) {
		t.Error("after the change a refused text is not read again, or its turn not refused")
	}
	h.Put(bad, nil)
	if !h.refused(bad) {
		t.Error("a refusal was forgotten by reading the text again")
	}
}
