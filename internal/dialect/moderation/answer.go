package moderation

import (
	"strconv"
	"strings"

	"warder.example/internal/dialect"
)

// Model is the name under which answers come.
const Model = "warder-guard"

// Categories are the categories of the dialect, in the order of its answers.
var Categories = [...]string{
	"harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent",
	"self-harm", "self-harm/intent", "self-harm/instructions", "sexual", "sexual/minors", "violence", "violence/graphic",
}

// CategoryOf returns the index in [Categories] for a category of package guard.
// harmful_request is illicit; toxicity.NAME is NAME where the dialect has it,
// with - and / for _ and a second dot (toxicity.self_harm.intent). Prompt attacks
// and personal data are no categories of this dialect.
func CategoryOf(category string) (int, bool) {
	name, ok := strings.CutPrefix(category, "toxicity.")
	switch {
	case category == "harmful_request":
		name = "illicit"
	case !ok:
		return 0, false
	}
	name = strings.NewReplacer("_", "-", ".", "/").Replace(name)
	for i, c := range Categories {
		if c == name {
			return i, true
		}
	}
	return 0, false
}

// A Result is what was found in one input. Its zero value says that nothing was.
type Result struct {
	Flagged    bool
	Categories [len(Categories)]bool
	Scores     [len(Categories)]float64 // 0..1
}

// An Answer to POST /v1/moderations.
type Answer struct {
	ID      string
	Model   string
	Results []Result
}

// Body returns the bytes to answer with. Every category was applied to text.
func (a *Answer) Body() []byte {
	b := make([]byte, 0, 64+1100*len(a.Results))
	b = dialect.AppendString(append(b, `{"id":`...), a.ID)
	b = dialect.AppendString(append(b, `,"model":`...), a.Model)
	b = append(b, `,"results":[`...)
	for i := range a.Results {
		if i > 0 {
			b = append(b, ',')
		}
		b = a.Results[i].append(b)
	}
	return append(b, "]}"...)
}

func (r *Result) append(b []byte) []byte {
	b = strconv.AppendBool(append(b, `{"flagged":`...), r.Flagged)
	for _, m := range []struct {
		name  string
		value func(b []byte, i int) []byte
	}{
		{"categories", func(b []byte, i int) []byte { return strconv.AppendBool(b, r.Categories[i]) }},
		{"category_scores", func(b []byte, i int) []byte { return strconv.AppendFloat(b, r.Scores[i], 'f', -1, 64) }},
		{"category_applied_input_types", func(b []byte, _ int) []byte { return append(b, `["text"]`...) }},
	} {
		b = append(dialect.AppendString(append(b, ','), m.name), ":{"...)
		for i, c := range Categories {
			if i > 0 {
				b = append(b, ',')
			}
			b = m.value(append(dialect.AppendString(b, c), ':'), i)
		}
		b = append(b, '}')
	}
	return append(b, '}')
}
