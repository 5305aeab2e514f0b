package config

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"warder.example/guard/strictyaml"
)

// Scopes of admin tokens.
const (
	ScopeThreatsRead  = "threats:read"
	ScopeThreatsWrite = "threats:write"
)

// AdminToken is who may use the administrative routes of the admin listener.
type AdminToken struct {
	// Name is what the audit log calls whoever uses it: lower-case letters,
	// digits and dashes.
	Name string `yaml:"name" schema:"required"`
	// SHA256 is the SHA-256 of the token in hexadecimal, as warder token new
	// prints it. Either this or token is needed.
	SHA256 string `yaml:"sha256"`
	// Token is the token itself, as env:NAME or file:PATH; at least 32 bytes that
	// nobody can guess.
	Token Secret `yaml:"token"`
	// Scopes say what it may do. Who may write may read.
	Scopes []string `yaml:"scopes" schema:"required" enum:"threats:read,threats:write"`
}

// Bounds of admin tokens.
const (
	maxAdminTokens = 64
	minAdminToken  = 32 // bytes
)

// Digest returns the SHA-256 of the token. It is only meaningful in a configuration
// that [Load] returned.
func (t *AdminToken) Digest() (d [sha256.Size]byte) {
	if t.SHA256 == "" {
		return sha256.Sum256([]byte(t.Token.Reveal()))
	}
	_, _ = hex.Decode(d[:], []byte(t.SHA256)) // checked when it was read
	return d
}

// Allows reports whether the token may be used for a scope.
func (t *AdminToken) Allows(scope string) bool {
	return slices.Contains(t.Scopes, scope) || scope == ScopeThreatsRead && slices.Contains(t.Scopes, ScopeThreatsWrite)
}

func (c *Config) checkAdminTokens(r report) {
	if n := len(c.AdminTokens); n > maxAdminTokens {
		r("admin_tokens", "%d admin tokens; expected at most %d", n, maxAdminTokens)
	}
	for i := range c.AdminTokens {
		t, at := &c.AdminTokens[i], strictyaml.Index("admin_tokens", i)
		if !upstreamName.MatchString(t.Name) {
			r(at+".name", "name of admin token %d is %.80q; expected lower-case letters, digits and dashes, at most 63", i+1, t.Name)
		}
		if slices.ContainsFunc(c.AdminTokens[:i], func(o AdminToken) bool { return o.Name == t.Name }) {
			r(at+".name", "two admin tokens are called %.80q", t.Name)
		}
		if len(t.Scopes) == 0 {
			r(at+".scopes", "admin token %.80q has no scopes; expected %s, %s or both", t.Name, ScopeThreatsRead, ScopeThreatsWrite)
		}
		t.checkSecret(r, at)
	}
}

// checkSecret checks how the token is given. What is wrong is not quoted: it may be
// the token.
func (t *AdminToken) checkSecret(r report, at string) {
	if (t.SHA256 == "") == t.Token.IsZero() {
		r(at, "admin token %.80q needs sha256 or token, and not both", t.Name)
		return
	}
	if t.SHA256 != "" {
		if b, err := hex.DecodeString(t.SHA256); err != nil || len(b) != sha256.Size {
			r(at+".sha256", "sha256 of admin token %.80q is not 64 hexadecimal digits; warder token new prints them", t.Name)
		}
		return
	}
	if _, _, ok := cutReference(t.Token.ref); !ok && t.Token.ref != "" {
		r(at+".token", "admin token %.80q stands in the file; give it as env:NAME or file:PATH, or its sha256", t.Name)
	}
}

// adminTokens resolves the tokens that are given by reference.
func (r *resolver) adminTokens(c *Config) {
	for i := range c.AdminTokens {
		t, at := &c.AdminTokens[i], strictyaml.Index("admin_tokens", i)
		if t.SHA256 != "" {
			continue
		}
		t.Token.value = r.secret(at+".token", t.Token)
		if n := len(t.Token.value); n > 0 && n < minAdminToken {
			r.file.Errorf(at+".token", "admin token %.80q has %d bytes; expected %d or more, as warder token new makes them", t.Name, n, minAdminToken)
		}
	}
}
