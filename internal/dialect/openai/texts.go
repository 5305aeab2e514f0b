package openai

import (
	"strings"

	"warder.example/internal/dialect"
)

// textsTable is a text, a list of texts, or the same as numbers of a tokenizer's.
func textsTable(text *rule) *rule {
	text.Name = dialect.FieldContent
	item := *text
	text.Tag, text.Items = tagTexts, &item
	item.Types, item.Items = dialect.StringType|dialect.NumberType|dialect.ArrayType, dialect.Typed(dialect.NumberType, dialect.Plain())
	text.Types = dialect.StringType | dialect.ArrayType
	return text
}

// readable refuses texts that come as numbers of a tokenizer's, unless the limits
// allow them: nobody can read them here.
func readable(s *dialect.Scope) error {
	v, ok := s.Value(tagTexts)
	if !ok || v.Type != dialect.ArrayType || s.Limits().Tokens || !holdsNumbers(v.Raw) {
		return nil
	}
	return s.Fail(v, dialect.CodeTokenInput, "text as token numbers cannot be inspected; expected strings")
}

// holdsNumbers reports whether a well-formed array has numbers at any depth.
func holdsNumbers(raw string) bool {
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c >= '0' && c <= '9':
			return true
		case c == '"':
			for i++; raw[i] != '"'; i++ {
				if raw[i] == '\\' {
					i++
				}
				if skip := strings.IndexAny(raw[i:], `"\`); skip > 1 {
					i += skip - 1
				}
			}
		}
	}
	return false
}
