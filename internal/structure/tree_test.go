package structure

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// top is the root of the project as seen from this package.
const top = "../.."

// skipped are folders that are not part of the project's source.
var skipped = map[string]bool{".git": true, "bin": true, "node_modules": true, "warder-data": true, "shared": true}

// files calls f for every file of the project with its slash path and content.
func files(t *testing.T, f func(path string, data []byte)) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if skipped[d.Name()] {
				return filepath.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(top, path)
		f(filepath.ToSlash(rel), data)
		n++
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if n < 100 {
		t.Fatalf("only %d files seen; expected the whole project", n)
	}
}

// isText reports whether data is text, as its beginning shows.
func isText(data []byte) bool { return bytes.IndexByte(data[:min(len(data), 8000)], 0) < 0 }

// join keeps this file from holding what it looks for.
func join(parts ...string) string { return strings.Join(parts, "") }

// TestNoMachineIsNamed: no path of a developer's machine and no host of a
// package registry or mirror stands in a file.
func TestNoMachineIsNamed(t *testing.T) {
	paths := regexp.MustCompile(`(^|[^\w./~-])/(` + join("ro", "ot|ho", "me|Us", "ers|wo", "rk") + `)/\w[^\s"'` + "`" + `)]*`)
	hosts := regexp.MustCompile(join(`(?i)registry\.npm`, `js\.org|registry\.yarn`, `pkg\.com|proxy\.gol`, `ang\.org|sum\.gol`, `ang\.org|files\.python`, `hosted\.org|pypi\.or`, `g/|deb\.deb`, `ian\.org|index\.crates`, `\.io`))
	files(t, func(path string, data []byte) {
		if !isText(data) {
			return
		}
		for i, line := range bytes.Split(data, []byte("\n")) {
			if m := paths.Find(line); m != nil {
				t.Errorf("%s:%d: names a path of a machine: %.80q", path, i+1, m)
			}
			if m := hosts.Find(line); m != nil {
				t.Errorf("%s:%d: names the host of a registry: %q", path, i+1, m)
			}
		}
	})
}

var mdLink = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// TestLinks: every relative link of a page leads to a file.
func TestLinks(t *testing.T) {
	seen := 0
	files(t, func(path string, data []byte) {
		if !strings.HasSuffix(path, ".md") {
			return
		}
		for _, m := range mdLink.FindAllSubmatch(data, -1) {
			target, _, _ := strings.Cut(string(m[1]), "#")
			if target == "" || strings.Contains(target, ":") {
				continue
			}
			seen++
			if _, err := os.Stat(filepath.Join(top, filepath.Dir(path), target)); err != nil {
				t.Errorf("%s: link to %q, which is not there", path, target)
			}
		}
	})
	if seen < 5 {
		t.Errorf("%d relative links seen; expected at least 5", seen)
	}
}

// TestPages: the pages that a visitor looks for are there and say something.
func TestPages(t *testing.T) {
	for name, want := range map[string]string{
		"LICENSE": "Apache License", "NOTICE": "Warder", "README.md": "Warder", "SECURITY.md": "report", "CONTRIBUTING.md": "make test",
		"CHANGELOG.md": "Unreleased", "docs/policy.md": "Policies", "docs/configuration.md": "Configuration",
	} {
		data, err := os.ReadFile(filepath.Join(top, name))
		if err != nil || !strings.Contains(string(data), want) {
			t.Errorf("%s: %v; expected a page with %q in it", name, err, want)
		}
	}
}

// TestNotices: NOTICE names every notice that lies beside what it is about.
func TestNotices(t *testing.T) {
	notice, err := os.ReadFile(filepath.Join(top, "NOTICE"))
	if err != nil {
		t.Fatal(err)
	}
	files(t, func(path string, _ []byte) {
		if base := filepath.Base(path); strings.HasPrefix(base, "NOTICE") && path != "NOTICE" && !strings.Contains(string(notice), path) {
			t.Errorf("NOTICE does not name %s", path)
		}
	})
	for _, m := range regexp.MustCompile(`(?m)^  (\S*/NOTICE\S*) `).FindAllSubmatch(notice, -1) {
		if _, err := os.Stat(filepath.Join(top, string(m[1]))); err != nil {
			t.Errorf("NOTICE names %s, which is not there", m[1])
		}
	}
}

// TestStories: every command of the program is played in a story, where it
// succeeds and where it refuses.
func TestStories(t *testing.T) {
	main, err := os.ReadFile(filepath.Join(top, "cmd/warder/main.go"))
	if err != nil {
		t.Fatal(err)
	}
	_, tree, _ := strings.Cut(string(main), "type commands struct {")
	tree, _, _ = strings.Cut(tree, "\n}")
	names := regexp.MustCompile(`(?m)^\t([A-Z]\w*) `).FindAllStringSubmatch(tree, -1)
	if len(names) < 8 {
		t.Fatalf("%d commands seen; expected at least 8", len(names))
	}
	var stories strings.Builder
	scripts, err := filepath.Glob(filepath.Join(top, "cmd/warder/testdata/script/*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range scripts {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		stories.Write(data)
	}
	for _, m := range names {
		name := strings.ToLower(m[1])
		if !regexp.MustCompile(`(?m)^exec warder ` + name + `\b`).MatchString(stories.String()) {
			t.Errorf("no story in which warder %s succeeds", name)
		}
		if name != "version" && !regexp.MustCompile(`(?m)^! exec warder `+name+`\b`).MatchString(stories.String()) {
			t.Errorf("no story in which warder %s refuses", name)
		}
	}
}
