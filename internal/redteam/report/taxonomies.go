package report

import (
	"slices"

	"warder.example/internal/redteam/taxonomy"
)

// taxonomies are the frameworks that the families of a summary refer to, with the
// entries that they use.
type taxonomies struct {
	components []sarifComponent
	at         map[string]sarifTaxon // by id of the entry
}

func (s *Summary) taxonomies() taxonomies {
	used := map[string][]taxonomy.Entry{}
	seen := map[string]bool{}
	s.attacked(func(_ Mode, f Family) {
		for _, id := range f.Frameworks {
			if e, ok := taxonomy.Lookup(id); ok && !seen[id] {
				seen[id] = true
				used[e.Framework] = append(used[e.Framework], e)
			}
		}
	})
	out := taxonomies{at: map[string]sarifTaxon{}}
	for _, f := range taxonomy.Frameworks() {
		entries := used[f.Key]
		if len(entries) == 0 {
			continue
		}
		slices.SortFunc(entries, func(a, b taxonomy.Entry) int { return slices.Compare([]string{a.ID}, []string{b.ID}) })
		c := sarifComponent{Name: f.Name, Version: f.Version}
		here := sarifReference{f.Name, len(out.components)}
		for i, e := range entries {
			c.Taxa = append(c.Taxa, sarifRule{ID: e.ID, Short: &sarifMessage{plain(e.Name)}})
			out.at[e.ID] = sarifTaxon{e.ID, i, here}
		}
		out.components = append(out.components, c)
	}
	return out
}
