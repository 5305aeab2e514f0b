package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
)

// structure is a struct of the described file.
type structure struct {
	name   string // as the schema calls it
	doc    string
	fields []member
}

// member is a key.
type member struct {
	key, doc  string
	typ       ast.Expr
	enum      []string
	oneOrMany bool
	required  bool
}

// readStructs parses a package folder and returns its structs by Go name.
func readStructs(dir string) (map[string]*structure, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	out := map[string]*structure{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.TYPE {
				continue
			}
			for _, spec := range g.Specs {
				t := spec.(*ast.TypeSpec)
				if st, ok := t.Type.(*ast.StructType); ok {
					out[t.Name.Name] = readStruct(t.Name.Name, g.Doc.Text(), st)
				}
			}
		}
	}
	return out, nil
}

func readStruct(name, doc string, st *ast.StructType) *structure {
	short := strings.TrimSuffix(name, "Entry")
	s := &structure{name: lowerFirst(short), doc: sentence(doc, name)}
	for _, f := range st.Fields.List {
		if f.Tag == nil || len(f.Names) != 1 {
			continue
		}
		text, err := strconv.Unquote(f.Tag.Value)
		if err != nil {
			continue
		}
		tag := reflect.StructTag(text)
		key, option, _ := strings.Cut(tag.Get("yaml"), ",")
		if key == "" {
			continue
		}
		m := member{key: key, typ: f.Type, oneOrMany: option == "oneormany", required: tag.Get("schema") == "required"}
		if e := tag.Get("enum"); e != "" {
			m.enum = strings.Split(e, ",")
		}
		m.doc = sentence(f.Doc.Text(), f.Names[0].Name)
		s.fields = append(s.fields, m)
	}
	return s
}

// sentence makes a Go comment into a description: on one line and without the
// Go name it begins with.
func sentence(doc, name string) string {
	s := strings.Join(strings.Fields(doc), " ")
	for _, lead := range []string{name + " is ", name + " are ", name + " "} {
		if rest, ok := strings.CutPrefix(s, lead); ok {
			s = rest
			break
		}
	}
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// kindOf returns what a type is in a file, and for lists and maps of what.
func kindOf(e ast.Expr) (kind string, elem ast.Expr) {
	switch t := e.(type) {
	case *ast.StarExpr:
		return kindOf(t.X)
	case *ast.ArrayType:
		return "list", t.Elt
	case *ast.MapType:
		return "map", t.Value
	case *ast.SelectorExpr:
		return fmt.Sprintf("%s.%s", t.X, t.Sel.Name), nil
	case *ast.Ident:
		return t.Name, nil
	}
	return "", nil
}

// lowerFirst makes a Go name one of the schema: Upstream is upstream, TLS is tls.
func lowerFirst(s string) string {
	if s == strings.ToUpper(s) {
		return strings.ToLower(s)
	}
	return strings.ToLower(s[:1]) + s[1:]
}
