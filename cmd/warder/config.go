package main

import (
	"errors"
	"fmt"
	"os"

	"go.yaml.in/yaml/v3"

	"warder.example/internal/config"
)

type configCmd struct {
	Check  configCheckCmd  `cmd:"" help:"Check a configuration file and the files it names."`
	Show   configShowCmd   `cmd:"" help:"Print a configuration with every default written out."`
	Schema configSchemaCmd `cmd:"" help:"Print the JSON Schema of the configuration."`
}

type configCheckCmd struct {
	File   string `arg:"" optional:"" default:"warder.yaml" help:"Configuration file."`
	Syntax bool   `help:"Look at this file only: no secrets, policies or certificates."`
}

// Help says what kong's one-liners cannot.
func (configCheckCmd) Help() string {
	return `Says all that is wrong, with lines, and notes what gives up a protection.
Exit status: 0 right, 2 wrong. Secrets are looked up and never printed.`
}

func (c *configCheckCmd) Run(e *env) error {
	cfg, err := readConfig(e, c.File, c.Syntax)
	if err != nil {
		return err
	}
	if !c.Syntax {
		if errs := cfg.CheckFiles(); len(errs) > 0 {
			for _, err := range errs {
				if p := printProblems(e, err); !errors.As(p, new(exitStatus)) {
					fmt.Fprintf(e.stderr, "%s: %s\n", visible(c.File), visible(err.Error()))
				}
			}
			return exitStatus(2)
		}
	}
	for _, n := range cfg.Notes() {
		fmt.Fprintf(e.stderr, "note: %s\n", n)
	}
	_, err = fmt.Fprintf(e.stdout, "%s: ok\n", visible(c.File))
	return err
}

// readConfig loads a configuration, or only parses it. What is wrong with the
// file has been printed when it returns an exitStatus.
func readConfig(e *env, file string, syntaxOnly bool) (*config.Config, error) {
	var cfg *config.Config
	var err error
	if syntaxOnly {
		var data []byte
		if data, err = os.ReadFile(file); err == nil {
			cfg, err = config.Parse(file, data)
		}
	} else {
		cfg, err = config.Load(file)
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil, hinted{err, "warder config show --default prints one to start from"}
	}
	return cfg, printProblems(e, err)
}

type configShowCmd struct {
	File    string `arg:"" optional:"" default:"warder.yaml" help:"Configuration file."`
	Default bool   `help:"Print the defaults, to start a file from."`
}

const startComment = `# Every setting of a Warder server with its default: docs/configuration.md.
# An upstream is still to be named:
#   upstreams:
#     - {name: local, url: "http://127.0.0.1:11434/v1"}
`

func (c *configShowCmd) Run(e *env) error {
	cfg := config.Default()
	if !c.Default {
		var err error
		if cfg, err = readConfig(e, c.File, false); err != nil {
			return err
		}
	} else if _, err := fmt.Fprint(e.stdout, startComment); err != nil {
		return err
	}
	enc := yaml.NewEncoder(e.stdout)
	enc.SetIndent(2)
	return errors.Join(enc.Encode(cfg), enc.Close())
}

type configSchemaCmd struct{}

func (configSchemaCmd) Run(e *env) error {
	_, err := e.stdout.Write(config.Schema())
	return err
}
