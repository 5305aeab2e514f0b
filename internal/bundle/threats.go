package bundle

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"warder.example/guard/threat"
)

// Threat is one line of [ThreatsPart]: JSON with these keys in this order. There is
// no text in it, and no application: it holds for all.
type Threat struct {
	ID       string    `json:"id"`       // letters, digits, "_", "-": at most 64
	Category string    `json:"category"` // "injection" or "jailbreak"
	Source   string    `json:"source,omitempty"`
	Expires  time.Time `json:"expires,omitzero"`
	Sketch   []byte    `json:"sketch"` // see [threat.Sketch.MarshalBinary]
}

var threatID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// maxSource is the length in bytes of the longest source in a bundle: findings show
// it behind the bundle's name and version.
const maxSource = 40

// maxThreatLine is the length in bytes of the longest line: a sketch in base64 and
// the rest.
const maxThreatLine = threat.MaxSketch*4/3 + 1024

// WriteThreats writes threats as a bundle has them: in the order of their ids, one
// line each. Sources are cut to what a bundle may hold.
func WriteThreats(w io.Writer, all []Threat) error {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b Threat) int { return strings.Compare(a.ID, b.ID) })
	for i := range all {
		t := &all[i]
		t.Expires = t.Expires.UTC().Truncate(time.Second)
		t.Source = shorten(t.Source, maxSource)
		line, err := t.line()
		if err == nil {
			_, err = t.entry(&Manifest{})
		}
		if err != nil {
			return fmt.Errorf("writing threat %.70q: %w", t.ID, err)
		}
		if _, err := w.Write(line); err != nil {
			return fmt.Errorf("writing threats: %w", err)
		}
	}
	return nil
}

func (t *Threat) line() ([]byte, error) {
	b, err := json.Marshal(t)
	return append(b, '\n'), err
}

// shorten cuts s at a character.
func shorten(s string, most int) string {
	for len(s) > most {
		r := []rune(s)
		s = string(r[:len(r)-1])
	}
	return s
}

// readThreats reads what WriteThreats writes, and nothing else.
func readThreats(m *Manifest, r io.Reader) ([]threat.Entry, error) {
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 0, 4096), maxThreatLine)
	var out []threat.Entry
	last := ""
	for n := 1; in.Scan(); n++ {
		if n > MaxThreats {
			return nil, fmt.Errorf("more than %d threats", MaxThreats)
		}
		var t Threat
		dec := json.NewDecoder(bytes.NewReader(in.Bytes()))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&t); err != nil {
			return nil, fmt.Errorf("line %d: not a threat as warder threat export writes it", n)
		}
		if again, err := t.line(); err != nil || !bytes.Equal(bytes.TrimSuffix(again, []byte("\n")), in.Bytes()) {
			return nil, fmt.Errorf("line %d: spelled differently than warder threat export does", n)
		}
		if t.ID <= last {
			return nil, fmt.Errorf("line %d: id %.70q is there twice or out of order", n, t.ID)
		}
		last = t.ID
		e, err := t.entry(m)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		out = append(out, e)
	}
	if err := in.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", len(out)+1, err)
	}
	return out, nil
}

// entry is the threat as it is looked for. Findings name the bundle.
func (t *Threat) entry(m *Manifest) (e threat.Entry, err error) {
	switch {
	case !threatID.MatchString(t.ID):
		return e, fmt.Errorf("id is %.70q; expected letters, digits, _ and -, at most 64", t.ID)
	case t.Category != "injection" && t.Category != "jailbreak":
		return e, fmt.Errorf("category is %.40q; expected injection or jailbreak", t.Category)
	case !printable(t.Source, maxSource):
		return e, fmt.Errorf("source is %.50q; expected at most %d printable bytes", t.Source, maxSource)
	}
	e = threat.Entry{ID: m.Name + "/" + t.ID, Category: t.Category, State: threat.Active, Expires: t.Expires,
		Source: strings.TrimSuffix("bundle "+m.Name+" "+m.Version+": "+t.Source, ": ")}
	return e, e.Sketch.UnmarshalBinary(t.Sketch)
}
