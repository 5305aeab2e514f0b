package conversation

import (
	"fmt"
	"math"
	"slices"

	"warder.example/guard"
)

// The heads of the classifier, in the order of evidence.
const (
	headInjection = iota
	headJailbreak
	headHarm
	heads
)

var headNames = [heads]string{"injection", "jailbreak", "harmful_request"}

// none is the evidence of a head that does not exist.
const none = -100

// decay is what is left of a suspicion one turn of the user later.
const decay = 0.7

// floor is the evidence, in log odds over the classifier's 5 % threshold for single
// texts, from which on a turn counts: well under that threshold, since what counts
// here is the sum.
const floor = -1.2

// ceiling is the most that one turn adds: what a single turn says is for others to
// judge.
const ceiling = 1.5

// maxLeans bounds what leaning on the assistant's words can add: users who quote it
// all the time are no attackers.
const maxLeans = 1.5

// maxWeighed bounds the turns that a state remembers as having weighed.
const maxWeighed = 8

// State is what a conversation has amounted to after a turn of the user. The zero
// State is that of a conversation that begins. It is a value: copies are apart.
type State struct {
	turns     int     // of the user so far
	suspicion float64 // decayed sum of the turns' evidence over the floor
	pressed   float64 // the share of it that came right after a refusal
	leans     float64 // decayed count of turns that lean on the assistant's words
	attack    [2]float64
	reached   float64           // log odds after the last turn
	recent    [MaxTurns]float64 // evidence of the last turns, newest first
	messages  [maxWeighed]int
	weights   [maxWeighed]float64 // what is left of each message's evidence
	kept      int
}

// input is what one turn of the user brings.
type input struct {
	message       int
	window        int            // turns of the window that ends with it
	alone, joined [heads]float64 // evidence of the turn, and of the window that ends with it
	refused       bool           // the assistant refused right before
	leans         bool           // it leans on what the assistant said
	assembles     bool           // it asks to put pieces together
}

// worst is the evidence for an attack: of the surer of the two heads.
func worst(e [heads]float64) float64 { return max(e[headInjection], e[headJailbreak]) }

// after returns the state after a turn.
func (s State) after(in *input) State {
	e := worst(in.alone)
	x := min(max(0, e-floor), ceiling)
	s.suspicion = decay*s.suspicion + x
	s.pressed, s.leans = decay*s.pressed, decay*s.leans
	if in.refused {
		s.pressed += x
	}
	if in.leans {
		s.leans = min(s.leans+1, maxLeans)
	}
	copy(s.recent[1:], s.recent[:])
	s.recent[0] = e
	s.turns++
	for h := range s.attack {
		s.attack[h] = decay*s.attack[h] + max(0, in.alone[h]-floor)
	}
	if in.leans {
		x++
	}
	s.remember(in.message, x)
	return s
}

// remember notes what a message weighs, forgetting the lightest.
func (s *State) remember(message int, x float64) {
	for i := range s.kept {
		s.weights[i] *= decay
	}
	if x <= 0 {
		return
	}
	if s.kept < maxWeighed {
		s.messages[s.kept], s.weights[s.kept] = message, x
		s.kept++
		return
	}
	i := 0
	for k := range s.weights {
		if s.weights[k] < s.weights[i] {
			i = k
		}
	}
	copy(s.messages[i:], s.messages[i+1:])
	copy(s.weights[i:], s.weights[i+1:])
	s.messages[maxWeighed-1], s.weights[maxWeighed-1] = message, x
}

// weighed returns the messages that weighed, in order: those that still have a
// tenth of what the heaviest has.
func (s *State) weighed() []int {
	var out []int
	most := slices.Max(s.weights[:])
	for i, w := range s.weights[:s.kept] {
		if w >= most/10 {
			out = append(out, s.messages[i])
		}
	}
	return out
}

// most returns the highest evidence of the last n turns, each alone.
func (s *State) most(n int) float64 { return slices.Max(s.recent[:max(1, min(n, s.turns))]) }

// odds returns the log odds that the conversation is an attack, at even odds
// before it is read. No feature lowers them.
func (s *State) odds(in *input) float64 {
	z := weights.bias + weights.suspicion*s.suspicion + weights.pressed*s.pressed + weights.leans*s.leans
	if in.leans && s.pressed > 0 {
		z += weights.leansAfterRefusal
	}
	if in.assembles {
		z += weights.assembles
	}
	return z + weights.joined*max(0, worst(in.joined)-s.most(in.window))
}

// crescendo notes what the conversation has reached and returns the finding of one
// in which suspicion has grown to be enough with this turn. One turn is no
// conversation, and a turn after which there is less of it finds nothing.
func (s *State) crescendo(in *input) (guard.Finding, bool) {
	before, z := s.reached, s.odds(in)
	s.reached = z
	rate := rateOf(z, crescendoThresholds)
	if s.turns < 2 || rate > reportFPR || s.suspicion == 0 || z < before {
		return guard.Finding{}, false
	}
	score := probability(z)
	return guard.Finding{
		Category: s.category(), Score: score, FPR: rate, Rule: "crescendo",
		Explanation: fmt.Sprintf("over %d turns of the user suspicion grew to %.3f%s; fewer than %g %% of honest conversations reach that", s.turns, score, s.manner(in), 100*rate),
	}, true
}

// manner says in words what beside the classifier's scores weighed.
func (s *State) manner(in *input) string {
	out := ""
	if in.refused {
		out += ", this one right after the assistant refused"
	} else if s.pressed > 0 {
		out += ", some right after the assistant refused"
	}
	if s.leans > 0 {
		out += ", leaning on the assistant's own words"
	}
	return out
}

// category is that of the head which the turns reached most.
func (s *State) category() string {
	if s.attack[headJailbreak] > s.attack[headInjection] {
		return headNames[headJailbreak]
	}
	return headNames[headInjection]
}

// split returns the finding of turns that are an attack only when they are read as
// one text: a signature that stands across turns, or evidence that is enough and
// more than any of the window's turns has alone.
func (d *Detector) split(s *State, r *reading, window int) (guard.Finding, bool) {
	n := len(r.pieces)
	if f := r.signature; f != nil {
		return guard.Finding{
			Category: f.Category, Score: splitSignatureScore, FPR: splitSignatureFPR, Rule: "split",
			Explanation: fmt.Sprintf("%d turns of the user read as one text carry the known wording %s, which stands in none of them alone", n, f.Rule),
		}, true
	}
	h := headInjection
	if r.evidence[headJailbreak] > r.evidence[headInjection] {
		h = headJailbreak
	}
	e := r.evidence[h]
	rate := rateOf(e, *r.thresholds)
	if rate > reportFPR || e < s.most(window)+splitGain {
		return guard.Finding{}, false
	}
	score := probability(e + d.margin[h])
	return guard.Finding{
		Category: headNames[h], Score: score, FPR: rate, Rule: "split",
		Explanation: fmt.Sprintf("the classifier's %s head gives %.3f for %d turns of the user read as one text, more than for any turn alone; fewer than %g %% of honest conversations reach that", headNames[h], score, n, 100*rate),
	}, true
}

func logOdds(p float64) float64 {
	p = min(max(p, 1e-9), 1-1e-9)
	return math.Log(p / (1 - p))
}

func probability(z float64) float64 { return 1 / (1 + math.Exp(-z)) }
