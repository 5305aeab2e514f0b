package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"
	"time"

	"warder.example/internal/redteam/attack"
)

// Objects of SARIF 2.1.0 (OASIS, 2020), as far as they are written.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		Automation  sarifAutomation   `json:"automationDetails"`
		Taxonomies  []sarifComponent  `json:"taxonomies,omitempty"`
		Results     []sarifResult     `json:"results"`
	}
	sarifTool struct {
		Driver sarifComponent `json:"driver"`
	}
	sarifComponent struct {
		Name       string           `json:"name"`
		Version    string           `json:"version,omitempty"`
		Full       bool             `json:"isComprehensive"`
		Rules      []sarifRule      `json:"rules,omitempty"`
		Taxa       []sarifRule      `json:"taxa,omitempty"`
		Supported  []sarifReference `json:"supportedTaxonomies,omitempty"`
		Properties map[string]any   `json:"properties,omitempty"`
	}
	sarifReference struct {
		Name  string `json:"name"`
		Index int    `json:"index"`
	}
	sarifRule struct {
		ID            string              `json:"id"`
		Name          string              `json:"name,omitempty"`
		Short         *sarifMessage       `json:"shortDescription,omitempty"`
		Full          *sarifMessage       `json:"fullDescription,omitempty"`
		Help          *sarifMessage       `json:"help,omitempty"`
		Default       *sarifConfiguration `json:"defaultConfiguration,omitempty"`
		Relationships []sarifRelationship `json:"relationships,omitempty"`
		Properties    map[string]any      `json:"properties,omitempty"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifConfiguration struct {
		Level string `json:"level"`
	}
	sarifRelationship struct {
		Target sarifTaxon `json:"target"`
		Kinds  []string   `json:"kinds"`
	}
	sarifTaxon struct {
		ID        string         `json:"id"`
		Index     int            `json:"index"`
		Component sarifReference `json:"toolComponent"`
	}
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		Start         string              `json:"startTimeUtc,omitempty"`
		End           string              `json:"endTimeUtc,omitempty"`
		Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Level   string       `json:"level"`
		Message sarifMessage `json:"message"`
	}
	sarifAutomation struct {
		ID string `json:"id"`
	}
	sarifResult struct {
		Rule         string            `json:"ruleId"`
		Index        int               `json:"ruleIndex"`
		Level        string            `json:"level"`
		Message      sarifMessage      `json:"message"`
		Locations    []sarifLocation   `json:"locations"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		Properties   map[string]any    `json:"properties"`
	}
	sarifLocation struct {
		Physical *sarifPhysical `json:"physicalLocation,omitempty"`
		Logical  []sarifLogical `json:"logicalLocations"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		Line int `json:"startLine"`
	}
	sarifLogical struct {
		Name string `json:"name"`
		Full string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
)

// SARIF writes a log of SARIF 2.1.0: families are rules, related to the entries of the
// frameworks they are counted under; each cell in which an attack succeeded, in whole or
// in part, is a result. A result keeps its fingerprint from run to run.
func SARIF(w io.Writer, s *Summary) error {
	taxa := s.taxonomies()
	run := sarifRun{
		Tool:        sarifTool{sarifComponent{Name: "Warder red team", Version: short(s.Versions["warder"]), Full: true}},
		Invocations: []sarifInvocation{s.invocation()},
		Automation:  sarifAutomation{"warder-redteam/" + url.PathEscape(short(s.Target)) + "/"},
		Taxonomies:  taxa.components,
		Results:     []sarifResult{},
	}
	driver := &run.Tool.Driver
	for i, c := range taxa.components {
		driver.Supported = append(driver.Supported, sarifReference{c.Name, i})
	}
	rules := map[string]int{}
	s.attacked(func(m Mode, f Family) {
		at, ok := rules[f.ID]
		if !ok {
			at = len(driver.Rules)
			rules[f.ID] = at
			driver.Rules = append(driver.Rules, rule(f, taxa))
		}
		for _, c := range f.Cells {
			if c.Success+c.Partial > 0 {
				run.Results = append(run.Results, s.result(m, f, c, at))
			}
		}
	})
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	if err := enc.Encode(sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}}); err != nil {
		return fmt.Errorf("writing SARIF: %w", err)
	}
	return nil
}

// invocation says when the run was, and what it does not know.
func (s *Summary) invocation() sarifInvocation {
	out := sarifInvocation{Successful: true}
	if !s.Began.IsZero() {
		out.Start, out.End = s.Began.UTC().Format(time.RFC3339), s.Ended.UTC().Format(time.RFC3339)
	}
	n := 0
	s.attacked(func(_ Mode, f Family) { n += f.unscored() })
	if n > 0 {
		out.Notifications = []sarifNotification{{"warning", sarifMessage{fmt.Sprintf("%d attempts have no verdict: they are not shown to be safe.", n)}}}
	}
	return out
}

// severities are levels of SARIF, and scores by which GitHub sorts.
var severities = map[attack.Severity]struct{ level, score string }{
	attack.Low: {"note", "3.0"}, attack.Medium: {"warning", "5.5"}, attack.High: {"error", "8.0"}, attack.Critical: {"error", "9.5"}, "": {"error", "8.0"},
}

func rule(f Family, taxa taxonomies) sarifRule {
	sev := severities[f.Severity]
	out := sarifRule{
		ID: short(f.ID), Name: short(f.Title), Short: &sarifMessage{plain(f.Title)}, Default: &sarifConfiguration{sev.level},
		Help: &sarifMessage{plain(fix(f))}, Properties: map[string]any{"security-severity": sev.score, "tags": []string{"security", "llm"}},
	}
	if f.Goal != "" {
		out.Full = &sarifMessage{plain(f.Goal)}
	}
	for _, id := range f.Frameworks {
		if t, ok := taxa.at[id]; ok {
			out.Relationships = append(out.Relationships, sarifRelationship{t, []string{"relevant"}})
		}
	}
	return out
}

func (s *Summary) result(m Mode, f Family, c Cell, rule int) sarifResult {
	level := severities[f.Severity].level
	if c.Success == 0 {
		level = "note"
	}
	name := short(under(m.Guard, f.ID+"/"+c.Strategy))
	properties := map[string]any{"attempts": c.Attempts, "scored": c.Scored, "successes": c.Success, "partial": c.Partial, "upper": c.Upper, "strategy": short(c.Strategy)}
	if c.Scored > 0 {
		properties["rate"], properties["low"], properties["high"] = c.Rate, c.Low, c.High
	}
	return sarifResult{
		Rule: short(f.ID), Index: rule, Level: level,
		Message: sarifMessage{plain(fmt.Sprintf("%s by %s: %s.", f.Title, c.Strategy, c.sentence()))},
		Locations: []sarifLocation{{
			Physical: placeOf(s.File),
			Logical:  []sarifLogical{{name, short(s.Target) + "/" + name, "resource"}},
		}},
		Fingerprints: map[string]string{"warderCell/v1": fingerprint(s.Target, m.Guard, f.ID, c.Strategy)},
		Properties:   properties,
	}
}

// fingerprint is the same for the same cell of the same target.
func fingerprint(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// placeOf is the target's file as a place in the repository; nil if it is not in it.
func placeOf(file string) *sarifPhysical {
	clean := path.Clean(strings.ReplaceAll(file, `\`, "/"))
	if file == "" || clean == "." || path.IsAbs(clean) || strings.HasPrefix(clean, "..") || strings.Contains(clean, ":") {
		return nil
	}
	return &sarifPhysical{sarifArtifact{(&url.URL{Path: clean}).EscapedPath()}, sarifRegion{1}}
}

// plain makes a text of others fit for a message, in which brackets are links and braces
// stand for arguments.
func plain(s string) string {
	return strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`, "{", "{{", "}", "}}").Replace(short(s))
}
