package gemini

import "warder.example/internal/dialect"

// Model returns the answer to GET /v1beta/models/{model}. It says the model's name;
// what else there is to know of it is not known here.
func Model(name string) []byte { return appendModel(nil, name) }

// ModelList returns the answer to GET /v1beta/models: all models, as the only page.
func ModelList(names []string) []byte {
	b := []byte(`{"models":[`)
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendModel(b, name)
	}
	return append(b, "]}"...)
}

func appendModel(b []byte, name string) []byte {
	b = dialect.AppendString(append(b, `{"name":`...), "models/"+name)
	b = dialect.AppendString(append(b, `,"displayName":`...), name)
	return append(b, '}')
}
