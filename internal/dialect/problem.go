package dialect

import (
	"fmt"
	"strings"
)

// Codes of a [Problem]. They are stable: callers and records use them.
const (
	CodeInvalidJSON    = "invalid_json"
	CodeInvalidNumber  = "invalid_number" // NaN, Infinity, leading zeros, bare points
	CodeInvalidUTF8    = "invalid_utf8"
	CodeByteOrderMark  = "byte_order_mark"
	CodeTrailingData   = "trailing_data"
	CodeDuplicateKey   = "duplicate_key"
	CodeCaseVariantKey = "case_variant_key"
	CodeEscapedKey     = "escaped_key"
	CodeLoneSurrogate  = "lone_surrogate"
	CodeTooDeep        = "too_deep"
	CodeTooLarge       = "too_large"
	CodeTooManyTexts   = "too_many_texts"
	CodeWrongType      = "wrong_type"
	CodeMissingField   = "missing_field"
	CodeUnknownField   = "unknown_field"
	CodeInvalidValue   = "invalid_value"
	CodeTokenInput     = "token_input" // text as numbers of a tokenizer's, which cannot be read
)

// A Problem says why a body is refused. It never holds text of the body other
// than keys, and those bounded and quoted in Path.
type Problem struct {
	Code   string // one of the Code constants
	Path   string // where: messages[2].content; empty at the top
	Reason string // what is wrong and what was expected
	Offset int    // byte of the body at which it was seen
}

// Error returns path, offset and reason in one line.
func (p *Problem) Error() string {
	var b strings.Builder
	if p.Path != "" {
		b.WriteString(p.Path)
		b.WriteString(": ")
	}
	fmt.Fprintf(&b, "%s (byte %d)", p.Reason, p.Offset)
	return b.String()
}

var _ error = (*Problem)(nil)
