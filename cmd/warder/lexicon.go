package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"

	"warder.example/guard"
	"warder.example/guard/textmodel"
	"warder.example/internal/corpus"
	"warder.example/internal/learn"
	"warder.example/internal/lexicon"
)

type lexiconCmd struct {
	Check  lexiconCheckCmd  `cmd:"" help:"Find what is wrong with entries."`
	Effect lexiconEffectCmd `cmd:"" help:"Say what each entry does to the verdicts of the model."`
}

type lexiconCheckCmd struct {
	File   string `arg:"" optional:"" help:"Lexicon to check; without it, the built-in one."`
	Strict bool   `help:"Warnings count as problems."`
	JSON   bool   `name:"json" help:"Print the result as JSON."`
}

// Help says what kong's one-liners cannot.
func (lexiconCheckCmd) Help() string {
	return `A line is CONCEPT, LANGUAGE and EXPRESSION with tabs between; an expression is a word,
a phrase, or the beginning of a word with * at its end. Found are lines that are no
entries, concepts that are not in concepts.tsv, repetitions, and expressions that
never match. Warnings: another entry of the concept matches wherever this one does;
a prefix of less than four letters matches words of many kinds of honest text.

Exit status: 0 nothing wrong, 1 problems, 2 error.

  warder lexicon check internal/learn/lexicon.tsv`
}

func (c *lexiconCheckCmd) Run(e *env) error {
	name, file := "built-in", learn.LexiconFile()
	if c.File != "" {
		var err error
		if file, err = readLexicon(c.File); err != nil {
			return err
		}
		name = c.File
	}
	rows, err := learn.Seeds()
	if err != nil {
		return err
	}
	honest := slices.DeleteFunc(rows, func(r learn.Row) bool { return !r.Label.Ordinary() })
	problems, sum := lexicon.Check(file, learn.Concepts(), honest)
	bad := slices.ContainsFunc(problems, func(p lexicon.Problem) bool { return c.Strict || !p.Warning })
	if err := c.print(e.stdout, name, problems, sum); err != nil {
		return fmt.Errorf("printing the result: %w", err)
	}
	if bad {
		return exitStatus(1)
	}
	return nil
}

func (c *lexiconCheckCmd) print(w io.Writer, name string, problems []lexicon.Problem, sum lexicon.Summary) error {
	if c.JSON {
		if problems == nil {
			problems = []lexicon.Problem{}
		}
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(struct {
			lexicon.Summary
			Problems []lexicon.Problem `json:"problems"`
		}{sum, problems})
	}
	warnings := 0
	for _, p := range problems {
		kind := "error"
		if p.Warning {
			kind = "warning"
			warnings++
		}
		if _, err := fmt.Fprintf(w, "%s:%d: %s: %s\n", name, p.Line, kind, p.Text); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "%d entries, %d concepts, %d languages: %d errors, %d warnings\n", sum.Entries, sum.Concepts, sum.Languages, len(problems)-warnings, warnings)
	return err
}

// readLexicon reads a file of a bounded size.
func readLexicon(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("reading lexicon: %w", err)
	}
	defer f.Close()
	// One byte more than may be is enough to be refused.
	b, err := io.ReadAll(io.LimitReader(f, textmodel.MaxLexicon+1))
	if err != nil {
		return nil, fmt.Errorf("reading lexicon: %w", err)
	}
	return b, nil
}

type lexiconEffectCmd struct {
	Corpus   []string `sep:"none" help:"Folder of *.jsonl files in the corpus form, or one such file, judged beside the project's own texts. May be given several times." type:"path" placeholder:"DIR"`
	Concept  string   `help:"Only entries of this concept."`
	Language string   `help:"Only entries of this language."`
	Add      string   `help:"File with further entries: what each of them would do, put into the model's lexicon alone." type:"existingfile" placeholder:"FILE"`
	Model    string   `help:"Model file to ask instead of the built-in one." type:"existingfile" placeholder:"FILE"`
	Top      int      `help:"Entries shown in each table." default:"20"`
	JSON     bool     `name:"json" help:"Print all entries as JSON, the most harmful first."`
}

// Help says what kong's one-liners cannot.
func (lexiconEffectCmd) Help() string {
	return `Every entry is taken out of the model's lexicon in turn, and every text in which it
matches is judged with and without it. Texts are the project's seeds and validation
texts, and what --corpus names. The model learned from the seeds: they tell what an
entry matches, and less than fresh texts of your own what it does. An entry that was
chosen by what it does to validation texts makes their figures look better than they are.

A model learns what concepts weigh, so a new word of a known concept has its effect at
once: --add shows it before anything is trained. No threshold moves meanwhile.

  warder lexicon effect --concept REVEAL --top 10
  warder lexicon effect --add new.tsv --corpus mine.jsonl`
}

func (c *lexiconEffectCmd) Run(e *env) error {
	if c.Top < 1 || c.Top > 100000 {
		return fmt.Errorf("--top %d; expected 1 to 100000", c.Top)
	}
	o := lexicon.Options{Model: textmodel.Guard(), Concept: c.Concept, Language: c.Language}
	var err error
	if c.Model != "" {
		if o.Model, err = readModel(c.Model); err != nil {
			return err
		}
	}
	if c.Add != "" {
		if o.Add, err = readLexicon(c.Add); err != nil {
			return err
		}
	}
	if o.Texts, err = c.texts(); err != nil {
		return err
	}
	told := stages(e.stderr)
	o.Progress = func(done, total int) { told("texts", done, total) }
	rep, err := lexicon.Measure(e.ctx, o)
	if err != nil {
		return err
	}
	if len(rep.Effects) == 0 && rep.Known == 0 {
		return hinted{fmt.Errorf("no entry of concept %.60q and language %.40q", c.Concept, c.Language), "concepts are listed in internal/learn/concepts.tsv"}
	}
	if c.JSON {
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		err = enc.Encode(rep)
	} else {
		err = rep.Print(e.stdout, c.Top)
	}
	if err != nil {
		return fmt.Errorf("printing the report: %w", err)
	}
	return nil
}

// texts returns the project's own texts and those of the corpora.
func (c *lexiconEffectCmd) texts() ([]learn.Row, error) {
	out, err := learn.Validation()
	if err != nil {
		return nil, err
	}
	seeds, err := learn.Seeds()
	if err != nil {
		return nil, err
	}
	out = append(out, seeds...)
	for _, dir := range c.Corpus {
		rows, err := judgedRows(dir)
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	return out, nil
}

// judgedRows returns the attacks and the ordinary texts of a folder in the corpus
// form.
func judgedRows(dir string) (out []learn.Row, err error) {
	for row, err := range corpus.Dir(dir) {
		if err != nil {
			return nil, fmt.Errorf("reading %.200q: %w", dir, err)
		}
		if row.Direction() == guard.Request && (row.Label.Attack() || row.Label.Ordinary()) {
			out = append(out, learn.Row{Text: row.Text, Label: row.Label, Source: row.Source, Origin: row.Origin(), Lang: row.Lang, Attack: row.Attack})
		}
	}
	return out, nil
}
