package openai

import (
	"strings"

	"warder.example/internal/dialect"
)

// A Conversation is what is known of a list of messages that stands in a body
// of another dialect.
type Conversation struct {
	Roles []string // of the messages in order; empty where there is none
}

// A Converser is the state that a table with [Messages] in it needs.
type Converser interface {
	Conversation() *Conversation
}

// Messages returns the table of a list of messages for another dialect. Their
// texts get origins as in a request, the extension "warder" in messages and
// parts included. The state given to [dialect.Parse] must be a [Converser].
func Messages(t dialect.Tag) *dialect.Rule {
	m := maker{late: true, claims: true}
	message := &object{Fields: m.message(nil), Required: []string{"role"}, Close: closeConversed}
	return &rule{Types: dialect.ArrayType, Tag: t, Turns: true, Items: &rule{Types: dialect.ObjectType, Object: message}}
}

// ContentField is the name of the rule of a message's own text; see
// [dialect.Leaf.Rule].
const ContentField = dialect.FieldContent

func closeConversed(s *dialect.Scope) error {
	c := s.State().(Converser).Conversation()
	role, _ := s.Value(tagRole)
	c.Roles = append(c.Roles, strings.Clone(role.Text))
	if err := s.ClaimOrigin(tagOrigin); err != nil {
		return err
	}
	return s.Resolve(RoleOrigin(role.Text))
}
