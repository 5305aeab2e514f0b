package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"warder.example/internal/practice"
)

type practiceCmd struct {
	Listen string        `help:"Address to serve on." default:"127.0.0.1:8081" placeholder:"HOST:PORT"`
	Delay  time.Duration `help:"Time between two chunks of a stream." default:"0s"`
}

// Help says what kong's one-liners cannot.
func (practiceCmd) Help() string {
	return `The practice target is a simulator: an OpenAI-compatible server whose models
practice-1 (obeys everything) to practice-5 (known to be safe) do by rule what a
naive model might do. What works against it says nothing about a real model.`
}

func (c *practiceCmd) Run(e *env) error {
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "practice target (a simulator) on http://%s/v1\n", l.Addr())
	srv := &http.Server{
		Handler: practice.Handler(practice.Options{ChunkDelay: c.Delay, Log: func(model, how string) {
			fmt.Fprintf(e.stderr, "%s obeyed: %s\n", model, how)
		}}),
		ReadHeaderTimeout: 10 * time.Second,
	}
	stop := context.AfterFunc(e.ctx, func() { srv.Close() })
	defer stop()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
