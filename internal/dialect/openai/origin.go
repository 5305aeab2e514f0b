package openai

import (
	"warder.example/guard"
	"warder.example/internal/dialect"
)

func closePart(s *dialect.Scope) error { return s.ClaimOrigin(tagOrigin) }

// RoleOrigin returns who wrote the texts of a message with a role.
func RoleOrigin(role string) guard.Origin {
	switch role {
	case "system", "developer":
		return guard.OriginOperator
	case "user":
		return guard.OriginUser
	case "assistant":
		return guard.OriginModel
	case "tool", "function":
		return guard.OriginTool
	}
	return guard.OriginUnknown
}
