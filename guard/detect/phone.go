package detect

import "strings"

// longestPhone walks the plan from root over the groups of r and returns the
// index of the last group with which a number may end, -1 if there is none. A
// "(0)" that is not dialled from abroad is passed over.
func longestPhone(r *numberRun, root uint16, from int) int {
	p := loadPhonePlan()
	state, last := root, -1
	for i := range r.g[:r.ng] {
		g := &r.g[i]
		if g.digits == 1 && g.sep == '(' && r.d[g.sum-1] == 0 && root == p.international {
			continue
		}
		for d := max(from, int(g.sum-g.digits)); d < int(g.sum); d++ {
			state = p.next[state][r.d[d]]
		}
		if state == 0 {
			break
		}
		if p.accept[state] && !(r.long && i == r.ng-1) && int(g.sum) >= 7 && r.phoneEnds(i) {
			last = i
		}
	}
	return last
}

// phoneAt recognises a number that begins with "+": any number of the plan.
func phoneAt(r *numberRun, start int, end bool) (match, outcome) {
	if last := longestPhone(r, loadPhonePlan().international, 0); last >= 0 {
		return phoneHit(r, start, last, end, 1, "international", "a telephone number in international form, valid in its country's plan")
	}
	p := loadPhonePlan()
	callable := p.next[p.next[p.next[p.international][r.d[0]]][r.d[1]]][r.d[2]] != 0 || r.d[0] == 1
	for last := r.ng - 1; last >= 0 && callable; last-- {
		if n := r.g[last].sum; n >= 11-uint8(min(last, 2)/2) && n <= 15 && !r.long && r.g[min(1, last)].sep != '.' && r.phoneEnds(last) {
			return phoneHit(r, start, last, end, 0.8, "grouped", "digits written as a telephone number in international form, in no country's plan")
		}
	}
	return match{}, outNone
}

// phoneEnds reports whether a telephone number may end with the i-th group: as
// [numberRun.bounded], or before an extension.
func (r *numberRun) phoneEnds(i int) bool {
	if r.bounded(i) {
		return true
	}
	end := r.g[i].end
	stop, _ := extension(r.text, end)
	return i+1 == r.ng && !r.long && stop > end
}

// nationalPhoneAt recognises a number without "+": after words such as
// "telephone", anything that some country's plan knows; without them, only
// forms that little else has.
func nationalPhoneAt(r *numberRun, start int, end bool) (match, outcome) {
	if r.n < 7 || isDate(r) || r.ng > 1 && r.g[1].sep == '.' && r.hint()&hintVersion != 0 {
		return match{}, outNone
	}
	p := loadPhonePlan()
	if r.n >= 10 && r.d[0] == 0 && r.d[1] == 0 && (r.ng > 1 || r.hint()&hintPhone != 0) {
		if last := longestPhone(r, p.international, 2); last >= 0 {
			return phoneHit(r, start, last, end, 1, "international", "a telephone number with the prefix 00, valid in its country's plan")
		}
	}
	if last, score := northAmerican(r); last > 0 {
		return phoneHit(r, start, last, end, score, "nanp", "a telephone number written as in North America")
	}
	last := longestPhone(r, p.national, 0)
	switch {
	case last < 0:
		if r.ng > 1 && r.hint()&hintPhone != 0 {
			return spokenPhone(r, start, end)
		}
	case r.hint()&hintPhone != 0 && !r.decimal():
		return phoneHit(r, start, last, end, 1, "national", "a telephone number by its form and the words before it")
	case r.d[0] == 0 && r.d[1] != 0 && last >= 2 && r.g[last].sum >= 9 && evenGroups(r, last):
		return phoneHit(r, start, last, end, 0.8, "national", "a number grouped as telephone numbers with a trunk prefix are")
	}
	return match{}, outNone
}

// spokenPhone takes what stands after a word such as "call": 7 to 13 digits in
// at least two groups, though no plan knows the number.
func spokenPhone(r *numberRun, start int, end bool) (match, outcome) {
	for i := r.ng - 1; i > 0; i-- {
		if n := r.g[i].sum; n >= 7 && n <= 13 && r.bounded(i) && !r.decimal() && !(r.long && i == r.ng-1) {
			return phoneHit(r, start, i, end, 0.9, "spoken", "digits grouped like a telephone number after words that announce one")
		}
	}
	return match{}, outNone
}

// decimal reports whether the run looks like numbers with decimals or like a
// version rather than like groups of one number.
func (r *numberRun) decimal() bool {
	return r.ng == 2 && r.g[1].sep == '.' || r.ng > 1 && r.g[1].sep == '.' && r.g[0].digits == 1 || r.ng > 1 && r.g[1].sep == '/' && r.g[0].digits < 3
}

