package detect

import (
	"encoding/base64"
	"math"
	"strings"
	"testing"

	"warder.example/guard"
)

// Reasons are given of every text that is read, add up to no more than asked
// for, lie in the text, and come heaviest first.
func TestPromptAttackReasons(t *testing.T) {
	p := NewPromptAttack()
	for _, tt := range attackTexts {
		text := guard.Text{Content: tt.text, Origin: tt.origin}
		rs := p.Reasons(&text, tt.category, 6)
		if len(rs) == 0 || len(rs) > 6 {
			t.Errorf("%s: %d reasons", tt.name, len(rs))
		}
		for i, r := range rs {
			if i > 0 && math.Abs(r.Weight) > math.Abs(rs[i-1].Weight) {
				t.Errorf("%s: reason %d is heavier than the one before", tt.name, i)
			}
			if r.Kind == "concepts" && len(r.Concepts) != 1 && len(r.Concepts) != 2 {
				t.Errorf("%s: concepts %q of %q", tt.name, r.Concepts, r.Gram)
			}
			for _, s := range r.Spans {
				if s.Start < 0 || s.End > len(tt.text) || s.Start >= s.End {
					t.Errorf("%s: span %v of %d bytes", tt.name, s, len(tt.text))
				}
			}
			// The canonical view reads as the text does here.
			if s := r.Spans[0]; r.Kind != "letters" && !strings.EqualFold(tt.text[s.Start:s.End], r.Gram) {
				t.Errorf("%s: %q stands at %v, where the text says %q", tt.name, r.Gram, s, tt.text[s.Start:s.End])
			}
		}
	}
}

// Of a text that was decoded the grams are those of the view, the spans those of
// the blob.
func TestPromptAttackReasonsOfAView(t *testing.T) {
	blob := base64.StdEncoding.EncodeToString([]byte(attackTexts[0].text))
	text := guard.Text{Content: "Look: " + blob + " please.", Origin: guard.OriginUser}
	at := strings.Index(text.Content, blob)
	rs := NewPromptAttack().Reasons(&text, "injection", 5)
	if len(rs) == 0 {
		t.Fatal("no reasons")
	}
	for _, r := range rs {
		if s := r.Spans[0]; s.Start < at || s.End > at+len(blob) || !strings.Contains(attackTexts[0].text, strings.TrimSpace(r.Gram)) {
			t.Errorf("%q at %v, the blob is at %d to %d", r.Gram, s, at, at+len(blob))
		}
	}
}

// There is nothing to tell of texts that are not read and of categories of others.
func TestPromptAttackNoReasons(t *testing.T) {
	p := NewPromptAttack()
	for _, text := range []guard.Text{{Content: attackTexts[0].text, Origin: guard.OriginOperator}, {Origin: guard.OriginUser}} {
		if rs := p.Reasons(&text, "injection", 5); rs != nil {
			t.Errorf("%s: %v", text.Origin, rs)
		}
	}
	text := guard.Text{Content: attackTexts[0].text, Origin: guard.OriginUser}
	if rs := p.Reasons(&text, "pii.email", 5); rs != nil {
		t.Errorf("pii: %v", rs)
	}
}
