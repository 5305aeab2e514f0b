package config

import (
	"slices"

	"golang.org/x/mod/sumdb/note"

	"warder.example/guard/strictyaml"
)

// Bundles says whose bundles are taken in.
type Bundles struct {
	// TrustedKeys are the public keys, as warder bundle keygen prints them, one
	// of which must have signed a bundle. Without any no bundle is imported.
	// Name the next key beside the present one before it is changed.
	TrustedKeys []string `yaml:"trusted_keys"`
}

// maxTrustedKeys is how many there may be.
const maxTrustedKeys = 16

func (b *Bundles) check(r report) {
	if n := len(b.TrustedKeys); n > maxTrustedKeys {
		r("bundles.trusted_keys", "%d trusted keys; expected at most %d", n, maxTrustedKeys)
		return
	}
	for i, k := range b.TrustedKeys {
		path := strictyaml.Index("bundles.trusted_keys", i)
		if _, err := note.NewVerifier(k); err != nil {
			// It is not quoted: it may be the private key.
			r(path, "trusted key %d is not a public key; expected one as warder bundle keygen prints it", i+1)
		}
		if slices.Contains(b.TrustedKeys[:i], k) {
			r(path, "trusted key %d is there twice", i+1)
		}
	}
}
