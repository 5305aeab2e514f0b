package answercache

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// A Question is all that an answer may depend on. Two questions that differ in one byte
// of one field have different keys.
type Question struct {
	Application string // with what its policy may ask of it
	Subject     string // commitment to the end user
	Rules       string // names the policy, detectors, models, thresholds and upstreams in force
	Target      string // where the model is asked for, and the path there
	Protocol    string // of the call, as openai.chat
	Header      string // what the model server gets beside the body
	Body        []byte // as the model server gets it
}

// A Key stands for a question.
type Key [sha256.Size]byte

// Key returns the key of a question: HMAC-SHA-256 (RFC 2104) under the secret of the
// cache, of each field behind its length, so that fields do not run into each other.
func (c *Cache) Key(q *Question) Key {
	h := hmac.New(sha256.New, c.secret[:])
	for _, s := range []string{q.Application, q.Subject, q.Rules, q.Target, q.Protocol, q.Header} {
		field(h, []byte(s))
	}
	field(h, q.Body)
	var k Key
	h.Sum(k[:0])
	return k
}

// field adds a field behind its length.
func field(h hash.Hash, b []byte) {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(b)))
	h.Write(n[:])
	h.Write(b)
}
