package learn

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"

	"warder.example/guard"
	"warder.example/internal/corpus"
)

// A command that is harmless in itself is an attack where it stands in data that
// somebody else reads. carriers.txt holds honest documents with places for such
// commands, payloads.txt the commands:
//
//	## KIND LANGUAGE [CHANNEL]     (carriers; payloads have no channel)
//	text, \n for a line break, with ⟦⟧ where a command may stand
//
// Every payload is put into carriers; every carrier is also an honest text.
const (
	carriersFile   = "carriers.txt"
	payloadsFile   = "payloads.txt"
	mark           = "⟦⟧"
	sourcePayloads = "seeds/payload"
	sourceCarriers = "seeds/carrier"
	perPayload     = 3 // carriers of each payload
)

// carried returns the honest carriers and the loaded ones; none if the folder
// has no carriers.
func carried(fsys fs.FS) ([]Row, error) {
	carriers, err := marked(fsys, carriersFile)
	if err != nil || carriers == nil {
		return nil, err
	}
	payloads, err := marked(fsys, payloadsFile)
	if err != nil {
		return nil, err
	}
	byLang := map[string][]int{}
	out := make([]Row, 0, len(carriers)+perPayload*len(payloads))
	for i := range carriers {
		c := carriers[i]
		if !strings.Contains(c.Text, mark) {
			return nil, fmt.Errorf("seeds %s: %.60q has no %s", carriersFile, c.Text, mark)
		}
		carriers[i].Block, c.Block = blockCarriers, blockCarriers
		byLang[c.Lang] = append(byLang[c.Lang], i)
		c.Text, c.Source, c.Label = strings.ReplaceAll(c.Text, mark, ""), sourceCarriers, corpus.Benign
		out = append(out, c)
	}
	for i := range payloads {
		p := &payloads[i]
		r := random(0, "carrier/"+p.Text)
		var used []int
		for k := range perPayload {
			own := byLang[p.Lang]
			if len(own) == 0 || k == perPayload-1 {
				own = byLang["en"]
			}
			if len(own) == 0 {
				continue
			}
			at := own[r.IntN(len(own))]
			if slices.Contains(used, at) {
				continue // few carriers in its language
			}
			used = append(used, at)
			row := carriers[at]
			row.Attack = p.Text
			if strings.HasPrefix(row.Source, "json") {
				row.Attack = strings.ReplaceAll(p.Text, `"`, `\"`)
			}
			row.Text = load(row.Text, row.Attack, r)
			row.Source, row.Label, row.Lang = sourcePayloads, corpus.Injection, p.Lang
			out = append(out, row)
		}
	}
	return out, nil
}

// load puts a payload at one of the marks of a carrier and drops the others.
func load(carrier, payload string, r *rand.Rand) string {
	parts := strings.Split(carrier, mark)
	at := r.IntN(len(parts) - 1)
	var b strings.Builder
	for i, p := range parts {
		b.WriteString(p)
		if i != at {
			continue
		}
		if n := len(p); n > 0 && p[n-1] != ' ' && p[n-1] != '\n' && p[n-1] != '"' && p[n-1] != '>' {
			b.WriteByte(' ')
		}
		b.WriteString(payload)
		if next := parts[i+1]; next != "" && (next[0] >= 'a' && next[0] <= 'z' || next[0] >= 'A' && next[0] <= 'Z' || next[0] >= 0x80) {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// marked reads a file of carriers or payloads. The source of a row is the kind
// in its heading. A file that is not there has none.
func marked(fsys fs.FS, name string) ([]Row, error) {
	b, err := fs.ReadFile(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading seeds: %w", err)
	}
	var rows []Row
	var head Row
	for n, line := range strings.Split(string(b), "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if h, ok := strings.CutPrefix(line, "## "); ok {
			f := strings.Fields(h)
			if len(f) < 2 || len(f) > 3 {
				return nil, fmt.Errorf("seeds %s line %d: heading %.60q; expected ## KIND LANGUAGE [CHANNEL]", name, n+1, h)
			}
			head = Row{Source: f[0], Lang: f[1], Origin: guard.OriginDocument}
			if len(f) == 3 {
				if head.Origin, err = guard.ParseOrigin(f[2]); err != nil {
					return nil, fmt.Errorf("seeds %s line %d: %w", name, n+1, err)
				}
			}
			continue
		}
		if head.Source == "" {
			return nil, fmt.Errorf("seeds %s line %d: text before the first heading", name, n+1)
		}
		r := head
		r.Text = strings.ReplaceAll(line, `\n`, "\n")
		rows = append(rows, r)
	}
	return rows, nil
}
