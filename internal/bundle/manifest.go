// Package bundle makes, verifies and keeps signed bundles: files in which threats,
// signatures and a model are given out, and that a deployment without a network
// imports.
//
//	file, err := bundle.Make(bundle.Manifest{Name: "acme", Version: "1.2.0", …}, content, signer)
//	b, err := bundle.Open(file, trusted)
//
// # The file
//
// A plain tar archive (POSIX ustar) of a manifest and the parts that it lists, in a
// fixed order with fixed attributes: the same content and signer give the same
// bytes, and nothing but these bytes is a bundle. The manifest is a signed note
// (C2SP signed-note, as checksum databases and transparency logs use it): JSON under
// a first line that says what is signed, then Ed25519 signatures. It holds the length
// and SHA-256 of each part.
//
// # Trust
//
// [Open] reads nothing of a part before a key that the caller trusts has signed the
// manifest and all parts are as it says. Keys are named by whoever trusts them,
// never by a bundle. A bundle has a date after which it is not taken in any more
// ([Manifest.Fresh]); the store refuses versions older than one it has seen.
//
// # In use
//
// A [Keeper] follows the store: bundles that are staged read all that is read and
// decide nothing ([Counts] says what they saw); active ones add their detectors, and
// their model takes the place of the built-in one. A [Set] is immutable: a request
// sees one from beginning to end.
package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"

	"golang.org/x/mod/semver"

	"warder.example/guard/detect"
	"warder.example/guard/textmodel"
)

// Names of parts.
const (
	ThreatsPart    = "threats.jsonl"
	SignaturesPart = "signatures.txt"
	ModelPart      = "guard.wtm"
)

// Bounds.
const (
	// MaxFile is the size in bytes of the largest bundle that is read.
	MaxFile = 66 << 20
	// MaxThreats is how many threats a bundle may hold.
	MaxThreats = 50_000

	maxManifest = 16 << 10
	maxThreats  = 32 << 20 // bytes
	maxMaker    = 100      // bytes
	maxName     = 32       // bytes
	maxVersion  = 40       // bytes
)

// partNames are the names of parts and their most bytes, in the order of the file.
var partNames = []struct {
	name string
	most int64
}{{ThreatsPart, maxThreats}, {SignaturesPart, detect.MaxSignatures}, {ModelPart, textmodel.MaxFile}}

// Errors that callers tell apart.
var (
	// ErrFormat means that a file is no bundle as [Make] writes it.
	ErrFormat = errors.New("not a valid bundle")
	// ErrUntrusted means that no trusted key has signed it.
	ErrUntrusted = errors.New("not signed by a trusted key")
	// ErrExpired means that its time is over, or has not come.
	ErrExpired = errors.New("not valid at this time")
)

// Manifest says what a bundle is and holds.
type Manifest struct {
	Format   int       `json:"format"`  // 1
	Name     string    `json:"name"`    // lower-case letters, digits and dashes, at most 32
	Version  string    `json:"version"` // semantic version without build data, such as 1.2.0
	Created  time.Time `json:"created"` // to the second
	NotAfter time.Time `json:"not_after"`
	Maker    string    `json:"maker,omitempty"` // who made it, for people: at most 100 printable bytes
	Parts    []Part    `json:"parts"`           // at least one
}

// Part is one file in a bundle.
type Part struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // hex
}

// Holds reports whether the bundle has a part of that name.
func (m *Manifest) Holds(part string) bool {
	for _, p := range m.Parts {
		if p.Name == part {
			return true
		}
	}
	return false
}

// clockSkew is by how much the clock of whoever made a bundle may be ahead.
const clockSkew = 24 * time.Hour

// Fresh returns an error that wraps [ErrExpired] when the bundle must not be taken
// in at that time.
func (m *Manifest) Fresh(now time.Time) error {
	switch {
	case !now.Before(m.NotAfter):
		return fmt.Errorf("bundle %s %s: %w: it expired at %s", m.Name, m.Version, ErrExpired, m.NotAfter.Format(time.RFC3339))
	case now.Add(clockSkew).Before(m.Created):
		return fmt.Errorf("bundle %s %s: %w: it was made at %s; is your clock correct?", m.Name, m.Version, ErrExpired, m.Created.Format(time.RFC3339))
	}
	return nil
}

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

