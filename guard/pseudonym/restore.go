package pseudonym

import (
	"cmp"
	"slices"
	"strings"

	"warder.example/guard"
)

// maxRestored bounds how often values come back in one text.
const maxRestored = 4096

// A scene knows where in a format the next byte stands.
type scene interface {
	// advance passes a byte.
	advance(c byte)
	// allows reports whether a value may come back at this place, as far as
	// what stands before it says.
	allows() bool
	// settles reports whether s, the text behind a token at this place, says
	// so too. wait says that more text is needed to tell, unless it has ended.
	settles(s string, end bool) (ok, wait bool)
}

// A Restorer puts values back into one text that arrives in pieces. It maps
// offsets of what it returns, the restored text, to the text as written. It is
// used by one goroutine.
type Restorer struct {
	vault   *Vault
	scene   scene
	pending string // what may be a token, or stands behind one
	src     int    // bytes written that are settled
	out     int    // bytes returned for them
	units   []unit // ascending
	given   int    // units that Release has returned
	stopped bool
}

// unit is a token and its value.
type unit struct {
	src, srcEnd int
	out, outEnd int
	secret
	masked bool
}

// Text returns a restorer for an answer's text, which may be Markdown or HTML.
func (v *Vault) Text() *Restorer { return &Restorer{vault: v, scene: newPlace()} }

// Arguments returns a restorer for the arguments of a tool, a JSON object as
// written. Values come back in the strings of these parameters, at the top of the
// object, or in lists there, by the same rules as in text.
func (v *Vault) Arguments(parameters []string) *Restorer {
	return &Restorer{vault: v, scene: newArguments(parameters)}
}

// Parameter returns a restorer for the text of such a parameter, or of an element of
// a list there, where the arguments are no text of their own but JSON itself.
func (v *Vault) Parameter() *Restorer {
	return &Restorer{vault: v, scene: parameter{newPlace()}}
}

// Write takes the next piece, valid UTF-8, and returns the restored text that has
// become certain.
func (r *Restorer) Write(piece string) string { return r.step(piece, false) }

// Stop says that nothing more comes back.
func (r *Restorer) Stop() { r.stopped = true }

// Close says that the text has ended and returns what was still held back.
func (r *Restorer) Close() string { return r.step("", true) }

func (r *Restorer) step(piece string, end bool) string {
	s := r.pending + piece
	r.pending = ""
	var b strings.Builder
	from, at := 0, 0
	for at < len(s) {
		token, live := r.vault.match(s[at:])
		stay := live && !end
		var back bool
		if token != "" && !r.stopped && r.scene.allows() && len(r.units) < maxRestored {
			behind := s[at+len(token):]
			if back, stay = follows(behind, end); back {
				back, stay = r.scene.settles(behind, end)
			}
		}
		switch {
		case stay:
			r.emit(&b, s[from:at])
			r.pending = strings.Clone(s[at:]) // the piece may be gone when the next one comes
			return b.String()
		case back:
			r.emit(&b, s[from:at])
			r.restore(&b, token)
			r.pass(token)
			at += len(token)
			from = at
		case token != "": // no other token begins inside of one
			r.pass(token)
			at += len(token)
		default:
			r.scene.advance(s[at])
			at++
		}
	}
	r.emit(&b, s[from:])
	return b.String()
}

func (r *Restorer) pass(s string) {
	for i := range len(s) {
		r.scene.advance(s[i])
	}
}

func (r *Restorer) emit(b *strings.Builder, s string) {
	b.WriteString(s)
	r.src += len(s)
	r.out += len(s)
}

func (r *Restorer) restore(b *strings.Builder, token string) {
	u := unit{src: r.src, out: r.out, secret: r.vault.secrets[token]}
	u.srcEnd, u.outEnd = u.src+len(token), u.out+len(u.value)
	b.WriteString(u.value)
	r.src, r.out = u.srcEnd, u.outEnd
	r.units = append(r.units, u)
}

// Count returns how many values have come back.
func (r *Restorer) Count() int { return len(r.units) }

// Restored reports whether a span of the restored text is exactly a value that
// came back, of this category.
func (r *Restorer) Restored(category string, sp guard.Span) bool {
	i, ok := slices.BinarySearchFunc(r.units, sp.Start, func(u unit, at int) int { return cmp.Compare(u.out, at) })
	return ok && r.units[i].outEnd == sp.End && r.units[i].category == category
}

// Release maps what a guard released of the restored text to the text as written:
// upto, and the masks to apply before it, among them those that put the values
// in place of their tokens. A mask that touches a value takes the whole token.
// Offsets must not fall from call to call.
func (r *Restorer) Release(upto int, ms []guard.Mask) (int, []guard.Mask) {
	out := slices.Clone(ms)
	for i := range out {
		m := &out[i]
		for j := r.after(m.Start); j < len(r.units) && r.units[j].out < m.End; j++ {
			r.units[j].masked = true
		}
		m.Start, m.End = r.source(m.Start, false), r.source(m.End, true)
	}
	upto = r.source(upto, false)
	for ; r.given < len(r.units) && r.units[r.given].srcEnd <= upto; r.given++ {
		if u := &r.units[r.given]; !u.masked {
			out = append(out, guard.Mask{Span: guard.Span{Start: u.src, End: u.srcEnd}, With: u.value, Restores: true})
		}
	}
	return upto, guard.MergeMasks(out)
}

// after returns the first unit that ends behind an offset of the restored text.
func (r *Restorer) after(off int) int {
	i, _ := slices.BinarySearchFunc(r.units, off, func(u unit, at int) int {
		if u.outEnd <= at {
			return -1
		}
		return 1
	})
	return i
}

// source maps an offset of the restored text to the text as written: inside of
// a value to the start of its token, or its end if up.
func (r *Restorer) source(off int, up bool) int {
	i := r.after(off)
	if i < len(r.units) && r.units[i].out < off {
		if up {
			return r.units[i].srcEnd
		}
		return r.units[i].src
	}
	if i == 0 {
		return min(off, r.src)
	}
	u := &r.units[i-1]
	return min(u.srcEnd+off-u.outEnd, r.src)
}
