package event

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"sync"
)

// Commitment returns a commitment to a subject within an application:
// HMAC-SHA256 under salt, cut to 128 bits, as 32 hex digits. Who holds the salt
// can tell whether two records are of the same subject and can recognise a
// subject it is given; without the salt, or once it is erased, nobody can. The
// same subject of two applications has unrelated commitments. An empty subject
// gives "". Salt should be 32 random bytes.
//
// A [Committer] makes many under one salt at a lower cost.
func Commitment(salt []byte, application, subject string) string {
	return NewCommitter(salt).Commit(application, subject)
}

// Committer makes commitments under one salt as [Commitment] does. It is safe for
// concurrent use.
type Committer struct{ pool sync.Pool }

// committing is a keyed hash with room for what it works on.
type committing struct {
	mac hash.Hash
	buf [1024]byte
	sum [sha256.Size]byte
}

// write hashes a text by way of buf, which costs less than a copy of its own.
func (w *committing) write(s string) {
	for len(s) > 0 {
		n := copy(w.buf[:], s)
		w.mac.Write(w.buf[:n])
		s = s[n:]
	}
}

// NewCommitter returns a committer, which keeps what it needs of salt.
func NewCommitter(salt []byte) *Committer {
	key := append([]byte(nil), salt...)
	return &Committer{pool: sync.Pool{New: func() any { return &committing{mac: hmac.New(sha256.New, key)} }}}
}

// Commit returns the commitment to a subject, which may be given in pieces: it is
// that to all of them together.
func (c *Committer) Commit(application string, subject ...string) string {
	size := 0
	for _, s := range subject {
		size += len(s)
	}
	if size == 0 {
		return ""
	}
	w := c.pool.Get().(*committing)
	defer c.pool.Put(w)
	w.mac.Reset()
	// The length first: ("ab","c") and ("a","bc") differ.
	w.mac.Write(binary.BigEndian.AppendUint64(w.buf[:0], uint64(len(application))))
	w.write(application)
	for _, s := range subject {
		w.write(s)
	}
	w.mac.Sum(w.sum[:0])
	var out [32]byte
	hex.Encode(out[:], w.sum[:16])
	return string(out[:])
}
