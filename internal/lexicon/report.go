package lexicon

import (
	"warder.example/guard/textmodel"
	"warder.example/internal/corpus"
	"warder.example/internal/learn"
)

// Options say what [Measure] measures.
type Options struct {
	// Model judges the texts; its own lexicon is what is measured.
	Model *textmodel.Model
	// Texts are labelled; those that are neither attacks nor ordinary are left
	// out. Of each, the first MaxText bytes count.
	Texts []learn.Row
	// Add holds further entries, as a lexicon is written; nil for none. Those
	// that the model's lexicon has already are left out.
	Add []byte
	// Concept and Language, if not empty, limit which entries are measured.
	Concept, Language string
	// Progress, if not nil, is told how many texts are done.
	Progress func(done, total int)
}

// MaxText is how much of a text is read, in bytes: an entry is taken away and put
// back for every text, and the cost of that grows with the square of its length.
const MaxText = 8 << 10

// flagRate is the published false-positive rate at which the default policy flags.
const flagRate = 0.05

// Counts is a number of texts by what they are.
type Counts struct {
	Attacks    int `json:"attacks"`
	Ordinary   int `json:"ordinary"`
	Resembling int `json:"resembling"` // honest texts that resemble attacks
}

// Honest is the number of honest texts.
func (c *Counts) Honest() int { return c.Ordinary + c.Resembling }

// Texts is the number of all of them.
func (c *Counts) Texts() int { return c.Attacks + c.Honest() }

// add counts a text of a label.
func (c *Counts) add(l corpus.Label) {
	switch {
	case l.Attack():
		c.Attacks++
	case l == corpus.BenignHard:
		c.Resembling++
	default:
		c.Ordinary++
	}
}

// Effect is what an entry does to the verdicts of a model.
type Effect struct {
	Concept    string   `json:"concept"`
	Languages  []string `json:"languages"`
	Expression string   `json:"expression"` // with a star if it is the beginning of a word
	Lines      []int    `json:"lines"`      // of the model's lexicon, or of what was added
	// Added says that the entry is not in the model's lexicon. It is measured as
	// if it were put there alone.
	Added bool `json:"added,omitempty"`
	// Unknown says that the model has no entry of the concept, so nothing that
	// it learned.
	Unknown bool `json:"unknown_concept,omitempty"`

	// Texts in which the entry matches, in all and by the language of the text;
	// how many of them are of none of the entry's languages; and over how many
	// sources they are spread.
	Counts
	ByLanguage map[string]Counts `json:"by_language,omitempty"`
	Foreign    int               `json:"foreign"`
	Sources    int               `json:"sources"`

	// LogOdds is the logarithm of how much likelier an attack holds the entry
	// than an honest text does, with its 95 % interval.
	LogOdds  float64    `json:"log_odds"`
	Interval [2]float64 `json:"interval"`

	// AttackShift and HonestShift are the means, over texts in which it matches,
	// of what the entry adds to the logit of the head that decides: the logit
	// with it less the logit without it. Of two heads, that one decides which
	// scores higher, with or without the entry.
	AttackShift float64 `json:"attack_shift"`
	HonestShift float64 `json:"honest_shift"`
	// Changed is the number of texts whose logit it changes at all.
	Changed int `json:"changed"`

	// Texts that are flagged with the entry and not without it, and the reverse.
	AttacksFlagged int `json:"attacks_flagged"`
	AttacksFreed   int `json:"attacks_freed"`
	HonestFlagged  int `json:"honest_flagged"`
	HonestFreed    int `json:"honest_freed"`

	sources map[string]bool
}

// Harm is how many more honest texts are flagged because of the entry.
func (e *Effect) Harm() int { return e.HonestFlagged - e.HonestFreed }

// Worth is how many more attacks are flagged because of it.
func (e *Effect) Worth() int { return e.AttacksFlagged - e.AttacksFreed }

// Report says what entries do.
type Report struct {
	Model string `json:"model"` // its digest
	// Texts that were judged, and how many of them only in their beginning.
	Counts
	Cut int `json:"cut"`
	// Together is what all added entries do when they are added at once; nil
	// if none was.
	Together *Effect `json:"together,omitempty"`
	// Known is the number of added entries that the model's lexicon has.
	Known   int      `json:"known,omitempty"`
	Effects []Effect `json:"entries"` // the most harmful first
}
