package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"
	"regexp"
	"time"

	"warder.example/internal/bundle"
)

// Bounds of a backup.
const (
	format      = 1
	maxParts    = 100_000
	maxManifest = 32 << 20 // bytes; a part takes some 200
	maxPart     = 1 << 40  // bytes of a file that grows with use
)

// Names of parts, which are those of the files of a data folder.
const (
	storeName     = "warder.db"
	journalName   = "budgets.journal"
	saltName      = "subject.salt"
	keyName       = "ledger.key"
	publicKeyName = "ledger.pub"
	manifestName  = "manifest.json" // of the archive only
)

// Manifest says what is in a backup.
type Manifest struct {
	Format  int       `json:"format"` // 1
	Made    time.Time `json:"made"`
	Program string    `json:"program"`          // version of Warder that made it
	Schema  int64     `json:"schema,omitempty"` // version of the store's; 0: the store is not in it
	Parts   []Part    `json:"parts"`            // in the order of the archive
}

// Part is one file.
type Part struct {
	Name   string `json:"name"` // slash path within the data folder
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`
}

// Bytes is the size of all parts together.
func (m *Manifest) Bytes() (n int64) {
	for _, p := range m.Parts {
		n += p.Size
	}
	return n
}

// Segments is how many files of records the audit log has.
func (m *Manifest) Segments() (n int) {
	for _, p := range m.Parts {
		if segment.MatchString(p.Name) {
			n++
		}
	}
	return n
}

func (m *Manifest) part(name string) *Part {
	for i := range m.Parts {
		if m.Parts[i].Name == name {
			return &m.Parts[i]
		}
	}
	return nil
}

// kind is what a backup may hold: nothing else is written or restored, so that no name
// in an archive leads elsewhere. The mode is the kind's, whatever an archive says.
type kind struct {
	name *regexp.Regexp
	most int64 // bytes
	mode fs.FileMode
}

var segment = regexp.MustCompile(`^ledger/[0-9]{20}\.log$`)

var kinds = []kind{
	{segment, maxPart, 0o600},
	{regexp.MustCompile(`^ledger/checkpoints$`), maxPart, 0o600},
	{regexp.MustCompile(`^ledger/torn-[0-9]{20}-[0-9]{1,19}\.bin$`), 16 << 20, 0o600},
	{regexp.MustCompile(`^ledger/recovery\.pending$`), 64 << 10, 0o600},
	{regexp.MustCompile(`^bundles/[0-9a-f]{64}\.bundle$`), bundle.MaxFile, 0o600},
	{regexp.MustCompile(`^warder\.db$`), maxPart, 0o600},
	{regexp.MustCompile(`^budgets\.journal$`), 1 << 30, 0o600},
	{regexp.MustCompile(`^(subject\.salt|ledger\.key)$`), 4 << 10, 0o600},
	{regexp.MustCompile(`^ledger\.pub$`), 4 << 10, 0o644},
}

// kindOf returns what a part is, or nil.
func kindOf(name string) *kind {
	for i := range kinds {
		if kinds[i].name.MatchString(name) {
			return &kinds[i]
		}
	}
	return nil
}

// digest hashes what is read through it.
type digest struct {
	io.Reader
	sum hash.Hash
}

func newDigest(r io.Reader) *digest {
	sum := sha256.New()
	return &digest{io.TeeReader(r, sum), sum}
}

func (d *digest) hex() string { return hex.EncodeToString(d.sum.Sum(nil)) }

// interrupted is a reader that ends with a context.
type interrupted struct {
	ctx context.Context
	r   io.Reader
}

func (i interrupted) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.r.Read(p)
}

// syncFolder makes the names in a folder durable.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
