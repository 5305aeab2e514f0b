package detect

import (
	_ "embed"
	"sync"
)

// signaturesAroundFile is the reviewed data; its head explains it.
//
//go:embed signatures_around.txt
var signaturesAroundFile string

// aroundSet is signatures_around.txt compiled.
type aroundSet struct {
	*signatureSet
	ask, do, gave, purpose, errand classSet
}

// loadAround compiles the file once. A mistake in it is a programming error, which
// the tests find.
var loadAround = sync.OnceValue(func() *aroundSet {
	s := newSignatureSet(signaturesAroundFile)
	if err := s.parse(signaturesAroundFile); err != nil {
		panic("detect: signatures_around.txt: " + err.Error())
	}
	s.index()
	return &aroundSet{s, s.named("ASK"), s.named("DO"), s.named("GAVE"), s.named("PURPOSE"), s.named("ERRAND")}
})

// classesIn returns the classes of the words and phrases of text.
func (a *aroundSet) classesIn(text string) (set classSet) {
	for i := 0; i < len(text); {
		w, _ := a.nextWord(text, i)
		if w.start == len(text) {
			break
		}
		set |= a.classesAt(text, &w)
		i = w.end
	}
	return set
}

// classesAt returns the classes of w and of the phrases that begin with it.
func (a *aroundSet) classesAt(text string, w *sigWord) classSet {
	set := w.set
	for i := range w.phrases {
		if a.phraseIn(text, w.end, &w.phrases[i]) {
			set |= w.phrases[i].set
		}
	}
	return set
}

// phraseIn reports whether the rest of p stands at text[at:].
func (a *aroundSet) phraseIn(text string, at int, p *phrase) bool {
	for k, h := range p.rest {
		w, _ := a.nextWord(text, at)
		if w.stop || w.start == len(text) || w.hash != h && !(p.stem && k == len(p.rest)-1 && stemOf(text[w.start:w.end], h)) {
			return false
		}
		at = w.end
	}
	return true
}

// takenBack reports whether the words directly behind a match that ends at end say
// that the speaker takes back what he said himself: "the instructions I gave you".
func (s *sigScan) takenBack(end int) bool {
	a := loadAround()
	rest := s.text[end:min(len(s.text), end+afterBytes)]
	w, _ := a.nextWord(rest, 0)
	return !w.stop && a.classesAt(rest, &w)&a.gave != 0
}
