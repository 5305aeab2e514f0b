package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"warder.example/internal/learn"
)

type trainCmd struct {
	Guard  trainGuardCmd  `cmd:"" help:"Train the prompt-attack model from labelled texts."`
	Ablate trainAblateCmd `cmd:"" help:"Train the model without each part of the data and of itself in turn, and say what each part is worth."`
}

type trainGuardCmd struct {
	Corpus       string `required:"" help:"Folder with the subfolder train and perhaps train_sharealike; no other subfolder is read." type:"existingdir" placeholder:"DIR"`
	Out          string `required:"" help:"File to write the model to." placeholder:"FILE"`
	Seed         uint64 `help:"Seed of everything random." default:"1"`
	Seeds        string `help:"Folder with seed texts instead of the built-in ones, or \"none\"." placeholder:"DIR"`
	Lexicon      string `help:"Lexicon to use instead of the built-in one, or \"none\"." placeholder:"FILE"`
	NoShareAlike bool   `help:"Leave out train_sharealike."`
	Resume       string `help:"Folder that keeps finished units of work; a later run with the same inputs goes on from there." placeholder:"DIR"`
	Bits         int    `help:"Logarithm of the number of buckets (${enum})." default:"19" enum:"10,12,14,16,17,18,19,20"`
	Folds        int    `help:"Number of folds that sources are held out in." default:"6"`
	Epochs       int    `help:"Passes over the texts." default:"5"`
}

// Help says what kong's one-liners cannot.
func (trainGuardCmd) Help() string {
	return `The same inputs and seed give the same file, byte for byte, on the same
architecture. Prints how each source fared while it was held out, and where the
thresholds lie.

  warder train guard --corpus corpus --out guard.wtm --resume /tmp/work`
}

func (c *trainGuardCmd) Run(e *env) error {
	if c.Folds < 2 || c.Folds > 64 || c.Epochs < 1 || c.Epochs > 1000 {
		return fmt.Errorf("folds %d and epochs %d; expected 2 to 64 and 1 to 1000", c.Folds, c.Epochs)
	}
	lexicon, err := learn.DefaultLexicon(c.Lexicon)
	if err != nil {
		return err
	}
	rows, err := learn.Gather(learn.Selection{Corpus: c.Corpus, ShareAlike: !c.NoShareAlike, Seeds: c.Seeds})
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stderr, "read %d texts\n", len(rows))
	res, err := learn.Train(e.ctx, learn.Config{
		Rows: rows, Lexicon: lexicon, Seed: c.Seed, Resume: c.Resume, Bits: c.Bits, Folds: c.Folds, Epochs: c.Epochs, Progress: stages(e.stderr),
	})
	if err != nil {
		return err
	}
	if err := writeModel(c.Out, res.Model.Bytes()); err != nil {
		return err
	}
	return printTraining(e.stdout, c.Out, res)
}

// writeModel replaces the file in one step.
func writeModel(name string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".model-*")
	if err != nil {
		return fmt.Errorf("writing model: %w", err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("writing model: %w", err)
	}
	return nil
}

// stages returns a function that tells a person how far training is: each
// change of stage at once, within a stage every tenth.
func stages(w io.Writer) func(stage string, done, total int) {
	start := time.Now()
	last, tenth := "", -1
	return func(stage string, done, total int) {
		now := 10 * done / max(total, 1)
		if stage == last && now == tenth {
			return
		}
		last, tenth = stage, now
		fmt.Fprintf(w, "%5.1fs  %s %d/%d\n", time.Since(start).Seconds(), stage, done, total)
	}
}

func printTraining(w io.Writer, out string, res *learn.Result) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(tw, "Scored by models that had not seen the source; fraction above the threshold for 0.1, 1 and 5 %% false positives.\n\n")
	fmt.Fprintf(tw, "label\tsource\torigin\ttexts\tattack\t\t\tharm\t\t\n")
	for _, h := range res.Held {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%d\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\n", h.Label, h.Source, h.Origin, h.Rows,
			h.Reached[0], h.Reached[1], h.Reached[2], h.Harm[0], h.Harm[1], h.Harm[2])
	}
	own, err := learn.Validation()
	if err != nil {
		return err
	}
	fmt.Fprintf(tw, "\nThe project's own validation texts, by the model itself.\n\n")
	for _, h := range learn.Validate(res.Model, own) {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%d\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\n", h.Label, h.Source, h.Origin, h.Rows,
			h.Reached[0], h.Reached[1], h.Reached[2], h.Harm[0], h.Harm[1], h.Harm[2])
	}
	fmt.Fprintf(tw, "\nhead\torigin\tpassage\twindow\tlength\tbias\tthresholds\n")
	for _, h := range res.Model.Spec().Heads {
		for _, c := range h.Calibrations {
			fmt.Fprintf(tw, "%s\t%s\t%.3f\t%.3f\t%.3f\t%.3f\t%.4f %.4f %.4f\n", h.Name, c.Origin, c.Passage, c.Window, c.Length, c.Bias,
				c.Thresholds[0], c.Thresholds[1], c.Thresholds[2])
		}
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "\nwrote %s\nmodel %s, %d heads, %d buckets\n", out, res.Model.Digest(), len(res.Model.Spec().Heads), 1<<res.Model.Spec().Bits)
	return err
}
