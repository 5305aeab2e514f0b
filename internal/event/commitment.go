package event

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// Commitment returns a commitment to a subject within an application:
// HMAC-SHA256 under salt, cut to 128 bits, as 32 hex digits. Who holds the salt
// can tell whether two records are of the same subject and can recognise a
// subject it is given; without the salt, or once it is erased, nobody can. The
// same subject of two applications has unrelated commitments. An empty subject
// gives "". Salt should be 32 random bytes.
func Commitment(salt []byte, application, subject string) string {
	if subject == "" {
		return ""
	}
	mac := hmac.New(sha256.New, salt)
	var n [8]byte // length first: ("ab","c") and ("a","bc") differ
	binary.BigEndian.PutUint64(n[:], uint64(len(application)))
	mac.Write(n[:])
	mac.Write([]byte(application))
	mac.Write([]byte(subject))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}
