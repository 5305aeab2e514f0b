package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"golang.org/x/mod/sumdb/note"

	"warder.example/internal/ledger"
)

// auditCmd holds the commands over the audit log. They read it where it lies,
// also while the gateway writes to it.
type auditCmd struct {
	Verify     auditVerifyCmd     `cmd:"" help:"Prove that the log is what was written: exit status 0 intact, 1 not, 2 could not tell."`
	Export     auditExportCmd     `cmd:"" help:"Print records as JSON lines, with proofs on request."`
	Check      auditCheckCmd      `cmd:"" help:"Check the proofs of an export, without the log."`
	Rebuild    auditRebuildCmd    `cmd:"" help:"Make the table of exchanges in the store again from the log."`
	Checkpoint auditCheckpointCmd `cmd:"" help:"Sign the present state, to be kept where the log cannot be written from."`
}

// auditLog says where the log is.
type auditLog struct {
	placeFlags
	Dir string `arg:"" optional:"" help:"Folder of the log itself, instead of --data or --config."`
}

// dir returns the folder of the log. A folder that was named needs no
// configuration, not even a right one.
func (a auditLog) dir(e *env) (string, error) {
	if a.Dir != "" {
		return a.Dir, nil
	}
	return a.ledgerDir(e)
}

// explainLog adds advice to errors about a log that is not there.
func explainLog(err error, dir string) error {
	if errors.Is(err, fs.ErrNotExist) {
		return hinted{err, "name the data folder with --data, the configuration with --config, or the log's folder as argument; its public key lies beside it as " + filepath.Base(dir) + ".pub, or give it with --key"}
	}
	return err
}

// auditKey is a verifier key given by hand.
type auditKey struct {
	Key string `help:"Public key of the log, as 'warder audit checkpoint --key' printed it earlier; else the one beside the log is used." placeholder:"VKEY"`
}

func (k auditKey) verifier() (note.Verifier, error) {
	if k.Key == "" {
		return nil, nil
	}
	v, err := note.NewVerifier(strings.TrimSpace(k.Key))
	if err != nil {
		return nil, hinted{fmt.Errorf("--key: %.100q is not a verifier key", k.Key), "it looks like warder-ledger-0123456789abcdef+89abcdef+AbCd..."}
	}
	return v, nil
}

type auditVerifyCmd struct {
	auditLog
	auditKey
	Checkpoint []string `help:"File of checkpoints kept outside; may be repeated. Without one a rewrite of the whole log cannot be excluded." placeholder:"FILE" sep:"none"`
	JSON       bool     `name:"json" help:"Print the report as JSON."`
}

func (c *auditVerifyCmd) Run(e *env) error {
	v, err := c.verifier()
	if err != nil {
		return err
	}
	opt := ledger.VerifyOptions{Verifier: v}
	for _, path := range c.Checkpoint {
		o, err := ledger.ReadCheckpointFile(path)
		if err != nil {
			return err
		}
		opt.Checkpoints = append(opt.Checkpoints, o)
	}
	dir, err := c.dir(e)
	if err != nil {
		return err
	}
	r, err := ledger.Verify(dir, opt)
	if err != nil {
		return explainLog(err, dir)
	}
	if c.JSON {
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		err = enc.Encode(r)
	} else {
		_, err = e.stdout.Write(reportText(r))
	}
	if err == nil && !r.Intact {
		return exitStatus(1)
	}
	return err
}

// reportText is a report for people.
func reportText(r *ledger.Report) []byte {
	var b bytes.Buffer
	verdict := "intact"
	if !r.Intact {
		verdict = "NOT INTACT"
	}
	fmt.Fprintf(&b, "%s: log %s, %d records in %d segments\n", verdict, r.Log, r.Records, r.Segments)
	if r.Records > 0 {
		fmt.Fprintf(&b, "from %s until %s\n", r.From.Format(time.RFC3339), r.Until.Format(time.RFC3339))
	}
	if r.ProblemCount > 0 {
		fmt.Fprintf(&b, "\nproblems: %d\n", r.ProblemCount)
		for _, p := range r.Problems {
			fmt.Fprintf(&b, "  %s\n", p)
		}
		if more := r.ProblemCount - int64(len(r.Problems)); more > 0 {
			fmt.Fprintf(&b, "  and %d more\n", more)
		}
	}
	section(&b, "proves", r.Proves)
	section(&b, "cannot exclude", r.CannotExclude)
	section(&b, "notes", reportNotes(r))
	return printable(b.Bytes())
}

