package dialect

import (
	"fmt"
	"testing"

	"warder.example/guard"
)

// TestArgument: which parameter of which call a leaf is, wherever a key could pass for
// one.
func TestArgument(t *testing.T) {
	call := Known(Fields{"name": {Use: Label, Name: FieldTool}, "input": Anything(&Rule{Use: Prose, Name: FieldArguments})})
	spec := NewSpec(Known(Fields{"calls": List(call), "text": Text(guard.OriginModel)}), SpecOptions{})
	doc, err := Parse([]byte(`{"calls":[{"input":{"to":"a","cc":["b",["c"]],"x":{"to":"d"},"t\u006f2":"e","odd key, to":[{"to":"f"}]},"name":"one"},`+
		`{"name":"two","input":"g"},{"name":"three","input":["h",{"to":"i"}]}],"text":"j"}`), spec, Limits{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	owners := map[int]string{}
	for i := range doc.Leaves {
		if l := &doc.Leaves[i]; l.Rule().Name == FieldTool {
			owner, _, _, _ := l.Argument()
			owners[owner] = l.Text
		}
	}
	for i := range doc.Leaves {
		if l := &doc.Leaves[i]; l.Rule().Name == FieldArguments {
			owner, parameter, whole, ok := l.Argument()
			got[l.Text] = fmt.Sprint(owners[owner], " ", parameter, " ", whole, " ", ok)
		}
	}
	for text, want := range map[string]string{
		"a": "one to false true", "b": "one cc false true", "c": "one  false false", "d": "one  false false", "e": "one to2 false true",
		"f": "one  false false", "g": "two  true true", "h": "three  false false", "i": "three  false false",
	} {
		if got[text] != want {
			t.Errorf("%s: %q; want %q", text, got[text], want)
		}
		delete(got, text)
	}
	for text, is := range got {
		if text != "odd key, to" || is != " "+" "+"false false" {
			t.Errorf("%q: %q", text, is)
		}
	}
}
