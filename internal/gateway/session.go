package gateway

import (
	"crypto/sha256"
	"encoding/binary"
	"io"
	"net/http"

	"warder.example/guard"
	"warder.example/internal/config"
	"warder.example/internal/dialect/openai"
	"warder.example/internal/event"
)

// claimedSession returns which conversation the caller says the request is of:
// by the header that the application configured, else by the extension.
func claimedSession(r *http.Request, ac config.Application, req *openai.Request) string {
	s := req.Session
	if ac.SessionHeader != "" {
		if h := r.Header.Get(ac.SessionHeader); h != "" {
			s = h
		}
	}
	return s[:min(len(s), 512)]
}

// session returns a commitment to the conversation of a request, of one subject
// of one application. Without a claim the conversation is what it began with, up
// to the first turn that is not the operator's: every later request repeats
// that, and the hash chain over it stays. Two conversations of a subject that
// begin with the same words are then one.
func (s *Server) session(app, subject, claim string, req *openai.Request) string {
	if claim != "" {
		return event.Commitment(s.salt, app, "session claimed\x00"+subject+"\x00"+claim)
	}
	chain, ok := beginning(req)
	if !ok {
		return ""
	}
	return event.Commitment(s.salt, app, "session begun\x00"+subject+"\x00"+string(chain[:]))
}

// beginning returns the hash chain over the turns up to the first that is not
// the operator's; ok is false if there is none.
func beginning(req *openai.Request) (chain [sha256.Size]byte, ok bool) {
	last := -1
	for i := range req.Leaves {
		l := &req.Leaves[i]
		if l.Turn < 0 || l.Inner {
			continue
		}
		if last >= 0 && l.Turn != last {
			break
		}
		if last < 0 && l.Origin != guard.OriginOperator {
			last = l.Turn
		}
		h := sha256.New()
		h.Write(chain[:])
		var head [17]byte
		head[0] = byte(l.Origin)
		binary.BigEndian.PutUint64(head[1:], uint64(l.Turn))
		binary.BigEndian.PutUint64(head[9:], uint64(len(l.Text)))
		h.Write(head[:])
		_, _ = io.WriteString(h, l.Text) // a hash takes everything
		h.Sum(chain[:0])
	}
	return chain, last >= 0
}
