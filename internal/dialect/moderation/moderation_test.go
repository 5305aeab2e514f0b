package moderation_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"warder.example/internal/dialect"
	"warder.example/internal/dialect/moderation"
)

func TestRefused(t *testing.T) {
	for _, c := range []struct{ name, body, code, reason string }{
		{"no input", `{"model":"m"}`, "missing_field", ""},
		{"null", `{"input":null}`, "wrong_type", ""},
		{"tokens", `{"input":[1,2]}`, "wrong_type", ""},
		{"nothing", `{"input":[]}`, "invalid_value", "empty"},
		{"mixed", `{"input":["a",{"type":"text","text":"b"}]}`, "invalid_value", "mixes"},
		{"image", `{"input":[{"type":"text","text":"b"},{"type":"image_url","image_url":{"url":"https://pictures.example/a.png"}}]}`, "invalid_value", "images"},
		{"image beside text", `{"input":[{"type":"image_url","text":"b"}]}`, "invalid_value", "images"},
		{"unknown part", `{"input":[{"type":"audio","text":"b"}]}`, "invalid_value", "type"},
		{"part without text", `{"input":[{"type":"text"}]}`, "missing_field", ""},
		{"part without type", `{"input":[{"text":"b"}]}`, "missing_field", ""},
		{"foreign member of a part", `{"input":[{"type":"text","text":"b","caption":"c"}]}`, "unknown_field", ""},
		{"too many", `{"input":[` + strings.Repeat(`"",`, moderation.MaxInputs) + `""]}`, "too_many_texts", ""},
		{"input twice", `{"input":"a","input":"b"}`, "duplicate_key", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := moderation.ParseRequest([]byte(c.body), dialect.Limits{})
			var p *dialect.Problem
			if !errors.As(err, &p) || p.Code != c.code || !strings.Contains(p.Reason, c.reason) {
				t.Errorf("got %v; want %s (%s)", err, c.code, c.reason)
			}
		})
	}
}

func TestResults(t *testing.T) {
	for _, c := range []struct {
		name, body string
		results    int
		of         []int // result of each leaf
	}{
		{"string", `{"input":"a"}`, 1, []int{0}},
		{"empty string", `{"input":""}`, 1, nil},
		{"strings", `{"model":"omni-moderation-latest","input":["a","","b"]}`, 3, []int{0, 2}},
		{"parts", `{"input":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}`, 1, []int{0, 0}},
		{"unknown member", `{"input":["a","b"],"note":"c"}`, 2, []int{0, 1, -1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := moderation.ParseRequest([]byte(c.body), dialect.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			var of []int
			for i := range r.Leaves {
				of = append(of, r.Result(i))
			}
			if d := cmp.Diff(c.of, of); d != "" || r.Results != c.results {
				t.Errorf("%d results, %s", r.Results, d)
			}
		})
	}
}

func TestCategoryOf(t *testing.T) {
	for category, want := range map[string]string{
		"harmful_request": "illicit", "toxicity.hate": "hate", "toxicity.self_harm.intent": "self-harm/intent", "toxicity.violence.graphic": "violence/graphic",
		"toxicity.profanity": "", "injection": "", "jailbreak": "", "pii.email": "", "illicit": "", "hate": "",
	} {
		got := ""
		if i, ok := moderation.CategoryOf(category); ok {
			got = moderation.Categories[i]
		}
		if got != want {
			t.Errorf("%s is %q; want %q", category, got, want)
		}
	}
}

// TestAnswer: the answer is the documented one, with all 13 categories thrice.
func TestAnswer(t *testing.T) {
	r := moderation.Result{Flagged: true}
	i, _ := moderation.CategoryOf("harmful_request")
	r.Categories[i], r.Scores[i] = true, 0.5
	a := moderation.Answer{ID: "modr-1", Model: "m", Results: []moderation.Result{r, {}}}
	var got struct {
		ID, Model string
		Results   []map[string]json.RawMessage
	}
	if err := json.Unmarshal(a.Body(), &got); err != nil || got.ID != "modr-1" || got.Model != "m" || len(got.Results) != 2 {
		t.Fatalf("%v: %s", err, a.Body())
	}
	set := func(no, illicit string) string {
		var b strings.Builder
		for i, c := range moderation.Categories {
			v := no
			if c == "illicit" {
				v = illicit
			}
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(`"` + c + `":` + v)
		}
		return "{" + b.String() + "}"
	}
	for i, want := range []map[string]string{
		{"flagged": "true", "categories": set("false", "true"), "category_scores": set("0", "0.5"), "category_applied_input_types": set(`["text"]`, `["text"]`)},
		{"flagged": "false", "categories": set("false", "false"), "category_scores": set("0", "0"), "category_applied_input_types": set(`["text"]`, `["text"]`)},
	} {
		for name, w := range want {
			if string(got.Results[i][name]) != w {
				t.Errorf("result %d: %s is %s; want %s", i, name, got.Results[i][name], w)
			}
		}
		if len(got.Results[i]) != len(want) {
			t.Errorf("result %d has %d members; want %d", i, len(got.Results[i]), len(want))
		}
	}
}
