package gateway

import (
	"encoding/binary"
	"strconv"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// session returns a commitment to the conversation of a request, of one subject
// of one application. Without a claim the conversation is what it began with, up
// to the first turn that is not the operator's: every later request repeats
// that. Two conversations of a subject that begin with the same words are then
// one.
func (s *Server) session(app, subject, claim string, req *dialect.Request) string {
	if claim != "" {
		return s.committer.Commit(app, "session claimed\x00", subject, "\x00", claim)
	}
	var room [8]string
	pieces := append(room[:0], "session begun\x00", subject, "\x00", "")
	pieces, ok := beginning(pieces, req)
	if !ok {
		return ""
	}
	return s.committer.Commit(app, pieces...)
}

// beginning appends the texts of a request up to the first turn that is not the
// operator's to pieces, and puts what tells them apart, origin, turn and length of
// each, into the piece before them. ok is false if there is no such turn.
func beginning(pieces []string, req *dialect.Request) (_ []string, ok bool) {
	var room [8 * 17]byte
	heads, about := room[:0], len(pieces)-1
	last := -1
	for i := range req.Leaves {
		l := &req.Leaves[i]
		if l.Turn < 0 && !l.Instructs() || l.Inner {
			continue
		}
		if last >= 0 && l.Turn != last {
			break
		}
		if last < 0 && l.Origin != guard.OriginOperator {
			last = l.Turn
		}
		heads = append(heads, byte(l.Origin))
		heads = binary.BigEndian.AppendUint64(heads, uint64(l.Turn))
		heads = binary.BigEndian.AppendUint64(heads, uint64(len(l.Text)))
		pieces = append(pieces, l.Text)
	}
	// Their number comes first: no text can pass for a head, nor a head for one.
	pieces[about] = strconv.Itoa(len(pieces)-about-1) + "\x00" + string(heads)
	return pieces, last >= 0
}
