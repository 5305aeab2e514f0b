package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"warder.example/internal/learn"
)

type trainAblateCmd struct {
	Corpus string   `help:"Folder as for train guard; --list does without." type:"existingdir" placeholder:"DIR"`
	Block  []string `help:"Leave out these only; several with commas. Without it, each in turn." placeholder:"NAME"`
	Texts  string   `help:"Folder of *.jsonl files in the corpus form, or one such file, to rank instead of the validation texts." type:"path" placeholder:"DIR"`
	List   bool     `help:"Only list the blocks."`
	trainFlags
	JSON bool `name:"json" help:"Print the result as JSON."`
}

// Help says what kong's one-liners cannot.
func (trainAblateCmd) Help() string {
	return `Trains on everything, then without each block: each group of seed files, each
folder of the corpus (but for its requests for harm, which one head learns from),
what the trainer makes of the texts, and parts of the model. Ranks the project's own
validation texts with each. No threshold is set, so the figures are of ranking: AUC,
and true positives at 1 and 5 % false positives, for users' texts and for data
(documents, tools, mail). Worth is what the AUC of the whole is above that without the
block, with its 95 % interval; where the interval holds 0, these texts do not tell.

Validation texts were written with the seeds, so they tell what seeds are worth for
texts of that kind, and little of what a corpus is worth: --texts ranks others. A
block that others repeat seems worth nothing, since only one is left out at a time.

The same inputs and seed print the same. A model takes as long as three of the ten
units of train guard: two without a half of the sources tell its trees what they see.

  warder train ablate --corpus corpus --resume /tmp/work
  warder train ablate --corpus corpus --block lexicon,n-grams --json`
}

func (c *trainAblateCmd) Run(e *env) error {
	if c.Corpus == "" && !c.List {
		return errors.New("missing --corpus; only --list does without")
	}
	cfg, err := c.config(e, c.Corpus)
	if err != nil {
		return err
	}
	blocks, err := c.choose(learn.Blocks(cfg.Rows))
	if err != nil {
		return err
	}
	if c.List {
		return printBlocks(e.stdout, blocks)
	}
	texts, err := c.texts()
	if err != nil {
		return err
	}
	res, err := learn.Ablate(e.ctx, cfg, blocks, texts)
	if err != nil {
		return err
	}
	if c.JSON {
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(res)
	}
	return printAblation(e.stdout, res)
}

// texts returns what is ranked.
func (c *trainAblateCmd) texts() ([]learn.Row, error) {
	if c.Texts == "" {
		return learn.Validation()
	}
	return judgedRows(c.Texts)
}

// choose returns the blocks that were asked for, all if none was.
func (c *trainAblateCmd) choose(all []learn.Block) ([]learn.Block, error) {
	if len(c.Block) == 0 {
		return all, nil
	}
	var out []learn.Block
	for _, name := range c.Block {
		i := slices.IndexFunc(all, func(b learn.Block) bool { return b.Name == name })
		if i < 0 {
			return nil, hinted{fmt.Errorf("--block %.60q: no such block of these texts", name), "warder train ablate --corpus DIR --list names them"}
		}
		out = append(out, all[i])
	}
	return out, nil
}

func printBlocks(w io.Writer, blocks []learn.Block) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, b := range blocks {
		fmt.Fprintf(tw, "%s\t%s\n", b.Name, b.About)
	}
	return tw.Flush()
}

func printAblation(w io.Writer, res []learn.Ablation) error {
	all := res[0]
	fmt.Fprintf(w, "Ranking of texts (users: %d attacks, %d honest; data: %d attacks, %d honest) by a model that was\n"+
		"trained without the block. Worth: AUC of the whole less this, and its 95 %% interval over texts drawn anew.\n\n",
		all.User.Attacks, all.User.Honest, all.Data.Attacks, all.Data.Honest)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(tw, "\t\tusers\t\t\t\tdata\t\t\t\t\n")
	fmt.Fprintf(tw, "without\ttexts\tAUC\tat 1 %%\tat 5 %%\tworth\tAUC\tat 1 %%\tat 5 %%\tworth\t\n")
	for _, a := range res {
		name := a.Block.Name
		if name == "" {
			name = "(nothing)"
		}
		if a.Failed != "" {
			fmt.Fprintf(tw, "%s\t\t%s\n", name, a.Failed)
			continue
		}
		fmt.Fprintf(tw, "%s\t%d\t%s\t%s\t\n", name, a.Rows, side(&a.User, a.Block.Name), side(&a.Data, a.Block.Name))
	}
	return tw.Flush()
}

// side prints the figures of one side, between tabs.
func side(s *learn.Side, block string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%.3f\t%.3f\t%.3f\t", s.AUC, s.TPR1, s.TPR5)
	if block != "" {
		fmt.Fprintf(&b, "%+.3f (%+.3f %+.3f)", s.Worth, s.Interval[0], s.Interval[1])
	}
	return b.String()
}
