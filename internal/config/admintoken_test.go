package config

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

const adminToken = "wat_0123456789abcdefghijklmnopqrstuvwxyz"

func TestAdminTokens(t *testing.T) {
	digest := sha256.Sum256([]byte(adminToken))
	dir := write(t, map[string]string{
		"warder.yaml": least + fmt.Sprintf(`admin_tokens:
  - {name: one, sha256: "%X", scopes: ["threats:read"]}
  - {name: two, token: "file:token", scopes: ["threats:write"]}
  - {name: three, token: "env:TOKEN", scopes: ["threats:read", "threats:write"]}
admin_public: true
`, digest),
		"token": adminToken + "\n",
	})
	c, err := load(filepath.Join(dir, "warder.yaml"), environment(map[string]string{"TOKEN": adminToken}))
	if err != nil {
		t.Fatal(err)
	}
	for i := range c.AdminTokens {
		a := &c.AdminTokens[i]
		if a.Digest() != digest {
			t.Errorf("%s has another digest", a.Name)
		}
		if !a.Allows(ScopeThreatsRead) || a.Allows(ScopeThreatsWrite) != (a.Name != "one") || a.Allows("all") {
			t.Errorf("%s may what it may not, or the reverse", a.Name)
		}
		if s := fmt.Sprintf("%v %+v %#v", *a, *a, *a); strings.Contains(s, "abcdefghij") {
			t.Errorf("%s is printed", a.Name)
		}
	}
	if notes := strings.Join(c.Notes(), "\n"); !strings.Contains(notes, "travel in the clear") {
		t.Errorf("notes:\n%s", notes)
	}
}

func TestBadAdminTokens(t *testing.T) {
	hash := strings.Repeat("ab", 32)
	for name, c := range map[string]struct{ token, want string }{
		"in place":     {`{name: a, token: ` + adminToken + `, scopes: ["threats:read"]}`, `admin token "a" stands in the file; give it as env:NAME or file:PATH, or its sha256`},
		"neither":      {`{name: a, scopes: ["threats:read"]}`, `needs sha256 or token, and not both`},
		"both":         {`{name: a, sha256: "` + hash + `", token: "env:TOKEN", scopes: ["threats:read"]}`, `needs sha256 or token, and not both`},
		"half a hash":  {`{name: a, sha256: "` + hash[:32] + `", scopes: ["threats:read"]}`, `not 64 hexadecimal digits`},
		"short":        {`{name: a, token: "env:SHORT", scopes: ["threats:read"]}`, `has 5 bytes; expected 32 or more`},
		"not set":      {`{name: a, token: "env:NONE", scopes: ["threats:read"]}`, `the environment variable "NONE" is not set`},
		"no scopes":    {`{name: a, sha256: "` + hash + `", scopes: []}`, `has no scopes`},
		"other scopes": {`{name: a, sha256: "` + hash + `", scopes: ["all"]}`, `expected threats:read, threats:write`},
		"bad name":     {`{name: "A b", sha256: "` + hash + `", scopes: ["threats:read"]}`, `expected lower-case letters`},
		"same name":    {`{name: a, sha256: "` + hash + `", scopes: ["threats:read"]}, {name: a, sha256: "` + hash + `", scopes: ["threats:read"]}`, `two admin tokens are called "a"`},
		"too many":     {strings.TrimSuffix(strings.Repeat(`{name: a, sha256: "`+hash+`", scopes: ["threats:read"]},`, 65), ","), `65 admin tokens; expected at most 64`},
	} {
		dir := write(t, map[string]string{"warder.yaml": least + "admin_tokens: [" + c.token + "]\n"})
		_, err := load(filepath.Join(dir, "warder.yaml"), environment(map[string]string{"TOKEN": adminToken, "SHORT": "short"}))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "abcdefghij") {
			t.Errorf("%s: error is %v; expected %q", name, err, c.want)
		}
	}
}
