package detect

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"

	"warder.example/guard"
	"warder.example/guard/normal"
)

// canaryAlphabet is that of D. Crockford: no letters that look like digits.
var canaryAlphabet = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// Canary returns the string to plant in the system prompt of one version of an
// application: it looks like a reference number, is the same whenever it is
// asked for, and cannot be guessed without key (80 bits of HMAC-SHA-256). key
// should have 32 random bytes; application and version may be any text.
func Canary(key []byte, application, version string) string {
	m := hmac.New(sha256.New, key)
	m.Write([]byte("warder canary v1"))
	for _, s := range []string{application, version} {
		m.Write(binary.BigEndian.AppendUint64(nil, uint64(len(s))))
		m.Write([]byte(s))
	}
	s := canaryAlphabet.EncodeToString(m.Sum(nil)[:10])
	return "ref-" + s[:4] + "-" + s[4:8] + "-" + s[8:12] + "-" + s[12:16]
}

// CanaryDigest returns what may be stored of a canary: its SHA-256 in hex. A
// canary has enough entropy that the digest does not give it away.
func CanaryDigest(canary string) string {
	sum := sha256.Sum256([]byte(canary))
	return hex.EncodeToString(sum[:])
}

// Canaries reports the exchange's planted strings in answers, as category
// prompt_leak. It is an exact detector; letters are compared whatever their
// case. It looks at text of the model only: in a request the canary stands where
// it was planted. The zero value is ready.
type Canaries struct{}

var _ guard.StreamDetector = Canaries{}

// Bounds of an exchange's canaries; what exceeds them is not looked for.
const (
	maxCanaries    = 16
	maxCanaryBytes = 128
)

// Longest implements [guard.StreamDetector].
func (Canaries) Longest() int {
	return maxCanaryBytes * 4 * (1 + maxDenySpace)
}

// Scanner implements [guard.StreamDetector].
func (Canaries) Scanner(x *guard.Exchange, o guard.Origin, _ guard.Kind) guard.Scanner {
	if x == nil || len(x.Canaries) == 0 || o != guard.OriginModel {
		return nil
	}
	t := newWordTrie()
	for i, c := range x.Canaries[:min(len(x.Canaries), maxCanaries)] {
		if len(c) >= 8 && len(c) <= maxCanaryBytes {
			t.add(c, i)
		}
	}
	return newScanner("canary", func(text string, from int, end bool) (match, int, bool) {
		start, stop, id, live := t.find(text, from, end)
		if id < 0 {
			return match{}, live, false
		}
		return match{
			Span: guard.Span{Start: start, End: stop}, category: "prompt_leak", rule: "canary", score: 1,
			why: "a string planted in the application's instructions",
		}, 0, true
	})
}

// Detect implements [guard.Detector]. It looks at answers only.
func (c Canaries) Detect(ctx context.Context, t *guard.Text) ([]guard.Finding, error) {
	if t.Direction != guard.Answer {
		return nil, nil
	}
	return detectExact(ctx, c, t, normal.Canonical)
}
