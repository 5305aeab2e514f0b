package ledger

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// The signing key of the ledger in DIR is kept beside it, in DIR.key, so that a
// copy of the ledger for an auditor does not carry it; its public half is in
// DIR.pub. The key's name is the name of the log.
const (
	keySuffix    = ".key"
	publicSuffix = ".pub"
	maxKeyFile   = 4 << 10
)

// LoadSigner reads the signing key of the ledger in dir. It refuses a file that
// others than its owner may read. The error is [os.ErrNotExist] when there is
// none.
func LoadSigner(dir string) (note.Signer, error) {
	path := filepath.Clean(dir) + keySuffix
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("loading signing key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("loading signing key: %s has mode %04o, want 0600: others may read it", path, info.Mode().Perm())
	}
	text, err := readSmall(path)
	if err != nil {
		return nil, fmt.Errorf("loading signing key: %w", err)
	}
	s, err := note.NewSigner(text)
	if err != nil {
		// The cause might repeat the key.
		return nil, fmt.Errorf("loading signing key: %s does not hold a note signing key", path)
	}
	return s, nil
}

// LoadVerifier reads the public key beside the ledger in dir and returns it with
// its text, in the form that [note.NewVerifier] takes.
func LoadVerifier(dir string) (note.Verifier, string, error) {
	path := filepath.Clean(dir) + publicSuffix
	text, err := readSmall(path)
	if err != nil {
		return nil, "", fmt.Errorf("loading public key: %w", err)
	}
	v, err := note.NewVerifier(text)
	if err != nil {
		return nil, "", fmt.Errorf("loading public key: %s: %w", path, err)
	}
	return v, text, nil
}

// createSigner makes a new log's name and key. The public half is written first:
// a key without it would be of no use to anybody else.
func createSigner(dir string, rand io.Reader) (note.Signer, error) {
	var id [8]byte
	if _, err := io.ReadFull(rand, id[:]); err != nil {
		return nil, fmt.Errorf("naming the log: %w", err)
	}
	private, public, err := note.GenerateKey(rand, "warder-ledger-"+hex.EncodeToString(id[:]))
	if err != nil {
		return nil, fmt.Errorf("making signing key: %w", err)
	}
	base := filepath.Clean(dir)
	if err := writeFile(base+publicSuffix, []byte(public+"\n"), 0o644); err != nil {
		return nil, fmt.Errorf("keeping public key: %w", err)
	}
	if err := writeFile(base+keySuffix, []byte(private+"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("keeping signing key: %w", err)
	}
	if err := syncDir(filepath.Dir(base)); err != nil {
		return nil, fmt.Errorf("keeping signing key: %w", err)
	}
	return note.NewSigner(private)
}

func readSmall(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return "", err
	}
	if len(b) > maxKeyFile {
		return "", errors.New(path + " is too large for a key")
	}
	return strings.TrimSpace(string(b)), nil
}
