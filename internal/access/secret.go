package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"math/big"
	"strings"
)

// The form of a key:
//
//	wk_ ID _ SECRET CHECK
//
// ID is 12 characters that name the key without betraying it; SECRET is 256
// random bits as 43 base-62 digits; CHECK is CRC-32 (IEEE) of all before it as
// 6 base-62 digits, so that a scanner for leaked credentials can tell a key
// from a look-alike without asking anybody. The check is no protection: it
// takes no part in [Directory.Lookup].
const (
	keyMark      = "wk_"
	keyIDLen     = 12
	keySecretLen = 43 // 62^43 > 2^256
	keyCheckLen  = 6  // 62^6 > 2^32
	keyLen       = len(keyMark) + keyIDLen + 1 + keySecretLen + keyCheckLen

	// MaxSecret is the longest key in bytes that a lookup considers.
	MaxSecret = 128
)

const (
	idDigits = "0123456789abcdefghjkmnpqrstvwxyz" // Crockford's base 32: no i, l, o, u
	base62   = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// ErrKeyForm says that a text is not a key that [NewKey] made.
var ErrKeyForm = errors.New("not the form of a key")

// A Secret is a text that must not be printed. All of fmt, encoding/json and
// log/slog show its fingerprint. Only [Secret.Reveal] gives the text.
//
// Two things Go does not let a type prevent: fmt prints the text when it sits
// in an unexported field of a struct that is printed whole, and encoding/json
// when it is the key of a map. Don't.
type Secret string

var (
	_ fmt.Formatter  = Secret("")
	_ slog.LogValuer = Secret("")
)

// Reveal returns the text itself, for the one place that needs it.
func (s Secret) Reveal() string { return string(s) }

// String returns a fingerprint: the first 32 bits of the SHA-256. A secret
// shorter than 20 bytes may be guessable, and then a fingerprint would confirm
// a guess, so it has none.
func (s Secret) String() string {
	switch {
	case s == "":
		return "secret(empty)"
	case len(s) < 20:
		return "secret(hidden)"
	}
	sum := sha256.Sum256([]byte(s))
	return "secret(" + hex.EncodeToString(sum[:4]) + ")"
}

// Format prints the fingerprint for every verb and flag.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText returns the fingerprint.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON returns the fingerprint as a JSON string.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }

// LogValue returns the fingerprint.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// NewKey makes a key from crypto/rand. It returns the text to be shown once,
// and the record to be kept, in which ID, Prefix and Hash are set.
func NewKey() (Secret, Key) {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails
	return keyFrom(newID(keyIDLen), random)
}

func keyFrom(id string, random [32]byte) (Secret, Key) {
	body := keyMark + id + "_" + digits62(new(big.Int).SetBytes(random[:]), keySecretLen)
	secret := body + keyCheck(body)
	return Secret(secret), Key{ID: id, Prefix: keyMark + id, Hash: HashKey(secret)}
}

// HashKey returns what is stored of a key: SHA-256 of its whole text. Stretching
// would add cost and no safety, since a key holds 256 random bits.
func HashKey(secret string) [32]byte { return sha256.Sum256([]byte(secret)) }

// KeyID returns the id of the key that ref names: an id, a prefix as shown in
// lists, or a whole key. It returns [ErrKeyForm] for anything else. It does not
// say whether such a key exists.
func KeyID(ref string) (string, error) {
	id := strings.TrimPrefix(ref, keyMark)
	if len(ref) == keyLen {
		body, check := ref[:keyLen-keyCheckLen], ref[keyLen-keyCheckLen:]
		if !strings.HasPrefix(ref, keyMark) || keyCheck(body) != check {
			return "", ErrKeyForm
		}
		id, _, _ = strings.Cut(id, "_")
	}
	if len(id) != keyIDLen || strings.Trim(id, idDigits) != "" {
		return "", ErrKeyForm
	}
	return id, nil
}

// NewApplicationID returns a new random id: "app_" and 12 characters.
func NewApplicationID() string { return "app_" + newID(12) }

// newID returns n random characters of 5 bits each.
func newID(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	for i := range b {
		b[i] = idDigits[b[i]&31]
	}
	return string(b)
}

func keyCheck(body string) string {
	return digits62(big.NewInt(int64(crc32.ChecksumIEEE([]byte(body)))), keyCheckLen)
}

// digits62 writes x, which must be below 62^n, as n base-62 digits.
func digits62(x *big.Int, n int) string {
	out, base, digit := make([]byte, n), big.NewInt(62), new(big.Int)
	x = new(big.Int).Set(x)
	for i := n - 1; i >= 0; i-- {
		x.DivMod(x, base, digit)
		out[i] = base62[digit.Int64()]
	}
	return string(out)
}
