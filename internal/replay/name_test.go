package replay_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"warder.example/internal/replay"
)

// named makes a logged call of an application and model.
func named(app, model string) string {
	b, err := json.Marshal(map[string]any{"model": model, "application": app, "messages": []any{map[string]string{"role": "user", "content": "Good morning."}}})
	if err != nil {
		panic(err)
	}
	return string(b)
}

// TestNamesThatAreHidden: a credential or personal data does not reach a report, nor a
// resume file, as the name of a model or application.
func TestNamesThatAreHidden(t *testing.T) {
	access := "AKIA" + "Q3EGRZ7TWXK5LPMN"
	long := strings.Repeat("a-", 60) + access // cut within the credential
	var lines []string
	for _, planted := range []string{access, secretKey, "gpt-4o " + secretKey, "lena.planted@north-mills.com", "team " + access, long} {
		lines = append(lines, named("shop", planted), named(planted, "m1"))
	}
	o := options(write(t, lines...))
	o.Resume = filepath.Join(t.TempDir(), "resume")
	r := run(t, o)
	kept, err := os.ReadFile(o.Resume)
	if err != nil {
		t.Fatal(err)
	}
	report, err := json.Marshal(r.Groups)
	if err != nil {
		t.Fatal(err)
	}
	for _, planted := range []string{"AKIA", secretKey, "lena.planted"} {
		if strings.Contains(string(report), planted) || strings.Contains(string(kept), planted) {
			t.Errorf("%s is in the groups %s or in the resume file", planted, report)
		}
	}
	if len(r.Groups) != 2 || r.Groups[0].App != replay.Hidden || r.Groups[0].Model != "m1" || r.Groups[1].App != "shop" || r.Groups[1].Model != replay.Hidden {
		t.Errorf("groups %+v; want the hidden names as one", r.Groups)
	}
}

// TestNamesThatAreShown: what models and applications are called in honest logs.
func TestNamesThatAreShown(t *testing.T) {
	var lines []string
	names := []string{"gpt-4o-2024-08-06", "gpt-4.1-mini-2025-04-14", "claude-3-5-sonnet-20241022", "us.anthropic.claude-sonnet-4-20250514-v1:0",
		"models/gemini-2.5-flash-preview-05-20", "vertex_ai/gemini-2.0-flash-001", "meta-llama/Llama-3.3-70B-Instruct", "ft:gpt-4o-mini-2024-07-18:north-mills::B7R9VjQd",
		"mistral-large-2411", "o3-mini", "Qwen/Qwen2.5-72B-Instruct-AWQ", "text-embedding-3-small", "customer support (EU)", "team-42-prod",
		"azure/gpt-4o-eu-west-1", "deepseek-r1-0528", "3f2b1c9e-7a44-4f0e-9b1d-2c5a6e8f7d10", "projects/mill-prod/locations/europe-west4/endpoints/e1"}
	for _, name := range names {
		lines = append(lines, named("app "+name, name))
	}
	r := run(t, options(write(t, lines...)))
	shown := map[string]bool{}
	for _, g := range r.Groups {
		shown[g.Model], shown[g.App] = true, true
	}
	for _, name := range names {
		if !shown[name] || !shown["app "+name] {
			t.Errorf("%q is hidden in %s", name, fmt.Sprint(shown))
		}
	}
}
