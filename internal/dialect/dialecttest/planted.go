package dialecttest

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// secret is a text that must not pass unseen.
const secret = "zq planted: 7f3a9c"

// unknownActions are what may happen to strings outside of the table.
var unknownActions = []dialect.UnknownAction{dialect.InspectUnknown, dialect.StripUnknown, dialect.RefuseUnknown}

// hidden reports whether a body that is accepted forwards the secret without
// showing it to inspection.
func hidden(t testing.TB, k kind, body []byte, lim dialect.Limits) (accepted, bad bool) {
	t.Helper()
	r, err := k.parse(body, lim)
	if err != nil {
		Problem(t, err)
		return false, false
	}
	for i := range r.leaves {
		if strings.Contains(r.leaves[i].Text, secret) {
			return true, false
		}
	}
	for _, tok := range outline(t, r.out(nil), nil, nil) {
		if s, ok := tok.(string); ok && strings.Contains(s, secret) {
			return true, true
		}
	}
	return true, false
}

// plantings returns bodies with a secret in place of every string, key and scalar,
// and as a new member of every object and element of every array.
func plantings(body []byte, spell func(string) string, try func([]byte)) {
	for _, s := range stringsIn(body) {
		try(replaced(body, s[0], s[1], spell(secret)))
	}
	plain := blank(body)
	for _, s := range scalarPattern.FindAllSubmatchIndex(plain, -1) {
		try(replaced(body, s[2], s[3], spell(secret)))
		try(replaced(body, s[2], s[3], `[{"a":[`+spell(secret)+`]}]`))
	}
	for i, c := range plain {
		if c != '{' && c != '[' {
			continue
		}
		comma := ","
		if rest := bytes.TrimLeft(plain[i+1:], " \n"); rest[0] == '}' || rest[0] == ']' {
			comma = ""
		}
		if c == '[' {
			try(replaced(body, i+1, i+1, spell(secret)+comma))
			continue
		}
		try(replaced(body, i+1, i+1, `"x_new":`+spell(secret)+comma))
		try(replaced(body, i+1, i+1, `"x_new":{"y":[0,{"z":`+spell(secret)+`}]}`+comma))
		try(replaced(body, i+1, i+1, spell(secret)+`:1`+comma))
		try(replaced(body, i+1, i+1, `"x_new":{`+spell(secret)+`:1}`+comma))
	}
}

// planted: a text is seen wherever it stands in a body that is accepted.
func planted(t *testing.T, s *Suite) {
	for _, k := range s.kinds(t) {
		t.Run(k.name, func(t *testing.T) {
			accepted, tried := 0, 0
			for _, e := range k.examples {
				for _, spell := range spellings {
					plantings(e.Body, spell, func(b []byte) {
						for _, unknown := range unknownActions {
							if k.told && unknown == dialect.StripUnknown {
								continue // nothing leaves that could be stripped
							}
							tried++
							ok, bad := hidden(t, k, b, dialect.Limits{Unknown: unknown})
							if bad {
								t.Errorf("%s: a text passes unseen (unknown action %d): %.300q", e.Name, unknown, b)
							}
							if ok {
								accepted++
							}
						}
					})
				}
			}
			if accepted < max(s.Least[k.name], 1) || accepted == tried {
				t.Errorf("%d of %d bodies were accepted; expected at least %d, and some refused", accepted, tried, s.Least[k.name])
			}
			t.Logf("%d of %d bodies accepted", accepted, tried)
		})
	}
}

func mask(start, end int, with string) []guard.Mask {
	return []guard.Mask{{Span: guard.Span{Start: start, End: end}, With: with}}
}

var wordPattern = regexp.MustCompile(`^[A-Za-z0-9_.,/:+-]{1,64}$`)

// checkSeen: a string that is forwarded is in a leaf, or it is structure.
func checkSeen(t testing.TB, s *Suite, k kind, leaves []dialect.Leaf, forwarded []byte) {
	t.Helper()
	seen := map[string]bool{"": true}
	for i := range leaves {
		seen[leaves[i].Text] = true
	}
	for _, at := range stringsIn(forwarded) {
		var text string
		if err := json.Unmarshal(forwarded[at[0]:at[1]], &text); err != nil {
			t.Fatal(err)
		}
		if seen[text] || slices.Contains(s.Words, text) || dialect.IsMedia(text) || dialect.IsVector(text) {
			continue
		}
		if isKey(forwarded, at[1]) && len(text) <= 32 {
			continue // names; planted shows that others are found
		}
		if slices.ContainsFunc(leaves, func(l dialect.Leaf) bool { return strings.Contains(l.Text, text) }) || strings.ContainsRune(text, utf8.RuneError) {
			continue // in a text that was put together; or half a character, which encoding/json reads in its way
		}
		if s.Words != nil || !wordPattern.MatchString(text) {
			t.Fatalf("string %q of %s is in no leaf", text, forwarded)
		}
		if _, bad := hidden(t, k, replaced(forwarded, at[0], at[1], quoted(secret)), dialect.Limits{}); bad {
			t.Fatalf("string %q of %s stands where no text is seen", text, forwarded)
		}
	}
}
