package main

import (
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
)

// Bounds of the literals that begin an expression.
const (
	minLiteral  = 3
	maxLiteral  = 16
	maxLiterals = 160
)

// literals returns the folded literals one of which begins every match of re,
// each of minLiteral bytes at least; whole says that they are the whole match.
func literals(re *syntax.Regexp) (set []string, whole, ok bool) {
	set, whole = begin(re)
	if len(set) == 0 {
		return nil, false, false
	}
	for i, s := range set {
		if len(s) > maxLiteral {
			set[i] = s[:maxLiteral]
		}
		if len(s) < minLiteral {
			return nil, false, false
		}
	}
	slices.Sort(set)
	return slices.Compact(set), whole, true
}

// begin returns the strings that can begin a match; nil when unknown.
func begin(re *syntax.Regexp) (set []string, whole bool) {
	switch re.Op {
	case syntax.OpLiteral:
		s := strings.ToLower(string(re.Rune))
		if strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 }) {
			return nil, false
		}
		return []string{s}, true
	case syntax.OpCharClass:
		return class(re.Rune), true
	case syntax.OpCapture:
		return begin(re.Sub[0])
	case syntax.OpQuest:
		set, whole = begin(re.Sub[0])
		return append(set, ""), whole
	case syntax.OpRepeat:
		if re.Min == 0 {
			return []string{""}, false
		}
		set, whole = begin(re.Sub[0])
		return set, whole && re.Min == 1 && re.Max == 1
	case syntax.OpConcat:
		return concat(re.Sub)
	case syntax.OpAlternate:
		whole = true
		for _, sub := range re.Sub {
			s, w := begin(sub)
			if s == nil {
				return nil, false
			}
			set, whole = append(set, s...), whole && w
		}
		return set, whole
	case syntax.OpEmptyMatch, syntax.OpWordBoundary, syntax.OpNoWordBoundary, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText:
		return []string{""}, true
	}
	return []string{""}, false
}

// concat joins the beginnings of the parts as long as that helps.
func concat(subs []*syntax.Regexp) (set []string, whole bool) {
	set = []string{""}
	for _, sub := range subs {
		next, w := begin(sub)
		if next == nil || len(set)*len(next) > maxLiterals || enough(set) && len(next) > 4 {
			return set, false
		}
		var joined []string
		for _, a := range set {
			for _, b := range next {
				joined = append(joined, a+b)
			}
		}
		if set = joined; !w {
			return set, false
		}
	}
	return set, true
}

func enough(set []string) bool {
	for _, s := range set {
		if len(s) < minLiteral {
			return false
		}
	}
	return true
}

// class returns the folded characters of a small ASCII class.
func class(ranges []rune) []string {
	var out []string
	for i := 0; i+1 < len(ranges); i += 2 {
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			if r >= 0x80 && len(out) > 0 {
				continue // what case folding adds to k and s
			}
			if out = append(out, string(unicode.ToLower(r))); len(out) > 80 {
				return nil
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
