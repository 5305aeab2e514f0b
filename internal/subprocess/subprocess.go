// Package subprocess runs a program on this machine that answers one line on its
// standard output for each line that it reads on its standard input. No shell is
// involved. Lines are bounded, each answer has a deadline, and a program that is
// killed is killed with all that it started.
package subprocess

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"
)

// Options say what to run.
type Options struct {
	Args    []string // the program, as a path, and its arguments
	Env     []string // NAME=value; nil: the environment of this process
	Dir     string   // working folder; empty: that of this process
	MaxLine int      // longest line in bytes that it may write; above 0
}

// What went wrong with a program.
var (
	// ErrSilent is wrapped by the error of a program that did not answer in time.
	ErrSilent = errors.New("did not answer")
	// ErrLong is wrapped by the error of a line over the bound.
	ErrLong = errors.New("a line of more than")
	// ErrEnded is wrapped by the error of a program that ended before it answered.
	ErrEnded = errors.New("ended before it answered")
)

// Process is a program that runs. Its methods are called one at a time.
type Process struct {
	maxLine int
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	lines   chan answer   // closed at the end of its output
	done    chan struct{} // closed when it was waited for
	waited  error         // how it ended, once done is closed
	mumbled Tail          // the end of its standard error
}

// answer is a line of output, or why there is none.
type answer struct {
	line []byte
	err  error
}

// killWait is how long a killed program's output is waited for.
const killWait = 2 * time.Second

// Command returns a command, not started, which is killed with all that it started
// when ctx ends, for programs that talk in another way than [Process] does.
func Command(ctx context.Context, o Options) *exec.Cmd {
	cmd := exec.CommandContext(ctx, o.Args[0], o.Args[1:]...)
	cmd.Env, cmd.Dir, cmd.WaitDelay = o.Env, o.Dir, killWait
	killGroup(cmd)
	return cmd
}

// Start starts a program, which is killed with all that it started when ctx ends.
// Whoever started it calls Close.
func Start(ctx context.Context, o Options) (*Process, error) {
	p := &Process{maxLine: o.MaxLine, lines: make(chan answer, 1), done: make(chan struct{})}
	p.cmd = Command(ctx, o)
	p.cmd.Stderr = &p.mumbled
	stdout, in := io.Pipe()
	p.cmd.Stdout = in // copied, so that Wait can end where a grandchild holds the pipe
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("starting the program: %w", err)
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the program: %w", err)
	}
	go func() {
		p.waited = p.cmd.Wait()
		in.Close()
		close(p.done)
	}()
	go p.read(stdout)
	return p, nil
}

// read hands the lines of output on until its end or a line that is too long.
func (p *Process) read(stdout *io.PipeReader) {
	defer close(p.lines)
	defer stdout.Close() // what it writes from here on fails
	r := bufio.NewReaderSize(stdout, p.maxLine)
	for {
		line, err := r.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			p.lines <- answer{err: fmt.Errorf("the program answered %w %d bytes", ErrLong, p.maxLine)}
			return
		case err != nil && len(bytes.TrimSpace(line)) == 0:
			return
		}
		p.lines <- answer{line: bytes.Clone(bytes.TrimRight(line, "\r\n"))}
		if err != nil {
			return
		}
	}
}

// Ask writes a request, a line with its end, and returns the line that answers it,
// without its end. An error that wraps that of ctx says that the caller gave up; after
// any error the program answers no more.
func (p *Process) Ask(ctx context.Context, line []byte, timeout time.Duration) ([]byte, error) {
	select {
	case a, ok := <-p.lines:
		if !ok {
			return nil, p.ended()
		}
		return nil, a.unasked()
	default:
	}
	within, stop := context.WithTimeout(ctx, timeout)
	defer stop()
	defer context.AfterFunc(within, p.kill)() // also frees a write that it does not read
	if _, err := p.stdin.Write(line); err != nil && within.Err() == nil {
		return nil, p.ended()
	}
	select {
	case a, ok := <-p.lines:
		switch {
		case ok && a.err == nil:
			return a.line, nil
		case ok:
			p.kill()
			return nil, a.err
		case within.Err() == nil:
			return nil, p.ended()
		}
	case <-within.Done():
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("the program %w within %v; it must flush each line, and a longer time-out gives it time to load%s", ErrSilent, timeout, p.mumbled.Words())
}

// unasked is the error of a line that nothing was asked for.
func (a answer) unasked() error {
	if a.err != nil {
		return a.err
	}
	return fmt.Errorf("the program wrote %.80q without being asked; expected one line for each text, and notes on standard error", a.line)
}

// ended is the error of a program that stopped answering.
func (p *Process) ended() error {
	select {
	case <-p.done:
	case <-time.After(killWait): // it closed its output and goes on
		p.kill()
		<-p.done
	}
	how := "with status 0"
	if p.waited != nil {
		how = p.waited.Error()
	}
	return fmt.Errorf("the program %w (%s)%s", ErrEnded, how, p.mumbled.Words())
}

// kill ends the program at once. It may be called several times and concurrently.
func (p *Process) kill() {
	select {
	case <-p.done: // its number may be another's by now
	default:
		_ = p.cmd.Cancel() // it may have ended just now
		p.stdin.Close()    // a write ends even if somebody else holds the other end
	}
}

// Close ends the program: it sees the end of its input and has patience to leave, then
// it is killed. It is an error if it did not leave with status 0 or had more to say.
func (p *Process) Close(patience time.Duration) error {
	p.stdin.Close()
	late := time.AfterFunc(patience, p.kill)
	defer late.Stop()
	var extra error
	for a := range p.lines {
		if extra == nil {
			extra = a.unasked()
		}
	}
	<-p.done
	if p.waited != nil && extra == nil {
		return fmt.Errorf("after its last answer the program ended with %w%s", p.waited, p.mumbled.Words())
	}
	return extra
}
