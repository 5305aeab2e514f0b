package bundle_test

import (
	"errors"
	"strings"
	"testing"

	"warder.example/internal/bundle"
)

// FuzzContent: whatever stands in the parts of a file that a trusted key signed, it opens
// as what it is and loads, or says what is wrong.
func FuzzContent(f *testing.F) {
	signer, public := key(f, "acme", 1)
	trusted := trust(f, public)
	f.Add([]byte(""), []byte(signatures), []byte(""))
	f.Add(threats(f, attack, attack+" twice"), []byte(""), []byte(""))
	f.Add([]byte("{}\n"), []byte("a\n"), []byte("WTM"))
	f.Fuzz(func(t *testing.T, threats, signatures, model []byte) {
		file, err := bundle.Make(manifest("1.0.0"), bundle.Content{Threats: threats, Signatures: signatures, Model: model}, signer)
		if err != nil {
			return
		}
		b, err := bundle.Open(file, trusted)
		if err != nil {
			if errors.Is(err, bundle.ErrUntrusted) {
				t.Fatal(err)
			}
			return
		}
		if len(threats) > 0 && len(b.Threats) == 0 || len(b.Threats) > bundle.MaxThreats || (b.Signatures == nil) != (len(signatures) == 0) || (b.Model == nil) != (len(model) == 0) {
			t.Fatalf("%d threats, signatures %v, model %v of %d, %d and %d bytes", len(b.Threats), b.Signatures != nil, b.Model != nil, len(threats), len(signatures), len(model))
		}
		if _, err := bundle.Load(b); err != nil && !strings.Contains(err.Error(), b.Manifest.Version) {
			t.Fatalf("%v does not say of which bundle", err)
		}
	})
}
