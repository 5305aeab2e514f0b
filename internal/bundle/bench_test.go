package bundle_test

import (
	"strings"
	"testing"

	"warder.example/guard"
	"warder.example/guard/textmodel"
	"warder.example/internal/bundle"
)

// BenchmarkStaged reads 1 KB of prose with the standard detectors alone, and with a
// staged bundle of signatures, threats and a model of the size of the built-in one.
func BenchmarkStaged(b *testing.B) {
	l := load(b, bundle.Content{Threats: threats(b, attack), Signatures: []byte(signatures), Model: textmodel.Guard().Bytes()})
	text := strings.Repeat("The parcel came on Tuesday, and the clerk at the desk asked for a signature. ", 14)[:1024]
	for _, c := range []struct {
		name string
		set  *bundle.Set
	}{{"without", nil}, {"staged", &bundle.Set{Staged: []*bundle.Loaded{l}}}} {
		b.Run(c.name, func(b *testing.B) {
			g := extended(b, c.set)
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := g.Find(b.Context(), []guard.Text{*user(text)}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
