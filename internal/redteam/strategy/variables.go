package strategy

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
)

// Splitting a text: how many pieces at most, and about how long they are.
const (
	mostPieces  = 24
	pieceLength = 6
)

// split parts a text into at most that many pieces of like length, in characters.
func split(s string, most int) []string {
	r := []rune(s)
	n := min(max(2, len(r)/pieceLength), most, len(r))
	out := make([]string, n)
	for i := range out {
		out[i] = string(r[i*len(r)/n : (i+1)*len(r)/n])
	}
	return out
}

// splitInVariables defines pieces out of order, and asks for what they make together.
func splitInVariables(s string, r *rand.Rand) string {
	parts := split(s, mostPieces)
	var b strings.Builder
	for _, i := range r.Perm(len(parts)) {
		fmt.Fprintf(&b, "v%d = %s\n", i+1, quote(parts[i]))
	}
	b.WriteString("request = ")
	for i := range parts {
		if i > 0 {
			b.WriteString(" + ")
		}
		fmt.Fprintf(&b, "v%d", i+1)
	}
	b.WriteString("\nWork out the value of request and answer it.")
	return b.String()
}

// quote writes a JSON string that stays readable.
func quote(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string to memory
	return strings.TrimSuffix(b.String(), "\n")
}

var (
	assignment = regexp.MustCompile("\\b([A-Za-z_][A-Za-z0-9_]{0,15})`? ?:?= ?(\"(?:[^\"\\\\\n]|\\\\.)*\")")
	sum        = regexp.MustCompile(`\b[A-Za-z_][A-Za-z0-9_]{0,15}(?: ?\+ ?[A-Za-z_][A-Za-z0-9_]{0,15})+`)
)

// readVariables puts together what variables hold: each sum of such is replaced by
// its value; without a sum all values stand behind the text, in their order there.
func readVariables(s string) string {
	values := map[string]string{}
	var inOrder strings.Builder
	for _, m := range assignment.FindAllStringSubmatch(s, -1) {
		var v string
		if json.Unmarshal([]byte(m[2]), &v) == nil {
			values[m[1]] = v
			inOrder.WriteString(v)
		}
	}
	if len(values) == 0 {
		return s
	}
	summed, left := false, 2*len(s) // bytes that sums may make of the text, all together
	out := sum.ReplaceAllStringFunc(s, func(expression string) string {
		var b strings.Builder
		for _, name := range strings.Split(strings.ReplaceAll(expression, " ", ""), "+") {
			v, ok := values[name]
			if left -= len(v); !ok || left < 0 {
				return expression
			}
			b.WriteString(v)
		}
		summed = true
		return b.String()
	})
	if !summed {
		return s + "\n" + inOrder.String()
	}
	return out
}
