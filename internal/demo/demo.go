// Package demo shows Warder at work in five minutes: it starts the practice
// target and a whole node on free ports of loopback, in a folder of its own,
// and plays the same scenes against the bare target and through Warder.
//
// Everything shown is what the running programs said: the callers' side is read
// from the answers, the operator's side from the audit log.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"warder.example/internal/access"
	"warder.example/internal/config"
	"warder.example/internal/node"
	"warder.example/internal/practice"
	"warder.example/internal/store"
)

// Options of a demonstration.
type Options struct {
	Out io.Writer
	// Upstream, if set, is the base URL of a real OpenAI-compatible server
	// that stands in for the practice target; Model is the model to ask and
	// UpstreamKey its bearer token, if it wants one.
	Upstream, Model string
	UpstreamKey     string
	// Stay keeps everything running after the scenes until ctx ends.
	Stay bool
	// Plain leaves out colours.
	Plain bool
}

// stage is everything a scene may use.
type stage struct {
	Options
	target  string // base URL of the bare target
	through string // base URL of Warder
	key     string
	ledger  string // folder of the audit log
	client  *http.Client
}

// Run plays the demonstration. It returns when the scenes are over, or, with
// Stay, when ctx ends. Nothing it made is left behind.
func Run(ctx context.Context, o Options) (err error) {
	defer func() {
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			err = nil // interrupted: that is how a demonstration is left
		}
	}()
	dir, err := os.MkdirTemp("", "warder-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s := &stage{Options: o, client: &http.Client{Timeout: 2 * time.Minute}, target: o.Upstream}
	if s.target == "" {
		url, stop, err := startTarget()
		if err != nil {
			return err
		}
		defer stop()
		s.target = url
	}
	path, err := s.configure(dir)
	if err != nil {
		return err
	}
	cfg, err := config.Load(path)
	if err != nil {
		return err
	}
	if s.key, err = register(ctx, cfg); err != nil {
		return err
	}
	s.ledger = node.LedgerDir(cfg)
	logFile, err := os.Create(filepath.Join(dir, "warder.log"))
	if err != nil {
		return err
	}
	defer logFile.Close()
	n, err := node.Open(ctx, path, slog.New(slog.NewTextHandler(logFile, nil)))
	if err != nil {
		return err
	}
	runCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- n.Run(runCtx, func(data, _ net.Addr) { ready <- data.String() }, nil)
	}()
	select {
	case addr := <-ready:
		s.through = "http://" + addr + "/v1"
		err = s.play(ctx)
	case err = <-ended:
		ended <- nil
	}
	stop()
	return errors.Join(err, <-ended, n.Close())
}

// startTarget serves the practice target on a free port.
func startTarget() (url string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("starting the practice target: %w", err)
	}
	srv := &http.Server{Handler: practice.Handler(practice.Options{ChunkDelay: 15 * time.Millisecond}), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = srv.Serve(l) }()
	return "http://" + l.Addr().String() + "/v1", func() { srv.Close() }, nil
}

// configure writes the node's configuration and returns its path.
func (s *stage) configure(dir string) (string, error) {
	up := map[string]string{"name": "target", "url": s.target}
	text := fmt.Sprintf("listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\ndata: data\ndrain: 2s\nupstreams:\n  - name: %s\n    url: %q\n", up["name"], up["url"])
	if s.UpstreamKey != "" {
		if err := os.WriteFile(filepath.Join(dir, "upstream.key"), []byte(s.UpstreamKey), 0o600); err != nil {
			return "", err
		}
		text += "    key: file:upstream.key\n"
	}
	path := filepath.Join(dir, "warder.yaml")
	return path, os.WriteFile(path, []byte(text), 0o600)
}

// register makes the demonstration's application and a key for it.
func register(ctx context.Context, cfg *config.Config) (string, error) {
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return "", err
	}
	db, err := store.Open(ctx, node.StoreDSN(cfg))
	if err != nil {
		return "", err
	}
	defer db.Close()
	ctx = access.WithActor(ctx, "demo")
	app, err := newApplication(ctx, db)
	if err != nil {
		return "", fmt.Errorf("registering the application: %w", err)
	}
	return newKey(ctx, db, app)
}

func newApplication(ctx context.Context, db *store.DB) (access.Application, error) {
	return db.CreateApplication(ctx, access.Application{Name: "helpdesk", Owner: "demo", Environment: access.Dev,
		DataClass: access.Internal, Refusal: access.RefusalError, Mode: access.ModeEnforce})
}

func newKey(ctx context.Context, db *store.DB, app access.Application) (string, error) {
	secret, k := access.NewKey()
	k.Application, k.Label = app.ID, "demo"
	if _, err := db.CreateKey(ctx, k); err != nil {
		return "", fmt.Errorf("issuing a key: %w", err)
	}
	return secret.Reveal(), nil
}