// printable replaces what could act on a terminal: who tampered with the log may
// have chosen some of the words.
func printable(text []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if r != '\n' && !unicode.IsGraphic(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

func reportNotes(r *ledger.Report) []string {
	var out []string
	for _, k := range r.Checkpoints {
		if k.Outside && k.Matches {
			out = append(out, fmt.Sprintf("checkpoint %q of size %d matches", k.Source, k.Size))
		} else if !k.Matches {
			out = append(out, fmt.Sprintf("checkpoint %q of size %d does not match: %s", k.Source, k.Size, k.Detail))
		}
	}
	if r.Unclosed.Count > 0 {
		most := ""
		if r.Unclosed.AtLeast {
			most = "at least "
		}
		shown := r.Unclosed.Requests[:min(5, len(r.Unclosed.Requests))]
		out = append(out, fmt.Sprintf("exchanges opened and not closed: %s%d (in flight, or cut off by a crash), first %q", most, r.Unclosed.Count, shown))
	}
	if r.Recovered > 0 {
		out = append(out, fmt.Sprintf("unfinished records set aside after a crash: %d, each recorded as ledger.recovered", r.Recovered))
	}
	if r.Torn > 0 {
		out = append(out, fmt.Sprintf("%d bytes of an unfinished record stand at the end: a write in progress, or a crash", r.Torn))
	}
	return out
}

func section(w io.Writer, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s:\n", title)
	for _, s := range lines {
		fmt.Fprintf(w, "  %s\n", s)
	}
}

type auditExportCmd struct {
	auditLog
	Since   string `help:"Only records at or after this time (2006-01-02 or 2006-01-02T15:04:05Z)." placeholder:"TIME"`
	Until   string `help:"Only records before this time." placeholder:"TIME"`
	App     string `help:"Only records of this application." placeholder:"ID"`
	Request string `help:"Only records of this request." placeholder:"ID"`
	Proof   bool   `help:"Add the last checkpoint and, to each record it covers, the proof that leads there."`
}

func (c *auditExportCmd) Run(e *env) error {
	f := ledger.Filter{Application: c.App, Request: c.Request}
	var err error
	if f.Since, err = parseTime("--since", c.Since); err != nil {
		return err
	}
	if f.Until, err = parseTime("--until", c.Until); err != nil {
		return err
	}
	dir, err := c.dir(e)
	if err != nil {
		return err
	}
	n, err := ledger.Export(dir, e.stdout, f, c.Proof)
	if errors.Is(err, ledger.ErrNoCheckpoint) {
		return hinted{err, "the gateway makes one every minute and when it stops"}
	}
	if err != nil {
		return explainLog(err, dir)
	}
	fmt.Fprintf(e.stderr, "%d records\n", n)
	return nil
}

func parseTime(flag, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, form := range []string{time.RFC3339Nano, time.DateOnly} {
		if t, err := time.Parse(form, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, hinted{fmt.Errorf("%s: %.64q is not a time", flag, s), "write 2026-01-31 or 2026-01-31T12:00:00Z"}
}

type auditCheckCmd struct {
	auditKey
	placeFlags
	File string `arg:"" help:"Export made with --proof, or - for standard input."`
}

func (c *auditCheckCmd) Run(e *env) error {
	v, err := c.verifier()
	if err == nil && v == nil {
		v, err = c.kept(e)
	}
	if err != nil {
		return err
	}
	in := e.stdin
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	proven, unproven, err := ledger.CheckExport(in, v)
	if err != nil {
		if _, err := e.stdout.Write(printable(fmt.Appendf(nil, "NOT PROVEN: %v\n", err))); err != nil {
			return err
		}
		return exitStatus(1)
	}
	_, err = e.stdout.Write(printable(fmt.Appendf(nil, "%d records are proven to be in log %s\n%d records are younger than its checkpoint, or came without proof\n", proven, v.Name(), unproven)))
	return err
}

// kept returns the verifier of the key beside the deployment's log.
func (c *auditCheckCmd) kept(e *env) (note.Verifier, error) {
	dir, err := c.ledgerDir(e)
	if err != nil {
		return nil, err
	}
	v, _, err := ledger.LoadVerifier(dir)
	return v, err
}

type auditCheckpointCmd struct {
	auditLog
	Out string `help:"File to add the checkpoint to, instead of printing it." placeholder:"FILE"`
	Key bool   `help:"Print the log's public key and do nothing else."`
}

func (c *auditCheckpointCmd) Run(e *env) error {
	dir, err := c.dir(e)
	if err != nil {
		return err
	}
	if c.Key {
		_, text, err := ledger.LoadVerifier(dir)
		if err != nil {
			return explainLog(err, dir)
		}
		_, err = fmt.Fprintln(e.stdout, text)
		return err
	}
	s, err := ledger.LoadSigner(dir)
	if err != nil {
		return explainLog(err, dir)
	}
	text, r, err := ledger.SignCheckpoint(dir, s)
	if r != nil && !r.Intact {
		if _, err := e.stderr.Write(reportText(r)); err != nil {
			return err
		}
		fmt.Fprintln(e.stderr, "warder: not signed")
		return exitStatus(1)
	}
	if err != nil {
		return explainLog(err, dir)
	}
	if c.Out == "" {
		_, err = e.stdout.Write(text)
		return err
	}
	if err := (ledger.CheckpointFile{Path: c.Out}).Publish(e.ctx, text); err != nil {
		return err
	}
	fmt.Fprintf(e.stderr, "added a checkpoint over %d records\n", r.Records)
	return nil
}
