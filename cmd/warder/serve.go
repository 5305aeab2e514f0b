package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"warder.example/internal/config"
	"warder.example/internal/ledger"
	"warder.example/internal/node"
)

type serveCmd struct {
	Config string `short:"c" help:"Configuration file." default:"warder.yaml" env:"WARDER_CONFIG" placeholder:"FILE"`
}

// Help says what kong's one-liners cannot.
func (serveCmd) Help() string {
	return `Serves the OpenAI-compatible data plane on "listen" and health, readiness and
metrics on "admin" until it is interrupted; then it lets requests in flight end.

SIGHUP (or POST /reload on the admin listener) reads the configuration again;
when it is wrong, the one in use stays and the log says why.

  warder config show --default > warder.yaml   # then add an upstream
  warder app create shop && warder key create shop
  warder serve`
}

func (c *serveCmd) Run(e *env) error {
	cfg, err := config.Load(c.Config)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return hinted{err, "warder config show --default prints a configuration to start from"}
		}
		return err
	}
	if e.getenv("GOGC") == "" {
		ctx, stop := context.WithCancel(e.ctx)
		var pacing sync.WaitGroup
		pacing.Go(func() { pace(ctx) })
		defer func() { stop(); pacing.Wait() }()
	}
	log := newLogger(e.stderr, cfg.Log)
	n, err := node.Open(e.ctx, c.Config, log)
	if errors.Is(err, ledger.ErrLocked) {
		return hinted{err, "another warder serve is using this data folder; give each its own"}
	}
	if err != nil {
		return err
	}
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	err = n.Run(e.ctx, func(data, admin net.Addr) {
		fmt.Fprintf(e.stdout, "warder: serving on %s, admin on %s\n", data, admin)
	}, hup)
	return errors.Join(err, n.Close())
}

// newLogger returns the server's log. Levels and formats were checked when the
// configuration was loaded.
func newLogger(w io.Writer, c config.Log) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Level))
	o := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}
