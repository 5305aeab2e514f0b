package strategy

import (
	"fmt"
	"slices"
	"strings"

	"warder.example/internal/redteam/probe"
)

// MaxDepth is how many strategies a composition has at most.
const MaxDepth = 4

// maxSpec is how long the name of a composition may be.
const maxSpec = 256

// Find returns the strategy of an id, or the composition of several with + between, the
// outermost first: of "frame:fiction+encode:base64" the text is encoded first. A script
// of several messages, or one that pretends earlier answers, can only be the outermost.
func Find(spec string) (Strategy, error) {
	if len(spec) > maxSpec {
		return Strategy{}, fmt.Errorf("strategy %.40q…: %d bytes; expected at most %d", spec, len(spec), maxSpec)
	}
	ids := strings.Split(spec, "+")
	if len(ids) > MaxDepth {
		return Strategy{}, fmt.Errorf("strategy %q: %d strategies in one; expected at most %d", spec, len(ids), MaxDepth)
	}
	parts := make([]Strategy, len(ids))
	for i, id := range ids {
		s, ok := byID[id]
		switch {
		case !ok:
			return Strategy{}, fmt.Errorf("strategy %q: %q is not known; docs/redteam-strategies.md lists all", spec, id)
		case slices.Contains(ids[:i], id):
			return Strategy{}, fmt.Errorf("strategy %q: %q stands there twice; expected each once", spec, id)
		case s.Group == Plain && len(ids) > 1:
			return Strategy{}, fmt.Errorf("strategy %q: %q is composed with nothing", spec, id)
		case i > 0 && s.scripted():
			return Strategy{}, fmt.Errorf("strategy %q: %q makes several messages; expected it first", spec, id)
		}
		parts[i] = s
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return compose(spec, parts), nil
}

// compose lays strategies one around the other, the outermost first.
func compose(id string, of []Strategy) Strategy {
	c := Strategy{ID: id, Group: of[0].Group}
	titles := make([]string, len(of))
	for i, s := range of {
		titles[i] = s.Title
		c.parts = append(c.parts, s.parts...)
		for _, f := range s.Frameworks {
			if !slices.Contains(c.Frameworks, f) {
				c.Frameworks = append(c.Frameworks, f)
			}
		}
	}
	c.Title = strings.Join(titles, " around ")
	return c
}

// scripted reports whether the strategy makes a script.
func (s Strategy) scripted() bool { return len(s.parts) > 0 && s.parts[0].script != nil }

// Exchanges parts the messages of a script into what is sent at once: the target is to
// answer each message of the user's but one that a pretended answer follows.
func Exchanges(script []probe.Message) [][]probe.Message {
	var out [][]probe.Message
	begin := 0
	for i, m := range script {
		last := i+1 == len(script)
		if last || m.Role == probe.RoleUser && script[i+1].Role != probe.RoleModel {
			out = append(out, script[begin:i+1])
			begin = i + 1
		}
	}
	return out
}
