package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"warder.example/guard/threat"
	"warder.example/internal/access"
	"warder.example/internal/store"
	"warder.example/internal/threats"
)

type threatCmd struct {
	Add      threatAddCmd      `cmd:"" help:"Remember an attack. It is only observed until it is activated."`
	List     threatListCmd     `cmd:"" help:"List remembered attacks."`
	DryRun   threatDryRunCmd   `cmd:"" name:"dry-run" help:"Measure a remembered attack on honest traffic."`
	Activate threatActivateCmd `cmd:"" help:"Have a remembered attack acted on, after a dry run."`
	Promote  threatPromoteCmd  `cmd:"" help:"Have an attack of one application looked for in all, under observation again."`
	Suspend  threatSuspendCmd  `cmd:"" help:"Have only exact copies of an active attack acted on."`
	Remove   threatRemoveCmd   `cmd:"" help:"Forget an attack."`
	Export   threatExportCmd   `cmd:"" help:"Write remembered attacks, as sketches, for a bundle."`
}

type threatAddCmd struct {
	storeFlags
	Text     string  `arg:"" help:"The attack itself, without what is around it; - reads standard input (better, since others can see command lines)."`
	App      string  `help:"Name or id of the application it is looked for in. Default: all." placeholder:"APP"`
	Category string  `help:"What it is: injection or jailbreak." default:"injection" enum:"injection,jailbreak"`
	Source   string  `help:"Where it comes from, in a word or two; findings name it." default:"analyst" placeholder:"TEXT"`
	Note     string  `help:"For people: an incident, a reason. It is kept as it is." placeholder:"TEXT"`
	Expires  *expiry `help:"When it is forgotten: 90d, 720h, 2027-01-31 or a full RFC 3339 time. Default: never." placeholder:"WHEN"`
}

// Run prints the id alone on standard output.
func (c *threatAddCmd) Run(e *env) error {
	text := c.Text
	if text == "-" {
		b, err := io.ReadAll(io.LimitReader(e.stdin, threat.MaxText+1))
		if err != nil {
			return fmt.Errorf("reading the attack: %w", err)
		}
		text = string(b)
	}
	return c.create(e, func(db *store.DB) error {
		x := threats.Attack{Text: text, Application: c.App, Category: c.Category, Source: c.Source, Note: c.Note}
		if c.Expires != nil {
			x.Expires = c.Expires.from(e.now())
		}
		t, err := threats.Acts{Store: db}.Add(c.as(e), x)
		if errors.Is(err, store.ErrNotFound) {
			return appHint(err, c.App)
		}
		if err != nil {
			return err
		}
		if !t.Sketch.Similar() {
			fmt.Fprintln(e.stderr, "the text is short: only exact copies will be recognised")
		}
		fmt.Fprintf(e.stderr, "added %s under observation; warder threat activate %s --benign FILE has it acted on\n", t.ID, t.ID)
		_, err = fmt.Fprintln(e.stdout, t.ID)
		return err
	})
}

type threatListCmd struct {
	storeFlags
	All  bool `help:"Also those that expired or were removed in the last 30 days."`
	JSON bool `name:"json" help:"Print a JSON array."`
}

func (c *threatListCmd) Run(e *env) error {
	return c.with(e, func(db *store.DB) error {
		all, err := db.Threats(e.ctx)
		if err != nil {
			return err
		}
		var shown []store.Threat
		for _, t := range all {
			// A server ends what is over; without one it is over all the same.
			if t.Live() && !t.Expires.IsZero() && !e.now().Before(t.Expires) {
				t.State = store.ThreatExpired
			}
			if c.All || t.Live() {
				shown = append(shown, t)
			}
		}
		if c.JSON {
			return printJSON(e.stdout, notNil(shown))
		}
		if len(shown) == 0 {
			fmt.Fprintln(e.stderr, "no threats; warder threat add remembers one")
			return nil
		}
		apps, err := db.Applications(e.ctx)
		if err != nil {
			return err
		}
		return printTable(e.stdout, threatRows(shown, apps))
	})
}

func threatRows(ts []store.Threat, apps []access.Application) [][]string {
	names := make(map[string]string, len(apps))
	for _, a := range apps {
		names[a.ID] = a.Name
	}
	rows := [][]string{{"ID", "APP", "CATEGORY", "STATE", "HITS", "LAST HIT", "ADDED", "BY", "EXPIRES", "SOURCE", "NOTE"}}
	for _, t := range ts {
		rows = append(rows, []string{
			t.ID, orDefault(names[t.Application], orDefault(t.Application, "all")), t.Category, t.State, strconv.FormatInt(t.Hits, 10),
			orDefault(timeText(t.LastHit), "never"), timeText(t.Added), t.AddedBy, orDefault(timeText(t.Expires), "never"), t.Source, t.Note,
		})
	}
	return rows
}

type threatPromoteCmd struct {
	storeFlags
	ID string `arg:"" help:"Id of the threat."`
}

func (c *threatPromoteCmd) Run(e *env) error {
	return c.with(e, func(db *store.DB) error {
		t, err := db.PromoteThreat(c.as(e), c.ID)
		if err != nil {
			return threatHint(err)
		}
		fmt.Fprintf(e.stderr, "%s holds for all applications and is %s\n", t.ID, t.State)
		return nil
	})
}

type threatSuspendCmd struct {
	storeFlags
	ID string `arg:"" help:"Id of the threat."`
}

func (c *threatSuspendCmd) Run(e *env) error {
	return c.with(e, func(db *store.DB) error {
		t, err := db.SuspendThreat(c.as(e), c.ID, nil)
		if err != nil {
			return threatHint(err)
		}
		fmt.Fprintf(e.stderr, "%s is %s: exact copies are acted on, similar texts counted\n", t.ID, t.State)
		return nil
	})
}

type threatRemoveCmd struct {
	storeFlags
	ID string `arg:"" help:"Id of the threat."`
}

func (c *threatRemoveCmd) Run(e *env) error {
	return c.with(e, func(db *store.DB) error {
		t, err := db.RemoveThreat(c.as(e), c.ID)
		if err != nil {
			return threatHint(err)
		}
		fmt.Fprintf(e.stderr, "%s is %s\n", t.ID, t.State)
		return nil
	})
}

// threatHint helps with ids that name nothing.
func threatHint(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return hinted{err, "warder threat list shows the ids"}
	}
	return err
}
