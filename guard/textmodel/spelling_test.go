package textmodel_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"warder.example/guard"
	"warder.example/guard/textmodel"
)

// babble returns n texts of some 25 words that are made of an alphabet's syllables.
func babble(n int, syllables string) (out []string) {
	r := rand.New(rand.NewPCG(2, 9))
	s := strings.Fields(syllables)
	for range n {
		var b strings.Builder
		for range 25 {
			for range 1 + r.IntN(3) {
				b.WriteString(s[r.IntN(len(s))])
			}
			b.WriteByte(' ')
		}
		out = append(out, b.String())
	}
	return out
}

const (
	latinSyllables    = "ba be bo da de di do ka ke ko la le lo ma me mi mo na ne no ra re ro sa se so ta te ti to"
	cyrillicSyllables = "ба бе бо да де ди до ка ке ко ла ле ло ма ме ми мо на не но ра ре ро са се со та те ти то"
)

// odd returns how many levels of oddity a text reaches.
func odd(k textmodel.Knowledge, text string) (n int) {
	for _, s := range textmodel.Segments(text, guard.OriginUser, k) {
		n = max(n, len(s.Signals))
	}
	return n
}

func TestSpellingKnowsGibberish(t *testing.T) {
	k := textmodel.Knowledge{Spelling: textmodel.TrainSpelling(append(babble(400, latinSyllables), babble(400, cyrillicSyllables)...))}
	const junk = `}](xq zzvw ;;== qxjv{% wvvkx ]]qz \\ xwq!--jq )( vvxz "}qwz xjjq::vxq zxxv`
	few, seen := 0, 0
	for i, text := range append(babble(600, latinSyllables)[400:], babble(600, cyrillicSyllables)[400:]...) {
		seen++
		if odd(k, text) > 0 {
			few++
		}
		if i < 50 && odd(k, text+junk) < textmodel.SpellingLevels-1 {
			t.Errorf("%q with gibberish behind it reaches %d levels, want nearly all", text, odd(k, text+junk))
		}
	}
	if few > seen/4 {
		t.Errorf("%d of %d ordinary texts are odd, want about a tenth", few, seen)
	}
	// A script that was not learned is not judged.
	if n := odd(k, strings.Repeat("καλημέρα κόσμε ", 10)); n != 0 {
		t.Errorf("Greek reaches %d levels, want none", n)
	}
	if n := odd(textmodel.Knowledge{}, junk); n != 0 {
		t.Errorf("without a model of spelling gibberish reaches %d levels", n)
	}
}

func TestSpellingTravelsInTheFile(t *testing.T) {
	k := textmodel.Knowledge{Spelling: textmodel.TrainSpelling(babble(300, latinSyllables))}
	m, err := textmodel.New(spec(16), make([][textmodel.MaxHeads]int8, 1<<16), k)
	if err != nil {
		t.Fatal(err)
	}
	got, err := textmodel.Load(m.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprint(babble(1, latinSyllables)[0], "}](xq zzvw ;;== qxjv{% wvvkx ]]qz xwq!--jq vvxz")
	if a, b := odd(k, text), odd(got.Knows(), text); a != b || a == 0 {
		t.Errorf("%d levels before, %d after loading, want as many and some", a, b)
	}
}

// TestOriginIsPartOfConcepts: the same words of a user and in a document are
// different features, n-grams are not.
func TestOriginIsPartOfConcepts(t *testing.T) {
	k := textmodel.Knowledge{Lexicon: lexicon(t, "DROP\ten\tignore")}
	a := textmodel.Segments("ignore that", guard.OriginUser, k)[0]
	b := textmodel.Segments("ignore that", guard.OriginDocument, k)[0]
	if len(a.Concepts) == 0 || fmt.Sprint(a.Concepts) == fmt.Sprint(b.Concepts) {
		t.Errorf("concepts %x of a user, %x of a document, want different ones", a.Concepts, b.Concepts)
	}
	if fmt.Sprint(a.Words) != fmt.Sprint(b.Words) {
		t.Errorf("words differ by origin")
	}
}
