package main

import (
	"fmt"

	"warder.example/internal/redteam/target"
)

type redteamReconCmd struct {
	Target string `arg:"" help:"Target file; see docs/redteam-targets.md." placeholder:"TARGET.yaml"`
}

// Help says what kong's one-liners cannot.
func (redteamReconCmd) Help() string {
	return `Prints members for the end of the target file. They are the target's own words:
read them before you keep them.

  warder redteam recon target.yaml >> target.yaml`
}

func (c *redteamReconCmd) Run(e *env) error {
	file, err := target.Load(c.Target)
	if err != nil {
		return err
	}
	to, err := target.Open(file, guardOf(file))
	if err != nil {
		return err
	}
	learned, err := target.Recon(e.ctx, to)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(e.stdout, learned.YAML(file))
	return err
}

// guardOf is the strictest guard under which a target can be reached; none if it is not
// behind Warder.
func guardOf(f *target.File) string {
	if behind := f.Behind(); len(behind) > 0 {
		return behind[len(behind)-1]
	}
	return ""
}
