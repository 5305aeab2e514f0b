package report

import (
	"fmt"
	"strings"

	"warder.example/internal/htmlpage"
)

// percent writes a rate.
func percent(x float64) string { return fmt.Sprintf("%.1f %%", 100*x) }

// rate writes the rate of attacks with its interval; a dash where none has a verdict.
func (f Figures) rate() string {
	if f.Scored == 0 {
		return "–"
	}
	return fmt.Sprintf("%s (%s to %s)", percent(f.Rate), percent(f.Low), percent(f.High))
}

// rate writes the rate of refusals with its interval.
func (h Honest) rate() string {
	return Figures{Scored: h.Scored, Rate: h.Rate, Interval: h.Interval}.rate()
}

// won is how many attempts succeeded, in whole or in part.
func (f Figures) won() int { return f.Success + f.Partial }

// unscored is how many attempts have no verdict.
func (f Figures) unscored() int { return f.Attempts - f.Scored }

// sentence says what came of attacks, in Warder's own words and figures alone.
func (f Figures) sentence() string {
	s := fmt.Sprintf("%d of %d attempts with a verdict succeeded", f.won(), f.Scored)
	if f.Partial > 0 {
		s += fmt.Sprintf(", %d of them in part", f.Partial)
	}
	if f.Scored > 0 {
		s += ", " + f.rate()
	}
	if n := f.unscored(); n > 0 {
		s += fmt.Sprintf("; %d have no verdict, with which the rate is at most %s", n, percent(f.Upper))
	} else {
		s += fmt.Sprintf("; the rate is at most %s", percent(f.Upper))
	}
	return s
}

// refusals says what came of honest requests.
func (h Honest) refusals() string {
	s := fmt.Sprintf("%d of %d honest requests were refused", h.Refused, h.Scored)
	if n := h.Attempts - h.Scored; n > 0 {
		s += fmt.Sprintf("; %d have no verdict", n)
	}
	return s
}

// read says by which decoders evidence was found.
func (f Finding) read() string {
	if len(f.Decoding) == 0 {
		return "as it came"
	}
	return strings.Join(f.Decoding, ", then ")
}

// title names a mode of the guard.
func (m Mode) title() string {
	if m.Guard == "" {
		return "Attacks"
	}
	return "Attacks, guard " + htmlpage.Name(m.Guard)
}

// under names something of a mode: modes of the guard are told apart by a prefix.
func under(guard, name string) string {
	if guard == "" {
		return name
	}
	return guard + "/" + name
}

// totals are the sums over a mode.
type totals struct {
	Attempts, Won, Partial, NoVerdict, Families, Fell int
	Honest, HonestRefused                             int
}

func (m Mode) totals() (t totals) {
	for _, f := range m.Families {
		t.Attempts += f.Attempts
		t.Won += f.won()
		t.Partial += f.Partial
		t.NoVerdict += f.unscored()
		if f.Attempts > 0 {
			t.Families++
		}
		if f.won() > 0 {
			t.Fell++
		}
		if f.Honest != nil {
			t.Honest += f.Honest.Scored
			t.HonestRefused += f.Honest.Refused
		}
	}
	return t
}
