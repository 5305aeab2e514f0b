// Package command asks a guard that is a program on this machine, so that what has
// its own runtime (a model in ONNX, a Python library) can be measured beside others.
//
// The program is started once and reads one line of JSON for each text on its
// standard input:
//
//	{"text":"…","origin":"document"}
//
// For each it writes one line to its standard output, in the same order, before it
// reads the next:
//
//	{"score":0.93}                  flagged from 0.5
//	{"flagged":true}
//	{"score":0.2,"flagged":true}    the score ranks, flagged decides
//	{"error":"too long"}            no judgement on this text
//
// Other keys are ignored. A program that ends, stays silent, writes something else or
// more than it was asked for ends the measurement with an error: what it did not
// judge is never taken for safe.
package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"time"

	"warder.example/internal/corpus"
	"warder.example/internal/evaluate"
	"warder.example/internal/jsonerr"
	"warder.example/internal/subprocess"
)

const (
	// MaxAnswer is the longest line in bytes that a program may write.
	MaxAnswer = 64 << 10
	// flagFrom is the score from which a text counts as flagged where the program
	// does not say.
	flagFrom = 0.5
)

// Options says which program to ask.
type Options struct {
	// Command is the program and its arguments, separated by white space. No
	// shell reads it.
	Command string
	// Timeout bounds one answer, the first with the program's start; it must be
	// above 0.
	Timeout time.Duration
}

// Guard is a judge that asks a program, one text at a time. It is safe for concurrent
// use. Whoever made it calls Close.
type Guard struct {
	ctx     context.Context
	args    []string
	timeout time.Duration

	mu     sync.Mutex
	proc   *subprocess.Process // nil until the first text
	broken error               // why nothing more is asked
}

var _ evaluate.Judge = (*Guard)(nil)

// New returns a judge that asks a program, which is started with the first text and
// killed when ctx ends. It is an error if there is no such program.
func New(ctx context.Context, opt Options) (*Guard, error) {
	args := strings.Fields(opt.Command)
	if len(args) == 0 {
		return nil, errors.New("no command; expected a program and its arguments")
	}
	path, err := exec.LookPath(args[0])
	if err != nil {
		return nil, fmt.Errorf("looking for the program: %w", err)
	}
	args[0] = path
	return &Guard{ctx: ctx, args: args, timeout: opt.Timeout}, nil
}

// Judge implements [evaluate.Judge].
func (g *Guard) Judge(ctx context.Context, row *corpus.Row) (evaluate.Judgement, error) {
	line, err := json.Marshal(struct {
		Text   string `json:"text"`
		Origin string `json:"origin"`
	}{row.Text, row.Origin().String()})
	if err != nil {
		return evaluate.Judgement{}, fmt.Errorf("writing a request: %w", err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.broken != nil {
		return evaluate.Judgement{}, g.broken
	}
	answer, err := g.ask(ctx, append(line, '\n'))
	if err == nil {
		var out evaluate.Judgement
		if out, err = read(answer); err == nil {
			return out, nil
		}
	}
	var u *evaluate.Unanswered
	if !errors.As(err, &u) {
		g.broken = err
	}
	return evaluate.Judgement{}, err
}

// ask has one line answered.
func (g *Guard) ask(ctx context.Context, line []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if g.proc == nil {
		p, err := subprocess.Start(g.ctx, subprocess.Options{Args: g.args, MaxLine: MaxAnswer})
		if err != nil {
			return nil, err
		}
		g.proc = p
	}
	return g.proc.Ask(ctx, line, g.timeout)
}

// Close ends the program: it sees the end of its input and has the time-out to leave,
// then it is killed. It is an error if it did not leave with status 0 or had more to
// say, unless an error was reported before.
func (g *Guard) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.proc == nil {
		return nil
	}
	err := g.proc.Close(g.timeout)
	g.proc = nil
	if g.broken != nil {
		return nil
	}
	g.broken = errors.New("the program was closed")
	return err
}

// read reads an answer.
func read(line []byte) (evaluate.Judgement, error) {
	var a struct {
		Score   *float64        `json:"score"`
		Flagged *bool           `json:"flagged"`
		Error   json.RawMessage `json:"error"`
	}
	if err := json.Unmarshal(line, &a); err != nil {
		return evaluate.Judgement{}, fmt.Errorf("the program answered %s: %w", quoted(line), jsonerr.Plain(err, &a))
	}
	switch {
	case a.Score != nil && !(*a.Score >= 0 && *a.Score <= 1):
		return evaluate.Judgement{}, fmt.Errorf("the program answered a score of %g; expected 0 to 1", *a.Score)
	case a.Score == nil && a.Flagged == nil && len(a.Error) > 0 && string(a.Error) != "null":
		return evaluate.Judgement{}, &evaluate.Unanswered{Class: "the program reports an error"}
	case a.Score == nil && a.Flagged == nil:
		return evaluate.Judgement{}, fmt.Errorf(`the program answered %s; expected {"score":0 to 1} or {"flagged":true or false}`, quoted(line))
	}
	out := evaluate.Judgement{Attack: evaluate.Mark{FPR: 1}, Harm: evaluate.Mark{FPR: 1}}
	flagged := a.Flagged != nil && *a.Flagged || a.Flagged == nil && *a.Score >= flagFrom
	if flagged {
		out.Attack = evaluate.Mark{Score: 1}
	}
	if a.Score != nil {
		out.Attack.Score = *a.Score
	}
	return out, nil
}

// quoted quotes the beginning of what a program wrote, harmless for a terminal.
func quoted(line []byte) string { return fmt.Sprintf("%.80q", line) }
