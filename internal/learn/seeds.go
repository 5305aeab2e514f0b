package learn

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"

	"warder.example/guard"
	"warder.example/internal/corpus"
)

// The seeds are texts written for this project: attacks of many families and
// benign texts that resemble them. A file holds one text a line, with \n for a
// line break, under headings
//
//	## FAMILY LANGUAGE [CHANNEL]
//
// Files named attacks-*.txt hold attacks, benign-*.txt the others.
//
//go:embed seeds/*.txt
var embedded embed.FS

//go:embed seeds/families.tsv
var familiesFile string

// family is what the texts under a heading are: a line of seeds/families.tsv.
type family struct{ label corpus.Label }

// families reads the list of families.
var families = sync.OnceValues(func() (map[string]family, error) {
	out := map[string]family{}
	for n, line := range strings.Split(familiesFile, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 3 || out[f[0]] != (family{}) {
			return nil, fmt.Errorf("families.tsv line %d: %.60q; expected a new name, a label and a description with tabs between", n+1, line)
		}
		l := corpus.Label(f[1])
		if !l.Attack() && !l.Ordinary() {
			return nil, fmt.Errorf("families.tsv line %d: label %.40q; expected injection, jailbreak, benign or benign_hard", n+1, f[1])
		}
		out[f[0]] = family{l}
	}
	return out, nil
})

// Seeds returns the project's own texts to learn from, with payloads in carriers.
func Seeds() ([]Row, error) { return seedRows("") }

func seedRows(dir string) ([]Row, error) {
	var fsys fs.FS
	switch dir {
	case "none":
		return nil, nil
	case "":
		sub, err := fs.Sub(embedded, "seeds")
		if err != nil {
			return nil, fmt.Errorf("opening the embedded seeds: %w", err)
		}
		fsys = sub
	default:
		fsys = os.DirFS(dir)
	}
	rows, err := textsOf(fsys)
	if err == nil && len(rows) == 0 {
		err = fmt.Errorf("seeds: no texts in attacks-*.txt and benign-*.txt of %q", dir)
	}
	return rows, err
}

// textsOf reads the texts of a folder of seeds, with payloads in carriers.
func textsOf(fsys fs.FS) ([]Row, error) {
	names, err := fs.Glob(fsys, "*.txt")
	if err != nil {
		return nil, fmt.Errorf("listing seeds: %w", err)
	}
	var rows []Row
	for _, name := range names {
		attack := strings.HasPrefix(name, "attacks-")
		if !attack && !strings.HasPrefix(name, "benign-") {
			continue
		}
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("reading seeds: %w", err)
		}
		part, err := parseSeeds(string(b), attack)
		if err != nil {
			return nil, fmt.Errorf("seeds %s: %w", name, err)
		}
		for i := range part {
			part[i].Block = seedBlock(name)
		}
		rows = append(rows, part...)
	}
	loaded, err := carried(fsys)
	if err != nil {
		return nil, err
	}
	return append(rows, loaded...), nil
}

func parseSeeds(text string, attack bool) ([]Row, error) {
	var rows []Row
	var head Row
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if h, ok := strings.CutPrefix(line, "## "); ok {
			var err error
			if head, err = seedHeading(h, attack); err != nil {
				return nil, fmt.Errorf("line %d: %w", n+1, err)
			}
			continue
		}
		if head.Source == "" {
			return nil, fmt.Errorf("line %d: text before the first heading", n+1)
		}
		r := head
		r.Text = strings.ReplaceAll(line, `\n`, "\n")
		if before, rest, ok := strings.Cut(r.Text, "⟦"); ok && attack {
			inner, after, ok := strings.Cut(rest, "⟧")
			if !ok {
				return nil, fmt.Errorf("line %d: ⟦ without ⟧", n+1)
			}
			r.Text, r.Attack = before+inner+after, inner
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func seedHeading(h string, attack bool) (Row, error) {
	f := strings.Fields(h)
	if len(f) < 2 || len(f) > 3 {
		return Row{}, fmt.Errorf("heading %.60q; expected ## FAMILY LANGUAGE [CHANNEL]", h)
	}
	r := Row{Source: "seeds/" + f[0], Lang: f[1], Origin: guard.OriginUser, Label: corpus.Benign}
	if len(f) == 3 {
		o, err := guard.ParseOrigin(f[2])
		if err != nil {
			return Row{}, fmt.Errorf("heading %.60q: %w", h, err)
		}
		r.Origin = o
	}
	known, err := families()
	if err != nil {
		return r, err
	}
	fam, ok := known[f[0]]
	switch {
	case !ok:
		return r, fmt.Errorf("heading %.60q: no such family in families.tsv", h)
	case fam.label.Attack() != attack:
		return r, fmt.Errorf("heading %.60q: family of label %s; attacks stand in attacks-*.txt, the others in benign-*.txt", h, fam.label)
	}
	r.Label = fam.label
	return r, nil
}
