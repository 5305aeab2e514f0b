package textmodel

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"warder.example/guard"
)

// Trial is a lexicon whose entries can be hidden one by one and shown again, so that
// what each does to a model can be measured ([Model.With]). Entries of several
// languages with the same concept and the same folded expression are one. A text is
// scored as with a lexicon that was parsed without what is hidden, at the same cost.
//
// A Trial is used by one goroutine, and so are the models that score with it.
type Trial struct {
	lexicon *Lexicon // what is shown
	named   *Lexicon // everything; the concept of an entry is its number + 1
	entries []TrialEntry
	at      map[place][]int // the entries at a place, ascending
	where   []place         // of each entry
	scratch []found
}

// place is a list of concepts in a trie.
type place struct {
	folded string
	prefix bool
}

// TrialEntry is an entry of a [Trial].
type TrialEntry struct {
	Entry     // as it stands on the first of its lines
	Lines     []int
	Languages []string // of its lines, sorted
	Hidden    bool
}

// Match is a place in a text where an entry matches.
type Match struct {
	Entry int
	Span  guard.Span
}

// maxMatches bounds the entries that are found at one place in a text.
const maxMatches = 64

// NewTrial reads the lines of a lexicon, with everything shown.
func NewTrial(tsv []byte) (*Trial, error) {
	l, err := ParseLexicon(tsv)
	if err != nil {
		return nil, err
	}
	t := &Trial{lexicon: l, at: map[place][]int{}, scratch: make([]found, 0, maxMatches)}
	n := 0
	for line := range bytes.Lines(tsv) {
		n++
		text := strings.TrimSuffix(strings.TrimSuffix(string(line), "\n"), "\r")
		if text == "" || text[0] == '#' {
			continue
		}
		e, err := ParseEntry(text)
		if err != nil {
			return nil, fmt.Errorf("lexicon line %d: %w", n, err)
		}
		t.note(e, n)
	}
	// Both share the trie but for the lists of concepts.
	named := *l
	named.ends = make([]end, len(l.ends))
	t.named = &named
	for i := range t.entries {
		list := named.list(&t.entries[i].Entry)
		*list = append(*list, uint64(i)+1)
	}
	return t, nil
}

// note adds a line to the entries.
func (t *Trial) note(e Entry, line int) {
	p := place{e.Folded, e.Prefix}
	for _, i := range t.at[p] {
		if have := &t.entries[i]; have.Concept == e.Concept {
			have.Lines = append(have.Lines, line)
			if k, found := slices.BinarySearch(have.Languages, e.Language); !found {
				have.Languages = slices.Insert(have.Languages, k, e.Language)
			}
			return
		}
	}
	t.at[p] = append(t.at[p], len(t.entries))
	t.where = append(t.where, p)
	t.entries = append(t.entries, TrialEntry{Entry: e, Lines: []int{line}, Languages: []string{e.Language}})
}

// Lexicon returns what is shown. It changes with the trial.
func (t *Trial) Lexicon() *Lexicon { return t.lexicon }

// Entries returns the entries in the order of their first lines. The caller does not
// change them.
func (t *Trial) Entries() []TrialEntry { return t.entries }

// Hide takes an entry out of the lexicon.
func (t *Trial) Hide(entry int) { t.set(entry, true) }

// Show puts it back.
func (t *Trial) Show(entry int) { t.set(entry, false) }

func (t *Trial) set(entry int, hidden bool) {
	t.entries[entry].Hidden = hidden
	p := t.where[entry]
	list := t.lexicon.list(&t.entries[entry].Entry)
	*list = (*list)[:0]
	for _, i := range t.at[p] {
		if !t.entries[i].Hidden {
			*list = append(*list, conceptHash(t.entries[i].Concept))
		}
	}
}

// Find returns where entries match in a text of an origin, hidden ones included, by
// place and entry.
func (t *Trial) Find(text string, o guard.Origin) []Match {
	c := &placer{}
	c.b.track = true
	walk(text, o, Knowledge{Lexicon: t.named}, &c.b, c)
	slices.Sort(c.starts)
	var out []Match
	for _, at := range slices.Compact(c.starts) {
		for _, f := range t.named.match(text, at, t.scratch[:0]) {
			out = append(out, Match{Entry: int(f.concept - 1), Span: guard.Span{Start: at, End: f.end}})
		}
	}
	return out
}

// placer is a sink that keeps where concepts begin.
type placer struct {
	b      batch
	starts []int
}

// take implements sink.
func (p *placer) take(b *batch) {
	l := &b.of[concepts]
	for i := range l.n {
		p.starts = append(p.starts, int(l.span[i][0]))
	}
	b.empty()
}

// segment implements sink.
func (p *placer) segment(int, int) {}
