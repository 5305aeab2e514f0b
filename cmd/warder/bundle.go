package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"warder.example/internal/bundle"
)

type bundleCmd struct {
	Keygen   bundleKeygenCmd   `cmd:"" help:"Make a key pair that signs bundles."`
	Make     bundleMakeCmd     `cmd:"" help:"Make and sign a bundle of threats, signatures and a model."`
	Inspect  bundleInspectCmd  `cmd:"" help:"Print what a bundle says of itself, without believing it."`
	Verify   bundleVerifyCmd   `cmd:"" help:"Check that a bundle is signed by a trusted key, whole and not expired."`
	Import   bundleImportCmd   `cmd:"" help:"Take a bundle in. It only observes until it is activated."`
	List     bundleListCmd     `cmd:"" help:"List imported bundles and what staged ones saw."`
	Activate bundleActivateCmd `cmd:"" help:"Have the staged version of a bundle decide."`
	Rollback bundleRollbackCmd `cmd:"" help:"Return to the version that was active before."`
}

type bundleKeygenCmd struct {
	Name string `arg:"" help:"Whose key it is: lower-case letters, digits and dashes."`
	Out  string `required:"" help:"File for the private key. It must not exist, and is made with mode 0600." placeholder:"FILE"`
}

// Run prints the public key alone on standard output.
func (c *bundleKeygenCmd) Run(e *env) error {
	private, public, err := bundle.GenerateKey(rand.Reader, c.Name)
	if err != nil {
		return err
	}
	if err := writeNew(c.Out, []byte(private+"\n"), 0o600); err != nil {
		return fmt.Errorf("writing the private key: %w", err)
	}
	fmt.Fprintf(e.stderr, "the private key is in %s: keep it off the machines that import bundles\nthose name this public key under bundles.trusted_keys in their configuration:\n", visible(c.Out))
	_, err = fmt.Fprintln(e.stdout, public)
	return err
}

// writeNew writes a file that does not exist yet.
func writeNew(path string, data []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

type bundleMakeCmd struct {
	Name       string    `required:"" help:"Name of the bundle: lower-case letters, digits and dashes." placeholder:"NAME"`
	Version    string    `required:"" help:"Semantic version, above those given out before." placeholder:"1.2.0"`
	Key        []string  `required:"" help:"File of a private key; give several to sign with each." placeholder:"FILE"`
	Out        string    `required:"" help:"File of the bundle. It must not exist." placeholder:"FILE"`
	NotAfter   expiry    `required:"" help:"When it is not imported any more: 90d, 720h, 2027-01-31 or a full RFC 3339 time." placeholder:"WHEN"`
	Created    time.Time `help:"When it was made, as 2027-01-31T12:00:00Z: with the same time the same content gives the same bytes. Default: now." placeholder:"TIME"`
	Maker      string    `help:"Who made it, for people." placeholder:"TEXT"`
	Threats    string    `help:"Threats, as warder threat export writes them." placeholder:"FILE"`
	Signatures string    `help:"Signatures: classes of words and rules (docs/bundles.md)." placeholder:"FILE"`
	Model      string    `help:"Model of warder train (guard.wtm)." placeholder:"FILE"`
}

func (c *bundleMakeCmd) Run(e *env) error {
	var signers []note.Signer
	for _, path := range c.Key {
		s, err := readPrivateKey(path)
		if err != nil {
			return err
		}
		signers = append(signers, s)
	}
	created := c.Created
	if created.IsZero() {
		created = e.now()
	}
	created = created.UTC().Truncate(time.Second)
	m := bundle.Manifest{Name: c.Name, Version: c.Version, Created: created, NotAfter: c.NotAfter.from(created).UTC().Truncate(time.Second), Maker: c.Maker}
	var content bundle.Content
	for _, p := range []struct {
		path string
		to   *[]byte
	}{{c.Threats, &content.Threats}, {c.Signatures, &content.Signatures}, {c.Model, &content.Model}} {
		if p.path == "" {
			continue
		}
		var err error
		if *p.to, err = bundle.ReadFile(p.path); err != nil {
			return err
		}
		if len(*p.to) == 0 {
			return fmt.Errorf("%s is empty", visible(p.path))
		}
	}
	if content.Threats == nil && content.Signatures == nil && content.Model == nil {
		return errors.New("there is nothing in it; give --threats, --signatures or --model")
	}
	file, err := bundle.Make(m, content, signers...)
	if err != nil {
		return err
	}
	if err := writeNew(c.Out, file, 0o644); err != nil {
		return fmt.Errorf("writing the bundle: %w", err)
	}
	fmt.Fprintf(e.stderr, "%s is bundle %s %s of %d bytes\n", visible(c.Out), m.Name, m.Version, len(file))
	return nil
}

// readPrivateKey reads a key that nobody else can read.
func readPrivateKey(path string) (note.Signer, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading a private key: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("reading a private key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, hinted{fmt.Errorf("private key %s has mode %04o; expected 0600", visible(path), info.Mode().Perm()), "chmod 600 it, after asking who could have read it"}
	}
	text := make([]byte, 4096)
	n, err := f.Read(text)
	if err != nil {
		return nil, fmt.Errorf("reading a private key: %w", err)
	}
	s, err := bundle.ParsePrivateKey(strings.TrimSpace(string(text[:n])))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", visible(path), err)
	}
	return s, nil
}
