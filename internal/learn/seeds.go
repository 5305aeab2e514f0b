package learn

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"strings"

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

// jailbreaks are the families that talk the model out of its rules; the others
// take over its instructions.
var jailbreaks = map[string]bool{
	"roleplay": true, "persona_long": true, "jb_wrapper": true, "hypothetical": true, "policy_puppet": true, "suffix": true, "manyshot": true,
}

// hard are the benign families that resemble attacks.
var hard = map[string]bool{
	"role_prompts": true, "quoting": true, "trigger_words": true, "security_benign": true, "doc_imperatives": true, "ops_benign": true, "creative_benign": true,
}

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
		rows = append(rows, part...)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("seeds: no texts in attacks-*.txt and benign-*.txt of %q", dir)
	}
	return rows, nil
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
	switch {
	case attack && jailbreaks[f[0]]:
		r.Label = corpus.Jailbreak
	case attack:
		r.Label = corpus.Injection
	case hard[f[0]]:
		r.Label = corpus.BenignHard
	}
	return r, nil
}
