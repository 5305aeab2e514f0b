// Package target sends attempts of the red team to what is tested and brings back what
// it answered: a model behind the API of OpenAI, Anthropic or Gemini, any application
// over HTTP, a program, a server of tools (MCP), a Warder gateway with its guard off,
// observing or blocking, and the practice target.
//
// # From a file to an answer
//
// [Load] reads a target file ([File], docs/redteam-targets.md), [Open] makes the
// [Target] that it describes, [Target.Open] begins a conversation, [Session.Send]
// carries it on. [Recon] asks a target harmless questions and proposes what its file
// could say.
//
// # When there is no answer
//
// Send returns a [*Failure] and a reply that says the same in plain words, so that a
// journal keeps it. Its [Kind] says whether to wait, to stop or to go on. No answer is
// ever made up: what could not be read is a failure and not an empty text. An answer
// of a guard that stopped the exchange is an answer ([probe.Reply].Blocked).
//
// # What a target can do to its tester
//
// Targets answer hostile texts and may be hostile themselves. Only the host of the
// file is connected to, at a checked address (package egress); no redirect is
// followed; answers, lines, texts and calls are bounded; each request has a deadline.
// Programs get an environment of their own, are run by no shell, and are killed with
// what they started. Texts of a target stand quoted in errors.
package target

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"
	"unicode/utf8"

	"warder.example/internal/redteam/probe"
)

// A Target is what is tested. It is safe for concurrent use.
type Target interface {
	// Open begins a conversation that knows nothing of others. An error is a
	// [*Failure].
	Open(ctx context.Context) (Session, error)
}

// A Session is one conversation. Its methods are called one at a time, and whoever
// opened it calls Close.
type Session interface {
	// Send says messages and returns what was answered. An error is a [*Failure];
	// then the reply has nothing but the failure and the time, and the conversation is
	// as if nothing had been said, as far as the target is told it anew each time.
	Send(ctx context.Context, messages []probe.Message) (probe.Reply, error)
	Close() error
}

// A Toolbox is a session with a server of tools (kind mcp).
type Toolbox interface {
	Session
	// Tools lists the tools as the server describes them now. An error is a
	// [*Failure].
	Tools(ctx context.Context) ([]Tool, error)
	// Call calls a tool with arguments, a JSON object. An error is a [*Failure].
	Call(ctx context.Context, tool string, arguments json.RawMessage) (probe.Reply, error)
}

// Bounds of what is kept of an answer. What is cut is marked as overflow.
const (
	MaxText      = 256 << 10 // bytes of text
	MaxCalls     = 128       // calls of tools
	MaxArguments = 64 << 10  // bytes of the arguments of a call
	maxLabel     = 256       // bytes of what the target calls itself and its ends
)

// exchange asks a target once.
type exchange func(ctx context.Context) (probe.Reply, error)

// bounded asks within a time, measures it, and bounds what came.
func bounded(ctx context.Context, timeout time.Duration, ask exchange) (probe.Reply, error) {
	began := time.Now()
	within, stop := context.WithTimeout(ctx, timeout)
	defer stop()
	reply, err := ask(within)
	took := time.Since(began)
	if err != nil {
		f := failureOf(ctx, timeout, err)
		return probe.Reply{Failure: f.Error(), Took: took}, f
	}
	reply.Took = took
	bound(&reply)
	return reply, nil
}

// failureOf returns the failure that err is or stands for.
func failureOf(ctx context.Context, timeout time.Duration, err error) *Failure {
	if ctx.Err() != nil {
		return &Failure{Kind: Interrupted, Reason: "the run was interrupted", err: ctx.Err()}
	}
	if f, ok := errors.AsType[*Failure](err); ok {
		return f
	}
	var t interface{ Timeout() bool }
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &t) && t.Timeout() {
		return failed(TimedOut, err, "no answer within %v", timeout)
	}
	return failed(Unreachable, err, "%s", plain(err.Error()))
}

// bound cuts what is over the bounds.
func bound(r *probe.Reply) {
	cut := func(s *string, limit int) {
		if len(*s) <= limit {
			return
		}
		for limit > 0 && !utf8.RuneStart((*s)[limit]) {
			limit--
		}
		*s, r.Overflow = (*s)[:limit], true
	}
	cut(&r.Text, MaxText)
	if len(r.Calls) > MaxCalls {
		r.Calls, r.Overflow = r.Calls[:MaxCalls], true
	}
	for i := range r.Calls {
		cut(&r.Calls[i].Tool, maxLabel)
		cut(&r.Calls[i].Arguments, MaxArguments)
	}
	for _, s := range []*string{&r.Finish, &r.Model, &r.Backend, &r.Blocked} {
		cut(s, maxLabel)
	}
	r.Usage.Input, r.Usage.Output = max(0, r.Usage.Input), max(0, r.Usage.Output)
}

// session is a conversation that is told by a function. Its lock makes a mistaken
// concurrent use wait instead of mixing two exchanges up.
type session struct {
	mu      sync.Mutex
	timeout time.Duration
	send    func(ctx context.Context, messages []probe.Message) (probe.Reply, error)
	close   func() error // nil: nothing to do
}

// Send implements [Session].
func (s *session) Send(ctx context.Context, messages []probe.Message) (probe.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bounded(ctx, s.timeout, func(ctx context.Context) (probe.Reply, error) {
		if err := sendable(messages); err != nil {
			return probe.Reply{}, err
		}
		return s.send(ctx, messages)
	})
}

// Close implements [Session].
func (s *session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.close == nil {
		return nil
	}
	return s.close()
}

// maxSent is how much is sent at once, in bytes of texts and files.
const maxSent = 24 << 20

// sendable refuses what no target is sent.
func sendable(messages []probe.Message) error {
	if len(messages) == 0 {
		return failed(Rejected, nil, "nothing to send")
	}
	n := 0
	for i := range messages {
		n += len(messages[i].Text)
		for _, f := range messages[i].Files {
			n += len(f.Data)
		}
	}
	if n > maxSent {
		return failed(Rejected, nil, "the messages have %d bytes; expected at most %d", n, maxSent)
	}
	return nil
}
