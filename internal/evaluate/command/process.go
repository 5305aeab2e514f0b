package command

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"
	"unicode"
)

// process is a program that runs.
type process struct {
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	lines   chan answer   // closed at the end of its output
	done    chan struct{} // closed when it was waited for
	waited  error         // how it ended, once done is closed
	mumbled tail          // the end of its standard error
}

// answer is a line of output, or why there is none.
type answer struct {
	line []byte
	err  error
}

var errLong = fmt.Errorf("the program answered a line of more than %d bytes", MaxAnswer)

// killWait is how long a killed program's output is waited for.
const killWait = 2 * time.Second

// start starts a program, which is killed with all that it started when ctx ends.
func start(ctx context.Context, args []string) (*process, error) {
	p := &process{lines: make(chan answer, 1), done: make(chan struct{})}
	p.cmd = exec.CommandContext(ctx, args[0], args[1:]...)
	p.cmd.Stderr = &p.mumbled
	p.cmd.WaitDelay = killWait
	killGroup(p.cmd)
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
func (p *process) read(stdout *io.PipeReader) {
	defer close(p.lines)
	defer stdout.Close() // what it writes from here on fails
	r := bufio.NewReaderSize(stdout, MaxAnswer)
	for {
		line, err := r.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			p.lines <- answer{err: errLong}
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

// ask writes a request and returns the line that answers it.
func (p *process) ask(ctx context.Context, line []byte, timeout time.Duration) ([]byte, error) {
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
	return nil, fmt.Errorf("the program did not answer within %v; it must flush each line, and a longer --timeout gives it time to load%s", timeout, p.mumbled.words())
}

// unasked is the error of a line that nothing was asked for.
func (a answer) unasked() error {
	if a.err != nil {
		return a.err
	}
	return fmt.Errorf("the program wrote %s without being asked; expected one line for each text, and notes on standard error", quoted(a.line))
}

// ended is the error of a program that stopped answering.
func (p *process) ended() error {
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
	return fmt.Errorf("the program ended before it answered (%s)%s", how, p.mumbled.words())
}

// kill ends the program at once. It may be called several times and concurrently.
func (p *process) kill() {
	select {
	case <-p.done: // its number may be another's by now
	default:
		_ = p.cmd.Cancel() // it may have ended just now
		p.stdin.Close()    // a write ends even if somebody else holds the other end
	}
}

// close ends the program as [Guard.Close] says.
func (p *process) close(patience time.Duration) error {
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
		return fmt.Errorf("after its last answer the program ended with %w%s", p.waited, p.mumbled.words())
	}
	return extra
}

// maxMumbled is how much of a program's standard error is shown, in bytes.
const maxMumbled = 1 << 10

// tail keeps the end of what is written to it. It is safe for concurrent use.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

// Write implements [io.Writer]; it never fails.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b[max(0, len(b)-maxMumbled):]...)
	t.buf = append(t.buf[:0], t.buf[max(0, len(t.buf)-maxMumbled):]...)
	return len(b), nil
}

// words returns what was written for an error, without what could move a terminal's
// cursor; empty if nothing was.
func (t *tail) words() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	said := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, strings.Join(strings.Fields(strings.ToValidUTF8(string(t.buf), "\uFFFD")), " "))
	if said == "" {
		return ""
	}
	return "; its standard error ends: " + said
}
