package main

import (
	"errors"
	"fmt"
	"strings"

	"warder.example/internal/access"
	"warder.example/internal/store"
)

type appCmd struct {
	Create appCreateCmd `cmd:"" help:"Register an application."`
	List   appListCmd   `cmd:"" help:"List applications."`
	Show   appShowCmd   `cmd:"" help:"Show one application and its keys."`
	Set    appSetCmd    `cmd:"" help:"Change an application. What is not given stays."`
	Delete appDeleteCmd `cmd:"" help:"Delete an application and its keys."`
}

// appFlags are the choices of an application. A flag that is not given is nil.
type appFlags struct {
	Owner       *string  `help:"Who answers for it." placeholder:"TEXT"`
	Env         *string  `help:"Where it runs: dev, test or prod (default dev)." placeholder:"ENV"`
	DataClass   *string  `help:"What it handles: public, internal, confidential or restricted (default internal)." placeholder:"CLASS"`
	Model       []string `help:"A model it may use; * stands for any run of characters. Repeat for more. Default: every configured model." placeholder:"PATTERN" sep:"none"`
	Policy      *string  `help:"Name of its policy in the configuration. Default: the default policy." placeholder:"NAME"`
	Refusal     *string  `help:"How it learns of a block: error or content_filter (default error)." placeholder:"KIND"`
	Mode        *string  `help:"enforce, or observe to record only (default enforce)." placeholder:"MODE"`
	RPM         *int     `name:"rpm" help:"Requests a minute for each key without its own limit; 0 is no limit." placeholder:"N"`
	Concurrency *int     `help:"Requests at the same time for each key without its own limit; 0 is no limit." placeholder:"N"`
}

// apply writes the given choices into a.
func (f *appFlags) apply(a *access.Application) {
	set(&a.Owner, f.Owner)
	set(&a.Environment, f.Env)
	set(&a.DataClass, f.DataClass)
	set(&a.Policy, f.Policy)
	set(&a.Refusal, f.Refusal)
	set(&a.Mode, f.Mode)
	set(&a.RequestsPerMinute, f.RPM)
	set(&a.MaxConcurrent, f.Concurrency)
	if len(f.Model) > 0 {
		a.Models = f.Model
	}
}

// set writes what p points to, if anything.
func set[T any](to *T, p *T) {
	if p != nil {
		*to = *p
	}
}

type appCreateCmd struct {
	storeFlags
	appFlags
	Name string `arg:"" help:"Its name: lower-case letters, digits and hyphens."`
	JSON bool   `name:"json" help:"Print the record as JSON."`
}

func (c *appCreateCmd) Run(e *env) error {
	return c.create(e, func(db *store.DB) error {
		a := access.Application{Name: c.Name}
		c.apply(&a)
		a, err := db.CreateApplication(c.as(e), a)
		if err != nil {
			return appHint(err, c.Name)
		}
		if c.JSON {
			return printJSON(e.stdout, a)
		}
		fmt.Fprintf(e.stderr, "created application %s; warder key create %s issues a key\n", a.Name, a.Name)
		_, err = fmt.Fprintln(e.stdout, a.ID)
		return err
	})
}

type appListCmd struct {
	storeFlags
	JSON bool `name:"json" help:"Print a JSON array."`
}

func (c *appListCmd) Run(e *env) error {
	return c.with(e, func(db *store.DB) error {
		all, err := db.Applications(e.ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(e.stdout, notNil(all))
		}
		rows := [][]string{{"NAME", "ENV", "DATA", "MODE", "REFUSAL", "MODELS", "OWNER"}}
		for _, a := range all {
			rows = append(rows, []string{a.Name, a.Environment, a.DataClass, a.Mode, a.Refusal, modelsText(a.Models), a.Owner})
		}
		if len(all) == 0 {
			fmt.Fprintln(e.stderr, "no applications; warder app create NAME registers one")
			return nil
		}
		return printTable(e.stdout, rows)
	})
}

type appShowCmd struct {
	storeFlags
	Name string `arg:"" help:"Name or id of the application."`
	JSON bool   `name:"json" help:"Print the record as JSON."`
}

func (c *appShowCmd) Run(e *env) error {
	return c.with(e, func(db *store.DB) error {
		a, err := db.Application(e.ctx, c.Name)
		if err != nil {
			return appHint(err, c.Name)
		}
		if c.JSON {
			return printJSON(e.stdout, a)
		}
		keys, err := db.Keys(e.ctx, a.ID)
		if err != nil {
			return err
		}
		if err := printFields(e.stdout, appRows(a)); err != nil || len(keys) == 0 {
			return err
		}
		fmt.Fprintln(e.stdout)
		return printTable(e.stdout, keyRows(keys, []access.Application{a}, e.now()))
	})
}

type appSetCmd struct {
	storeFlags
	appFlags
	Name      string `arg:"" help:"Name or id of the application."`
	AllModels bool   `help:"Allow every configured model again."`
}

func (c *appSetCmd) Run(e *env) error {
	if c.AllModels && len(c.Model) > 0 {
		return errors.New("--all-models and --model contradict each other; expected one of them")
	}
	return c.with(e, func(db *store.DB) error {
		a, err := db.UpdateApplication(c.as(e), c.Name, func(a *access.Application) error {
			c.apply(a)
			if c.AllModels {
				a.Models = nil
			}
			return nil
		})
		if err != nil {
			return appHint(err, c.Name)
		}
		return printFields(e.stdout, appRows(a))
	})
}

type appDeleteCmd struct {
	storeFlags
	Name  string `arg:"" help:"Name or id of the application."`
	Force bool   `help:"Also when keys of it can still be used: they stop working at once."`
}

func (c *appDeleteCmd) Run(e *env) error {
	return c.with(e, func(db *store.DB) error {
		a, err := db.DeleteApplication(c.as(e), c.Name, c.Force)
		if err != nil {
			return appHint(err, c.Name)
		}
		fmt.Fprintf(e.stderr, "deleted application %s\n", a.Name)
		return nil
	})
}

// appHint adds advice to the errors that people meet.
func appHint(err error, name string) error {
	var live *store.LiveKeysError
	switch {
	case errors.As(err, &live):
		return hinted{err, "revoke its keys first (warder key list " + quoteArg(name) + "), or use --force to end them now"}
	case errors.Is(err, store.ErrNotFound):
		return hinted{err, "warder app list shows what there is"}
	}
	return err
}

func appRows(a access.Application) [][]string {
	return [][]string{
		{"name", a.Name}, {"id", a.ID}, {"owner", a.Owner}, {"environment", a.Environment}, {"data class", a.DataClass},
		{"models", modelsText(a.Models)}, {"policy", orDefault(a.Policy, "(default)")}, {"refusal", a.Refusal}, {"mode", a.Mode},
		{"requests a minute", limitText(a.RequestsPerMinute, "no limit")}, {"at the same time", limitText(a.MaxConcurrent, "no limit")},
		{"created", timeText(a.Created)},
	}
}

func modelsText(models []string) string { return orDefault(strings.Join(models, " "), "(all)") }
