package responses

import (
	"strings"

	"warder.example/guard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/openai"
)

// itemOrigin returns who wrote the texts of an item that say of themselves nothing
// else. Types that are not known go by what their names mean.
func itemOrigin(kind, role string) guard.Origin {
	switch kind {
	case "", "message":
		return openai.RoleOrigin(role)
	case "reasoning", "compaction", "program", "mcp_approval_request", "item_reference":
		return guard.OriginModel
	case "mcp_list_tools":
		return guard.OriginTool
	case "mcp_approval_response":
		return guard.OriginUser
	case "additional_tools":
		return guard.OriginOperator
	}
	switch {
	case strings.HasSuffix(kind, "_output"):
		return guard.OriginTool
	case strings.HasSuffix(kind, "_call"):
		return guard.OriginModel
	}
	return guard.OriginUnknown
}

// closeItem gives the texts of an item their origin. A claim of more trust is
// refused.
func closeItem(s *dialect.Scope) error {
	_, err := resolveItem(s)
	return err
}

// resolveItem does so and returns that origin.
func resolveItem(s *dialect.Scope) (guard.Origin, error) {
	kind, _ := s.Value(tagType)
	role, _ := s.Value(tagRole)
	base := itemOrigin(kind.Text, role.Text)
	if base == guard.OriginModel && kind.Text != "" && kind.Text != "message" {
		outputs(s.Leaves())
	}
	if err := s.ClaimOrigin(tagOrigin); err != nil {
		return base, err
	}
	return base, s.Resolve(base)
}

// outputs gives what came of a call its origin, in an item that the model wrote
// else: calls that the provider makes itself hold both.
func outputs(leaves []dialect.Leaf) {
	for i := range leaves {
		switch l := &leaves[i]; {
		case l.Origin != guard.OriginUnknown:
		case l.Rule().Name == fieldOutput, l.Rule().Name == dialect.FieldContent:
			l.Origin = guard.OriginTool
		}
	}
}
