package detect

import (
	"context"
	"fmt"
	"strings"

	"warder.example/guard"
	"warder.example/guard/normal"
	"warder.example/guard/textmodel"
	"warder.example/guard/threshold"
)

// PromptAttack finds prompt attacks with a trained classifier: injection,
// jailbreak and harmful_request. It is a windowed detector of requests: text of
// users, documents, tools, mail, unknown origin, and assistant turns, which the
// caller supplied. It does not read the operator's texts, which are
// instructions by nature, nor answers.
//
// It reads the text with obfuscation undone (the canonical view, else the text
// itself) and, separately, what was decoded from it or hidden in it, and the text
// with misspelt words put right. A finding names the view; its spans are ranges of
// the text.
//
// A score is a calibrated probability at even odds. Findings are reported from
// the threshold that 5 % of honest texts reach; [guard.Finding.FPR] says which
// of the published thresholds the score reaches, or which of an operator's own.
type PromptAttack struct {
	model      *textmodel.Model
	heads      []attackHead
	thresholds *threshold.Set // nil: only the published ones
	silent     bool           // what is read is not counted in them
	beside     []beside
}

// beside is another detector that reads what this one reads.
type beside struct {
	other   *PromptAttack
	compare func(own, other []guard.Finding)
}

// attackHead is one head of the model that the detector uses.
type attackHead struct {
	index    int
	rule     string // name of the head
	category string
	data     bool // asks about text that is data, not about what users say
}

// attackHeads says which category a head finds. Commands inside data are
// injections.
var attackHeads = []attackHead{
	{rule: "injection", category: "injection"},
	{rule: "indirect", category: "injection", data: true},
	{rule: "jailbreak", category: "jailbreak"},
	{rule: "harmful_request", category: "harmful_request"},
}

// maxAttackViews bounds how many decoded and hidden views are read. Views are
// in the order in which they stand in the text; normal bounds their size.
const maxAttackViews = 64

// minAttackView is the least number of bytes of such a view that can say
// anything.
const minAttackView = 12

// reportFPR is the published rate from which on findings are reported.
const reportFPR = 0.05

var _ guard.Detector = (*PromptAttack)(nil)

// NewPromptAttack returns the detector with the weights that Warder ships.
func NewPromptAttack() *PromptAttack {
	p, err := NewPromptAttackModel(textmodel.Guard())
	if err != nil {
		panic(err) // a test holds that the embedded model has the heads
	}
	return p
}

// NewPromptAttackModel returns the detector with another model. It is an error
// if the model has none of the heads that the detector knows.
func NewPromptAttackModel(m *textmodel.Model) (*PromptAttack, error) {
	p := &PromptAttack{model: m}
	for _, h := range attackHeads {
		if h.index = m.Head(h.rule); h.index >= 0 {
			p.heads = append(p.heads, h)
		}
	}
	if len(p.heads) == 0 {
		return nil, fmt.Errorf("model %.60q has no head for prompt attacks; expected injection, indirect, jailbreak or harmful_request", m.Spec().Name)
	}
	return p, nil
}

// WithThresholds returns the same detector with thresholds that an operator had
// chosen, and counts in them what it reads. It is an error that wraps
// [threshold.ErrModel] if they are for another model. Whether they have expired is
// for the caller to ask: a detector has no clock.
func (p *PromptAttack) WithThresholds(s *threshold.Set) (*PromptAttack, error) {
	if err := s.Usable(p.Version(), s.File().Made); err != nil {
		return nil, err
	}
	own := *p
	own.thresholds = s
	return &own, nil
}

// Beside returns the same detector, which has other read every text that it reads
// itself and hands what both found to compare, which is called concurrently. What
// other finds is not reported.
func (p *PromptAttack) Beside(other *PromptAttack, compare func(own, other []guard.Finding)) *PromptAttack {
	both := *p
	both.beside = append(p.beside[:len(p.beside):len(p.beside)], beside{other, compare})
	return &both
}

// ask has the others read a text that was read.
func (p *PromptAttack) ask(ctx context.Context, t *guard.Text, found []guard.Finding) {
	if p.silent || len(p.beside) == 0 || !reads(t) {
		return
	}
	for _, b := range p.beside {
		if other, _, err := b.other.judge(ctx, t, false); err == nil {
			b.compare(found, other)
		}
	}
}

// Version returns the digest of the model in use.
func (p *PromptAttack) Version() string { return p.model.Digest() }

// best is the highest answer for one category.
type best struct {
	score textmodel.Score
	rule  string
	view  int // index of the view, -1 for the text itself
}

// judged are the categories in the order in which they are reported.
var judged = [...]string{"injection", "jailbreak", "harmful_request"}

// Detect implements [guard.Detector]. It reports at most one finding of each
// category: the one with the highest score over all views.
func (p *PromptAttack) Detect(ctx context.Context, t *guard.Text) ([]guard.Finding, error) {
	found, _, err := p.judge(ctx, t, false)
	if err == nil {
		p.ask(ctx, t, found)
	}
	return found, err
}

// Scores returns the score of every category, also below all thresholds; nil
// for texts that the detector does not read.
func (p *PromptAttack) Scores(t *guard.Text) map[string]float64 {
	_, scores, _ := p.judge(context.Background(), t, true)
	return scores
}

