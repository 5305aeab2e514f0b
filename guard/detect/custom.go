package detect

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"warder.example/guard"
	"warder.example/guard/normal"
)

// Bounds of custom patterns.
const (
	maxCustomPatterns = 256
	maxCustomBytes    = 1000 // of one expression
	maxCustomMatch    = 1024 // bytes of one match
	maxCustomProgram  = 5000 // instructions of one compiled expression
)

// CustomPattern is one pattern of the operator.
type CustomPattern struct {
	// Name is lower-case letters, digits, "_" and "-", at most 64; the
	// category of its findings is "custom." + Name.
	Name string
	// Pattern is an RE2 expression of at most 1000 bytes. If it has a
	// capture group, the first is what a finding covers, else the match. It
	// finds the longest match at the first place where there is one.
	Pattern string
	// Longest bounds the match in bytes, at most 1024. It may be 0 when the
	// pattern has no "*", "+" or "{n,}" and so bounds itself. Text that goes
	// on matching beyond Longest is a finding up to there.
	Longest int
}

// Custom reports the operator's own patterns. It is an exact detector: findings
// of different patterns may overlap, those of one do not. Its cost grows with
// the number of patterns, about 2 ns a byte for each, and for a pattern that
// begins with a broad class and fails late up to its longest match at each byte.
type Custom struct {
	parts   []customPart
	longest int
}

type customPart struct {
	category, name string
	rex            *rex
	// dead tells, by what stands before and by class, where no match begins.
	dead [len(beforeRune)][]bool
}

var _ guard.StreamDetector = (*Custom)(nil)

var customName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// NewCustom compiles the patterns. The error names the one that is wrong.
func NewCustom(patterns []CustomPattern) (*Custom, error) {
	if len(patterns) > maxCustomPatterns {
		return nil, fmt.Errorf("%d custom patterns; at most %d are allowed", len(patterns), maxCustomPatterns)
	}
	c := &Custom{longest: 1}
	names := map[string]bool{}
	for i, p := range patterns {
		if !customName.MatchString(p.Name) {
			return nil, fmt.Errorf("custom pattern %d: name %.80q is not lower-case letters, digits, _ and -", i+1, p.Name)
		}
		if names[p.Name] {
			return nil, fmt.Errorf("custom pattern %q is there twice", p.Name)
		}
		names[p.Name] = true
		r, err := compileCustom(&p)
		if err != nil {
			return nil, fmt.Errorf("custom pattern %q: %w", p.Name, err)
		}
		part := customPart{category: "custom." + p.Name, name: p.Name, rex: r}
		part.findDead()
		c.parts = append(c.parts, part)
		c.longest = max(c.longest, r.max)
	}
	return c, nil
}

func compileCustom(p *CustomPattern) (*rex, error) {
	if len(p.Pattern) > maxCustomBytes {
		return nil, fmt.Errorf("pattern has %d bytes; at most %d are allowed", len(p.Pattern), maxCustomBytes)
	}
	if p.Longest < 0 || p.Longest > maxCustomMatch {
		return nil, fmt.Errorf("longest is %d; expected 0 to %d bytes", p.Longest, maxCustomMatch)
	}
	r, err := newRex(p.Pattern, p.Longest)
	switch {
	case errors.Is(err, errRexUnbounded):
		return nil, fmt.Errorf("pattern %w: give longest, or replace *, + and {n,} by counts such as {1,40}", err)
	case err != nil:
		return nil, fmt.Errorf("pattern %.80q: %w", p.Pattern, err)
	case r.max > maxCustomMatch:
		return nil, fmt.Errorf("pattern may match %d bytes; at most %d are allowed", r.max, maxCustomMatch)
	case len(r.prog.Inst) > maxCustomProgram:
		return nil, fmt.Errorf("pattern needs %d steps; at most %d are allowed", len(r.prog.Inst), maxCustomProgram)
	}
	return r, nil
}

func (p *customPart) findDead() {
	for b := range p.dead {
		p.dead[b] = make([]bool, len(p.rex.reps))
		for c := range p.dead[b] {
			p.dead[b][c] = p.rex.step(p.rex.start[b], c).dead
		}
	}
}

// Longest implements [guard.StreamDetector]. A match is held one character
// longer, since that character may extend it.
func (c *Custom) Longest() int { return c.longest + 4 }

// Scanner implements [guard.StreamDetector].
func (c *Custom) Scanner(*guard.Exchange, guard.Origin, guard.Kind) guard.Scanner {
	switch len(c.parts) {
	case 0:
		return nil
	case 1:
		return newScanner("custom", c.parts[0].find)
	}
	m := &merged{}
	for i := range c.parts {
		m.parts = append(m.parts, newScanner("custom", c.parts[i].find))
	}
	return m
}

// Detect implements [guard.Detector].
func (c *Custom) Detect(ctx context.Context, t *guard.Text) ([]guard.Finding, error) {
	return detectExact(ctx, c, t, normal.Canonical)
}

// find is the [finder] of one pattern.
func (p *customPart) find(text string, from int, end bool) (match, int, bool) {
	prev := beforeNothing
	if from > 0 {
		prev = rexBeforeOf(before(text, from))
	}
	for i := from; i < len(text); {
		c, w := p.rex.classOf(text, i)
		if !p.dead[prev][c] {
			res := p.rex.run(text, i, end)
			if res.live {
				return match{}, i, false
			}
			if res.end >= 0 && res.stop > res.start && res.start >= 0 {
				return match{
					Span: guard.Span{Start: res.start, End: res.stop}, category: p.category, rule: p.name,
					score: 1, why: "a pattern of the operator",
				}, 0, true
			}
		}
		prev = rexBeforeOf(p.rex.reps[c])
		i += w
	}
	return match{}, len(text), false
}
