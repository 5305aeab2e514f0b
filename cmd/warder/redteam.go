package main

import (
	"fmt"
	"slices"
	"strings"

	"warder.example/internal/redteam/attack"
	"warder.example/internal/redteam/plan"
	"warder.example/internal/redteam/strategy"
	"warder.example/internal/redteam/target"
)

type redteamCmd struct {
	Recon      redteamReconCmd      `cmd:"" help:"Ask a target harmless questions, and propose what its file could say."`
	Run        redteamRunCmd        `cmd:"" help:"Attack a target and say what got through."`
	Plan       redteamPlanCmd       `cmd:"" help:"Say what a run would send, what it costs and what it can show; send nothing."`
	Rejudge    redteamRejudgeCmd    `cmd:"" help:"Judge the attempts of a run again; send nothing."`
	Report     redteamReportCmd     `cmd:"" help:"Write what a run found: a page, JUnit, SARIF, Markdown, a layer of ATLAS, JSON."`
	Families   redteamFamiliesCmd   `cmd:"" help:"List the families of attacks."`
	Strategies redteamStrategiesCmd `cmd:"" help:"List how attacks are disguised, framed and spread over turns."`
}

// attackFlags say which attacks there are.
type attackFlags struct {
	Attacks []string `help:"Attacks of your own: families (.yaml) or texts for families (.jsonl). May be given several times." type:"path" placeholder:"FILE"`
}

func (f *attackFlags) catalogue() (*attack.Catalogue, error) {
	c := attack.Standard()
	for _, path := range f.Attacks {
		if err := c.ReadFile(path); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// redteamFlags say what is tried on which target.
type redteamFlags struct {
	attackFlags
	Target   string   `arg:"" help:"Target file; see docs/redteam-targets.md." placeholder:"TARGET.yaml"`
	Family   []string `help:"Families to try, by id or its beginning up to a dot: leak, inj.direct. All that fit if not given." placeholder:"ID"`
	Strategy []string `help:"Strategies to try, composed with +: plain, encode:base64, frame:decode+encode:hex; all for all single ones. A standard set if not given." placeholder:"SPEC"`
	Attempts int      `help:"Attempts for each family under each strategy." default:"12"`
	Seed     uint64   `help:"Seed of everything that is drawn." default:"1"`
	Twins    bool     `help:"Send honest requests beside the attacks, to see what is refused wrongly." default:"true" negatable:""`
	Guard    string   `help:"Of targets behind Warder, which guard: off, observe or block; block if there, if not given." enum:",off,observe,block" default:""`
}

// planned reads the target file and plans the run.
func (f *redteamFlags) planned() (*target.File, *plan.Plan, error) {
	file, err := target.Load(f.Target)
	if err != nil {
		return nil, nil, err
	}
	spec := plan.Spec{Attempts: f.Attempts, Seed: f.Seed, Twins: f.Twins, Guard: f.Guard}
	if spec.Guard == "" {
		spec.Guard = guardOf(file)
	}
	if spec.Families, err = f.families(); err != nil {
		return nil, nil, err
	}
	if spec.Strategies, err = f.strategies(); err != nil {
		return nil, nil, err
	}
	p, err := plan.Make(file, spec)
	return file, p, err
}

func (f *redteamFlags) families() ([]*attack.Family, error) {
	c, err := f.catalogue()
	if err != nil {
		return nil, err
	}
	all := c.List()
	if len(f.Family) == 0 {
		return all, nil
	}
	for _, want := range f.Family {
		if !slices.ContainsFunc(all, func(fam *attack.Family) bool { return named(fam.ID, want) }) {
			return nil, hinted{fmt.Errorf("family %.80q is not known", want), "warder redteam families lists them"}
		}
	}
	return slices.DeleteFunc(all, func(fam *attack.Family) bool {
		return !slices.ContainsFunc(f.Family, func(want string) bool { return named(fam.ID, want) })
	}), nil
}

// named reports whether an id is the one that is wanted, or begins with it up to a dot.
func named(id, want string) bool { return id == want || strings.HasPrefix(id, want+".") }

func (f *redteamFlags) strategies() ([]strategy.Strategy, error) {
	specs := f.Strategy
	if len(specs) == 0 {
		specs = plan.Standard
	}
	var out []strategy.Strategy
	for _, spec := range specs {
		if spec == "all" {
			out = append(out, strategy.All()...)
			continue
		}
		s, err := strategy.Find(spec)
		if err != nil {
			return nil, hinted{err, "warder redteam strategies lists them"}
		}
		out = append(out, s)
	}
	for i, s := range out {
		if slices.ContainsFunc(out[:i], func(t strategy.Strategy) bool { return t.ID == s.ID }) {
			return nil, fmt.Errorf("strategy %q is given twice", s.ID)
		}
	}
	return out, nil
}
