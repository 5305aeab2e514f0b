package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"testing"
	"time"
)

// TestScript runs run.sh: the rows of testdata through a real gateway.
func TestScript(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the gateway; not with -short")
	}
	cmd := exec.CommandContext(t.Context(), "./run.sh", "--limit", "5", "--json")
	cmd.WaitDelay = 10 * time.Second
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	var r results
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatal(err)
	}
	if r.Total.Rows < 25 || r.Total.Errors != 0 || r.Total.Skipped != 0 || !r.Recorded {
		t.Errorf("total %+v; expected at least 25 rows, all with an outcome", r.Total)
	}
	for _, l := range r.Sources {
		c := l.counts
		switch l.Label {
		case "benign", "safe_output", "grounded":
			if c.Passed != c.Rows {
				t.Errorf("%s: %d of %d passed; expected all", l.Source, c.Passed, c.Rows)
			}
		case "injection", "secret":
			// Decoded attacks may be flagged only.
			if c.Blocked == 0 || c.Blocked+c.Flagged != c.Rows {
				t.Errorf("%s: %d blocked, %d flagged of %d; expected all, and some blocked", l.Source, c.Blocked, c.Flagged, c.Rows)
			}
		case "pii":
			if c.Redacted != c.Rows {
				t.Errorf("%s: %d of %d redacted; expected all", l.Source, c.Redacted, c.Rows)
			}
		default:
			t.Errorf("%s: label %q is not known to this test", l.Source, l.Label)
		}
		if c.Added == nil && c.Blocked < c.Rows {
			t.Errorf("%s: rows were answered and no latency was compared", l.Source)
		}
	}
}

// TestSameSDK: the replay and the project's SDK tests use the same version.
func TestSameSDK(t *testing.T) {
	version := regexp.MustCompile(`openai-go/v3 (v\S+)`)
	var got [2]string
	for i, path := range []string{"go.mod", "../../test/sdk/go/go.mod"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if m := version.FindSubmatch(text); m != nil {
			got[i] = string(m[1])
		}
	}
	if got[0] == "" || got[0] != got[1] {
		t.Errorf("replay has openai-go %q, test/sdk/go has %q; expected the same", got[0], got[1])
	}
}
