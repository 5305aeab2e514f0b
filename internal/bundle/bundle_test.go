package bundle_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"warder.example/internal/bundle"
)

func TestMakeOpen(t *testing.T) {
	signer, public := key(t, "acme", 1)
	content := bundle.Content{Threats: threats(t, attack, attack+" twice"), Signatures: []byte(signatures), Model: model(t, true)}
	file := mustMake(t, manifest("1.2.0"), content, signer)
	if again := mustMake(t, manifest("1.2.0"), content, signer); !bytes.Equal(file, again) {
		t.Error("the same content gave other bytes")
	}
	b, err := bundle.Open(file, trust(t, public))
	if err != nil {
		t.Fatal(err)
	}
	if b.Manifest.Version != "1.2.0" || len(b.Threats) != 2 || b.Signatures == nil || b.Model == nil || len(b.SignedBy) != 1 || !strings.HasPrefix(b.SignedBy[0], "acme+") {
		t.Errorf("it holds %+v", b)
	}
	if !b.Manifest.Holds(bundle.ModelPart) || b.Manifest.Holds("other") {
		t.Error("the manifest does not know its parts")
	}
	if bytes.Contains(file, []byte("lighthouse in which")) {
		t.Error("the bundle holds the text of an attack")
	}
	m, claimed, err := bundle.Inspect(file)
	if err != nil || m.Name != "acme" || len(claimed) != 1 {
		t.Errorf("inspecting: %+v, %q, %v", m, claimed, err)
	}
}

// TestKeys: any one trusted key is enough, and only a trusted one.
func TestKeys(t *testing.T) {
	old, oldPublic := key(t, "acme", 1)
	young, youngPublic := key(t, "acme", 2)
	_, stranger := key(t, "acme", 3)
	content := bundle.Content{Signatures: []byte(signatures)}
	both := mustMake(t, manifest("1.0.0"), content, old, young)
	for name, c := range map[string]struct {
		file []byte
		keys []string
		want error
	}{
		"none trusted":       {both, nil, bundle.ErrUntrusted},
		"another":            {both, []string{stranger}, bundle.ErrUntrusted},
		"old of two":         {both, []string{oldPublic}, nil},
		"new of two":         {both, []string{stranger, youngPublic}, nil},
		"signed by one only": {mustMake(t, manifest("1.0.0"), content, old), []string{youngPublic}, bundle.ErrUntrusted},
	} {
		if _, err := bundle.Open(c.file, trust(t, c.keys...)); !errors.Is(err, c.want) {
			t.Errorf("%s: error is %v; expected %v", name, err, c.want)
		}
	}
	for name, keys := range map[string][]string{
		"no key":   {"acme"},
		"twice":    {oldPublic, oldPublic},
		"too many": make([]string, bundle.MaxKeys+1),
	} {
		if _, err := bundle.Trust(keys); err == nil {
			t.Errorf("%s: trusted", name)
		}
	}
	if _, err := bundle.ParsePrivateKey("PRIVATE+KEY+secret"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("error of a bad private key is %v", err)
	}
}

// TestEveryByteCounts: no byte of a bundle can be another one, and none be missing or
// added.
func TestEveryByteCounts(t *testing.T) {
	signer, public := key(t, "acme", 1)
	trusted := trust(t, public)
	file := mustMake(t, manifest("1.2.0"), bundle.Content{Threats: threats(t, attack), Signatures: []byte(signatures)}, signer)
	refused := func(what string, at int, spoiled []byte) {
		t.Helper()
		_, err := bundle.Open(spoiled, trusted)
		if !errors.Is(err, bundle.ErrFormat) && !errors.Is(err, bundle.ErrUntrusted) {
			t.Fatalf("%s at byte %d: error is %v", what, at, err)
		}
	}
	for at := range file {
		for _, bits := range []byte{0x01, 0x20, 0x80, 0xff} {
			spoiled := bytes.Clone(file)
			spoiled[at] ^= bits
			refused("changed", at, spoiled)
		}
		refused("cut", at, file[:at])
		if at%16 == 0 {
			refused("byte added", at, bytes.Join([][]byte{file[:at], file[at:]}, []byte{0}))
		}
	}
	refused("added", len(file), append(bytes.Clone(file), make([]byte, 512)...))
	refused("twice", len(file), append(bytes.Clone(file), file...))
}

