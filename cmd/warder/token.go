package main

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"regexp"
)

type tokenCmd struct {
	New tokenNewCmd `cmd:"" help:"Make an admin token. It is shown once."`
}

type tokenNewCmd struct {
	Name  string   `arg:"" help:"What the audit log calls whoever uses it: lower-case letters, digits and dashes."`
	Scope []string `help:"What it may do: threats:read, threats:write; may be given twice." enum:"threats:read,threats:write" default:"threats:write" placeholder:"SCOPE"`
}

// Help says what kong's one-liners cannot.
func (tokenNewCmd) Help() string {
	return `Prints the token alone on standard output, and on standard error the lines for the
configuration, which hold its SHA-256. Nothing is stored: a token exists once the
server has read a configuration with its hash, and no longer when that is gone.`
}

var tokenName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// Run makes a token of some 260 random bits.
func (c *tokenNewCmd) Run(e *env) error {
	if !tokenName.MatchString(c.Name) {
		return fmt.Errorf("name is %.80q; expected lower-case letters, digits and dashes, at most 63", c.Name)
	}
	token := "wat_" + rand.Text() + rand.Text()
	scopes := ""
	for i, s := range c.Scope {
		if i > 0 {
			scopes += ", "
		}
		scopes += `"` + s + `"`
	}
	fmt.Fprintf(e.stderr, "this is the only time the token is shown; the configuration needs its hash:\n\nadmin_tokens:\n  - name: \"%s\"\n    sha256: \"%x\"\n    scopes: [%s]\n\n",
		c.Name, sha256.Sum256([]byte(token)), scopes)
	_, err := fmt.Fprintln(e.stdout, token)
	return err
}
