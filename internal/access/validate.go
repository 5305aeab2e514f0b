package access

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what is registered. The store repeats them as constraints.
const (
	MaxOwner  = 200 // bytes of Application.Owner
	MaxLabel  = 200 // bytes of Key.Label
	MaxPolicy = 128 // bytes of Application.Policy
	MaxModel  = 200 // bytes of a model name or pattern
	MaxModels = 64  // patterns of an application
	MaxLimit  = 1_000_000
)

// A FieldError says that one field of a record is not acceptable.
type FieldError struct {
	Field string // as in JSON
	Value string // bounded
	Want  string // what was expected
}

// Error names the field, what it was and what was expected.
func (e *FieldError) Error() string {
	return fmt.Sprintf("%s is %q; expected %s", e.Field, e.Value, e.Want)
}

func fieldError(field, value, want string) error {
	if len(value) > 80 {
		value = strings.ToValidUTF8(value[:80], "") + "…"
	}
	return &FieldError{Field: field, Value: value, Want: want}
}

// ValidName returns nil when name can name an application: a lower-case letter
// or digit, then at most 62 lower-case letters, digits or hyphens.
func ValidName(name string) error {
	const want = "a lower-case letter or digit, then at most 62 lower-case letters, digits or hyphens"
	ok := len(name) >= 1 && len(name) <= 63 && name[0] != '-'
	for i := 0; ok && i < len(name); i++ {
		c := name[i]
		ok = 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-'
	}
	if !ok {
		return fieldError("name", name, want)
	}
	return nil
}

// Defaulted returns a with what was left empty set to the cautious choice:
// environment dev, data class internal, refusal error, mode enforce.
func (a Application) Defaulted() Application {
	for _, f := range []struct {
		p *string
		v string
	}{{&a.Environment, Dev}, {&a.DataClass, Internal}, {&a.Refusal, RefusalError}, {&a.Mode, ModeEnforce}} {
		if *f.p == "" {
			*f.p = f.v
		}
	}
	return a
}

// Validate returns nil when every field but ID and Created is acceptable, else
// a *[FieldError] about the first that is not.
func (a *Application) Validate() error {
	checks := []error{
		ValidName(a.Name),
		validText("owner", a.Owner, MaxOwner),
		oneOf("environment", a.Environment, Dev, Test, Prod),
		oneOf("data_class", a.DataClass, Public, Internal, Confidential, Restricted),
		validPolicy(a.Policy),
		oneOf("refusal", a.Refusal, RefusalError, RefusalContentFilter),
		oneOf("mode", a.Mode, ModeEnforce, ModeObserve),
		validModels(a.Models),
		validLimit("requests_per_minute", a.RequestsPerMinute),
		validLimit("max_concurrent", a.MaxConcurrent),
	}
	return firstOf(checks)
}

// Validate returns nil when the fields that an administrator chooses are
// acceptable, else a *[FieldError] about the first that is not.
func (k *Key) Validate() error {
	checks := []error{
		validText("label", k.Label, MaxLabel),
		validLimit("requests_per_minute", k.RequestsPerMinute),
		validLimit("max_concurrent", k.MaxConcurrent),
	}
	if !k.Expires.IsZero() && !k.Expires.After(k.Created) {
		checks = append(checks, fieldError("expires", k.Expires.UTC().Format("2006-01-02T15:04:05Z"), "a time after the key is made"))
	}
	return firstOf(checks)
}

func firstOf(errs []error) error {
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		return errs[i]
	}
	return nil
}

func oneOf(field, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return fieldError(field, value, "one of "+strings.Join(allowed, ", "))
}

// validText refuses what could move a terminal's cursor or hide in a log:
// everything that is neither printable nor a space.
func validText(field, s string, most int) error {
	ok := len(s) <= most && utf8.ValidString(s)
	for _, r := range s {
		ok = ok && unicode.IsPrint(r)
	}
	if !ok {
		return fieldError(field, s, fmt.Sprintf("at most %d bytes of printable text on one line", most))
	}
	return nil
}

// validPolicy admits names and relative slash paths that stay below their root.
func validPolicy(s string) error {
	if s == "" {
		return nil
	}
	ok := len(s) <= MaxPolicy
	for _, part := range strings.Split(s, "/") {
		ok = ok && part != "" && part[0] != '.' && strings.Trim(part, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == ""
	}
	if !ok {
		return fieldError("policy", s, fmt.Sprintf("a name of at most %d letters, digits, '.', '_', '-' and '/'", MaxPolicy))
	}
	return nil
}

func validModels(models []string) error {
	if len(models) > MaxModels {
		return fieldError("models", fmt.Sprint(len(models)), fmt.Sprintf("at most %d patterns", MaxModels))
	}
	for i, m := range models {
		ok := m != "" && len(m) <= MaxModel && !slices.Contains(models[:i], m)
		for j := 0; ok && j < len(m); j++ {
			ok = m[j] > ' ' && m[j] < 0x7f && m[j] != '"' && m[j] != '\\'
		}
		if !ok {
			return fieldError("models", m, fmt.Sprintf("different patterns of 1 to %d visible ASCII characters but quotes and backslashes", MaxModel))
		}
	}
	return nil
}

func validLimit(field string, n int) error {
	if n < 0 || n > MaxLimit {
		return fieldError(field, fmt.Sprint(n), fmt.Sprintf("0 (none) to %d", MaxLimit))
	}
	return nil
}
