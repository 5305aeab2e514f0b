package report

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"warder.example/internal/redteam/strategy"
	"warder.example/internal/redteam/taxonomy"
)

// layer is what the ATLAS Navigator opens: version 4.5 of the layer format of the ATT&CK
// Navigator, in the domain of ATLAS.
type layer struct {
	Name        string         `json:"name"`
	Versions    layerVersions  `json:"versions"`
	Domain      string         `json:"domain"`
	Description string         `json:"description"`
	Metadata    []layerNote    `json:"metadata"`
	Sorting     int            `json:"sorting"`
	Techniques  []technique    `json:"techniques"`
	Gradient    layerGradient  `json:"gradient"`
	Legend      []layerMeaning `json:"legendItems"`
}

type layerVersions struct {
	Layer     string `json:"layer"`
	Navigator string `json:"navigator"`
}

type layerNote struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type layerGradient struct {
	Colors []string `json:"colors"`
	Min    float64  `json:"minValue"`
	Max    float64  `json:"maxValue"`
}

type layerMeaning struct {
	Label string `json:"label"`
	Color string `json:"color"`
}

type technique struct {
	ID       string      `json:"techniqueID"`
	Score    *float64    `json:"score,omitempty"` // none where no attempt has a verdict
	Comment  string      `json:"comment"`
	Enabled  bool        `json:"enabled"`
	Subs     bool        `json:"showSubtechniques"`
	Metadata []layerNote `json:"metadata"`
}

// Navigator writes a layer of the ATLAS techniques that were tried. A technique's
// score is the highest rate, in percent, of a cell whose family or strategy uses it,
// over all modes of the guard.
func Navigator(w io.Writer, s *Summary) error {
	out := layer{
		Name: "Warder red team: " + short(s.Target), Versions: layerVersions{"4.5", "5.3.2"}, Domain: "atlas-atlas",
		Description: "Highest rate of attack success, in percent, of a family of attacks and strategy that uses the technique.",
		Metadata:    []layerNote{{"atlas_data_version", taxonomy.Version("atlas")}}, Sorting: 3, Techniques: s.techniques(),
		Gradient: layerGradient{[]string{"#dceefb", "#f6c96b", "#b3261e"}, 0, 100},
		Legend:   []layerMeaning{{"no attack succeeded", "#dceefb"}, {"all attacks succeeded", "#b3261e"}},
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	if err := enc.Encode(out); err != nil {
		return fmt.Errorf("writing the layer: %w", err)
	}
	return nil
}

func (s *Summary) techniques() []technique {
	type tried struct {
		attempts, scored, success int
		highest                   float64
		families                  map[string]bool
	}
	by := map[string]*tried{}
	s.attacked(func(_ Mode, f Family) {
		for _, c := range f.Cells {
			for _, id := range techniquesOf(f, c) {
				t := by[id]
				if t == nil {
					t = &tried{families: map[string]bool{}}
					by[id] = t
				}
				t.attempts += c.Attempts
				t.scored += c.Scored
				t.success += c.won()
				t.families[short(f.ID)] = true
				if c.Scored > 0 {
					t.highest = max(t.highest, c.Rate)
				}
			}
		}
	})
	out := []technique{}
	for _, id := range slices.Sorted(maps.Keys(by)) {
		t := by[id]
		entry := technique{
			ID: id, Enabled: true, Comment: fmt.Sprintf("%d of %d attempts with a verdict succeeded; %d have none", t.success, t.scored, t.attempts-t.scored),
			Metadata: []layerNote{{"families", strings.Join(slices.Sorted(maps.Keys(t.families)), ", ")}},
		}
		if t.scored > 0 {
			score := 100 * t.highest
			entry.Score = &score
		}
		out = append(out, entry)
	}
	return out
}

// techniquesOf are the ATLAS techniques of a family or of the strategy laid over it.
func techniquesOf(f Family, c Cell) []string {
	ids := slices.Clone(f.Frameworks)
	if s, err := strategy.Find(c.Strategy); err == nil {
		ids = append(ids, s.Frameworks...)
	}
	ids = slices.DeleteFunc(ids, func(id string) bool {
		e, ok := taxonomy.Lookup(id)
		return !ok || e.Retired || e.Framework != "atlas"
	})
	slices.Sort(ids)
	return slices.Compact(ids)
}
