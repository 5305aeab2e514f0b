package anthropic

import "warder.example/internal/dialect"

// Model returns the answer to GET /v1/models/{id}. When the model was made is not
// known, for which the API has a date; the name of the model is all else that it says.
func Model(id string) []byte { return appendModel(nil, id) }

// ModelList returns the answer to GET /v1/models: all models, as the only page.
func ModelList(ids []string) []byte {
	b := []byte(`{"data":[`)
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendModel(b, id)
	}
	b = append(b, `],"has_more":false,"first_id":`...)
	if len(ids) == 0 {
		return append(b, `null,"last_id":null}`...)
	}
	b = dialect.AppendString(b, ids[0])
	b = dialect.AppendString(append(b, `,"last_id":`...), ids[len(ids)-1])
	return append(b, '}')
}

func appendModel(b []byte, id string) []byte {
	b = dialect.AppendString(append(b, `{"type":"model","id":`...), id)
	b = dialect.AppendString(append(b, `,"display_name":`...), id)
	return append(b, `,"created_at":"1970-01-01T00:00:00Z"}`...)
}