// northAmerican recognises 978-645-9740, 978.645.9740 and (978) 645-9740, with
// 1 or 001 before. The score is 1 where area and exchange exist.
func northAmerican(r *numberRun) (last int, score float64) {
	first := 0
	if r.ng > 3 && (r.g[0].digits == 1 && r.d[0] == 1 || r.g[0].digits == 3 && r.d[0] == 0 && r.d[1] == 0 && r.d[2] == 1) {
		first = 1
	}
	if r.ng < first+3 || r.g[first].digits != 3 || r.g[first+1].digits != 3 || r.g[first+2].digits != 4 || !r.phoneEnds(first+2) {
		return 0, 0
	}
	sep := r.g[first+2].sep
	bracket := r.start > 0 && r.text[r.start-1] == '(' || r.g[first].sep == '('
	if sep != '-' && sep != '.' && !(bracket && sep == ' ') || r.g[first+1].sep != sep && !bracket {
		return 0, 0
	}
	at := int(r.g[first].sum) - 3
	if knownNorthAmerican(r.d[at : at+10]) {
		return first + 2, 1
	}
	return first + 2, 0.8
}

func knownNorthAmerican(d []byte) bool {
	p := loadPhonePlan()
	state := p.next[p.international][1]
	for _, x := range d {
		state = p.next[state][x]
	}
	return p.accept[state]
}

// evenGroups reports whether groups up to last are separated alike and have two
// to five digits each.
func evenGroups(r *numberRun, last int) bool {
	for i := range r.g[:last+1] {
		g := &r.g[i]
		if g.digits < 2 || g.digits > 5 || i > 0 && (g.sep != r.g[1].sep || g.sep == '/' || g.sep == '.' && last < 4) {
			return false
		}
	}
	return true
}

// isDate reports whether the run begins like a calendar date: 2024-05-31,
// 31.05.2024, 20240531, 2023-2026.
func isDate(r *numberRun) bool {
	num := func(from, n int) int {
		v := 0
		for _, x := range r.d[from : from+n] {
			v = v*10 + int(x)
		}
		return v
	}
	if r.n < 6 {
		return false
	}
	year := func(y int) bool { return y >= 1800 && y <= 2199 }
	if r.n >= 8 && r.g[0].digits == 8 {
		return year(num(0, 4)) && num(4, 2) <= 12 && num(6, 2) <= 31
	}
	if r.ng == 2 && r.g[0].digits == 4 && r.g[1].digits == 4 {
		return year(num(0, 4)) && year(num(4, 4))
	}
	if r.ng < 3 {
		return false
	}
	a, b, c := r.g[0].digits, r.g[1].digits, r.g[2].digits
	switch {
	case a == 4 && b <= 2 && c <= 2:
		return year(num(0, 4)) && num(4, int(b)) <= 12
	case a <= 2 && b <= 2 && c == 4:
		return year(num(int(a+b), 4)) && num(0, int(a)) <= 31 && num(int(a), int(b)) <= 31
	}
	return false
}

// phoneHit makes the match that ends with group last, with an extension such as
// "x818" or "ext. 12" if one follows.
func phoneHit(r *numberRun, start, last int, end bool, score float64, rule, why string) (match, outcome) {
	at := r.g[last].end
	if start < r.start && r.text[start] == '(' && !strings.Contains(r.text[r.start:at], ")") {
		start++
	}
	stop, open := extension(r.text, at)
	if open && !end {
		return match{}, outMore
	}
	m := hit("pii.phone", rule, start, stop, why)
	m.score = score
	return m, outHit
}

// extension returns the end of an extension that follows a number at i, or i.
func extension(text string, i int) (end int, open bool) {
	j := i
	if j < len(text) && text[j] == ' ' {
		j++
	}
	s := text[j:min(len(text), j+18)]
	if s == "" {
		return i, j == len(text)
	}
	if s[0]|0x20 != 'x' && s[0]|0x20 != 'e' {
		return i, false
	}
	k := 0
	for k < len(s) && (classes[s[k]]&classLetter != 0 || s[k] == '.' || s[k] == ' ') {
		k++
	}
	word := strings.ToLower(strings.TrimRight(s[:k], ". "))
	if word != "x" && word != "ext" && word != "extn" && word != "extension" {
		return i, k == len(s) && j+k == len(text) && (strings.HasPrefix("extension", word) || strings.HasPrefix("x", word))
	}
	d := k
	for d < len(s) && d < k+6 && classes[s[d]]&classDigit != 0 {
		d++
	}
	if d == k {
		return i, j+d == len(text)
	}
	return j + d, j+d == len(text)
}
