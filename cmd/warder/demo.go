package main

import (
	"os"

	"warder.example/internal/demo"
)

type demoCmd struct {
	Upstream   string `help:"Base URL of a real OpenAI-compatible server to use instead of the practice target." env:"UPSTREAM" placeholder:"URL"`
	Model      string `help:"Model to ask at the upstream." env:"MODEL"`
	Key        string `name:"upstream-key" help:"Bearer token of the upstream." env:"UPSTREAM_KEY" placeholder:"TOKEN"`
	ScenesOnly bool   `help:"End after the scenes instead of staying up."`
}

// Help says what kong's one-liners cannot.
func (demoCmd) Help() string {
	return `Starts a practice target (a simulator) and a whole Warder on free ports of
loopback, in a folder that is removed at the end, and plays scenes: the same
requests to the bare target and through Warder.`
}

func (c *demoCmd) Run(e *env) error {
	o := demo.Options{Out: e.stdout, Upstream: c.Upstream, Model: c.Model, UpstreamKey: c.Key, Stay: !c.ScenesOnly}
	f, ok := e.stdout.(*os.File)
	if st, err := statOf(f, ok); err != nil || st.Mode()&os.ModeCharDevice == 0 || e.getenv("NO_COLOR") != "" {
		o.Plain = true
	}
	if err := o.Check(); err != nil {
		return err
	}
	return demo.Run(e.ctx, o)
}

func statOf(f *os.File, ok bool) (os.FileInfo, error) {
	if !ok {
		return nil, os.ErrInvalid
	}
	return f.Stat()
}
