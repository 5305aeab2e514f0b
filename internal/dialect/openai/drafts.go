package openai

import "warder.example/internal/dialect"

// maxDrafts is the most answers that a model may be asked to write for one text.
const maxDrafts = MaxChoices

// closeDrafts reads how many answers a legacy completion has the model write: for
// each text, the best of so many, which is more than come back.
func closeDrafts(r *dialect.Request, s *dialect.Scope) error {
	each := r.N
	if v, ok := s.Value(tagBestOf); ok {
		n, ok := v.Int()
		if !ok || n < 1 || n > maxDrafts {
			return s.Fail(v, dialect.CodeInvalidValue, "best_of out of range; expected an integer from 1 to 128")
		}
		each = max(each, n)
	}
	texts := 1
	if v, ok := s.Value(tagTexts); ok && v.Type == dialect.ArrayType {
		texts = elements(v.Raw)
	}
	r.Drafts = each * texts
	return nil
}

// elements returns how many elements a well-formed array has, at least 1.
func elements(raw string) int {
	n, depth := 1, 0
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		case ',':
			if depth == 1 {
				n++
			}
		case '"':
			for i++; raw[i] != '"'; i++ {
				if raw[i] == '\\' {
					i++
				}
			}
		}
	}
	return n
}
