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

	entries []entry
}

// entry is one model of a list, around its id.
type entry struct{ before, id, behind []byte }

func modelsTable() *rule {
	m := maker{origin: guard.OriginModel}
	entry := &object{Close: closeModel, Required: []string{"id"}, Fields: fields{
		"id":       dialect.Tagged(tagID, dialect.StringType, m.label("id")),
		"object":   m.words("model"),
		"created":  dialect.Plain(),
		"owned_by": m.label("owned_by"),
	}}
	return &rule{Types: dialect.ObjectType, Object: &object{Required: []string{"data"}, Fields: fields{
		"object": m.words("list"),
		"data":   {Types: dialect.ArrayType, Turns: true, Items: &rule{Types: dialect.ObjectType, Object: entry}},
	}}}
}

var modelsSpec = dialect.NewSpec(modelsTable(), dialect.SpecOptions{UnknownOrigin: guard.OriginModel, Loose: true})

func closeModel(s *dialect.Scope) error {
	m := s.State().(*Models)
	id, _ := s.Value(tagID)
	m.IDs = append(m.IDs, strings.Clone(id.Text))
	before, behind := s.Around(id)
	m.entries = append(m.entries, entry{before, []byte(id.Raw), behind})
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

// Body returns the list in which each model has the names that names returns for its
// id. Apart from them an entry stands as it came; a model without a name is left out, and
// so is what stands beside the entries.
func (m *Models) Body(names func(id string) []string) []byte {
	b := []byte(`{"object":"list","data":[`)
	n := 0
	for i, id := range m.IDs {
		for _, name := range names(id) {
			e := &m.entries[i]
			b = append(comma(b, n), e.before...)
			if name == id {
				b = append(b, e.id...)
			} else {
				b = append(dialect.AppendEscaped(append(b, '"'), name), '"')
			}
			b = append(b, e.behind...)
			n++
		}
	}
	return append(b, "]}"...)
}
