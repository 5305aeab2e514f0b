package gateway

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// TestOnlyTheOutletWrites: on the data plane, response writers are named in
// outlet.go, where bytes leave, and in the handler that wraps one; and bytes of
// an upstream are cleared only where a guard has read them.
func TestOnlyTheOutletWrites(t *testing.T) {
	mayHold := map[string]bool{
		"outlet.go":  true, // the type itself
		"gateway.go": true, // wraps it before anything else happens
		"admin.go":   true, // another listener, which never sees a text
	}
	mayClear := map[string]bool{
		"answer.go": true, // after Find and Decide, or from a relay
		"models.go": true, // entries in which nothing was found
		"cached.go": true, // answers that a scan released before, by what is in force now
		"outlet.go": true, // its definition
	}
	mayReturn := map[string]bool{
		"examine.go": true, // what a guard-only endpoint says of the request's own texts
	}
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	files, writes := 0, 0
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files++
		ast.Inspect(file, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.SelectorExpr:
				if x.Sel.Name == "ResponseWriter" && !mayHold[name] {
					t.Errorf("%s names http.ResponseWriter", name)
				}
				if id, ok := x.X.(*ast.Ident); ok && name != "outlet.go" && id.Name == "w" && (x.Sel.Name == "Write" || x.Sel.Name == "WriteHeader") && name != "admin.go" {
					t.Errorf("%s writes to a response itself", name)
				}
				if x.Sel.Name == "w" && name != "outlet.go" && name != "gateway.go" {
					t.Errorf("%s reaches into an outlet", name)
				}
			case *ast.CallExpr:
				if id, ok := x.Fun.(*ast.Ident); ok && id.Name == "scanned" {
					writes++
					if !mayClear[name] {
						t.Errorf("%s clears an upstream's bytes", name)
					}
				}
				if id, ok := x.Fun.(*ast.Ident); ok && id.Name == "returned" && !mayReturn[name] {
					t.Errorf("%s sends a caller's text back", name)
				}
			case *ast.CompositeLit:
				if id, ok := x.Type.(*ast.Ident); ok && id.Name == "cleared" && name != "outlet.go" {
					t.Errorf("%s makes cleared bytes without made or scanned", name)
				}
			}
			return true
		})
	}
	if files < 10 || writes < 4 {
		t.Errorf("looked at %d files and %d writes; expected at least 10 and 4", files, writes)
	}
}
