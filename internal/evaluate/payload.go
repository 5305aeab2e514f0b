package evaluate

import (
	"hash/fnv"

	"warder.example/internal/corpus"
)

// minDivisions is the number of different `sub` values from which on they are
// taken to name what rows have in common. Fewer, such as train, val and test,
// say where rows come from: a source of three such divisions is no sample of
// three.
const minDivisions = 10

// grouping finds rows that are not independent of each other. A row belongs to
// the payload inside it (`attack`), else to its `template`, else to its `sub`
// where the source has minDivisions of them, else to its text: copies count
// together, and a bare attack with the carriers of it, whatever their source.
type grouping struct {
	rows      []groupKeys
	divisions map[division]map[uint64]bool
}

type groupKeys struct {
	div      division
	sub, own uint64
	named    bool // own is a payload or template, sub does not matter
}

type division struct {
	source string
	kind   Kind
}

func newGrouping() grouping { return grouping{divisions: map[division]map[uint64]bool{}} }

func (g *grouping) add(row *corpus.Row, kind Kind) {
	k := groupKeys{div: division{row.Source, kind}, own: hash("text", row.Text)}
	switch {
	case row.Attack != "":
		k.own, k.named = hash("text", row.Attack), true
	case row.Template != "":
		k.own, k.named = hash("template", row.Source, row.Template), true
	case row.Sub != "":
		k.sub = hash("sub", row.Source, string(row.Sub))
		seen := g.divisions[k.div]
		if seen == nil {
			seen = map[uint64]bool{}
			g.divisions[k.div] = seen
		}
		seen[k.sub] = true
	}
	g.rows = append(g.rows, k)
}

// resolve numbers the clusters of all, which are the rows added, and returns how
// many there are.
func (g *grouping) resolve(all []outcome) int {
	ids := map[uint64]int32{}
	for i, k := range g.rows {
		key := k.own
		if !k.named && k.sub != 0 && len(g.divisions[k.div]) >= minDivisions {
			key = k.sub
		}
		id, ok := ids[key]
		if !ok {
			id = int32(len(ids))
			ids[key] = id
		}
		all[i].cluster = id
	}
	return len(ids)
}

// hash tells texts apart within one corpus.
func hash(parts ...string) uint64 {
	h := fnv.New64a()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0xFF}) // never in UTF-8
	}
	return h.Sum64()
}
