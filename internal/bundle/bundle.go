package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"

	"warder.example/guard/detect"
	"warder.example/guard/textmodel"
	"warder.example/guard/threat"
)

// Content is what a bundle carries. Empty parts are left out.
type Content struct {
	Threats    []byte // as [WriteThreats] writes them
	Signatures []byte // see [detect.ParseSignatures]
	Model      []byte // see package textmodel
}

// Bundle is one that was verified and whose parts were read. It is immutable.
type Bundle struct {
	Manifest   Manifest
	Digest     string   // SHA-256 of the file in hex
	SignedBy   []string // trusted keys, as name+id
	Threats    []threat.Entry
	Signatures *detect.Signatures // nil: none
	Model      *textmodel.Model   // nil: none
}

// Make writes a bundle and signs it with each key. Format and Parts of the manifest
// are set here. What [Open] would not read is not made.
func Make(m Manifest, c Content, signers ...note.Signer) ([]byte, error) {
	m.Format, m.Parts = 1, nil
	m.Created, m.NotAfter = m.Created.UTC(), m.NotAfter.UTC()
	files := []archived{{name: manifestName}}
	for i, data := range [][]byte{c.Threats, c.Signatures, c.Model} {
		if len(data) > 0 {
			sum := sha256.Sum256(data)
			m.Parts = append(m.Parts, Part{partNames[i].name, int64(len(data)), hex.EncodeToString(sum[:])})
			files = append(files, archived{partNames[i].name, data})
		}
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("making a bundle: %w", err)
	}
	if err := new(Bundle).read(&m, files[1:]); err != nil {
		return nil, fmt.Errorf("making a bundle: %w", err)
	}
	text, err := m.text()
	if err != nil {
		return nil, err
	}
	if len(signers) == 0 || len(signers) > MaxKeys {
		return nil, fmt.Errorf("making a bundle: %d keys; expected 1 to %d", len(signers), MaxKeys)
	}
	if files[0].data, err = note.Sign(&note.Note{Text: text}, signers...); err != nil {
		return nil, fmt.Errorf("signing a bundle: %w", err)
	}
	return pack(files)
}

// Open verifies a bundle and reads what it holds. Nothing of a part is read before
// its manifest is known to be signed by a trusted key, and all parts to be as it
// says. Errors wrap [ErrUntrusted] or [ErrFormat]. The caller asks [Manifest.Fresh].
func Open(file []byte, trusted note.Verifiers) (*Bundle, error) {
	files, err := unpack(file)
	if err != nil {
		return nil, err
	}
	text, by, _, err := unseal(files[0].data, trusted)
	if err != nil {
		return nil, err
	}
	m, err := parseManifest(text)
	if err != nil {
		return nil, err
	}
	if err := m.covers(files[1:]); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(file)
	b := &Bundle{Digest: hex.EncodeToString(sum[:]), SignedBy: by}
	if err := b.read(m, files[1:]); err != nil {
		return nil, err
	}
	return b, nil
}

// Inspect returns what a bundle says of itself and the keys that it says have signed
// it, as name+id. Nothing of it is verified but that the parts are as listed: only
// [Open] tells whether to believe it.
func Inspect(file []byte) (m *Manifest, claimed []string, err error) {
	files, err := unpack(file)
	if err != nil {
		return nil, nil, err
	}
	text, _, claimed, err := unseal(files[0].data, note.VerifierList())
	if err != nil && !errors.Is(err, ErrUntrusted) {
		return nil, nil, err
	}
	if m, err = parseManifest(text); err != nil {
		return nil, nil, err
	}
	return m, claimed, m.covers(files[1:])
}

// covers returns an error unless the files are the parts that the manifest lists.
func (m *Manifest) covers(files []archived) error {
	if len(files) != len(m.Parts) {
		return fmt.Errorf("%w: it has %d parts; its manifest lists %d", ErrFormat, len(files), len(m.Parts))
	}
	for i, p := range m.Parts {
		sum := sha256.Sum256(files[i].data)
		if files[i].name != p.Name || int64(len(files[i].data)) != p.Bytes || hex.EncodeToString(sum[:]) != p.SHA256 {
			return fmt.Errorf("%w: part %.40s is not the one that its manifest lists", ErrFormat, files[i].name)
		}
	}
	return nil
}

// read reads the parts.
func (b *Bundle) read(m *Manifest, files []archived) (err error) {
	b.Manifest = *m
	for _, f := range files {
		switch f.name {
		case ThreatsPart:
			b.Threats, err = readThreats(m, bytes.NewReader(f.data))
		case SignaturesPart:
			b.Signatures, err = detect.ParseSignatures(m.Name, string(f.data))
		case ModelPart:
			if b.Model, err = textmodel.Load(f.data); err == nil {
				_, err = detect.NewPromptAttackModel(b.Model)
			}
		}
		if err != nil {
			return fmt.Errorf("%w: %s: %w", ErrFormat, f.name, err)
		}
	}
	return nil
}
