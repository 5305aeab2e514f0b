package gateway

import (
	"strings"
	"unicode"

	"warder.example/internal/dialect"
)

// failModelSpelling refuses a name that some servers read as another one.
var failModelSpelling = &dialect.Problem{Code: dialect.CodeInvalidValue, Path: "model",
	Reason: "has a blank at an end, or a character that cannot be seen, in the name of the model"}

// misspelled reports whether a name of a model has a blank at an end or holds a
// character that is not seen. Servers that leave such out would serve the model, while
// budgets and keys, which go by the name, know nothing of it.
func misspelled(model string) bool {
	return strings.HasPrefix(model, " ") || strings.HasSuffix(model, " ") ||
		strings.ContainsFunc(model, func(r rune) bool { return !unicode.IsPrint(r) })
}
