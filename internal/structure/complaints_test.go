package structure

import (
	"bufio"
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Complaints about other gateways that the tree itself answers. docs/trouble.md lists
// them all.

// mayReachOut are the packages of the program that open connections of their own, and to
// whom: always somebody that an operator named.
var mayReachOut = []string{
	"internal/demo",            // its own servers
	"internal/egress",          // the dialer of the others: one host of the configuration
	"internal/evaluate/remote", // an address that was given
	"internal/redteam/target",  // the target of a target file
	"internal/subprocess",      // a command that was given
	"internal/telemetry",       // the collector of the configuration
	"internal/upstream",        // the model servers of the configuration
}

// reaching are names by which a program reaches out, by package.
var reaching = map[string][]string{
	"net":      {"Dial", "DialTimeout", "Dialer", "DialTCP", "DialUDP", "DialUnix", "DefaultResolver", "LookupHost", "LookupIP", "LookupTXT", "LookupAddr"},
	"net/http": {"Get", "Post", "PostForm", "Head", "Client", "Transport", "DefaultClient", "DefaultTransport"},
	"os/exec":  {"Command", "CommandContext"},
	"plugin":   {"Open"},
}

// TestComplaint08OnlyTheseReachOut: other gateways fetch prices and schemas from their
// makers when they start, and what is fetched is not pinned. Here nothing is fetched but
// from whom an operator named: no other package has the means.
func TestComplaint08OnlyTheseReachOut(t *testing.T) {
	found := map[string]bool{}
	files(t, func(name string, data []byte) {
		folder := path.Dir(name)
		program := under(folder, "cmd") || under(folder, "internal") || under(folder, "guard")
		if !program || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, data, 0)
		if err != nil {
			t.Fatal(err)
		}
		imported := map[string]string{} // by the name it has here
		for _, i := range file.Imports {
			p := strings.Trim(i.Path.Value, `"`)
			as := path.Base(p)
			if i.Name != nil {
				as = i.Name.Name
			}
			imported[as] = p
		}
		ast.Inspect(file, func(n ast.Node) bool {
			x, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if id, ok := x.X.(*ast.Ident); ok && slices.Contains(reaching[imported[id.Name]], x.Sel.Name) {
				found[folder] = true
				if !slices.Contains(mayReachOut, folder) {
					t.Errorf("%s uses %s.%s; only these packages reach out: %s", name, id.Name, x.Sel.Name, strings.Join(mayReachOut, ", "))
				}
			}
			return true
		})
	})
	for _, p := range mayReachOut {
		if !found[p] {
			t.Errorf("%s does not reach out any more: take it off the list", p)
		}
	}
}

// TestComplaint08ModulesArePinned: a release of a dependency was replaced by one that
// stole credentials. Here every module that is linked has one version and its hash, and
// none is taken from elsewhere.
func TestComplaint08ModulesArePinned(t *testing.T) {
	mod, err := os.ReadFile(top + "/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^replace (\S+)(?: \S+)? => (\S+)(.*)$`).FindAllStringSubmatch(string(mod), -1) {
		if m[1] != m[2] || !strings.HasPrefix(m[3], " v") {
			t.Errorf("%s is taken from %s%s", m[1], m[2], m[3])
		}
	}
	sum, err := os.ReadFile(top + "/go.sum")
	if err != nil {
		t.Fatal(err)
	}
	hashed := map[string]bool{}
	for lines := bufio.NewScanner(bytes.NewReader(sum)); lines.Scan(); {
		f := strings.Fields(lines.Text())
		if len(f) == 3 && strings.HasPrefix(f[2], "h1:") {
			hashed[f[0]+" "+f[1]] = true
		}
	}
	pinned := regexp.MustCompile(`(?m)^(?:require)?\s+(\S+\.\S+/?\S*) (v\S+)`)
	n := 0
	for _, m := range pinned.FindAllStringSubmatch(string(mod), -1) {
		n++
		if !hashed[m[1]+" "+m[2]+"/go.mod"] {
			t.Errorf("%s %s has no hash in go.sum", m[1], m[2])
		}
	}
	all, err := list()
	if err != nil {
		t.Fatal(err)
	}
	linked := modules(t, "cmd/warder")
	for _, p := range all {
		if p.Module != nil && slices.Contains(linked, p.Module.Path) && !hashed[p.Module.Path+" "+p.Module.Version] {
			t.Errorf("%s %s is linked without a hash", p.Module.Path, p.Module.Version)
		}
	}
	if n < 20 || len(linked) < 10 {
		t.Errorf("looked at %d modules, %d linked", n, len(linked))
	}
}

// TestComplaint15NothingIsPaidFor: features are kept for those who pay, and where the line
// runs is not clear. Here there is one licence, no setting that names an edition or the
// key to one, and no build that has more than the others but Envoy's interface.
func TestComplaint15NothingIsPaidFor(t *testing.T) {
	editions := regexp.MustCompile(`(?i)\b(licen[cs]e[_-]?(key|file|token)|enterprise|premium|entitlement|subscription[_-]?key|paid|edition)s?\b`)
	tag := regexp.MustCompile(`(?m)^//go:build (.*)$`)
	schemas := 0
	files(t, func(name string, data []byte) {
		base, folder := path.Base(name), path.Dir(name)
		if strings.HasPrefix(strings.ToUpper(base), "LICEN") && folder != "." {
			t.Errorf("%s: a licence of its own", name)
		}
		for _, part := range strings.Split(folder, "/") {
			if slices.Contains([]string{"ee", "enterprise", "pro", "premium"}, part) {
				t.Errorf("%s stands in a folder of an edition", name)
			}
		}
		if strings.HasSuffix(base, ".schema.json") {
			schemas++
			if m := editions.Find(data); m != nil {
				t.Errorf("%s: a setting is about %q", name, m)
			}
		}
		if strings.HasSuffix(base, ".go") && (under(folder, "internal") || under(folder, "guard") || under(folder, "cmd")) {
			for _, m := range tag.FindAllSubmatch(data, -1) {
				if c := string(m[1]); !regexp.MustCompile(`^!?(extproc|race|unix|linux|darwin|windows|ignore|wasip1|js)( (&&|\|\|) !?(extproc|race|unix|linux|darwin|windows))*$`).MatchString(c) {
					t.Errorf("%s is only in some builds: %s", name, c)
				}
			}
		}
	})
	if b, err := os.ReadFile(top + "/LICENSE"); err != nil || !bytes.Contains(b, []byte("Apache License")) {
		t.Errorf("the licence: %v", err)
	}
	if schemas < 2 {
		t.Errorf("%d schemas of settings; expected at least 2", schemas)
	}
}
