package target

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
)

// made returns the value of a canary. It is the same each time the same file is read,
// so that a run that goes on after a crash looks for what it planted, and 80 bits long,
// so that nobody says it by chance.
func (f *File) made(name string) string {
	mac := hmac.New(sha256.New, []byte(f.digest))
	mac.Write([]byte("canary\x00" + name))
	return base32.StdEncoding.EncodeToString(mac.Sum(nil)[:10])
}
