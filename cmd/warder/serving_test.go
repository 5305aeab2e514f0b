package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"testing"
)

var servingOn = regexp.MustCompile(`serving on (\S+),`)

// A serving is a server that is a process of its own.
type serving struct {
	*exec.Cmd
	address string
	errs    bytes.Buffer // what it said; to be read when it has ended
}

// startServer starts a server and returns when it serves. The caller ends it.
func startServer(t *testing.T, warder, config string) *serving {
	t.Helper()
	s := &serving{Cmd: exec.Command(warder, "serve", "--config", config)}
	s.Stderr = &s.errs
	out, err := s.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	m := servingOn.FindStringSubmatch(line)
	if err != nil || m == nil {
		s.kill()
		t.Fatalf("the server did not start: %v %q %s", err, line, s.errs.String())
	}
	s.address = m[1]
	return s
}

// kill ends it at once and forgives how it ended.
func (s *serving) kill() {
	_ = s.Process.Kill()
	_ = s.Wait()
}

// stop ends it as an operator does.
func (s *serving) stop(t *testing.T) {
	t.Helper()
	_ = s.Process.Signal(os.Interrupt)
	if err := s.Wait(); err != nil {
		t.Errorf("stopping: %v %s", err, s.errs.String())
	}
}
