package ledger_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"warder.example/internal/event"
	"warder.example/internal/ledger"
)

func appendTo(t testing.TB, path string, b []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestExport(t *testing.T) {
	dir := t.TempDir() + "/ledger"
	l := open(t, dir, quiet())
	for i := range 6 {
		add(t, l, event.Event{Kind: ledger.KindOpened, Application: []string{"shop", "desk"}[i%2], Request: "r" + string(rune('0'+i)),
			Time: dawn.Add(time.Duration(i) * time.Hour), Payload: json.RawMessage(`{"text":"<b> & \u2028"}`)})
	}
	closeLedger(t, l)
	tests := []struct {
		name   string
		filter ledger.Filter
		want   string // the requests' digits
	}{
		{"all", ledger.Filter{}, "012345"},
		{"since", ledger.Filter{Since: dawn.Add(2 * time.Hour)}, "2345"},
		{"until", ledger.Filter{Until: dawn.Add(2 * time.Hour)}, "01"},
		{"between", ledger.Filter{Since: dawn.Add(time.Hour), Until: dawn.Add(3 * time.Hour)}, "12"},
		{"application", ledger.Filter{Application: "desk"}, "135"},
		{"request", ledger.Filter{Request: "r4"}, "4"},
		{"nothing", ledger.Filter{Application: "desk", Request: "r4"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			n, err := ledger.Export(dir, &out, tt.filter, false)
			if err != nil || n != int64(len(tt.want)) {
				t.Fatalf("%d records, %v", n, err)
			}
			got := ""
			for line := range strings.Lines(out.String()) {
				var x ledger.Exported
				if err := json.Unmarshal([]byte(line), &x); err != nil {
					t.Fatal(err)
				}
				if ledger.LeafHash(x.Record) != x.Leaf {
					t.Errorf("record %d is not as it is kept: %s", x.Sequence, x.Record)
				}
				got += string(rune('0' + x.Sequence))
			}
			if got != tt.want {
				t.Errorf("got records %s, want %s", got, tt.want)
			}
		})
	}
}

func TestExportProofs(t *testing.T) {
	s := makeSample(t)
	// Some records after the last checkpoint.
	l := open(t, s.dir, quiet())
	add(t, l, opened(50))
	for _, f := range []ledger.Filter{{}, {Request: "req-3"}, {Request: "req-50"}, {Request: "nobody"}} {
		var out bytes.Buffer
		n, err := ledger.Export(s.dir, &out, f, true)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string][2]int64{"": {30, 1}, "req-3": {2, 0}, "req-50": {0, 1}, "nobody": {0, 0}}[f.Request]
		proven, unproven, err := ledger.CheckExport(bytes.NewReader(out.Bytes()), s.verifier)
		if err != nil || proven != want[0] || unproven != want[1] || n != proven+unproven {
			t.Errorf("%q: proven %d, unproven %d of %d, %v, want %v", f.Request, proven, unproven, n, err, want)
		}
	}
	closeLedger(t, l)

	var out bytes.Buffer
	if _, err := ledger.Export(s.dir, &out, ledger.Filter{}, true); err != nil {
		t.Fatal(err)
	}
	other := makeSample(t)
	if _, _, err := ledger.CheckExport(bytes.NewReader(out.Bytes()), other.verifier); err == nil {
		t.Error("accepted under the key of another log")
	}
	for name, change := range map[string]func(string) string{
		"record":          func(s string) string { return strings.Replace(s, `"request":"req-3"`, `"request":"req-4"`, 1) },
		"sequence":        func(s string) string { return strings.Replace(s, `{"sequence":3,`, `{"sequence":4,`, 1) },
		"size":            func(s string) string { return strings.Replace(s, `"size":31`, `"size":30`, 1) },
		"checkpoint":      func(s string) string { return strings.Replace(s, `\n31\n`, `\n32\n`, 1) },
		"checkpoint gone": func(s string) string { _, rest, _ := strings.Cut(s, "\n"); return rest },
		"not JSON":        func(s string) string { return s + "x\n" },
		"empty":           func(s string) string { return "" },
		"a hash": func(s string) string {
			i := strings.Index(s, `"hashes":["`) + len(`"hashes":["`)
			return s[:i] + strings.Repeat("0", 64) + s[i+64:]
		},
		"record and leaf": func(s string) string {
			line := strings.Split(s, "\n")[4]
			var x ledger.Exported
			if err := json.Unmarshal([]byte(line), &x); err != nil {
				t.Fatal(err)
			}
			forged := strings.Replace(string(x.Record), "shop", "desk", 1)
			changed := strings.Replace(line, string(x.Record), forged, 1)
			changed = strings.Replace(changed, x.Leaf.String(), ledger.LeafHash([]byte(forged)).String(), 1)
			return strings.Replace(s, line, changed, 1)
		},
	} {
		changed := change(out.String())
		if changed == out.String() {
			t.Fatalf("%s: nothing changed", name)
		}
		if _, _, err := ledger.CheckExport(strings.NewReader(changed), s.verifier); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