// DetectScores is Detect and Scores in one pass.
func (p *PromptAttack) DetectScores(ctx context.Context, t *guard.Text) ([]guard.Finding, map[string]float64, error) {
	found, scores, err := p.judge(ctx, t, true)
	if err == nil {
		p.ask(ctx, t, found)
	}
	return found, scores, err
}

// AttackScores is [PromptAttack.Scores] without a map; all are 0 for texts that the
// detector does not read.
func (p *PromptAttack) AttackScores(ctx context.Context, t *guard.Text) (guard.AttackScores, error) {
	if err := ctx.Err(); err != nil || !reads(t) {
		return guard.AttackScores{}, err
	}
	answers := p.best(t, t.Views().Views)
	return noted(&answers), nil
}

func (p *PromptAttack) judge(ctx context.Context, t *guard.Text, wantScores bool) (found []guard.Finding, scores map[string]float64, err error) {
	if err := ctx.Err(); err != nil || !reads(t) {
		return nil, nil, err
	}
	views := t.Views().Views
	if wantScores {
		scores = make(map[string]float64, len(judged))
	}
	answers := p.best(t, views)
	if !p.silent {
		t.NoteScores(noted(&answers))
	}
	for i, b := range answers {
		if b.rule == "" {
			continue // the model has no head for it
		}
		if wantScores {
			scores[judged[i]] = b.score.Probability
		}
		if !p.silent {
			p.thresholds.Observe(t.Origin, judged[i], b.score.Probability)
		}
		rate, own := p.thresholds.Rate(t.Origin, judged[i], b.score.Probability, b.score.FPR)
		if rate <= reportFPR {
			f := p.finding(t, views, judged[i], &b)
			f.FPR, f.Explanation = rate, b.explanation(t.Origin, rate, own)
			found = append(found, f)
		}
	}
	return found, scores, nil
}

// noted returns the scores of the categories; 0 where the model has no head.
func noted(b *[len(judged)]best) guard.AttackScores {
	return guard.AttackScores{
		Injection: float32(b[0].score.Probability), Jailbreak: float32(b[1].score.Probability), HarmfulRequest: float32(b[2].score.Probability),
	}
}

// Threshold returns the least score that counts at a published false-positive rate
// for texts of an origin in a category; above 1, so never reached, where the model
// has no head for it or the rate is not one of [textmodel.FalsePositiveRates].
func (p *PromptAttack) Threshold(o guard.Origin, category string, rate float64) float64 {
	for _, h := range p.heads {
		if h.category == category && !h.data {
			return p.model.Threshold(h.index, o, rate)
		}
	}
	return 2
}

// reads reports whether the classifier has something to say about a text. An
// identifier of one word is none that it was trained on.
func reads(t *guard.Text) bool {
	if t.Kind == guard.Name && len(t.Content) <= maxIdentifier && !strings.ContainsAny(t.Content, " \t\n") {
		return false
	}
	return t.Direction == guard.Request && t.Origin != guard.OriginOperator && t.Content != ""
}

// maxIdentifier is the longest name that may pass for an identifier, in bytes.
const maxIdentifier = 64

// best scores the text and its views and keeps the best of each category.
func (p *PromptAttack) best(t *guard.Text, views []normal.View) (out [len(judged)]best) {
	main := -1 // the reading of the whole text: canonical if there is one
	content := t.Content
	if len(views) > 0 && views[0].Kind == normal.Canonical {
		main, content = 0, views[0].Text
	}
	p.read(content, main, t.Origin, &out)
	n := 0
	for i := range views {
		if i == main || len(views[i].Text) < minAttackView {
			continue
		}
		if n++; n > maxAttackViews {
			break
		}
		p.read(views[i].Text, i, t.Origin, &out)
	}
	return out
}

// judgedAs returns the origin that a text is scored as: what stands in a made-up
// assistant turn was written by the caller.
func judgedAs(o guard.Origin) guard.Origin {
	if o == guard.OriginModel {
		return guard.OriginUser
	}
	return o
}

// read scores one reading of the text.
func (p *PromptAttack) read(text string, view int, o guard.Origin, out *[len(judged)]best) {
	o = judgedAs(o)
	scores := p.model.Score(text, o)
	for _, h := range p.heads {
		if h.data && o == guard.OriginUser {
			continue
		}
		s := scores.At(h.index)
		for i, c := range judged {
			if c == h.category && (out[i].rule == "" || s.Probability > out[i].score.Probability) {
				out[i] = best{s, h.rule, view}
			}
		}
	}
}

func (p *PromptAttack) finding(t *guard.Text, views []normal.View, category string, b *best) guard.Finding {
	span, path := b.score.Span, ""
	if b.view >= 0 {
		v := &views[b.view]
		span.Start, span.End = v.Source(span.Start, span.End)
		path = v.Path
	}
	return guard.Finding{
		Category: category, Score: b.score.Probability,
		Detector: "promptattack", Rule: b.rule, Class: guard.Windowed, Origin: t.Origin,
		Spans: []guard.Span{span}, View: path,
	}
}

// explanation says how sure the classifier is, and whose threshold that is.
func (b *best) explanation(o guard.Origin, rate float64, own bool) string {
	whose := "honest texts"
	if own {
		whose = "the operator's own honest texts"
	}
	return fmt.Sprintf("the classifier's %s head gives %.3f for %s text; fewer than %g %% of %s reach that", b.rule, b.score.Probability, o, 100*rate, whose)
}
