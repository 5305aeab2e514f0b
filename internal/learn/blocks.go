package learn

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"warder.example/guard/textmodel"
	"warder.example/internal/corpus"
)

// Block is a part of what a model is made from that can be left out, so that what
// it is worth can be told.
type Block struct {
	Name string `json:"name"`
	// About says in a few words what is left out.
	About string `json:"about"`
}

// Blocks that are not files of seeds.
const (
	blockSeeds      = "seeds"
	blockCarriers   = "seeds/carriers"
	blockDisturbed  = "made/disturbed"
	blockPasted     = "made/pasted"
	blockSuffix     = "made/suffix"
	blockLexicon    = "lexicon"
	blockForeign    = "lexicon/foreign"
	blockGrams      = "n-grams"
	blockSpelling   = "spelling"
	blockReweighing = "reweighing"
	blockTrees      = "trees"
)

// fixed are the blocks that every training has.
var fixed = []Block{
	{blockDisturbed, "disturbed copies of both classes"},
	{blockPasted, "documents that users paste, with a request"},
	{blockSuffix, "gibberish behind requests for harm, lists behind honest ones"},
	{blockLexicon, "the lexicon: all concepts"},
	{blockForeign, "expressions of the lexicon that are not English"},
	{blockGrams, "words, pairs of words and runs of characters"},
	{blockSpelling, "how odd the spelling is"},
	{blockReweighing, "more weight for the sources that cost most"},
	{blockTrees, "trees over concepts and style together"},
}

// Blocks lists what can be left out of a training on these rows: the seeds
// together and by file (files whose names differ by a number at the end are one),
// each folder of the corpus (less its requests for harm, without which one head
// could not be trained), what the trainer makes of the rows, and the parts of the
// model.
func Blocks(rows []Row) []Block {
	var names []string
	for i := range rows {
		if b := rows[i].Block; b != "" && !slices.Contains(names, b) {
			names = append(names, b)
		}
	}
	slices.Sort(names)
	var out []Block
	seeds := false
	for _, n := range names {
		about := "folder " + n + ", but for its requests for harm"
		if file, ok := strings.CutPrefix(n, blockSeeds+"/"); ok {
			about = "seeds of " + file
			if n == blockCarriers {
				about = "commands in honest documents, and these documents clean"
			}
			if !seeds {
				seeds = true
				out = append(out, Block{blockSeeds, "all seeds"})
			}
		}
		out = append(out, Block{n, about})
	}
	return append(out, fixed...)
}

// known reports an error for a name that is not one of [Blocks].
func known(rows []Row, block string) error {
	if !slices.ContainsFunc(Blocks(rows), func(b Block) bool { return b.Name == block }) {
		return fmt.Errorf("there is no block %.60q in these texts", block)
	}
	return nil
}

// seedBlock returns the block of a file of seeds.
func seedBlock(file string) string {
	name := strings.TrimSuffix(file, ".txt")
	return blockSeeds + "/" + strings.TrimRight(strings.TrimRight(name, "0123456789"), "-")
}

// block returns the block of a row that is learned from.
func (r *Row) block() string {
	switch {
	case !r.Made:
		return r.Block
	case r.Source == "made/listing": // made beside the suffixes
		return blockSuffix
	case strings.HasPrefix(r.Source, "made/"):
		return r.Source
	}
	return blockDisturbed
}

// omits reports whether a block is left out.
func (c *Config) omits(block string) bool {
	if slices.Contains(c.Without, block) {
		return true
	}
	return strings.HasPrefix(block, blockSeeds+"/") && slices.Contains(c.Without, blockSeeds)
}

// kept returns the rows that are not left out.
func (c *Config) kept(rows []Row) []Row {
	if len(c.Without) == 0 {
		return rows
	}
	var out []Row
	for i := range rows {
		r := &rows[i]
		if !c.omits(r.block()) || !r.Made && r.Label == corpus.HarmfulRequest {
			out = append(out, *r)
		}
	}
	return out
}

// knowledge returns what the model knows beside its weights.
func (c *Config) knowledge(rows []Row) (k textmodel.Knowledge, err error) {
	if !c.omits(blockSpelling) {
		k.Spelling = spelling(rows)
	}
	switch {
	case c.Lexicon == nil || c.omits(blockLexicon):
	case c.omits(blockForeign):
		k.Lexicon, err = english(c.Lexicon)
	default:
		k.Lexicon = c.Lexicon
	}
	return k, err
}

// english returns the English expressions of a lexicon.
func english(l *textmodel.Lexicon) (*textmodel.Lexicon, error) {
	var b bytes.Buffer
	for line := range bytes.Lines(l.Bytes()) {
		if f := bytes.Split(line, []byte{'\t'}); len(f) == 3 && string(f[1]) == "en" {
			b.Write(line)
		}
	}
	out, err := textmodel.ParseLexicon(b.Bytes())
	if err != nil {
		return nil, fmt.Errorf("reading the English part of the lexicon: %w", err)
	}
	return out, nil
}

// reduced drops the kinds of feature that are left out.
func (c *Config) reduced(segs []textmodel.Segment) []textmodel.Segment {
	if c.omits(blockGrams) {
		for i := range segs {
			segs[i].Words, segs[i].Chars = nil, nil
		}
	}
	return segs
}

// reweighing returns the step by which sources are weighed anew.
func (c *Config) reweighing() float64 {
	if c.omits(blockReweighing) {
		return 0
	}
	return reweighing
}
