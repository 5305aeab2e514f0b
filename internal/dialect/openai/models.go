package openai

import (
	"strings"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// Models is a list of models that was read. It refers to its body, which must
// not be changed as long as the list is in use.
type Models struct {
	IDs []string // in the order of the list
	// Leaves are the texts of all entries.
	Leaves []dialect.Leaf

	entries [][]byte
}

func modelsTable() *rule {
	m := maker{origin: guard.OriginModel}
	entry := &object{Close: closeModel, Required: []string{"id"}, Fields: fields{
		"id":       tagged(tagID, aString, m.label("id")),
		"object":   m.words("model"),
		"created":  plain(),
		"owned_by": m.label("owned_by"),
	}}
	return &rule{Types: anObject, Object: &object{Required: []string{"data"}, Fields: fields{
		"object": m.words("list"),
		"data":   {Types: dialect.ArrayType, Turns: true, Items: &rule{Types: anObject, Object: entry}},
	}}}
}

var modelsSpec = dialect.NewSpec(modelsTable(), dialect.SpecOptions{UnknownOrigin: guard.OriginModel, Loose: true})

func closeModel(s *dialect.Scope) error {
	m := s.State().(*Models)
	id, _ := s.Value(tagID)
	m.IDs = append(m.IDs, strings.Clone(id.Text))
	m.entries = append(m.entries, s.Raw())
	return nil
}

// ParseModels reads the answer to GET /v1/models. An error is a
// [*dialect.Problem].
func ParseModels(body []byte, lim dialect.Limits) (*Models, error) {
	m := &Models{}
	doc, err := dialect.Parse(body, modelsSpec, lim, m)
	if err != nil {
		return nil, err
	}
	m.Leaves = doc.Leaves
	return m, nil
}

// Body returns the list with the entries whose id is allowed, each as it came.
// What stands beside the entries is left out.
func (m *Models) Body(allowed func(id string) bool) []byte {
	b := []byte(`{"object":"list","data":[`)
	n := 0
	for i, id := range m.IDs {
		if allowed(id) {
			b = append(comma(b, n), m.entries[i]...)
			n++
		}
	}
	return append(b, "]}"...)
}
