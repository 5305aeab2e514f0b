package corpus

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"warder.example/guard"
)

// known are the keys of a row.
var known = func() map[string]bool {
	m := map[string]bool{"origin": true}
	for f := range reflect.TypeFor[Row]().Fields() {
		if key, _, _ := strings.Cut(f.Tag.Get("json"), ","); key != "-" {
			m[key] = true
		}
	}
	return m
}()

// plainKeys makes encoding/json read the keys of an object as they are written: one
// that comes twice is an error, where the last would win, and one that differs from a
// key of a row in case only is overwritten in place, so that it is ignored as all
// unknown ones are. Objects within values are left alone. JSON that is not valid is
// for the decoder to refuse.
func plainKeys(b []byte) error {
	seen := make(map[string]struct{}, 8)
	depth, key := 0, false
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '{', '[':
			depth++
			key = depth == 1
		case '}', ']':
			if depth--; depth == 0 {
				return nil
			}
		case ',':
			key = depth == 1
		case '"':
			end := stringEnd(b, i)
			if end < 0 {
				return nil
			}
			if key {
				if err := plainKey(b[i:end+1], seen); err != nil {
					return err
				}
			}
			key, i = false, end
		}
	}
	return nil
}

// plainKey does one key, with its quotes.
func plainKey(quoted []byte, seen map[string]struct{}) error {
	var name string
	if json.Unmarshal(quoted, &name) != nil {
		return nil
	}
	if _, twice := seen[name]; twice {
		return fmt.Errorf("key %.80q comes twice", name)
	}
	seen[name] = struct{}{}
	if known[name] {
		return nil
	}
	for k := range known {
		if strings.EqualFold(k, name) {
			for i := 1; i < len(quoted)-1; i++ {
				quoted[i] = '_'
			}
			break
		}
	}
	return nil
}

// stringEnd returns where the string that begins at i ends, -1 if it does not.
func stringEnd(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// named takes the key "origin" for "channel". Where rows are judged as they come
// (strict), one that is unknown or says something else is an error; elsewhere it is a
// corpus's note of its own.
func (r *Row) named(origin json.RawMessage, strict bool) error {
	if origin == nil || !strict && r.Channel != "" {
		return nil
	}
	var name string
	err := json.Unmarshal(origin, &name)
	if err == nil && name != "output" {
		_, err = guard.ParseOrigin(strings.ToLower(name))
	}
	switch {
	case err != nil && strict:
		return fmt.Errorf(`key "origin" is %.40s; expected user, document, tool, email, operator, model, or output for an answer`, origin)
	case err != nil:
		return nil
	case r.Channel != "" && !strings.EqualFold(r.Channel, name):
		return fmt.Errorf(`key "origin" is %.40q and "channel" %.40q; expected one of them`, name, r.Channel)
	}
	r.Channel = name
	return nil
}

// isMessages reports whether a value is a list with messages in it, not a note.
func isMessages(b json.RawMessage) bool {
	var list []json.RawMessage
	return json.Unmarshal(b, &list) == nil && slices.ContainsFunc(list, func(m json.RawMessage) bool { return m[0] == '{' })
}
