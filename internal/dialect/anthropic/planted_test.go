package anthropic_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"warder.example/internal/dialect"
	"warder.example/internal/dialect/anthropic"
)

// secret is a text that must not pass unseen.
const secret = "zq planted: 7f3a9c"

// kind is one kind of message, for tests that hold for all of them.
type kind struct {
	name, files string
	parse       func([]byte, dialect.Limits) ([]dialect.Leaf, func([]dialect.Edit) []byte, error)
}

func parseAnswer(p dialect.Protocol) func([]byte, dialect.Limits) ([]dialect.Leaf, func([]dialect.Edit) []byte, error) {
	return func(b []byte, lim dialect.Limits) ([]dialect.Leaf, func([]dialect.Edit) []byte, error) {
		a, err := p.ParseAnswer(b, lim)
		if err != nil {
			return nil, nil, err
		}
		return a.Leaves, a.Body, nil
	}
}

var kinds = []kind{
	{"request", "request_*.json", func(b []byte, lim dialect.Limits) ([]dialect.Leaf, func([]dialect.Edit) []byte, error) {
		r, err := anthropic.Messages.ParseRequest(b, lim)
		if err != nil {
			return nil, nil, err
		}
		return r.Leaves, r.Body, nil
	}},
	{"answer", "answer_*.json", parseAnswer(anthropic.Messages)},
	{"error", "error.json", parseAnswer(anthropic.Messages)},
	{"count", "count.json", parseAnswer(anthropic.CountTokens)},
	{"event", "stream_*.txt", func(b []byte, lim dialect.Limits) ([]dialect.Leaf, func([]dialect.Edit) []byte, error) {
		c, err := anthropic.Messages.Chunks(lim).Parse("", b)
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

// bodies returns the examples of a kind.
func (k kind) bodies(t testing.TB) (out [][]byte) {
	t.Helper()
	for _, name := range files(t, k.files) {
		if !strings.HasSuffix(name, ".txt") {
			out = append(out, read(t, name))
			continue
		}
		for _, e := range eventsOf(t, read(t, name)) {
			out = append(out, []byte(e.data))
		}
	}
	return out
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

// plantings returns bodies with a secret in place of every string, key and scalar,
// and as a new member of every object and element of every array.
func plantings(body []byte, spell func(string) string, try func([]byte)) {
	for _, s := range stringsIn(body) {
		try(replaced(body, s[0], s[1], spell(secret)))
	}
	for _, s := range scalarPattern.FindAllSubmatchIndex(blank(body), -1) {
		try(replaced(body, s[2], s[3], spell(secret)))
		try(replaced(body, s[2], s[3], `[{"a":[`+spell(secret)+`]}]`))
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
			try(replaced(body, i+1, i+1, spell(secret)+comma))
			continue
		}
		try(replaced(body, i+1, i+1, `"x_new":`+spell(secret)+comma))
		try(replaced(body, i+1, i+1, `"x_new":{"y":[0,{"z":`+spell(secret)+`}]}`+comma))
		try(replaced(body, i+1, i+1, spell(secret)+`:1`+comma))
		try(replaced(body, i+1, i+1, `"x_new":{`+spell(secret)+`:1}`+comma))
	}
}

// TestPlantedSecret: a text is seen wherever it stands in a body that is accepted.
func TestPlantedSecret(t *testing.T) {
	floor := map[string]int{"request": 5000, "answer": 1900, "error": 100, "count": 50, "event": 3000}
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			accepted, tried := 0, 0
			for _, body := range k.bodies(t) {
				for _, spell := range spellings {
					plantings(body, spell, func(b []byte) {
						for _, unknown := range []dialect.UnknownAction{dialect.InspectUnknown, dialect.StripUnknown, dialect.RefuseUnknown} {
							tried++
							ok, bad := hidden(t, k, b, dialect.Limits{Unknown: unknown})
							if bad {
								t.Errorf("a text passes unseen (unknown action %d): %.300q", unknown, b)
							}
							if ok {
								accepted++
							}
						}
					})
				}
			}
			if accepted < floor[k.name] || accepted == tried {
				t.Errorf("%d of %d bodies were accepted; want at least %d, and some refused", accepted, tried, floor[k.name])
			}
			t.Logf("%d of %d bodies accepted", accepted, tried)
		})
	}
}

var scalarPattern = regexp.MustCompile(`[:\[,]\s*(-?[0-9][0-9.eE+-]*|true|false|null)`)
