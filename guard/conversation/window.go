package conversation

import (
	"slices"
	"strings"
	"unicode/utf8"

	"warder.example/guard"
)

// seam is what stands between turns that are read as one.
const seam = "\n"

// window is the end of a conversation as far as it is read as one text.
type window struct {
	pieces []piece
	joined string
}

// piece is the part of a turn that stands in the window.
type piece struct {
	message, start int // start is an offset in the window
}

// windowOf joins the last turns of the user, at most MaxTurns and MaxWindow bytes.
// Of the oldest its end is taken where the whole does not fit; the newest is always
// in it, with its beginning.
func windowOf(turns []Turn) window {
	var w window
	var texts []string // newest first
	left := MaxWindow
	for i := len(turns) - 1; i >= 0 && len(texts) < MaxTurns && left > 0; i-- {
		if !turns[i].judged() {
			continue
		}
		s := turns[i].Text.Content
		if len(s) > left && len(texts) == 0 {
			s = s[:runeStart(s, left)]
		} else if len(s) > left {
			s = s[runeEnd(s, len(s)-left):]
		}
		left -= len(s) + len(seam)
		texts = append(texts, s)
		w.pieces = append(w.pieces, piece{message: turns[i].Message})
	}
	slices.Reverse(texts)
	slices.Reverse(w.pieces)
	at := 0
	for i, s := range texts {
		w.pieces[i].start = at
		at += len(s) + len(seam)
	}
	w.joined = strings.Join(texts, seam)
	return w
}

// text returns the window as a text in the place of t.
func (w *window) text(t *guard.Text) guard.Text {
	return guard.Text{Content: w.joined, Origin: t.Origin, Direction: t.Direction, Kind: t.Kind, Exchange: t.Exchange}
}

// crosses reports whether a stretch of the window stands in more than one turn.
func (w *window) crosses(start, end int) bool {
	for _, p := range w.pieces[1:] {
		if start < p.start && p.start < end {
			return true
		}
	}
	return false
}

// messages returns the messages of the pieces.
func (w *window) messages() []int {
	out := make([]int, len(w.pieces))
	for i, p := range w.pieces {
		out[i] = p.message
	}
	return out
}

// runeStart returns the last beginning of a character that is not behind at.
func runeStart(s string, at int) int {
	for at > 0 && at < len(s) && !utf8.RuneStart(s[at]) {
		at--
	}
	return at
}

// runeEnd returns the first beginning of a character that is not before at.
func runeEnd(s string, at int) int {
	for at < len(s) && !utf8.RuneStart(s[at]) {
		at++
	}
	return at
}
