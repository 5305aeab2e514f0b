package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// What [TestIdleStreams] opens and allows.
const (
	idleStreams = 10_000
	idleFewest  = 1_000    // fewer say nothing
	idleEach    = 80 << 10 // bytes that a stream may take
	idleNone    = 90 << 20 // bytes that a server without any may take
	idleBeside  = 128      // files that a process has open besides
	idleOpening = 64       // streams that are being opened at once
	idlePatient = time.Minute
)

// TestIdleStreams: thousands of answers that have begun and pause hold a bounded amount
// of memory each, and all go on afterwards. Server and test are processes of their own,
// and each stream is one connection of a caller and one to the model server. Most of what
// it takes is net/http's: four goroutines, and the buffers of two connections.
func TestIdleStreams(t *testing.T) {
	streams := idleStreams
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		t.Fatal(err)
	}
	if most := (int(min(files.Max, 1<<20)) - idleBeside) / 2; most < streams {
		streams = most
	}
	if testing.Short() {
		streams = min(streams, idleFewest)
	}
	if watched() {
		t.Skip("the race detector needs several times the memory")
	}
	if _, err := os.Stat("/proc/self/status"); err != nil || streams < idleFewest {
		t.Skipf("%d open files at most, %v; expected room for %d streams and Linux's /proc", files.Max, err, idleFewest)
	}
	up := newPausing(t)
	pid, address, key := serveIdle(t, up.Addr().String())
	before := residentBytes(t, pid)
	conns := openStreams(t, address, key, streams)
	each := (residentBytes(t, pid) - before) / streams
	t.Logf("%d idle streams take %d bytes each above %d", streams, each, before)
	if each > idleEach || before > idleNone {
		t.Errorf("a server of %d bytes takes %d bytes a stream; expected %d and %d at most", before, each, idleNone, idleEach)
	}
	close(up.more)
	for i, c := range conns {
		if err := readUntil(c, "[DONE]"); err != nil {
			t.Fatalf("stream %d of %d does not go on: %v", i, streams, err)
		}
	}
}

// watched reports whether the race detector is in the program.
func watched() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// serveIdle starts a server before a model server.
func serveIdle(t *testing.T, upstream string) (pid int, address, key string) {
	t.Helper()
	dir := t.TempDir()
	warder := linkProgram(t, dir)
	conf := fmt.Sprintf("listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\ndata: data\nlog: {level: error}\nledger: {sync: os}\n"+
		"limits: {concurrent: %d}\nupstreams:\n  - name: up\n    url: http://%s/v1\n", idleStreams+idleBeside, upstream)
	if err := os.WriteFile(filepath.Join(dir, "warder.yaml"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	outputOf(t, warder, "app", "create", "idle", "--data", data)
	key = outputOf(t, warder, "key", "create", "idle", "--data", data)
	server := startServer(t, warder, filepath.Join(dir, "warder.yaml"))
	t.Cleanup(func() {
		server.kill()
		if t.Failed() {
			t.Logf("the server said: %.2000s", server.errs.String())
		}
	})
	return server.Process.Pid, server.address, key
}

// residentBytes returns how much memory of a process is in RAM.
func residentBytes(t *testing.T, pid int) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "\nVmRSS:")
	kb, err := strconv.Atoi(strings.Fields(rest + " -")[0])
	if err != nil {
		t.Fatalf("no resident size in %q", b)
	}
	return kb << 10
}

// pausing is a model server that begins each answer, and ends them all when more is
// closed.
type pausing struct {
	net.Listener
	more chan struct{}
}

func newPausing(t *testing.T) *pausing {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &pausing{l, make(chan struct{})}
	var answers sync.WaitGroup
	answers.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			answers.Go(func() { p.answer(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		select {
		case <-p.more:
		default: // the test failed before
			close(p.more)
		}
		answers.Wait()
	})
	return p
}

func (p *pausing) answer(c net.Conn) {
	defer c.Close()
	req, err := http.ReadRequest(bufio.NewReaderSize(c, 512))
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, req.Body)
	chunk := func(event string) {
		_, _ = fmt.Fprintf(c, "%x\r\n%s\r\n", len(event), event)
	}
	_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
	said := `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"Hello there. "},"finish_reason":%s}]}` + "\n\n"
	chunk(fmt.Sprintf(said, "null"))
	<-p.more
	chunk(fmt.Sprintf(said, `"stop"`) + "data: [DONE]\n\n")
	_, _ = io.WriteString(c, "0\r\n\r\n")
}

// openStreams asks for as many answers and returns when each has begun.
func openStreams(t *testing.T, address, key string, n int) []net.Conn {
	t.Helper()
	body := `{"model":"m","stream":true,"messages":[{"role":"user","content":"What is the capital of France, and when was it founded?"}]}`
	request := fmt.Sprintf("POST /v1/chat/completions HTTP/1.1\r\nHost: warder\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", key, len(body), body)
	conns := make([]net.Conn, n)
	t.Cleanup(func() {
		for _, c := range conns {
			if c != nil {
				c.Close()
			}
		}
	})
	var opening sync.WaitGroup
	for w := range idleOpening {
		opening.Go(func() {
			for i := w; i < n; i += idleOpening {
				c, err := net.Dial("tcp", address)
				if err == nil {
					conns[i] = c
					if _, err = io.WriteString(c, request); err == nil {
						err = readUntil(c, "data: ")
					}
				}
				if err != nil {
					t.Errorf("opening stream %d of %d: %v", i, n, err)
					return
				}
			}
		})
	}
	opening.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return conns
}

// readUntil reads from a connection until something has come.
func readUntil(c net.Conn, want string) error {
	if err := c.SetReadDeadline(time.Now().Add(idlePatient)); err != nil {
		return err
	}
	var got []byte
	for part := make([]byte, 1024); !bytes.Contains(got, []byte(want)); {
		n, err := c.Read(part)
		if got = append(got, part[:n]...); err != nil {
			return fmt.Errorf("%w after %.500q; expected %q", err, got, want)
		}
	}
	return nil
}
