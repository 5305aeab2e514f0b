package guard_test

import (
	"reflect"
	"testing"

	"warder.example/guard"
)

// TestMergeMasks: masks that meet become one, and what restores a value gives way to
// what hides one.
func TestMergeMasks(t *testing.T) {
	hide := func(start, end int, with string) guard.Mask {
		return guard.Mask{Span: guard.Span{Start: start, End: end}, With: with, Category: "c"}
	}
	restore := func(start, end int) guard.Mask {
		return guard.Mask{Span: guard.Span{Start: start, End: end}, With: "value", Restores: true}
	}
	for name, c := range map[string]struct{ in, want []guard.Mask }{
		"apart":                     {[]guard.Mask{hide(5, 9, "B"), restore(0, 5)}, []guard.Mask{restore(0, 5), hide(5, 9, "B")}},
		"the earliest":              {[]guard.Mask{hide(2, 9, "B"), hide(0, 5, "A")}, []guard.Mask{hide(0, 9, "A")}},
		"hidden behind":             {[]guard.Mask{restore(0, 5), hide(4, 9, "B")}, []guard.Mask{hide(0, 9, "B")}},
		"hidden within":             {[]guard.Mask{restore(0, 9), hide(4, 5, "B")}, []guard.Mask{hide(0, 9, "B")}},
		"hidden before":             {[]guard.Mask{restore(4, 9), hide(0, 5, "A")}, []guard.Mask{hide(0, 9, "A")}},
		"hidden at the same place":  {[]guard.Mask{restore(0, 5), hide(0, 5, "w")}, []guard.Mask{hide(0, 5, "w")}},
		"hidden between two values": {[]guard.Mask{restore(0, 5), restore(6, 9), hide(4, 7, "B")}, []guard.Mask{hide(0, 9, "B")}},
	} {
		if got := guard.MergeMasks(c.in); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v; want %+v", name, got, c.want)
		}
	}
}
