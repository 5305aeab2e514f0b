package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"warder.example/guard"
	"warder.example/guard/detect"
	"warder.example/guard/policy"
	"warder.example/guard/standard"
	"warder.example/guard/textmodel"
	"warder.example/internal/corpus"
	"warder.example/internal/evaluate"
)

type evalCmd struct {
	Corpus    string             `required:"" help:"Folder of *.jsonl files in the corpus form, or one such file." type:"path" placeholder:"DIR"`
	Model     string             `help:"Model file to measure instead of the built-in one." type:"existingfile" placeholder:"FILE"`
	Detectors string             `help:"What to measure: ${enum}." enum:"all,model,signatures" default:"all"`
	JSON      bool               `help:"Print the report as JSON."`
	Floor     map[string]float64 `help:"Least value of a figure, such as recall@0.01=0.4; exit status 1 below it. May be given several times." placeholder:"NAME=VALUE"`
}

// Help says what kong's one-liners cannot.
func (evalCmd) Help() string {
	return `Figures that floors may be set on: auc, harm_auc, and for each published
false-positive rate R of 0.001, 0.01 and 0.05: recall@R, specificity@R,
balanced@R, worst@R, tpr@R, harm_recall@R, harm_specificity@R.

Exit status: 0 measured, 1 below a floor, 2 error.

  warder eval --corpus corpus/dev --detectors model --floor worst@0.001=0.97`
}

func (c *evalCmd) Run(e *env) error {
	judge, err := c.judge()
	if err != nil {
		return err
	}
	known := (&evaluate.Report{Points: emptyPoints()}).Figures()
	for name := range c.Floor {
		if _, ok := known[name]; !ok {
			return fmt.Errorf("unknown figure %.40q; expected one of %s", name, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
	}
	progress := func(n int) {
		if n%5000 == 0 {
			fmt.Fprintf(e.stderr, "judged %d\n", n)
		}
	}
	rep, err := evaluate.Run(e.ctx, judge, corpus.Dir(c.Corpus), evaluate.Options{Now: time.Now, Progress: progress})
	if err != nil {
		return err
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
	return c.checkFloors(e, rep.Figures())
}

// emptyPoints has a point for each published rate, to know the figures' names.
func emptyPoints() (out []evaluate.Point) {
	for _, r := range evaluate.Rates {
		out = append(out, evaluate.Point{FPR: r})
	}
	return out
}

func (c *evalCmd) checkFloors(e *env, figures map[string]float64) error {
	below := false
	for _, name := range slices.Sorted(maps.Keys(c.Floor)) {
		if v := figures[name]; !(v >= c.Floor[name]) {
			fmt.Fprintf(e.stderr, "warder: %s is %.4f, below the floor of %.4f\n", name, v, c.Floor[name])
			below = true
		}
	}
	if below {
		return exitStatus(1)
	}
	return nil
}

// judge assembles what is measured.
func (c *evalCmd) judge() (evaluate.Judge, error) {
	if c.Detectors == "signatures" {
		if c.Model != "" {
			return nil, fmt.Errorf("--model has no effect on --detectors signatures; expected only one of them")
		}
		return evaluate.Detectors{detect.NewSignatures()}, nil
	}
	attack, err := c.model()
	if err != nil {
		return nil, err
	}
	if c.Detectors == "model" {
		return evaluate.Detectors{attack}, nil
	}
	g, err := standard.New(policy.Default())
	if err != nil {
		return nil, err
	}
	ds := evaluate.Detectors{attack}
	for _, d := range g.Detectors {
		if _, ok := d.(*detect.PromptAttack); !ok {
			ds = append(ds, d)
		}
	}
	return ds, nil
}

func (c *evalCmd) model() (guard.Detector, error) {
	if c.Model == "" {
		return detect.NewPromptAttack(), nil
	}
	st, err := os.Stat(c.Model)
	if err != nil {
		return nil, fmt.Errorf("opening model: %w", err)
	}
	if st.Size() > textmodel.MaxFile {
		return nil, fmt.Errorf("model %s: %d bytes, at most %d are read", c.Model, st.Size(), textmodel.MaxFile)
	}
	b, err := os.ReadFile(c.Model)
	if err != nil {
		return nil, fmt.Errorf("reading model: %w", err)
	}
	m, err := textmodel.Load(b)
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", c.Model, err)
	}
	return detect.NewPromptAttackModel(m)
}
