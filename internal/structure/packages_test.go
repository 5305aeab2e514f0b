package structure

import (
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "warder.example"

// pkg is what go list says of a package.
type pkg struct {
	ImportPath   string
	Dir          string
	Name         string
	GoFiles      []string
	Imports      []string
	TestImports  []string
	XTestImports []string
	Deps         []string
	Standard     bool
	Module       *struct{ Path, Version string }
}

// list returns every package that the project builds from, by import path; its
// own are those of module.
var list = sync.OnceValues(func() (map[string]*pkg, error) {
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,Name,GoFiles,Imports,TestImports,XTestImports,Deps,Standard,Module", "./...")
	cmd.Dir = top
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	all := map[string]*pkg{}
	for dec := json.NewDecoder(out); ; {
		p := new(pkg)
		if err := dec.Decode(p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		all[p.ImportPath] = p
	}
	return all, cmd.Wait()
})

// own calls f for every package of the project, with its path in it.
func own(t *testing.T, f func(path string, p *pkg)) {
	t.Helper()
	all, err := list()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, p := range all {
		if path, ok := strings.CutPrefix(p.ImportPath, module+"/"); ok {
			f(path, p)
			n++
		}
	}
	if n < 15 {
		t.Fatalf("%d packages seen; expected at least 15", n)
	}
}

// TestPackageComments: every package has one manual page.
func TestPackageComments(t *testing.T) {
	own(t, func(path string, p *pkg) {
		var with []string
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if f.Doc == nil {
				continue
			}
			with = append(with, name)
			if want := "Package " + p.Name + " "; p.Name != "main" && !strings.HasPrefix(f.Doc.Text(), want) {
				t.Errorf("%s/%s: package comment begins %.40q; expected %q", path, name, f.Doc.Text(), want)
			}
		}
		if len(p.GoFiles) > 0 && len(with) != 1 {
			t.Errorf("%s: package comment in %q; expected it in one file", path, with)
		}
	})
}

// dumpingGrounds are names that say nothing of what is inside.
var dumpingGrounds = []string{"util", "utils", "common", "helper", "helpers", "types", "models", "misc", "base", "lib"}

// TestPackageNames: no package is a dumping ground.
func TestPackageNames(t *testing.T) {
	own(t, func(path string, p *pkg) {
		if slices.Contains(dumpingGrounds, p.Name) {
			t.Errorf("%s: package %s; expected a noun that says what it is", path, p.Name)
		}
	})
}

// under reports whether path is folder or inside of it.
func under(path, folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }

// layers says what a folder's packages may import of the project, tests
// included; the first folder that fits holds. Arrows point down: the program,
// the domain packages, and at the bottom guard, event and dialect. Only what
// puts a server together imports the gateway.
var layers = []struct {
	folder string
	may    []string // nil: anything but cmd
	not    []string
}{
	{folder: "cmd", may: []string{"guard", "internal"}},
	{folder: "guard", may: []string{"guard"}},
	{folder: "internal/event", may: []string{"internal/event"}},
	{folder: "internal/dialect", may: []string{"internal/dialect", "guard"}},
	{folder: "internal/gateway"},
	{folder: "internal/node"},
	{folder: "internal/demo"},
	{folder: "internal", not: []string{"internal/gateway", "internal/node"}},
}

// TestArrowsPointDown holds the direction of dependencies.
func TestArrowsPointDown(t *testing.T) {
	own(t, func(path string, p *pkg) {
		i := slices.IndexFunc(layers, func(l struct {
			folder   string
			may, not []string
		}) bool {
			return under(path, l.folder)
		})
		if i < 0 {
			return // tools and benchmarks
		}
		l := layers[i]
		for _, imp := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			imp, ok := strings.CutPrefix(imp, module+"/")
			if !ok {
				continue
			}
			in := func(folder string) bool { return under(imp, folder) }
			if under(imp, "cmd") || l.may != nil && !slices.ContainsFunc(l.may, in) || slices.ContainsFunc(l.not, in) {
				t.Errorf("%s imports %s; packages of %s may not", path, imp, l.folder)
			}
		}
	})
}

// modules returns the modules outside of the project that the packages in
// folder link, sorted.
func modules(t *testing.T, folder string) []string {
	t.Helper()
	all, err := list()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	own(t, func(path string, p *pkg) {
		if !under(path, folder) {
			return
		}
		for _, dep := range p.Deps {
			if d := all[dep]; d != nil && d.Module != nil && d.Module.Path != module {
				out = append(out, d.Module.Path)
			}
		}
	})
	slices.Sort(out)
	return slices.Compact(out)
}

// maxGuardModules is how many modules the public library may link.
const maxGuardModules = 8

// TestGuardDependencies holds what a program that uses the public library takes
// on. A change is made in testdata/guard-modules.txt, where a reviewer sees it.
func TestGuardDependencies(t *testing.T) {
	text, err := os.ReadFile("testdata/guard-modules.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(string(text))
	got := modules(t, "guard")
	if !slices.Equal(got, want) {
		t.Errorf("guard links\n  %s\nand testdata/guard-modules.txt lists\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
	if len(got) > maxGuardModules {
		t.Errorf("guard links %d modules; expected at most %d", len(got), maxGuardModules)
	}
}

// heavy are the beginnings of modules that the default build does not link.
var heavy = []string{"cloud.google.com/", "google.golang.org/grpc", "google.golang.org/api", "github.com/aws/", "github.com/Azure/", "github.com/hashicorp/vault",
	"github.com/openai/", "github.com/anthropics/", "k8s.io/", "go.opentelemetry.io/otel/exporters"}

// TestNoHeavySDK: the program links no cloud SDK.
func TestNoHeavySDK(t *testing.T) {
	for _, m := range modules(t, "cmd") {
		if slices.ContainsFunc(heavy, func(h string) bool { return strings.HasPrefix(m, h) }) {
			t.Errorf("cmd/warder links %s; heavy integrations sit behind build tags", m)
		}
	}
}
