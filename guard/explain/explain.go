// Package explain says why a guard decides as it does about a text: which words
// decide, what weighed in them, by which rule, and what remembered attack is
// like it.
//
//	e, err := explain.Explain(ctx, g, guard.Text{Content: text, Origin: guard.OriginUser}, explain.Options{})
//	fmt.Println(e.Summary)
//
// # How the words are found
//
// By asking the guard itself. Beginning at the finding that decides, the text is
// cut from the outside in, sentences first, then words, as long as what remains
// still gets the verdict by itself, for the same category and by the same detector,
// so that what decides is explained and not what else a fragment may look like. Then
// words inside are left out as long as it does. What remains is a [Cause]. Without
// the causes' spans the text gets a milder verdict; where one cause is not enough,
// the next is looked for in the rest.
//
// A guard is not a sum of words, so a cause is a sufficient reason and need not be
// the only one. That nothing of it can be left out holds word by word.
//
// # Who may see it
//
// Explanations quote the text and say what to change to get past the guard: they
// are for operators. Quotations hold printable characters only, so they can be
// shown in a terminal.
//
// # Bounds
//
// [Options] bounds how often and how much the guard is asked; what a bound cut
// short is marked. Of a text longer than [MaxText] a window around the finding is
// explained. Explaining has no effect: findings are neither remembered nor counted.
package explain

import (
	"context"
	"fmt"

	"warder.example/guard"
	"warder.example/guard/segment"
)

// Bounds.
const (
	// MaxText is the length in bytes of the longest text that is searched
	// as a whole.
	MaxText = 64 << 10
	// DefaultEvaluations is how often the guard is asked at most, after the
	// verdict on the whole text.
	DefaultEvaluations = 512
	// DefaultWork is how many bytes of text it is given by that at most.
	DefaultWork = 4 << 20
	// MaxCauses is how many causes are looked for.
	MaxCauses = 8
	// MaxReasons is how many reasons a cause has at most.
	MaxReasons = 8
)

// Options says how a text is judged and bounds the search. The zero value judges
// a text that stands for itself.
type Options struct {
	// Facts are what the policy decides under. The direction is the text's.
	Facts guard.Facts
	// Rules mark regions of the text, as in [segment.Find].
	Rules []segment.Rule
	// Evaluations and Work bound the search: calls of the guard, and bytes
	// given to it; 0 means the defaults.
	Evaluations, Work int
}

// An Explanation says why a text got its verdict.
type Explanation struct {
	// Would is the verdict explained: what would be done without observe
	// mode. Rule is the policy's rule that decides.
	Would guard.Action `json:"would"`
	Rule  string       `json:"rule,omitempty"`
	// Summary is the explanation in a sentence.
	Summary string `json:"summary"`
	// Causes are what decides, in the order in which it was found; none if
	// the text is allowed or the policy refuses every text.
	Causes []Cause `json:"causes,omitempty"`
	// Decides says that without the spans of the causes the text gets the
	// milder verdict Without. If there are several causes, no single span
	// decides.
	Decides bool         `json:"decides"`
	Without guard.Action `json:"without"`
	// Nearest is the remembered attack that the text is most like.
	Nearest *Known `json:"nearest,omitempty"`
	// Window is the part of a long text that was searched; what is said
	// of causes and of Without holds for it.
	Window *guard.Span `json:"window,omitempty"`
	// Evaluations is how often the guard was asked. Complete is false
	// where a bound ended the search: causes may be longer than need be,
	// and some may be missing.
	Evaluations int  `json:"evaluations"`
	Complete    bool `json:"complete"`
}

// Explain says why g decides as it does about t. It reads the whole text once
// and asks again within the bounds of o. An error means that the text could not
// be judged. It is safe for concurrent use; t's own views are not used.
func Explain(ctx context.Context, g *guard.Guard, t guard.Text, o Options) (Explanation, error) {
	s := newSearch(ctx, g, t, o)
	whole, err := s.inspect(t.Content, t.Origin)
	if err != nil {
		return Explanation{Summary: "the text could not be judged"}, err
	}
	s.e.Would, s.e.Without, s.e.Rule, s.e.Complete = whole.Would, whole.Would, whole.Rule, true
	s.e.Nearest = nearest(g, t)
	if whole.Would != guard.Allow {
		if err := s.causes(&whole); err != nil {
			return s.e, err
		}
	}
	s.e.Summary = summary(&s.e, &whole)
	s.e.Evaluations = s.asked
	return s.e, nil
}

// summary says in a sentence what was found out.
func summary(e *Explanation, v *guard.Verdict) string {
	switch n := len(e.Causes); {
	case e.Would == guard.Allow && len(v.Findings) == 0:
		return "allow: nothing was found"
	case e.Would == guard.Allow:
		return fmt.Sprintf("allow: what was found is allowed by rule %s", printable(v.Rule))
	case n == 0 && e.Complete:
		return fmt.Sprintf("%s: whatever the text says", e.Would)
	case n == 0:
		return fmt.Sprintf("%s: the search for the words that decide was cut short", e.Would)
	case e.Decides && n == 1:
		return fmt.Sprintf("%s: one span decides; without it: %s", e.Would, e.Without)
	case e.Decides:
		return fmt.Sprintf("%s: no single span decides; without these %d together: %s", e.Would, n, e.Without)
	case e.Complete && n == 1:
		return fmt.Sprintf("%s: this span suffices, and without it the verdict stays", e.Would)
	case e.Complete:
		return fmt.Sprintf("%s: each of these spans suffices, and without all of them the verdict stays", e.Would)
	}
	return fmt.Sprintf("%s: each of these spans suffices; the search for others was cut short", e.Would)
}
