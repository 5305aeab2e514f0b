package config

import (
	"crypto/sha256"
	"fmt"
	"log/slog"
	"strings"
)

// Secret is a value that is never printed: String, Format, MarshalText and
// LogValue write where it comes from and a fingerprint. The zero value is
// empty.
type Secret struct {
	ref   string // as written: env:NAME, file:PATH or a literal
	value string
}

// NewSecret returns a secret with that value, for tests and for values that do
// not come from a file.
func NewSecret(value string) Secret { return Secret{value: value} }

// Reveal returns the value. Its callers are the places to review.
func (s Secret) Reveal() string { return s.value }

// IsZero reports whether nothing was configured.
func (s Secret) IsZero() bool { return s.ref == "" && s.value == "" }

// String returns where the secret comes from and the first four bytes of its
// SHA-256; nothing for an empty secret.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	from := "given in place"
	if _, _, ok := cutReference(s.ref); ok {
		from = s.ref
	}
	if s.value == "" {
		return from
	}
	sum := sha256.Sum256([]byte(s.value))
	return fmt.Sprintf("%s (sha256 %x…)", from, sum[:4])
}

// Format keeps %v, %+v, %#v, %x and the like from reaching the value.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// MarshalText writes what String returns.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue writes what String returns.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// UnmarshalText takes the reference or literal as written in the file; [Load]
// resolves it.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = Secret{ref: string(text)}
	return nil
}

// cutReference splits env:NAME and file:PATH.
func cutReference(ref string) (scheme, name string, ok bool) {
	for _, scheme := range []string{"env", "file"} {
		if name, ok := strings.CutPrefix(ref, scheme+":"); ok {
			return scheme, name, true
		}
	}
	return "", "", false
}
