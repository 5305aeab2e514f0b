package dialect_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// TestTextsOutsideOfMessages: a dialect may have the operator's words in a field of
// their own, and one message as a string where others have an array.
func TestTextsOutsideOfMessages(t *testing.T) {
	type fields = map[string]*dialect.Rule
	prose := func(o guard.Origin, name string) *dialect.Rule {
		return &dialect.Rule{Use: dialect.Prose, Origin: o, Name: name}
	}
	input := prose(guard.OriginUser, dialect.FieldContent)
	input.Turns, input.Items = true, prose(guard.OriginUser, dialect.FieldContent)
	spec := dialect.NewSpec(&dialect.Rule{Object: &dialect.Object{Fields: fields{
		"instructions": prose(guard.OriginOperator, dialect.FieldInstructions),
		"about":        prose(guard.OriginOperator, "about"),
		"input":        input,
		"after":        prose(guard.OriginUser, "after"),
	}}}, dialect.SpecOptions{})
	for body, want := range map[string][]int{
		`{"instructions":"i","about":"t","input":"a","after":"z"}`:       {-1, -1, 0, -1},
		`{"instructions":"i","about":"t","input":["a","b"],"after":"z"}`: {-1, -1, 0, 1, -1},
		`{"instructions":"i","about":"t","input":{"x":"a"},"after":"z"}`: {-1, -1, 0, -1},
	} {
		r, err := dialect.ReadRequest([]byte(body), spec, dialect.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		var turns []int
		for i := range r.Leaves {
			turns = append(turns, r.Leaves[i].Turn)
		}
		if diff := cmp.Diff(want, turns); diff != "" {
			t.Errorf("%s: turns (-want +got):\n%s", body, diff)
		}
		if diff := cmp.Diff([]string{"i"}, r.Operator()); diff != "" {
			t.Errorf("%s: operator's texts (-want +got):\n%s", body, diff)
		}
	}
}
