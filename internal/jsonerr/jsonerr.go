// Package jsonerr says what is wrong with somebody's JSON in words that do not need
// the source of the program: the key, what is there and what was expected.
package jsonerr

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// maxWords bounds in bytes what an error quotes of its input.
const maxWords = 200

// Plain returns an error of decoding JSON into a value of into's type in plain words,
// some 200 bytes long at most and without the names of Go's types. Errors that are not
// about JSON stay as they are, and so does nil.
func Plain(err error, into any) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &kind):
		return errors.New(kindWords(kind, keys(kind.Field, reflect.TypeOf(into))))
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("unexpected end of JSON")
	case errors.As(err, &syntax):
		return fmt.Errorf("invalid JSON at byte %d: %s", syntax.Offset, short(syntax.Error()))
	}
	words, ours := strings.CutPrefix(err.Error(), "json: ")
	if field, ok := strings.CutPrefix(words, "unknown field "); ok {
		return fmt.Errorf("unknown key %s", short(field))
	}
	if ours {
		return errors.New(short(words))
	}
	return err
}

// kindWords says that a value is of another type than expected.
func kindWords(e *json.UnmarshalTypeError, key string) string {
	what := fmt.Sprintf("%s; expected %s", found(e.Value), expected(e.Type))
	if key == "" {
		return what
	}
	return fmt.Sprintf("key %.80q is %s", key, what)
}

// keys returns a path of keys without the names of embedded structs, which
// encoding/json puts in although they are no keys.
func keys(path string, t reflect.Type) string {
	var out []string
	for part := range strings.SplitSeq(path, ".") {
		for t != nil && t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t != nil && t.Kind() == reflect.Struct {
			f, ok := t.FieldByName(part)
			if ok && f.Anonymous {
				t = f.Type
				continue
			}
		}
		t = nil // embedded structs are used at the top only
		out = append(out, part)
	}
	return strings.Join(out, ".")
}

// found names a value as encoding/json calls it: a kind, and for numbers that do not
// fit the number.
func found(value string) string {
	kind, number, _ := strings.Cut(value, " ")
	switch kind {
	case "number":
		if number != "" {
			return fmt.Sprintf("the number %.40s", number)
		}
		return "a number"
	case "bool":
		return "true or false"
	case "array":
		return "an array"
	case "object":
		return "an object"
	case "string":
		return "a string"
	}
	return short(value)
}

// expected names what a Go type is in JSON.
func expected(t reflect.Type) string {
	if t == nil {
		return "something else"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return expected(t.Elem())
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number within bounds"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number within bounds, not negative"
	case reflect.Slice, reflect.Array:
		return "an array"
	case reflect.Map, reflect.Struct:
		return "an object"
	}
	return "something else"
}

func short(s string) string {
	if len(s) > maxWords {
		return strings.ToValidUTF8(s[:maxWords], "") + "…"
	}
	return s
}
