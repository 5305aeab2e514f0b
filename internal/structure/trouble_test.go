package structure

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestTroublePage: each test that docs/trouble.md names is there, in the package that it
// names, and each of the fifteen complaints has one of its own name.
func TestTroublePage(t *testing.T) {
	page, err := os.ReadFile(top + "/docs/trouble.md")
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]map[string]bool{} // packages of each test
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	files(t, func(name string, data []byte) {
		if !strings.HasSuffix(name, "_test.go") {
			return
		}
		folder := name[:strings.LastIndex(name, "/")]
		for _, m := range function.FindAllSubmatch(data, -1) {
			if have[string(m[1])] == nil {
				have[string(m[1])] = map[string]bool{}
			}
			have[string(m[1])][folder] = true
		}
	})
	named := 0
	// Names, perhaps joined by commas and "and", with the packages that they are of.
	group := regexp.MustCompile("((?:`(?:Test|Fuzz)\\w+`(?:, | and )?)+)( of (?:`(?:internal|cmd)/\\w+`(?:, | and (?:of )?)?)+)?")
	quoted := regexp.MustCompile("`([^`]+)`")
	for _, m := range group.FindAllStringSubmatch(string(page), -1) {
		of := quoted.FindAllStringSubmatch(m[2], -1)
		tests := quoted.FindAllStringSubmatch(m[1], -1)
		for i, test := range tests {
			named++
			if have[test[1]] == nil {
				t.Errorf("docs/trouble.md names %s, which is nowhere", test[1])
			}
			if i == len(tests)-1 { // those before it may be the gateway's
				for _, p := range of {
					if !have[test[1]][p[1]] {
						t.Errorf("docs/trouble.md names %s of %s; it is in %v", test[1], p[1], have[test[1]])
					}
				}
			}
			if len(of) == 0 && have[test[1]] != nil && !have[test[1]]["internal/gateway"] {
				t.Errorf("docs/trouble.md names %s without its package", test[1])
			}
		}
	}
	for n := 1; n <= 15; n++ {
		if !regexp.MustCompile(fmt.Sprintf("`TestComplaint(\\d\\dAnd)?%02d", n)).Match(page) {
			t.Errorf("docs/trouble.md has no test of complaint %d", n)
		}
	}
	if named < 60 {
		t.Errorf("docs/trouble.md names %d tests; expected at least 60", named)
	}
}
