package target

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"warder.example/internal/jsonerr"
	"warder.example/internal/redteam/probe"
	"warder.example/internal/subprocess"
)

// program is a command of a target file.
type program struct {
	file *File
	opt  subprocess.Options
}

// newProgram looks the program up.
func newProgram(f *File) (*program, error) {
	args := append([]string(nil), f.Command...)
	var err error
	if strings.ContainsAny(args[0], `/\`) && !filepath.IsAbs(args[0]) {
		args[0], err = filepath.Abs(filepath.Join(f.dir, args[0]))
	}
	path, looked := exec.LookPath(args[0])
	if err = errors.Join(err, looked); err != nil {
		return nil, failed(Unreachable, err, "looking for the program %.100q: %s", f.Command[0], plain(err.Error()))
	}
	args[0] = path
	return &program{file: f, opt: subprocess.Options{Args: args, Dir: f.dir, Env: f.environment(), MaxLine: int(f.Limits.Answer)}}, nil
}

// inherited are the variables of this process that a program sees. Others may hold
// credentials that are no business of what is tested.
var inherited = []string{"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "USER", "SystemRoot", "TEMP", "TMP", "USERPROFILE"}

// environment returns the variables of a program.
func (f *File) environment() []string {
	out := []string{}
	for _, name := range inherited {
		if v, ok := os.LookupEnv(name); ok {
			out = append(out, name+"="+v)
		}
	}
	for name, s := range f.Env {
		out = append(out, name+"="+s.Reveal())
	}
	return out
}

// Open implements [Target]: each conversation has a process of its own, which keeps it.
// It lives until the session is closed, however long the opening may take.
func (p *program) Open(context.Context) (Session, error) {
	ctx, stop := context.WithCancel(context.Background())
	proc, err := subprocess.Start(ctx, p.opt)
	if err != nil {
		stop()
		return nil, failed(Unreachable, err, "%s", plain(err.Error()))
	}
	timeout := p.file.Limits.Timeout
	return &session{
		timeout: timeout,
		send: func(ctx context.Context, messages []probe.Message) (probe.Reply, error) {
			return p.ask(ctx, proc, messages)
		},
		close: func() error {
			defer stop()
			_ = proc.Close(min(timeout, closePatience)) // how it leaves is no part of the conversation
			return nil
		},
	}, nil
}

// ask sends a line and reads the one that answers it.
func (p *program) ask(ctx context.Context, proc *subprocess.Process, messages []probe.Message) (probe.Reply, error) {
	line, err := json.Marshal(struct {
		Messages []probe.Message `json:"messages"`
	}{messages})
	if err != nil {
		return probe.Reply{}, failed(Rejected, err, "writing the request: %v", err)
	}
	said, err := proc.Ask(ctx, append(line, '\n'), p.file.Limits.Timeout)
	switch {
	case errors.Is(err, subprocess.ErrSilent), errors.Is(err, context.DeadlineExceeded):
		return probe.Reply{}, failed(TimedOut, err, "the program did not answer within %v and was killed", p.file.Limits.Timeout)
	case errors.Is(err, subprocess.ErrLong):
		return probe.Reply{}, failed(TooLong, err, "%v; limits.answer allows no more", err)
	case errors.Is(err, subprocess.ErrEnded):
		return probe.Reply{}, failed(Ended, err, "%v", err)
	case err != nil:
		return probe.Reply{}, failed(Malformed, err, "%v", err)
	}
	return readLine(said)
}

// readLine reads an answer of a program: the members of [probe.Reply] that a target
// knows, or an error in its own words.
func readLine(line []byte) (probe.Reply, error) {
	var a struct {
		Text    *string      `json:"text"`
		Calls   []probe.Call `json:"calls"`
		Refused bool         `json:"refused"`
		Blocked string       `json:"blocked"`
		Finish  string       `json:"finish"`
		Model   string       `json:"model"`
		Backend string       `json:"backend"`
		Usage   probe.Usage  `json:"usage"`
		Error   string       `json:"error"`
	}
	if err := json.Unmarshal(line, &a); err != nil {
		return probe.Reply{}, failed(Malformed, err, "the program answered %.80q: %v", line, jsonerr.Plain(err, &a))
	}
	switch {
	case a.Error != "":
		return probe.Reply{}, failed(Unavailable, nil, "the program reports an error: %q", plain(a.Error))
	case a.Text == nil && len(a.Calls) == 0 && a.Blocked == "" && !a.Refused:
		return probe.Reply{}, failed(Malformed, nil, `the program answered %.80q; expected {"text": "…"}`, line)
	}
	r := probe.Reply{Calls: a.Calls, Refused: a.Refused, Blocked: a.Blocked, Finish: a.Finish, Model: a.Model, Backend: a.Backend, Usage: a.Usage}
	if a.Text != nil {
		r.Text = *a.Text
	}
	return r, nil
}
