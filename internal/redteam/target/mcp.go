package target

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"os/exec"
	"strings"
	"sync/atomic"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"warder.example/internal/redteam/probe"
	"warder.example/internal/subprocess"
)

// maxTools bounds the tools that a server is believed to have.
const maxTools = 512

// mcpTarget is a server of tools. It gets no sampling, no roots and no elicitation:
// what it asks of a client is refused.
type mcpTarget struct {
	file    *File
	program *program // nil: over HTTP
	client  *client  // nil: a program
}

func newMCP(f *File) (Target, error) {
	if len(f.Command) > 0 {
		p, err := newProgram(f)
		return &mcpTarget{file: f, program: p}, err
	}
	u, err := url.Parse(f.Address)
	if err != nil {
		return nil, err
	}
	c := newClient(f, u)
	if !f.Key.IsZero() {
		c = c.with("Authorization", "Bearer "+f.Key.Reveal())
	}
	return &mcpTarget{file: f, client: c}, nil
}

// Open implements [Target]: it connects and agrees on a version.
func (t *mcpTarget) Open(ctx context.Context) (Session, error) {
	out := &mcpSession{file: t.file}
	_, err := bounded(ctx, t.file.Limits.Timeout, func(ctx context.Context) (probe.Reply, error) { return probe.Reply{}, out.connect(ctx, t) })
	if err != nil {
		_ = out.stop() // it ends nothing that could fail
		return nil, err
	}
	out.session = session{timeout: t.file.Limits.Timeout, send: out.sent, close: out.stop}
	return out, nil
}

// mcpSession is a conversation with a server of tools.
type mcpSession struct {
	session
	file  *File
	to    *mcp.ClientSession
	ended func() // kills the program; nil: none
	// long is set once more came than is read: the SDK has no error of its own for it.
	long atomic.Bool
}

var _ Toolbox = (*mcpSession)(nil)

// connect connects over the program's pipes or over HTTP.
func (s *mcpSession) connect(ctx context.Context, t *mcpTarget) error {
	var transport mcp.Transport
	if t.program != nil {
		var err error
		if transport, s.ended, err = piped(t.program, &s.long); err != nil {
			return err
		}
	} else {
		transport = &mcp.StreamableClientTransport{
			Endpoint: t.file.Address, HTTPClient: t.client.forMCP(&s.long), MaxRetries: -1, DisableStandaloneSSE: true, MaxEventSize: int(t.client.max),
		}
	}
	var err error
	s.to, err = mcp.NewClient(&mcp.Implementation{Name: "warder-redteam", Version: "1"}, &mcp.ClientOptions{Capabilities: &mcp.ClientCapabilities{}}).Connect(ctx, transport, nil)
	return s.failure(err)
}

// piped starts a program and returns a transport over its pipes.
func piped(p *program, long *atomic.Bool) (mcp.Transport, func(), error) {
	ctx, stop := context.WithCancel(context.Background())
	cmd := subprocess.Command(ctx, p.opt)
	out, in := io.Pipe()
	cmd.Stdout = in // copied, so that Wait ends where a grandchild holds the pipe
	stdin, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		stop()
		return nil, nil, failed(Unreachable, err, "starting the program: %s", plain(err.Error()))
	}
	done := make(chan struct{})
	go wait(cmd, in, done)
	kill := func() {
		stop()
		out.Close()
		<-done
	}
	return &mcp.IOTransport{Reader: &boundedLines{ReadCloser: out, max: p.opt.MaxLine, long: long}, Writer: stdin, MaxLineLength: 2 * p.opt.MaxLine}, kill, nil
}

// wait ends the output of a program with the program.
func wait(cmd *exec.Cmd, out *io.PipeWriter, done chan struct{}) {
	defer close(done)
	_ = cmd.Wait() // whoever reads sees the end
	out.Close()
}

// stop ends the session, and the program with it.
func (s *mcpSession) stop() error {
	if s.to != nil {
		_ = s.to.Close() // how it leaves is no part of the conversation
	}
	if s.ended != nil {
		s.ended()
	}
	return nil
}

// Tools implements [Toolbox].
func (s *mcpSession) Tools(ctx context.Context) (out []Tool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err = bounded(ctx, s.timeout, func(ctx context.Context) (probe.Reply, error) {
		for t, err := range s.to.Tools(ctx, nil) {
			if err != nil {
				return probe.Reply{}, s.failure(err)
			}
			if len(out) == maxTools {
				return probe.Reply{}, failed(TooLong, nil, "the server has more than %d tools", maxTools)
			}
			schema, err := json.Marshal(t.InputSchema)
			if err != nil {
				return probe.Reply{}, failed(Malformed, err, "the tool %.80q has no schema: %v", t.Name, err)
			}
			out = append(out, Tool{Name: t.Name, Description: t.Description, Schema: string(schema)})
		}
		return probe.Reply{}, nil
	})
	return out, err
}

// Call implements [Toolbox].
func (s *mcpSession) Call(ctx context.Context, tool string, arguments json.RawMessage) (probe.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bounded(ctx, s.timeout, func(ctx context.Context) (probe.Reply, error) { return s.call(ctx, tool, arguments) })
}

// sent calls the tool of the file with a text.
func (s *mcpSession) sent(ctx context.Context, messages []probe.Message) (probe.Reply, error) {
	texts := make([]string, len(messages))
	for i, m := range messages {
		if len(m.Files) > 0 {
			return probe.Reply{}, failed(Unsupported, nil, "targets of kind mcp are sent texts only; the message has a file")
		}
		texts[i] = m.Text
	}
	args, err := json.Marshal(map[string]string{s.file.MCP.Argument: strings.Join(texts, "\n\n")})
	if err != nil {
		return probe.Reply{}, failed(Rejected, err, "writing the request: %v", err)
	}
	return s.call(ctx, s.file.MCP.Tool, args)
}

func (s *mcpSession) call(ctx context.Context, tool string, arguments json.RawMessage) (probe.Reply, error) {
	res, err := s.to.CallTool(ctx, &mcp.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		return probe.Reply{}, s.failure(err)
	}
	r := probe.Reply{Finish: "result"}
	if res.IsError {
		r.Finish = "error"
	}
	for _, c := range res.Content {
		switch c := c.(type) {
		case *mcp.TextContent:
			r.Text = joined(r.Text, c.Text)
		case *mcp.EmbeddedResource:
			if c.Resource != nil {
				r.Text = joined(r.Text, c.Resource.Text)
			}
		}
	}
	if r.Text == "" && res.StructuredContent != nil {
		r.Text = asText(res.StructuredContent)
	}
	return r, nil
}

// failure returns the failure of an error of the protocol.
func (s *mcpSession) failure(err error) error {
	var f *Failure
	switch {
	case err == nil:
		return nil
	case s.long.Swap(false):
		return failed(TooLong, err, "the answer is longer than limits.answer allows")
	case errors.As(err, &f), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, mcp.ErrConnectionClosed), errors.Is(err, io.EOF), errors.Is(err, io.ErrClosedPipe):
		return failed(Ended, err, "the server closed the connection: %s", plain(err.Error()))
	}
	return failed(Rejected, err, "%s", plain(err.Error()))
}
