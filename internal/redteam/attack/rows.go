package attack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"warder.example/internal/jsonerr"
)

// row is a text of the user for a family that is there.
type row struct {
	ID       string `json:"id"`
	Text     string `json:"text"`
	Family   string `json:"family"`
	Twin     string `json:"twin"`     // may be missing
	Language string `json:"language"` // en if missing
}

var rowID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

// addRows adds the texts of a JSONL file to their families. Variables in them are
// filled in if they are known; other braces stay as they are.
func (c *Catalogue) addRows(name string, data []byte) error {
	changed := map[string]*Family{}
	taken := map[string]map[string]bool{}
	n := 0
	for i, line := range bytes.Split(data, []byte("\n")) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if n++; n > MaxRows {
			return fmt.Errorf("%s:%d: more than %d rows; split the file", name, i+1, MaxRows)
		}
		if err := c.addRow(line, changed, taken); err != nil {
			return fmt.Errorf("%s:%d: %w", name, i+1, err)
		}
	}
	if n == 0 {
		return fmt.Errorf(`%s: no rows; expected lines of {"id": …, "text": …, "family": …}`, name)
	}
	maps.Copy(c.families, changed)
	return nil
}

func (c *Catalogue) addRow(line []byte, changed map[string]*Family, taken map[string]map[string]bool) error {
	w, err := readRow(line)
	if err != nil {
		return err
	}
	f := changed[w.Family]
	if f == nil {
		old, ok := c.families[w.Family]
		if !ok {
			return fmt.Errorf("family %q is not there", clip(w.Family))
		}
		f = new(*old) // the old one may be in use
		f.Seeds = slices.Clone(old.Seeds)
		changed[w.Family], taken[w.Family] = f, map[string]bool{}
		for _, s := range f.Seeds {
			taken[w.Family][s.ID] = true
		}
	}
	if taken[w.Family][w.ID] {
		return fmt.Errorf("id %q is there twice in family %s", w.ID, f.ID)
	}
	taken[w.Family][w.ID] = true
	s := Seed{ID: w.ID, Language: w.Language, Text: w.Text, Twin: w.Twin}
	if !s.possible(f) {
		return fmt.Errorf("family %s is decided by what the text does not have: put {{marker}}, {{host}} or what its objective names in, or make a family of your own", f.ID)
	}
	f.Seeds = append(f.Seeds, s)
	return nil
}

func readRow(line []byte) (row, error) {
	var w row
	if !utf8.Valid(line) {
		return w, errors.New("text is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&w); err != nil {
		return w, jsonerr.Plain(err, &w)
	}
	if _, err := dec.Token(); err != io.EOF {
		return w, errors.New("more than one value; expected one object a line")
	}
	if w.Language == "" {
		w.Language = "en"
	}
	switch {
	case !rowID.MatchString(w.ID):
		return w, fmt.Errorf("id is %q; expected letters, digits, dots, - and _, at most 128", clip(w.ID))
	case strings.TrimSpace(w.Text) == "" || len(w.Text) > MaxText || len(w.Twin) > MaxText:
		return w, fmt.Errorf("text and twin have %d and %d bytes; expected a text, and at most %d", len(w.Text), len(w.Twin), MaxText)
	case !language.MatchString(w.Language):
		return w, fmt.Errorf("language is %q; expected such as en, de or pt-BR", clip(w.Language))
	}
	return w, nil
}
