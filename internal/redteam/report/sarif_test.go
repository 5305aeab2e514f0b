package report_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"warder.example/internal/redteam/report"
)

// sarifSchema is that of OASIS, SARIF 2.1.0 with errata 01, without white space.
func sarifSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	data, err := os.ReadFile("testdata/sarif-schema-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func sarif(t *testing.T, s *report.Summary) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := report.SARIF(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestSARIFIsValid: by the schema, for a plain run, a hostile one and an empty one.
func TestSARIFIsValid(t *testing.T) {
	schema := sarifSchema(t)
	for name, s := range map[string]*report.Summary{
		"plain": summarize(t, report.Run{Target: "shop", File: "redteam/shop bot.yaml"}, sample(), report.Options{}), "hostile": hostileSummary(t, true), "empty": summarize(t, report.Run{}, nil, report.Options{}),
	} {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(sarif(t, s)))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The schema does refuse.
	doc, _ := jsonschema.UnmarshalJSON(strings.NewReader(`{"version":"2.1.0","runs":[{"results":[]}]}`))
	if schema.Validate(doc) == nil {
		t.Error("a run without a tool is valid")
	}
}

type sarifForm struct {
	Runs []struct {
		Tool struct {
			Driver struct {
				Rules []struct {
					ID            string
					Relationships []struct {
						Target struct {
							ID            string
							Index         int
							ToolComponent struct{ Index int }
						}
					}
				}
			}
		}
		Invocations []struct {
			ToolExecutionNotifications []struct{ Message struct{ Text string } }
		}
		Taxonomies []struct {
			Name, Version string
			Taxa          []struct{ ID string }
		}
		Results []struct {
			RuleID              string
			RuleIndex           int
			Level               string
			Message             struct{ Text string }
			PartialFingerprints map[string]string
			Locations           []struct {
				PhysicalLocation *struct{ ArtifactLocation struct{ URI string } }
			}
		}
	}
}

func TestSARIFSays(t *testing.T) {
	s := summarize(t, report.Run{Target: "shop", File: "redteam/shop bot.yaml"}, sample(), report.Options{})
	var log sarifForm
	if err := json.Unmarshal(sarif(t, s), &log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	if len(run.Results) != 3 || len(run.Tool.Driver.Rules) != 4 {
		t.Fatalf("%d results, %d rules; expected 3 and 4", len(run.Results), len(run.Tool.Driver.Rules))
	}
	names := map[string]bool{}
	for _, x := range run.Taxonomies {
		names[strings.Fields(x.Name)[0]+" "+x.Version] = true
	}
	related := 0
	for _, r := range run.Tool.Driver.Rules {
		for _, rel := range r.Relationships {
			related++
			if got := run.Taxonomies[rel.Target.ToolComponent.Index].Taxa[rel.Target.Index].ID; got != rel.Target.ID {
				t.Errorf("rule %s is related to %s, which is %s at its place", r.ID, rel.Target.ID, got)
			}
		}
	}
	if len(names) < 3 || related < 8 {
		t.Errorf("taxonomies %v, %d relationships; expected OWASP, ATLAS and CWE", names, related)
	}
	marks := map[string]bool{}
	for _, r := range run.Results {
		marks[r.PartialFingerprints["warderCell/v1"]] = true
		if run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID || r.Locations[0].PhysicalLocation.ArtifactLocation.URI != "redteam/shop%20bot.yaml" {
			t.Errorf("%+v", r)
		}
		if partial := r.RuleID == "leak.secret"; partial != (r.Level == "note") {
			t.Errorf("%s has the level %s", r.RuleID, r.Level)
		}
	}
	if len(marks) != 3 {
		t.Errorf("fingerprints %v", marks)
	}
	if n := run.Invocations[0].ToolExecutionNotifications; len(n) != 1 || !strings.HasPrefix(n[0].Message.Text, "10 attempts have no verdict") {
		t.Errorf("%+v", n)
	}
	// Same fingerprints whatever the figures are.
	var again sarifForm
	if err := json.Unmarshal(sarif(t, summarize(t, report.Run{Target: "shop"}, sample()[:7], report.Options{})), &again); err != nil {
		t.Fatal(err)
	}
	if r := again.Runs[0].Results; len(r) == 0 || !marks[r[0].PartialFingerprints["warderCell/v1"]] || r[0].Locations[0].PhysicalLocation != nil {
		t.Errorf("%+v", r)
	}
}

// TestSARIFPlacesAreInTheRepository: no path of a machine leaves.
func TestSARIFPlacesAreInTheRepository(t *testing.T) {
	for _, file := range []string{"/etc/target.yaml", "../../target.yaml", `C:\target.yaml`, "https://x.example/t", ".", `..\t.yaml`} {
		if b := sarif(t, summarize(t, report.Run{File: file}, sample(), report.Options{})); bytes.Contains(b, []byte("physicalLocation")) {
			t.Errorf("%q is a place", file)
		}
	}
}
