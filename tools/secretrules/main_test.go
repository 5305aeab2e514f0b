package main

import (
	"regexp/syntax"
	"slices"
	"testing"
)

func TestGeneratedFileIsCurrent(t *testing.T) {
	if err := run("", "../../guard/detect/secretrules_gen.go"); err != nil {
		t.Error(err)
	}
}

func TestLiterals(t *testing.T) {
	for _, c := range []struct {
		expr string
		want []string // nil: none can be given
	}{
		{`\b(ghp_[a-z]{36})`, []string{"ghp_"}},
		{`(?i)Hook[A-Z]+`, []string{"hook"}},
		{`(?:sk|rk)_(?:test|live)_x`, []string{"rk_live_x", "rk_test_x", "sk_live_x", "sk_test_x"}},
		{`SG\.[ab]`, []string{"sg.a", "sg.b"}},
		{`(?:https?://)?hooks`, []string{"hooks", "http://hooks", "https://hooks"}},
		{`[a-z]{3}key`, nil},
		{`ab?`, nil},
		{`.*secret`, nil},
	} {
		re, err := syntax.Parse(c.expr, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		got, _, ok := literals(re)
		if ok != (c.want != nil) || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, %v; want %q", c.expr, got, ok, c.want)
		}
	}
}
