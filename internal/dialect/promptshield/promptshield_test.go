package promptshield_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"warder.example/guard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/promptshield"
)

func texts(n int, text string) string {
	return "[" + strings.TrimSuffix(strings.Repeat(`"`+text+`",`, n), ",") + "]"
}

func TestRefused(t *testing.T) {
	for _, c := range []struct{ name, body, code string }{
		{"nothing", `{}`, "missing_field"},
		{"nulls", `{"userPrompt":null,"documents":null}`, "missing_field"},
		{"prompt is a list", `{"userPrompt":["a"]}`, "wrong_type"},
		{"documents are a string", `{"documents":"a"}`, "wrong_type"},
		{"document is an object", `{"documents":[{"text":"a"}]}`, "wrong_type"},
		{"document is null", `{"documents":[null]}`, "wrong_type"},
		{"prompt too long", `{"userPrompt":"` + strings.Repeat("ü", promptshield.MaxPrompt+1) + `"}`, "too_large"},
		{"documents too many", `{"documents":` + texts(promptshield.MaxDocuments+1, "") + `}`, "too_many_texts"},
		{"documents too long", `{"documents":` + texts(5, strings.Repeat("ü", promptshield.MaxDocumentText/5+1)) + `}`, "too_large"},
		{"prompt twice", `{"userPrompt":"a","userPrompt":"b"}`, "duplicate_key"},
		{"case variant", `{"userprompt":"a","documents":[]}`, "case_variant_key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := promptshield.ParseRequest([]byte(c.body), dialect.Limits{})
			var p *dialect.Problem
			if !errors.As(err, &p) || p.Code != c.code {
				t.Errorf("got %v; want %s", err, c.code)
			}
		})
	}
}

// TestRequest: what is read, as whose text, and that the bounds themselves are
// within.
func TestRequest(t *testing.T) {
	for _, c := range []struct {
		name, body string
		prompt     bool
		documents  int
		turns      []int
	}{
		{"prompt", `{"userPrompt":"a"}`, true, 0, []int{-1}},
		{"empty prompt", `{"userPrompt":"","documents":[]}`, true, 0, nil},
		{"documents", `{"documents":["a","","b"]}`, false, 3, []int{0, 2}},
		{"both", `{"userPrompt":"p","documents":["a"]}`, true, 1, []int{-1, 0}},
		{"unknown members are not read", `{"userPrompt":"p","note":"n","more":{"documents":["x"]}}`, true, 0, []int{-1}},
		{"longest", `{"userPrompt":"` + strings.Repeat("ü", promptshield.MaxPrompt) + `","documents":` + texts(5, strings.Repeat("ü", promptshield.MaxDocumentText/5)) + `}`, true, 5, []int{-1, 0, 1, 2, 3, 4}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := promptshield.ParseRequest([]byte(c.body), dialect.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			var turns []int
			for i := range r.Leaves {
				l := &r.Leaves[i]
				if !r.Judged(i) {
					continue
				}
				want := guard.OriginDocument
				if l.Turn < 0 {
					want = guard.OriginUser
				}
				if turns = append(turns, l.Turn); l.Origin != want {
					t.Errorf("text of document %d is of origin %v", l.Turn, l.Origin)
				}
			}
			if r.Prompt != c.prompt || r.Documents != c.documents || !slices.Equal(turns, c.turns) {
				t.Errorf("prompt %v, %d documents, texts of %v", r.Prompt, r.Documents, turns)
			}
		})
	}
}

func TestAnswer(t *testing.T) {
	yes := true
	for want, a := range map[string]promptshield.Answer{
		`{"userPromptAnalysis":{"attackDetected":true},"documentsAnalysis":[{"attackDetected":false},{"attackDetected":true}]}`: {Prompt: &yes, Documents: []bool{false, true}},
		`{"documentsAnalysis":[]}`: {},
	} {
		if got := string(a.Body()); got != want {
			t.Errorf("got %s; want %s", got, want)
		}
	}
}

func TestFailure(t *testing.T) {
	f := dialect.Failure{Status: 400, Code: "wrong_type", Message: "No \"list\".", Param: "documents", Request: "req_1"}
	want := `{"error":{"code":"wrong_type","message":"No \"list\". Request id: req_1.","target":"documents"}}`
	if got := string(promptshield.Failures.Failure(f)); got != want {
		t.Errorf("got %s; want %s", got, want)
	}
}

// FuzzRequest: what is accepted is JSON within the bounds, and every character of
// prompt and documents is among the texts.
func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"userPrompt":"a","documents":["b","\ud83d\ude00"]}`))
	f.Add([]byte(`{"documents":[]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := promptshield.ParseRequest(body, dialect.Limits{})
		if err != nil {
			var p *dialect.Problem
			if !errors.As(err, &p) {
				t.Fatalf("error of type %T", err)
			}
			return
		}
		var want struct {
			UserPrompt *string
			Documents  []string
		}
		if err := json.Unmarshal(body, &want); err != nil {
			t.Fatalf("accepted %q: %v", body, err)
		}
		got := make([]string, r.Documents+1)
		for i := range r.Leaves {
			if r.Judged(i) {
				got[r.Leaves[i].Turn+1] += r.Leaves[i].Text
			}
		}
		prompt := ""
		if want.UserPrompt != nil {
			prompt = *want.UserPrompt
		}
		if (want.UserPrompt != nil) != r.Prompt || !slices.Equal(got, append([]string{prompt}, want.Documents...)) {
			t.Fatalf("%q read as %q", body, got)
		}
		if utf8.RuneCountInString(got[0]) > promptshield.MaxPrompt || r.Documents > promptshield.MaxDocuments {
			t.Fatal("over the bounds")
		}
	})
}
