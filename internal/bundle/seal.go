package bundle

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// MaxKeys is how many keys can be trusted, and sign one bundle.
const MaxKeys = 16

// GenerateKey makes a key pair: the private key, which signs, and the public one,
// which those who import name in their configuration. The name (as of a bundle)
// says whose key it is.
func GenerateKey(random io.Reader, name string) (private, public string, err error) {
	if err := CheckName(name); err != nil {
		return "", "", err
	}
	private, public, err = note.GenerateKey(random, name)
	if err != nil {
		return "", "", fmt.Errorf("making a key: %w", err)
	}
	return private, public, nil
}

// ParsePrivateKey reads a private key. Its errors never hold it.
func ParsePrivateKey(text string) (note.Signer, error) {
	s, err := note.NewSigner(strings.TrimSpace(text))
	if err != nil {
		return nil, errors.New("not a private key as warder bundle keygen makes it")
	}
	return s, nil
}

// Trust returns the verifiers of public keys as [GenerateKey] makes them.
func Trust(keys []string) (note.Verifiers, error) {
	if len(keys) > MaxKeys {
		return nil, fmt.Errorf("%d trusted keys; expected at most %d", len(keys), MaxKeys)
	}
	var all []note.Verifier
	seen := map[string]bool{}
	for i, k := range keys {
		v, err := note.NewVerifier(k)
		if err != nil { // it is not quoted: it may be the private key
			return nil, fmt.Errorf("trusted key %d is not a public key as warder bundle keygen prints it", i+1)
		}
		id := fmt.Sprintf("%s+%08x", v.Name(), v.KeyHash())
		if seen[id] {
			return nil, fmt.Errorf("trusted key %d is there twice", i+1)
		}
		seen[id] = true
		all = append(all, v)
	}
	return note.VerifierList(all...), nil
}

// unseal returns the text of a signed note and the names of the keys that signed
// it: all of them trusted, or known at all. Without a trusted one it returns the
// text beside the error.
func unseal(data []byte, trusted note.Verifiers) (text string, trustedBy, otherBy []string, err error) {
	n, err := note.Open(data, trusted)
	var unverified *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &unverified):
		n, err = unverified.Note, ErrUntrusted
	case errors.As(err, &invalid):
		return "", nil, nil, fmt.Errorf("%w: the signature of %.80q is not one of this manifest", ErrUntrusted, invalid.Name)
	case err != nil:
		return "", nil, nil, fmt.Errorf("%w: its manifest is not a signed note", ErrFormat)
	}
	if len(n.Sigs)+len(n.UnverifiedSigs) > MaxKeys {
		return "", nil, nil, fmt.Errorf("%w: it has more than %d signatures", ErrFormat, MaxKeys)
	}
	for _, s := range append(n.Sigs[:len(n.Sigs):len(n.Sigs)], n.UnverifiedSigs...) {
		// The last digit has unused bits, and one bundle must not be two files.
		if _, err := base64.StdEncoding.Strict().DecodeString(s.Base64); err != nil || !printable(s.Name, 100) {
			return "", nil, nil, fmt.Errorf("%w: a signature is spelled differently than warder bundle make does", ErrFormat)
		}
	}
	name := func(sigs []note.Signature) (out []string) {
		for _, s := range sigs {
			out = append(out, fmt.Sprintf("%s+%08x", s.Name, s.Hash))
		}
		return out
	}
	return n.Text, name(n.Sigs), name(n.UnverifiedSigs), err
}
