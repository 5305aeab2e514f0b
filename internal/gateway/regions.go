package gateway

import (
	"warder.example/guard"
	"warder.example/guard/segment"
	"warder.example/internal/config"
)

// regions returns what an application says of text pasted into its turns.
func regions(ac config.Application) []segment.Rule {
	if len(ac.Regions) == 0 {
		return nil
	}
	out := make([]segment.Rule, len(ac.Regions))
	for i, r := range ac.Regions {
		out[i] = segment.Rule{Start: r.Start, End: r.End, Origin: r.Origin}
	}
	return out
}

// operatorTexts returns what the operator wrote: system texts without the
// regions of others in them, which an answer may well repeat.
func operatorTexts(texts []string, rules []segment.Rule) []string {
	if len(rules) == 0 {
		return texts
	}
	var out []string
	for _, t := range texts {
		for _, p := range segment.Split(t, guard.OriginOperator, rules) {
			if p.Origin == guard.OriginOperator {
				out = append(out, t[p.Start:p.End])
			}
		}
	}
	return out
}
