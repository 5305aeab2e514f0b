package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"warder.example/guard"
	"warder.example/guard/detect"
	"warder.example/guard/threshold"
	"warder.example/internal/calibrate"
	"warder.example/internal/corpus"
)

type calibrateCmd struct {
	Benign     string    `required:"" help:"Honest texts: JSON Lines with the key text (and channel: user, document, tool, email); - reads standard input." placeholder:"FILE"`
	Lines      bool      `help:"Each line of the file is a text by itself."`
	Budget     []float64 `help:"Share of honest texts that may reach a threshold; several with commas. The default policy blocks at 0.01 and flags at 0.05." default:"0.01,0.05" placeholder:"SHARE"`
	Confidence float64   `help:"Of each bound." default:"0.95"`
	Origin     []string  `help:"Choose for these only: user, document, tool, email. Without it, for all that the texts have."`
	As         string    `help:"Origin of texts that name no channel." default:"user"`
	Valid      expiry    `help:"How long the thresholds may be used: 90d, 720h, 2027-01-31 or a full RFC 3339 time." default:"90d" placeholder:"WHEN"`
	Out        string    `help:"Write the thresholds to this file." type:"path" placeholder:"FILE"`
	JSON       bool      `name:"json" help:"Print the result as JSON."`
}

// Help says what kong's one-liners cannot.
func (calibrateCmd) Help() string {
	return `The share of further texts of the same source that reach a threshold is at most
its budget, with the stated confidence, whatever the distribution of scores: the
texts must be honest, and drawn as those to come will be. Texts that are nearly the
same count once. Too few texts for a budget are refused: 0.001 takes 2995 at 95 %.

The file takes effect as guard.thresholds in the configuration. It is for the
model of this program, and expires after 90 days unless --valid says otherwise.

Exit status: 0 chosen, 1 too few texts, 2 error.

  warder calibrate --benign lastweek.jsonl --budget 0.01,0.05 --out thresholds.yaml
  warder calibrate --benign questions.txt --lines --as user --budget 0.01`
}

func (c *calibrateCmd) Run(e *env) error {
	o, err := c.options(e)
	if err != nil {
		return err
	}
	in := e.stdin
	if sameFile(c.Out, c.Benign) {
		return fmt.Errorf("--out %.200q is the file of honest texts; expected another", c.Out)
	}
	if c.Benign != "-" {
		f, err := os.Open(c.Benign)
		if err != nil {
			return fmt.Errorf("reading honest texts: %w", err)
		}
		defer f.Close()
		in = f
	}
	rows := corpus.NewReader(in, c.Benign).Rows()
	if c.Lines {
		rows = calibrate.Lines(in)
	}
	r, err := calibrate.Run(e.ctx, detect.NewPromptAttack(), rows, o)
	if errors.Is(err, calibrate.ErrTooFew) {
		fmt.Fprintf(e.stderr, "warder: %v\n", err)
		fmt.Fprintln(e.stderr, "hint: give more texts, a larger --budget, or --origin for those that have enough")
		return exitStatus(1)
	}
	if err != nil {
		return fmt.Errorf("calibrating on %s: %w", c.Benign, err)
	}
	if _, err := threshold.New("thresholds", &r.File); err != nil {
		return fmt.Errorf("what was chosen is not valid: %w", err)
	}
	if c.Out != "" {
		if err := writeWhole(c.Out, r.File.Bytes()); err != nil {
			return err
		}
	}
	if c.JSON {
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	}
	return c.print(e, r)
}

// options reads the flags.
func (c *calibrateCmd) options(e *env) (o calibrate.Options, err error) {
	now := e.now()
	o = calibrate.Options{Budgets: c.Budget, Confidence: c.Confidence, Now: now, Valid: c.Valid.from(now).Sub(now)}
	if o.Default, err = guard.ParseOrigin(c.As); err != nil {
		return o, err
	}
	for _, name := range c.Origin {
		origin, err := guard.ParseOrigin(name)
		if err != nil {
			return o, err
		}
		o.Origins = append(o.Origins, origin)
	}
	return o, o.Check()
}

// print shows what was chosen to people.
func (c *calibrateCmd) print(e *env, r *calibrate.Result) error {
	for _, s := range r.Sources {
		fmt.Fprintf(e.stdout, "%s: %d texts, %d of them different", s.Origin, s.Texts, s.Clusters)
		if s.Left {
			fmt.Fprint(e.stdout, " (parts pasted into others; too few, the published thresholds stay)")
		}
		fmt.Fprintln(e.stdout)
	}
	fmt.Fprintln(e.stdout)
	rows := [][]string{{"ORIGIN", "CATEGORY", "BUDGET", "SCORE", "REACHED", "BOUNDS", "PUBLISHED", "HIGHEST IN LINES"}}
	for i, t := range r.File.Thresholds {
		why := r.Chosen[i]
		score := strconv.FormatFloat(t.Score, 'f', 6, 64)
		if why.Never {
			score = "never"
		}
		rows = append(rows, []string{t.Origin.String(), t.Category, percent(t.Budget), score, strconv.Itoa(t.Reached),
			percent(t.Low) + " to " + percent(t.High), strconv.Itoa(why.Published), strings.Trim(fmt.Sprint(why.Lines), "[]")})
	}
	if err := printTable(e.stdout, rows); err != nil {
		return err
	}
	_, err := fmt.Fprintf(e.stdout, `
Of further texts like these, the share that reaches a score is within its bounds,
each with a confidence of %g %%. PUBLISHED is how many of these texts the thresholds
of the model would count. Look at the lines with the highest scores: an attack among
them raises a threshold. For model %.12s…, until %s.
`, 100*c.Confidence, r.File.Model, r.File.Expires.Format(time.DateOnly))
	return err
}

func percent(x float64) string { return strconv.FormatFloat(100*x, 'g', 4, 64) + " %" }

// writeWhole replaces a file in one go: a server that reloads reads the old one or
// the new one.
func writeWhole(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("writing thresholds: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, werr := f.Write(data)
	if err := errors.Join(werr, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("writing thresholds: %w", err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("writing thresholds: %w", err)
	}
	return nil
}
