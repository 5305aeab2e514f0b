package dialect

import "unicode/utf8"

// foldMax is the longest key that can be a variant of a known one.
const foldMax = 64

// fold maps a key to what lenient parsers compare: lower case under Unicode
// simple folding, without dashes and underscores. Two code points outside ASCII
// fold into it: the long s and the Kelvin sign.
func fold(key string) string {
	var buf [foldMax]byte
	return string(appendFold(buf[:0], key))
}

// appendFold appends fold(key), which is never longer than key.
func appendFold(dst []byte, key string) []byte {
	if len(key) > foldMax {
		return dst
	}
	for _, r := range key {
		switch {
		case r == '-' || r == '_':
		case r >= 'A' && r <= 'Z':
			dst = append(dst, byte(r)+'a'-'A')
		case r == 'ſ':
			dst = append(dst, 's')
		case r == '\u212a':
			dst = append(dst, 'k')
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

// Bounds of keys that are taken for names.
const (
	plainKey   = 32 // longest
	shortKey   = 15 // up to here any identifier will do
	plainDigit = 2  // most digits in a longer one
)

// isPlainKey reports whether a key is so short and so much like an identifier
// that it cannot carry text or a credential. Others are inspected.
func isPlainKey(key string) bool {
	if len(key) > plainKey {
		return false
	}
	lower, digits := 0, 0
	for i := range len(key) {
		switch c := key[i]; {
		case c >= 'a' && c <= 'z':
			lower++
		case c >= '0' && c <= '9':
			digits++
		case c >= 'A' && c <= 'Z' || c == '_' || c == '-' || c == '.' || c == '$':
		default:
			return false
		}
	}
	return len(key) <= shortKey || lower > 0 && digits <= plainDigit
}

// keySet finds duplicates among the keys of one object.
type keySet struct {
	w    *walker
	base int
	many map[string]struct{}
}

// linearKeys is how many keys are compared one by one before a map is made.
const linearKeys = 16

func (k *keySet) add(key string) (fresh bool) {
	if k.many != nil {
		if _, dup := k.many[key]; dup {
			return false
		}
		k.many[key] = struct{}{}
		return true
	}
	own := k.w.keys[k.base:]
	for _, o := range own {
		if o == key {
			return false
		}
	}
	if len(own) < linearKeys {
		k.w.keys = append(k.w.keys, key)
		return true
	}
	k.many = make(map[string]struct{}, 4*linearKeys)
	for _, o := range own {
		k.many[o] = struct{}{}
	}
	k.many[key] = struct{}{}
	return true
}

// count returns how many keys there are.
func (k *keySet) count() int {
	if k.many != nil {
		return len(k.many)
	}
	return len(k.w.keys) - k.base
}

func (k *keySet) drop() {
	clear(k.w.keys[k.base:])
	k.w.keys = k.w.keys[:k.base]
}