// sealed is an archive around any signed text and files.
func sealed(t *testing.T, s note.Signer, text string, more ...tar.Header) []byte {
	t.Helper()
	signed, err := note.Sign(&note.Note{Text: text}, s)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range append([]tar.Header{{Name: "manifest", Size: int64(len(signed)), Typeflag: tar.TypeReg}}, more...) {
		h.Mode, h.ModTime, h.Format = 0o444, time.Unix(0, 0), tar.FormatUSTAR
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		body := signed
		if h.Name != "manifest" {
			body = bytes.Repeat([]byte("x"), int(h.Size))
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := w.Write(body); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestHostileArchives: what a key that is trusted has signed is still read with care.
func TestHostileArchives(t *testing.T) {
	signer, public := key(t, "acme", 1)
	trusted := trust(t, public)
	good := mustMake(t, manifest("1.2.0"), bundle.Content{Signatures: []byte(signatures)}, signer)
	r := tar.NewReader(bytes.NewReader(good))
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	signed, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(string(signed), "\n\n—")
	text += "\n"
	part := func(name string) tar.Header { return tar.Header{Name: name, Size: 1, Typeflag: tar.TypeReg} }
	for name, file := range map[string][]byte{
		"part of other bytes": sealed(t, signer, text, part(bundle.SignaturesPart)),
		"part missing":        sealed(t, signer, text),
		"part twice":          sealed(t, signer, text, part(bundle.SignaturesPart), part(bundle.SignaturesPart)),
		"part not listed":     sealed(t, signer, text, part(bundle.SignaturesPart), part(bundle.ModelPart)),
		"out of order":        sealed(t, signer, text, part(bundle.ModelPart), part(bundle.SignaturesPart)),
		"path":                sealed(t, signer, text, part("../../"+bundle.SignaturesPart)),
		"absolute path":       sealed(t, signer, text, part("/"+bundle.SignaturesPart)),
		"link":                sealed(t, signer, text, tar.Header{Name: bundle.SignaturesPart, Linkname: "/etc/passwd", Typeflag: tar.TypeSymlink}),
		"folder":              sealed(t, signer, text, tar.Header{Name: bundle.SignaturesPart, Typeflag: tar.TypeDir}),
		"other note":          sealed(t, signer, "warder checkpoint\n5\n"),
		"unknown key":         sealed(t, signer, strings.Replace(text, `"format"`, `"more": 1, "format"`, 1), part(bundle.SignaturesPart)),
		"key twice":           sealed(t, signer, strings.Replace(text, `"format": 1,`, `"format": 1, "format": 1,`, 1), part(bundle.SignaturesPart)),
		"newer format":        sealed(t, signer, strings.Replace(text, `"format": 1,`, `"format": 2,`, 1), part(bundle.SignaturesPart)),
		"escape in a name":    sealed(t, signer, strings.Replace(text, `"acme"`, `"a\u001b[2J"`, 1), part(bundle.SignaturesPart)),
		"no JSON":             sealed(t, signer, "warder bundle\nhello\n", part(bundle.SignaturesPart)),
		"empty":               nil,
		"no tar":              []byte("hello"),
		"a compressed one":    []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00"),
	} {
		if _, err := bundle.Open(file, trusted); !errors.Is(err, bundle.ErrFormat) {
			t.Errorf("%s: error is %v", name, err)
		} else if strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%s: the error holds what a terminal would obey: %q", name, err)
		}
	}
}

// TestMakeRefuses: what could not be opened is not made.
func TestMakeRefuses(t *testing.T) {
	signer, _ := key(t, "acme", 1)
	fine := bundle.Content{Signatures: []byte(signatures)}
	for name, c := range map[string]struct {
		spoil   func(*bundle.Manifest)
		content bundle.Content
	}{
		"path as a name":    {func(m *bundle.Manifest) { m.Name = "../x" }, fine},
		"no version":        {func(m *bundle.Manifest) { m.Version = "" }, fine},
		"short version":     {func(m *bundle.Manifest) { m.Version = "1.2" }, fine},
		"build data":        {func(m *bundle.Manifest) { m.Version = "1.2.0+5" }, fine},
		"ends before":       {func(m *bundle.Manifest) { m.NotAfter = m.Created }, fine},
		"fractions":         {func(m *bundle.Manifest) { m.Created = m.Created.Add(time.Millisecond) }, fine},
		"escape in maker":   {func(m *bundle.Manifest) { m.Maker = "x\x1b]0;y" }, fine},
		"nothing in it":     {nil, bundle.Content{}},
		"texts for threats": {nil, bundle.Content{Threats: []byte(`{"text":"x"}` + "\n")}},
		"threats unsorted":  {nil, bundle.Content{Threats: unsorted(t)}},
		"no model":          {nil, bundle.Content{Model: []byte("WARDERM1")}},
		"no rules":          {nil, bundle.Content{Signatures: []byte("class A\n  en: x\n")}},
	} {
		m := manifest("1.0.0")
		if c.spoil != nil {
			c.spoil(&m)
		}
		if _, err := bundle.Make(m, c.content, signer); !errors.Is(err, bundle.ErrFormat) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
	if _, err := bundle.Make(manifest("1.0.0"), fine); err == nil {
		t.Error("made without a key")
	}
}

func unsorted(t *testing.T) []byte {
	lines := bytes.SplitAfter(threats(t, attack, attack+" twice"), []byte("\n"))
	return append(bytes.Clone(lines[1]), lines[0]...)
}

func TestFresh(t *testing.T) {
	m := manifest("1.0.0")
	for name, c := range map[string]struct {
		now  time.Time
		want error
	}{
		"when it was made":       {m.Created, nil},
		"clock a little behind":  {m.Created.Add(-23 * time.Hour), nil},
		"made in the future":     {m.Created.Add(-25 * time.Hour), bundle.ErrExpired},
		"last second":            {m.NotAfter.Add(-time.Second), nil},
		"over":                   {m.NotAfter, bundle.ErrExpired},
		"long over, by the year": {m.NotAfter.AddDate(5, 0, 0), bundle.ErrExpired},
	} {
		if err := m.Fresh(c.now); !errors.Is(err, c.want) {
			t.Errorf("%s: error is %v; expected %v", name, err, c.want)
		}
	}
}

// FuzzOpen: what is opened is what Make writes, and nothing makes it panic.
func FuzzOpen(f *testing.F) {
	signer, public := key(f, "acme", 1)
	trusted := trust(f, public)
	file := mustMake(f, manifest("1.0.0"), bundle.Content{Signatures: []byte(signatures)}, signer)
	f.Add(file)
	f.Add(file[:1024])
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, _, err := bundle.Inspect(data); err == nil && len(m.Parts) == 0 {
			t.Error("a bundle without parts was read")
		}
		if _, err := bundle.Open(data, trusted); err == nil && !bytes.Equal(data, file) {
			t.Error("bytes were opened that nobody signed")
		}
	})
}
