package detect

import (
	"context"

	"warder.example/guard"
)

// PII recognises personal data by form, check digits and the words before it:
//
//	pii.email, pii.phone, pii.credit_card, pii.iban, pii.ip_address,
//	pii.mac_address, and the national identifiers listed in [NationalIDs].
//
// Numbers that could be something else (nine bare digits) are reported only
// when a word such as "passport" or "BSN" stands at most contextBytes before
// them. Names and street addresses are not recognised by rules.
//
// A stream holds back at most the word being written, or the run of digits and
// single separators being written. PII is exact, and safe for concurrent use.
type PII struct{}

var _ guard.StreamDetector = (*PII)(nil)

// piiLongest bounds a match: an e-mail address of a 64-byte local part, "@" and
// a 253-byte domain, with some room for the rune at either end.
const piiLongest = 384

// NewPII returns the recognisers of personal data.
func NewPII() *PII { return &PII{} }

// Detect implements [guard.Detector].
func (d *PII) Detect(ctx context.Context, t *guard.Text) ([]guard.Finding, error) {
	return detectExact(ctx, d, t)
}

// Longest implements [guard.StreamDetector].
func (d *PII) Longest() int { return piiLongest }

// Scanner implements [guard.StreamDetector]. It is nil for names, which are
// structural.
func (d *PII) Scanner(_ *guard.Exchange, _ guard.Origin, k guard.Kind) guard.Scanner {
	if k == guard.Name {
		return nil
	}
	return newScanner("pii", findPII)
}
