package config

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"runtime"
	"strings"
)

// Secret is a value that is never printed: String, Format, MarshalText and
// LogValue write where it comes from and a fingerprint. The zero value is
// empty.
type Secret struct {
	ref   string // as written: env:NAME, file:PATH or a literal
	value string
	path  string // of its file, if it may be read again
}

// NewSecret returns a secret with that value, for tests and for values that do
// not come from a file.
func NewSecret(value string) Secret { return Secret{value: value} }

// Reveal returns the value. Its callers are the places to review.
func (s Secret) Reveal() string { return s.value }

// File returns the path of the file that the value may be read from again with
// [Secret.Reread]; empty if there is none.
func (s Secret) File() string { return s.path }

// Reread returns the secret with what its file holds now. It is an error when
// others than the owner and group of the file may read it, when others than the
// owner may write it, and when it does not hold a secret. Errors don't hold the
// value.
func (s Secret) Reread() (Secret, error) {
	if s.path == "" {
		return s, nil
	}
	if err := checkMode(s.path); err != nil {
		return Secret{}, fmt.Errorf("secret %q: %w", s.path, err)
	}
	value, err := readSecret(s.path)
	if err != nil {
		return Secret{}, fmt.Errorf("reading secret %q: %w", s.path, err)
	}
	if !usable(value) {
		return Secret{}, fmt.Errorf("secret %q is empty, over %d bytes, or holds control characters", s.path, maxSecret)
	}
	s.value = value
	return s, nil
}

// readSecret returns what a file holds, without one line end.
func readSecret(path string) (string, error) {
	data, err := readBounded(path, maxSecret)
	return strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r"), err
}

// usable reports whether a value can be sent as a header.
func usable(value string) bool {
	return value != "" && len(value) <= maxSecret && !strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c == 0x7f || c == 0xfffd })
}

// forbidden are the permissions that a file of a secret must not have. The group
// may read: orchestrators mount secrets for a group.
const forbidden fs.FileMode = 0o027

// checkMode checks who may read and write the file of a secret. Windows has no
// such permissions.
func checkMode(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return cause(err)
	case !info.Mode().IsRegular():
		return errors.New("not a regular file")
	case runtime.GOOS != "windows" && info.Mode().Perm()&forbidden != 0:
		return fmt.Errorf("has mode %04o, so that others may use the secret; expected 0600, or 0640 for a group", info.Mode().Perm())
	}
	return nil
}

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
