package replay

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"warder.example/guard"
	"warder.example/guard/policy"
	"warder.example/guard/standard"
)

// ownShare is the share of the requests with instructions from which data in them
// counts as the application's own, such as its contact address.
const ownShare = 0.5

// enforceBelow is the share of requests below which the upper bound of honest ones
// that are stopped must lie for the proposal to enforce at once.
const enforceBelow = 0.001

// proposal writes a policy to begin with: the one of the replay, in observe mode
// unless labels show that it stops next to no honest request, and with an exception
// for data that stands in the application's own instructions again and again.
// What comes out is compiled as a policy is; what does not compile is left away.
func proposal(p *policy.Policy, t *tally) (text string, because []string) {
	mode, why := proposedMode(t)
	because = append(because, why)
	best := edited(p, mode, nil)
	var taken []string
	for _, k := range slices.Sorted(maps.Keys(t.Own)) {
		if float64(t.Own[k]) < ownShare*float64(t.Operated) {
			continue
		}
		if next := edited(p, mode, append(taken, k)); next != "" {
			rule, category, _ := strings.Cut(k, sep)
			taken, best = append(taken, k), next
			because = append(because, fmt.Sprintf("rule %s only flags %s in system prompts: it stands in %d of %d of them, so it seems to be the application's own", rule, category, t.Own[k], t.Operated))
		}
	}
	if best == "" { // the policy itself compiles: it was in use
		best = string(p.Source())
	}
	var b strings.Builder
	b.WriteString("# Proposed by warder replay; read it before you use it.\n")
	for _, line := range because {
		b.WriteString("# - " + line + "\n")
	}
	return b.String() + best, because
}

// proposedMode chooses the mode and says why.
func proposedMode(t *tally) (mode, why string) {
	e := t.estimate()
	if t.Stopped == 0 {
		return "enforce", fmt.Sprintf("mode is enforce: none of %d requests would have been stopped", t.Requests)
	}
	if e.Labelled == nil {
		return "observe", fmt.Sprintf("mode is observe: %d of %d requests would have been stopped, and nobody has said which of them were honest; label a sample (--review, --labels), then enforce", t.Stopped, t.Requests)
	}
	share := e.Labelled.High * float64(t.Stopped) / float64(max(1, t.Requests))
	if share > enforceBelow {
		return "observe", fmt.Sprintf("mode is observe: up to %.3g %% of requests would be stopped in error by the labels so far", 100*share)
	}
	return "enforce", fmt.Sprintf("mode is enforce: at most %.3g %% of requests would be stopped in error by the labels", 100*share)
}

// edited returns a policy with another mode and with exceptions, each a rule and a
// category, for the operator's own texts; empty if it does not compile.
func edited(p *policy.Policy, mode string, exceptions []string) string {
	var doc yaml.Node
	if yaml.Unmarshal(p.Source(), &doc) != nil || len(doc.Content) != 1 {
		return ""
	}
	root := doc.Content[0]
	set(root, "mode", scalar(mode))
	for _, k := range exceptions {
		rule, category, _ := strings.Cut(k, sep)
		if !except(root, rule, category) {
			return ""
		}
	}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if enc.Encode(&doc) != nil {
		return ""
	}
	made, err := policy.Parse("proposal", b.Bytes())
	if err != nil {
		return ""
	}
	if _, err := standard.New(made); err != nil {
		return ""
	}
	return b.String()
}

// except adds an exception to a rule.
func except(root *yaml.Node, rule, category string) bool {
	rules := member(root, "rules")
	if rules == nil {
		return false
	}
	for _, r := range rules.Content {
		if name := member(r, "name"); name == nil || name.Value != rule {
			continue
		}
		list := member(r, "except")
		if list == nil {
			list = &yaml.Node{Kind: yaml.SequenceNode}
			set(r, "except", list)
		}
		when := mapping("category", category, "origin", guard.OriginOperator.String())
		when.Style = yaml.FlowStyle
		e := &yaml.Node{Kind: yaml.MappingNode}
		set(e, "when", when)
		set(e, "then", scalar(guard.Flag.String()))
		set(e, "reason", scalar("it stands in the application's own instructions again and again"))
		list.Content = append(list.Content, e)
		return true
	}
	return false
}

func scalar(s string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
}

func mapping(pairs ...string) *yaml.Node {
	m := &yaml.Node{Kind: yaml.MappingNode}
	for i := 0; i < len(pairs); i += 2 {
		set(m, pairs[i], scalar(pairs[i+1]))
	}
	return m
}

// member returns the value at a key of a mapping, nil if there is none.
func member(m *yaml.Node, name string) *yaml.Node {
	if m.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(m.Content); i += 2 {
			if m.Content[i].Value == name {
				return m.Content[i+1]
			}
		}
	}
	return nil
}

// set sets a key of a mapping.
func set(m *yaml.Node, name string, v *yaml.Node) {
	if old := member(m, name); old != nil {
		*old = *v
		return
	}
	m.Content = append(m.Content, scalar(name), v)
}
