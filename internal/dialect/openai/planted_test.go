package openai_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"warder.example/internal/dialect"
	"warder.example/internal/dialect/openai"
)

// secret is a text that must not pass unseen.
const secret = "zq planted: 7f3a9c"

// kind is one kind of message, for tests that hold for all of them.
type kind struct {
	name, file string
	parse      func([]byte, dialect.Limits) ([]dialect.Leaf, func([]dialect.Edit) []byte, error)
}

var kinds = []kind{
	{"request", "request_full.json", func(b []byte, lim dialect.Limits) ([]dialect.Leaf, func([]dialect.Edit) []byte, error) {
		r, err := openai.ParseRequest(b, lim)
		if err != nil {
			return nil, nil, err
		}
		return r.Leaves, r.Body, nil
	}},
	{"answer", "answer_full.json", func(b []byte, lim dialect.Limits) ([]dialect.Leaf, func([]dialect.Edit) []byte, error) {
		a, err := openai.ParseAnswer(b, lim)
		if err != nil {
			return nil, nil, err
		}
		return a.Leaves, a.Body, nil
	}},
	{"chunk", "chunk_full.json", func(b []byte, lim dialect.Limits) ([]dialect.Leaf, func([]dialect.Edit) []byte, error) {
		c, err := openai.ParseChunk(b, lim)
		if err != nil {
			return nil, nil, err
		}
		leaves := make([]dialect.Leaf, len(c.Leaves))
		for i := range c.Leaves {
			leaves[i] = c.Leaves[i].Leaf
		}
		return leaves, c.Data, nil
	}},
}

// hidden reports whether a body that is accepted forwards the secret without
// showing it to inspection.
func hidden(t *testing.T, k kind, body []byte, lim dialect.Limits) (accepted, bad bool) {
	t.Helper()
	leaves, out, err := k.parse(body, lim)
	if err != nil {
		problem(t, err)
		return false, false
	}
	for i := range leaves {
		if strings.Contains(leaves[i].Text, secret) {
			return true, false
		}
	}
	for _, tok := range tokens(t, out(nil)) {
		if s, ok := tok.(string); ok && strings.Contains(s, secret) {
			return true, true
		}
	}
	return true, false
}

// TestPlantedSecret plants a secret in place of every string, key and scalar,
// and as a new member of every object and element of every array.
func TestPlantedSecret(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			body := read(t, k.file)
			accepted, tried := 0, 0
			try := func(b []byte, where int) {
				for _, unknown := range []dialect.UnknownAction{dialect.InspectUnknown, dialect.StripUnknown, dialect.RefuseUnknown} {
					tried++
					ok, bad := hidden(t, k, b, dialect.Limits{Unknown: unknown})
					if bad {
						t.Errorf("a text at byte %d passes unseen (unknown action %d): %.60q", where, unknown, b[max(0, where-30):])
					}
					if ok {
						accepted++
					}
				}
			}
			for _, spell := range spellings {
				for _, s := range stringsIn(body) {
					try(replaced(body, s[0], s[1], spell(secret)), s[0])
				}
				for _, s := range scalarPattern.FindAllSubmatchIndex(blank(body), -1) {
					try(replaced(body, s[2], s[3], spell(secret)), s[2])
					try(replaced(body, s[2], s[3], `[{"a":[`+spell(secret)+`]}]`), s[2])
				}
				plain := blank(body)
				for i, c := range plain {
					if c != '{' && c != '[' {
						continue
					}
					comma := ","
					if rest := bytes.TrimLeft(plain[i+1:], " \n"); rest[0] == '}' || rest[0] == ']' {
						comma = ""
					}
					if c == '[' {
						try(replaced(body, i+1, i+1, spell(secret)+comma), i)
						continue
					}
					try(replaced(body, i+1, i+1, `"x_new":`+spell(secret)+comma), i)
					try(replaced(body, i+1, i+1, `"x_new":{"y":[0,{"z":`+spell(secret)+`}]}`+comma), i)
					try(replaced(body, i+1, i+1, spell(secret)+`:1`+comma), i)
					try(replaced(body, i+1, i+1, `"x_new":{`+spell(secret)+`:1}`+comma), i)
				}
			}
			if accepted < 300 || accepted == tried {
				t.Errorf("%d of %d bodies were accepted; want at least 300, and some refused", accepted, tried)
			}
			t.Logf("%d of %d bodies accepted", accepted, tried)
		})
	}
}

var scalarPattern = regexp.MustCompile(`[:\[,]\s*(-?[0-9][0-9.eE+-]*|true|false|null)`)

// TestPlantedInArguments plants it within tool arguments, under two levels of
// escapes.
func TestPlantedInArguments(t *testing.T) {
	ran := 0
	for inner, innerSpell := range spellings {
		for outer, outerSpell := range spellings {
			for shape, arguments := range map[string]string{
				"value":       `{"q": ` + innerSpell(secret) + `}`,
				"deep":        `{"a": [1, {"b": ` + innerSpell(secret) + `}]}`,
				"key":         `{` + innerSpell(secret) + `: 1}`,
				"not closed":  `{"q": ` + innerSpell(secret) + `, "r": "`,
				"with rest":   `{"q": ` + innerSpell(secret) + `} and more`,
				"bare string": innerSpell(secret),
			} {
				ran++
				body := []byte(`{"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":` +
					outerSpell(arguments) + `}}]}]}`)
				r, err := openai.ParseRequest(body, dialect.Limits{})
				if err != nil {
					t.Fatal(err)
				}
				at := -1
				for i := range r.Leaves {
					if strings.Contains(r.Leaves[i].Text, secret) {
						at = i
					}
				}
				if at < 0 {
					t.Errorf("%s, inner %s, outer %s: not found", shape, inner, outer)
					continue
				}
				start := strings.Index(r.Leaves[at].Text, secret)
				out := r.Body([]dialect.Edit{{Leaf: at, Masks: mask(start, start+len(secret), `<"gone">`)}})
				again, err := openai.ParseRequest(out, dialect.Limits{})
				if err != nil {
					t.Fatalf("%s, inner %s, outer %s: masked body %s: %v", shape, inner, outer, out, err)
				}
				found := false
				for i := range again.Leaves {
					if strings.Contains(again.Leaves[i].Text, secret) {
						t.Errorf("%s, inner %s, outer %s: still there in %s", shape, inner, outer, out)
					}
					found = found || strings.Contains(again.Leaves[i].Text, `<"gone">`)
				}
				if !found {
					t.Errorf("%s, inner %s, outer %s: replacement not found in %s", shape, inner, outer, out)
				}
			}
		}
	}
	if ran != 54 {
		t.Errorf("ran %d cases, want 54", ran)
	}
}