// CheckName returns what is wrong with the name of a bundle.
func CheckName(name string) error {
	if !namePattern.MatchString(name) {
		return fmt.Errorf("name is %.40q; expected lower-case letters, digits and dashes, at most %d", name, maxName)
	}
	return nil
}

// CheckVersion returns what is wrong with a version.
func CheckVersion(version string) error {
	if v := "v" + version; len(version) > maxVersion || semver.Canonical(v) != v {
		return fmt.Errorf("version is %.60q; expected a semantic version such as 1.2.0, without build data, of at most %d bytes", version, maxVersion)
	}
	return nil
}

func (m *Manifest) check() error {
	if m.Format != 1 {
		return fmt.Errorf("%w: format is %d; this program reads 1", ErrFormat, m.Format)
	}
	if err := errors.Join(CheckName(m.Name), CheckVersion(m.Version)); err != nil {
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	for _, t := range []time.Time{m.Created, m.NotAfter} {
		if t.Year() < 2020 || t.Year() > 2200 || t.Nanosecond() != 0 || t.Location() != time.UTC {
			return fmt.Errorf("%w: created is %s and not_after %s; expected times in UTC to the second", ErrFormat, m.Created, m.NotAfter)
		}
	}
	if !m.NotAfter.After(m.Created) {
		return fmt.Errorf("%w: it ends at %s, before it was made", ErrFormat, m.NotAfter.Format(time.RFC3339))
	}
	if !printable(m.Maker, maxMaker) {
		return fmt.Errorf("%w: maker is %.120q; expected at most %d printable bytes", ErrFormat, m.Maker, maxMaker)
	}
	return m.checkParts()
}

func (m *Manifest) checkParts() error {
	next := 0
	for _, p := range m.Parts {
		for next < len(partNames) && partNames[next].name != p.Name {
			next++
		}
		if next == len(partNames) {
			return fmt.Errorf("%w: part %.40q is unknown, out of order, or there twice", ErrFormat, p.Name)
		}
		if sum, err := hex.DecodeString(p.SHA256); p.Bytes <= 0 || p.Bytes > partNames[next].most || err != nil || len(sum) != sha256.Size {
			return fmt.Errorf("%w: part %s has %d bytes and SHA-256 %.80q; expected 1 to %d bytes and 64 hex digits", ErrFormat, p.Name, p.Bytes, p.SHA256, partNames[next].most)
		}
		next++
	}
	if len(m.Parts) == 0 {
		return fmt.Errorf("%w: it holds nothing", ErrFormat)
	}
	return nil
}

// printable reports whether s has at most so many bytes and nothing that a terminal
// or a log would take for something else than text.
func printable(s string, most int) bool {
	return len(s) <= most && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) < 0
}

// title is the first line of what is signed: a key that signs other notes too must
// not sign a bundle by accident.
const title = "warder bundle\n"

// text is what is signed.
func (m *Manifest) text() (string, error) {
	b, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return "", fmt.Errorf("encoding the manifest: %w", err)
	}
	return title + string(b) + "\n", nil
}

// parseManifest is the inverse of text. It refuses every other spelling.
func parseManifest(text string) (*Manifest, error) {
	rest, ok := strings.CutPrefix(text, title)
	if !ok {
		return nil, fmt.Errorf("%w: its manifest does not begin with %q", ErrFormat, strings.TrimSpace(title))
	}
	m := new(Manifest)
	dec := json.NewDecoder(bytes.NewReader([]byte(rest)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(m); err != nil {
		return nil, fmt.Errorf("%w: its manifest is not the JSON object that this program reads", ErrFormat)
	}
	m.Created, m.NotAfter = m.Created.UTC(), m.NotAfter.UTC()
	if err := m.check(); err != nil {
		return nil, err
	}
	if again, err := m.text(); err != nil || again != text {
		return nil, fmt.Errorf("%w: its manifest is spelled differently than warder bundle make does", ErrFormat)
	}
	return m, nil
}
