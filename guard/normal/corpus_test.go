package normal

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// maxViews is the largest share of honest texts that may get a view.
const maxViews = 0.002

// TestHonestTexts counts how many texts of the training corpora that nobody
// obfuscated get a view, and so are read twice. The corpora are not part of the
// project.
func TestHonestTexts(t *testing.T) {
	dir := os.Getenv("WARDER_CORPUS")
	if dir == "" {
		dir = "../../../shared/corpus"
	}
	files, err := filepath.Glob(filepath.Join(dir, "train*", "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("the corpora are not here; set WARDER_CORPUS to their folder")
	}
	honest := map[string]bool{"banking77": true, "clinc150": true, "code_docs": true, "cse_instruct": true, "halueval_qa": true, "xquad": true, "nlupp": true,
		"harmfulqa": true, "presidio_synth_v2": true, "ui_messages_json": true, "awesome_prompts": true, "cse_malware_qa": true}
	rows, viewed, blobs, bytes := 0, 0, 0, 0
	for _, file := range files {
		base := filepath.Base(file)
		if !honest[base[:len(base)-len(".jsonl")]] {
			continue
		}
		eachText(t, file, func(text string) {
			r := Undo(text, Options{})
			checkResult(t, text, r, Options{})
			rows++
			bytes += len(text)
			blobs += len(r.BlobSpans)
			if len(r.Views) > 0 {
				viewed++
			}
		})
	}
	t.Logf("%d texts of %d KB: %d with views, %d blobs", rows, bytes>>10, viewed, blobs)
	if rows > 0 && float64(viewed) > maxViews*float64(rows) {
		t.Errorf("%d of %d honest texts get a view, want at most %g", viewed, rows, maxViews)
	}
}

func eachText(t *testing.T, file string, f func(text string)) {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var row struct{ Text string }
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatalf("reading %s: %v", file, err)
		}
		f(row.Text)
	}
	if err := lines.Err(); err != nil {
		t.Fatalf("reading %s: %v", file, err)
	}
}
