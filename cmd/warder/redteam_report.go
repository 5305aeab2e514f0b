package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"warder.example/internal/redteam/journal"
	"warder.example/internal/redteam/report"
)

type redteamReportCmd struct {
	attackFlags
	Journal    string  `arg:"" help:"Folder of a run." type:"path" placeholder:"DIR"`
	HTML       string  `help:"Write a page for people." type:"path" placeholder:"FILE"`
	JUnit      string  `name:"junit" help:"Write JUnit: a suite for each family, a case for each strategy." type:"path" placeholder:"FILE"`
	SARIF      string  `name:"sarif" help:"Write SARIF 2.1.0." type:"path" placeholder:"FILE"`
	MD         string  `name:"md" help:"Write Markdown for a pull request." type:"path" placeholder:"FILE"`
	Navigator  string  `help:"Write a layer for the ATLAS Navigator." type:"path" placeholder:"FILE"`
	JSON       string  `name:"json" help:"Write the figures as lines of JSON." type:"path" placeholder:"FILE"`
	Baseline   string  `help:"Folder of an earlier run to compare with." type:"path" placeholder:"DIR"`
	Texts      bool    `help:"Show transcripts of the worst findings in the page, the Markdown and the JSON. They hold attacks and what the target let out."`
	TargetFile string  `help:"Target file, relative to the repository, where SARIF places findings." placeholder:"PATH"`
	Confidence float64 `help:"Confidence of intervals and bounds." default:"0.95"`
}

// Help says what kong's one-liners cannot.
func (redteamReportCmd) Help() string {
	return `Reports on a run that was made, as often as you like; nothing is sent. Give
--attacks as the run had it. With --texts the files are for you alone (mode 0600); JUnit,
SARIF and the layer never have texts. Without a file the Markdown is printed.

  warder redteam report runs/today --html redteam.html --sarif redteam.sarif --baseline runs/last-week`
}

// reportFile is a report that was asked for.
type reportFile struct {
	flag, path string
	texts      bool // has texts if they are asked for
	write      func(io.Writer, *report.Summary) error
}

func (c *redteamReportCmd) files() []reportFile {
	var out []reportFile
	for _, f := range []reportFile{
		{"--html", c.HTML, true, report.HTML}, {"--junit", c.JUnit, false, report.JUnit}, {"--sarif", c.SARIF, false, report.SARIF},
		{"--md", c.MD, true, report.Markdown}, {"--navigator", c.Navigator, false, report.Navigator}, {"--json", c.JSON, true, report.Rows},
	} {
		if f.path != "" {
			out = append(out, f)
		}
	}
	return out
}

func (c *redteamReportCmd) Run(e *env) error {
	files := c.files()
	if err := c.check(files); err != nil {
		return err
	}
	sum, err := c.summarize(c.Journal)
	if err != nil {
		return err
	}
	if c.Baseline != "" {
		base, err := c.summarize(c.Baseline)
		if err != nil {
			return fmt.Errorf("--baseline: %w", err)
		}
		if err := sum.Compare(base); err != nil {
			return err
		}
	}
	if len(files) == 0 {
		return report.Markdown(e.stdout, sum)
	}
	for _, f := range files {
		mode := os.FileMode(0o644)
		if c.Texts && f.texts {
			mode = 0o600
		}
		var b bytes.Buffer
		if err := f.write(&b, sum); err != nil {
			return fmt.Errorf("%s: %w", f.flag, err)
		}
		if err := replaceFile(f.path, b.Bytes(), mode); err != nil {
			return fmt.Errorf("writing %s: %w", f.flag, err)
		}
	}
	return nil
}

// check finds out before the work what could not be written after it.
func (c *redteamReportCmd) check(files []reportFile) error {
	for i, f := range files {
		for _, dir := range []string{c.Journal, c.Baseline} {
			if dir != "" && sameFile(f.path, filepath.Join(dir, journal.Name)) {
				return fmt.Errorf("%s %.200q is the journal of a run; expected another file", f.flag, f.path)
			}
		}
		for _, in := range c.Attacks {
			if sameFile(f.path, in) {
				return fmt.Errorf("%s %.200q is a file of attacks; expected another file", f.flag, f.path)
			}
		}
		for _, other := range files[:i] {
			if filepath.Clean(f.path) == filepath.Clean(other.path) {
				return fmt.Errorf("%s and %s name the same file %.200q", other.flag, f.flag, f.path)
			}
		}
		if st, err := os.Stat(filepath.Dir(f.path)); err != nil || !st.IsDir() {
			return fmt.Errorf("%s %.200q: its folder is not there", f.flag, f.path)
		}
	}
	return nil
}

// summarize reads a run.
func (c *redteamReportCmd) summarize(dir string) (*report.Summary, error) {
	catalogue, err := c.catalogue()
	if err != nil {
		return nil, err
	}
	header, records, err := journal.Read(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, hinted{err, "give the folder that warder redteam run --out wrote"}
	}
	if err != nil {
		return nil, err
	}
	run := report.Run{
		Target: header.Target, File: c.TargetFile, Purpose: header.Purpose, Began: header.Began,
		Versions: map[string]string{"warder": header.Warder, "plan": fmt.Sprintf("%.12s", header.Plan), "kind of target": header.Kind},
	}
	return report.Summarize(run, records, report.Options{Texts: c.Texts, Confidence: c.Confidence, Catalogue: catalogue})
}
