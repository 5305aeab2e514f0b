package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"time"

	"warder.example/internal/corpus"
	"warder.example/internal/evaluate"
	"warder.example/internal/evaluate/disturb"
	"warder.example/internal/evaluate/page"
)

type evalCmd struct {
	Corpus    string             `required:"" help:"Folder of *.jsonl files in the corpus form, or one such file." type:"path" placeholder:"DIR"`
	Model     string             `help:"Model file to measure instead of the built-in one." type:"existingfile" placeholder:"FILE"`
	Detectors string             `help:"What of Warder to measure: ${enum}." enum:"all,model,signatures,none" default:"all"`
	Guard     []string           `sep:"none" help:"Another guard to measure beside it: keywords; NAME=exec:COMMAND, a program; or NAME=KIND:URL with a kind of warder, lakera or openai. May be given several times." placeholder:"NAME=KIND:WHAT"`
	Compare   string             `help:"Model file, or guard as above, whose differences are wanted." placeholder:"OTHER"`
	Obfuscate bool               `help:"Judge everything again, attacks and honest texts alike disturbed in each of several ways."`
	Timeout   time.Duration      `help:"How long a guard over HTTP, or a program, may take for one text." default:"30s"`
	Jobs      int                `help:"How many texts a guard over HTTP is asked about at a time." default:"4"`
	JSON      bool               `name:"json" help:"Print the report as JSON."`
	HTML      string             `name:"html" help:"Also write the report as a page with plots." type:"path" placeholder:"FILE"`
	Floor     map[string]float64 `help:"Least value of a figure, such as recall@0.01=0.4; exit status 1 below it. May be given several times." placeholder:"NAME=VALUE"`
}

// Help says what kong's one-liners cannot.
func (evalCmd) Help() string {
	ways := make([]string, len(disturb.Ways))
	for i, w := range disturb.Ways {
		ways[i] = w.Name
	}
	return `The first guard measured is the base; every further one is compared with it,
row by row. Texts of the corpus are sent to the addresses of guards over HTTP.
The key of guard NAME is taken from the environment: ` + keyPrefix + `NAME, in
capitals, with _ for other signs.

A program reads lines {"text","origin"} and answers each with {"score":0 to 1} or
{"flagged":true}. COMMAND is words separated by white space; no shell reads it.
ONNX models run so: bench/onnx/guard.js.

--obfuscate writes texts in these ways: ` + strings.Join(ways, ", ") + `.

Figures that floors may be set on, R being 0.001, 0.01 or 0.05 (the default policy
blocks at the second and flags at the third):
  auc, harm_auc, answered, recall@R, specificity@R, balanced@R, hard@R, worst@R,
  tpr@R, harm_recall@R, harm_specificity@R
  recall@R/source/NAME, specificity@R/source/NAME, and the same with channel,
  language or length in place of source; harm_recall@R/source/NAME
  WAY_recall@R, WAY_specificity@R, WAY_kept@R with --obfuscate
  GUARD:FIGURE for the other guards, and GUARD:gain_recall@R, gain_specificity@R,
  gain_balanced@R, gain_auc over the first
The lower end of an interval is recall_low@R, auc_low and so on.

Exit status: 0 measured, 1 below a floor, 2 error.

  warder eval --corpus corpus/dev --detectors model --floor worst@0.01=0.97
  warder eval --corpus mine.jsonl --guard keywords --html report.html
  warder eval --corpus mine.jsonl --guard 'onnx=exec:node bench/onnx/guard.js model'
  warder eval --corpus mine.jsonl --compare peer=lakera:https://guard.example`
}

func (c *evalCmd) Run(e *env) error {
	if c.Timeout <= 0 || c.Jobs < 1 || c.Jobs > 256 {
		return fmt.Errorf("--timeout %v, --jobs %d: expected a time above 0 and 1 to 256 jobs", c.Timeout, c.Jobs)
	}
	guards, err := c.guards(e)
	if err != nil {
		return err
	}
	opt := evaluate.Options{Now: time.Now, Progress: progressOf(e.stderr)}
	if c.Obfuscate {
		opt.Disturb = disturb.Ways
	}
	if err := c.knowFloors(guards, opt.Disturb); err != nil {
		return err
	}
	var file *os.File
	if sameFile(c.HTML, c.Corpus) {
		return fmt.Errorf("--html %.200q is the corpus itself; expected another file", c.HTML)
	}
	if c.HTML != "" {
		// Opened before the work, emptied after it: an interrupt keeps the last page.
		if file, err = os.OpenFile(c.HTML, os.O_WRONLY|os.O_CREATE, 0o644); err != nil {
			return fmt.Errorf("opening the page: %w", err)
		}
		defer file.Close()
	}
	rows := func() iter.Seq2[corpus.Row, error] { return corpus.Dir(c.Corpus) }
	rep, err := evaluate.Run(e.ctx, guards, rows, opt)
	closed := closeGuards(guards)
	if err != nil {
		return err
	}
	if file != nil {
		if err := writePage(file, rep); err != nil {
			return err
		}
	}
	if c.JSON {
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		err = enc.Encode(rep)
	} else {
		err = rep.Print(e.stdout)
	}
	if err != nil {
		return fmt.Errorf("printing the report: %w", err)
	}
	if closed != nil {
		return closed
	}
	return c.checkFloors(e, rep.Figures())
}

// writePage writes the page in one go and closes the file.
func writePage(file *os.File, rep *evaluate.Report) error {
	var b bytes.Buffer
	if err := page.Write(&b, rep); err != nil {
		return err
	}
	if err := file.Truncate(0); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	if _, err := file.Write(b.Bytes()); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}

// progressOf tells every few thousand rows where the measurement stands.
func progressOf(w io.Writer) func(guard, way string, rows int) {
	const step = 5000
	last := 0
	return func(guard, way string, rows int) {
		if rows < last {
			last = 0
		}
		if rows-last < step {
			return
		}
		last = rows
		if way != "" {
			way = ", " + way
		}
		fmt.Fprintf(w, "%s%s: judged %d\n", guard, way, rows)
	}
}
