package detect

import "strings"

// nationalID describes an identifier that a state gives to a person (or, for
// tax numbers, a firm) and that is written in digits.
type nationalID struct {
	category string
	digits   int
	// shapes are the ways it is written with separators: digits as "0", ' '
	// for a space or a hyphen. Without separators it is always known.
	shapes []string
	// check says whether the digits can be such an identifier.
	check func(d []byte) bool
	// words announce it; alone and free say what is reported without them:
	// the bare digits, and the written shapes.
	words hint
	alone bool
	free  bool
	why   string
}

// idNode is a step in the tree of written forms: the digits of one group.
type idNode struct {
	next  [runDigits + 1]*idNode
	forms []idForm
}

// idForm is one way to write an identifier.
type idForm struct {
	id     *nationalID
	seps   string // separators between the groups
	shaped bool
}

// nationalIDs is the tree of all written forms. Of two identifiers that look
// alike the one listed first is tried first.
var nationalIDs = func() *idNode {
	root := &idNode{}
	add := func(id *nationalID, shape string) {
		node, digits, f := root, 0, idForm{id: id, shaped: strings.Trim(shape, "0") != ""}
		for i := 0; i <= len(shape); i++ {
			if i < len(shape) && shape[i] == '0' {
				digits++
				continue
			}
			if node.next[digits] == nil {
				node.next[digits] = &idNode{}
			}
			node, digits = node.next[digits], 0
			if i < len(shape) {
				f.seps += shape[i : i+1]
			}
		}
		node.forms = append(node.forms, f)
	}
	for _, list := range [][]nationalID{europeanIDs, americanIDs, otherIDs} {
		for i := range list {
			add(&list[i], strings.Repeat("0", list[i].digits))
			for _, s := range list[i].shapes {
				add(&list[i], s)
			}
		}
	}
	return root
}()

// nationalIDAt recognises an identifier of digits, or of digits and a last
// letter, at the start of the run. One that the words before announce goes
// before others.
func nationalIDAt(r *numberRun) (match, bool) {
	var loose match
	node := nationalIDs
	for i := range r.g[:r.ng] {
		if node = node.next[r.g[i].digits]; node == nil {
			break
		}
		for k := range node.forms {
			f := &node.forms[k]
			if !f.separated(r, i) || !f.id.check(r.d[:f.id.digits]) {
				continue
			}
			m := hit(f.id.category, f.id.category[4:], r.start, r.g[i].end, f.id.why)
			if f.id.words != 0 && r.hint()&f.id.words != 0 {
				return m, true
			}
			if loose.category == "" && (f.shaped && f.id.free || !f.shaped && f.id.alone) {
				loose = m
			}
		}
	}
	if loose.category != "" {
		return loose, true
	}
	return tailedIDAt(r, r.ng-1)
}

// separated reports whether the groups up to i have the separators of f, where
// ' ' stands for a hyphen too, and end a number.
func (f *idForm) separated(r *numberRun, i int) bool {
	if i == r.ng-1 && r.long || !r.bounded(i) {
		return false
	}
	for k := range len(f.seps) {
		if sep := r.g[k+1].sep; sep != f.seps[k] && (f.seps[k] != ' ' || sep != '-') {
			return false
		}
	}
	return true
}

// tailedIDAt recognises identifiers that end in a letter which checks them.
func tailedIDAt(r *numberRun, i int) (match, bool) {
	letter, end := r.tail(i)
	if letter == 0 {
		return match{}, false
	}
	upper := classes[r.text[end-1]]&classUpper != 0
	for _, id := range tailedIDs {
		if id.digits != int(r.g[i].sum) || !id.grouped(r, i) || (!upper || !id.free) && r.hint()&id.words == 0 {
			continue
		}
		if id.check(r, r.d[:id.digits], letter) {
			return hit(id.category, id.category[4:], r.start, end, id.why), true
		}
	}
	return match{}, false
}

// tailedID is an identifier of digits and one last letter.
type tailedID struct {
	category string
	digits   int
	shapes   []string // with separators; "" for none
	check    func(r *numberRun, d []byte, letter byte) bool
	words    hint
	free     bool // reported without announcing words if the letter is a capital
	why      string
}

func (id *tailedID) grouped(r *numberRun, i int) bool {
	for _, s := range id.shapes {
		if s == "" && i == 0 {
			return true
		}
		if s != "" && len(s)-strings.Count(s, "0") == i && r.likeShape(s) {
			return true
		}
	}
	return false
}

// likeShape reports whether the first groups have the shape, not looking at what
// follows.
func (r *numberRun) likeShape(shape string) bool {
	g, digits, sep := 0, uint8(0), byte(0)
	for i := 0; i <= len(shape); i++ {
		if i < len(shape) && shape[i] == '0' {
			digits++
			continue
		}
		if g == r.ng || r.g[g].digits != digits || g > 0 && r.g[g].sep != sep {
			return false
		}
		if i < len(shape) {
			sep = shape[i]
		}
		g, digits = g+1, 0
	}
	return true
}
