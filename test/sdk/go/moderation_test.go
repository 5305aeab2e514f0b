package sdk

import (
	"errors"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
)

// TestModerations: one result per text, every category in each, as the SDK knows
// them.
func TestModerations(t *testing.T) {
	c := client(t, "WARDER_KEY", nil)
	type input = openai.ModerationNewParamsInputUnion
	for _, v := range []struct {
		name    string
		input   input
		results int
	}{
		{"string", input{OfString: openai.String("Good morning to you.")}, 1},
		{"strings", input{OfStringArray: []string{"Good morning", "", "Good night"}}, 3},
		{"parts", input{OfModerationMultiModalArray: []openai.ModerationMultiModalInputUnionParam{
			openai.ModerationMultiModalInputParamOfText("Good morning"), openai.ModerationMultiModalInputParamOfText("Good night")}}, 1},
	} {
		r, err := c.Moderations.New(t.Context(), openai.ModerationNewParams{Model: openai.ModerationModelOmniModerationLatest, Input: v.input})
		if err != nil {
			t.Fatalf("%s: %v", v.name, err)
		}
		if !strings.HasPrefix(r.ID, "modr-") || r.Model == "" || len(r.Results) != v.results {
			t.Fatalf("%s: %s", v.name, r.RawJSON())
		}
		for i, m := range r.Results {
			if m.Flagged || m.Categories.Illicit || m.CategoryScores.Hate != 0 || m.CategoryScores.Illicit > 1 {
				t.Errorf("%s, result %d: %s", v.name, i, m.RawJSON())
			}
			for _, f := range []struct {
				name  string
				valid bool
			}{
				{"illicit/violent", m.Categories.JSON.IllicitViolent.Valid()}, {"self-harm/intent", m.Categories.JSON.SelfHarmIntent.Valid()},
				{"violence/graphic score", m.CategoryScores.JSON.ViolenceGraphic.Valid()}, {"input types", len(m.CategoryAppliedInputTypes.SexualMinors) == 1},
			} {
				if !f.valid {
					t.Errorf("%s, result %d: %s is missing", v.name, i, f.name)
				}
			}
		}
	}
}

// TestModerationOfImages: what is not looked at is refused, and not retried.
func TestModerationOfImages(t *testing.T) {
	n := 0
	c := client(t, "WARDER_KEY", &n)
	_, err := c.Moderations.New(t.Context(), openai.ModerationNewParams{Input: openai.ModerationNewParamsInputUnion{
		OfModerationMultiModalArray: []openai.ModerationMultiModalInputUnionParam{
			openai.ModerationMultiModalInputParamOfImageURL(openai.ModerationImageURLInputImageURLParam{URL: "https://pictures.example/a.png"})}}})
	var e *openai.Error
	if !errors.As(err, &e) || e.StatusCode != 400 || e.Code != "invalid_value" || !strings.Contains(e.Message, "images") || n != 1 {
		t.Errorf("%d attempts, %v", n, err)
	}
}
