package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"warder": func() { os.Exit(run()) }})
}

// TestScripts plays every story in testdata/script: the program as people use it.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script", RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"http": httpCommand, "await": awaitCommand, "used": usedCommand,
		}})
}

// storyPatience bounds every wait of a story. With the race detector on a busy machine
// a server takes half a minute to start.
const storyPatience = 2 * time.Minute

// httpCommand is the story's caller:
//
//	[!] http METHOD URL STATUS [HEADER:VALUE...] [@BODYFILE]
//
// sends a request, wants that status and writes the answer's body to the file
// "answer", its header to "header". In a header's value <FILE stands for what the
// file holds. While nobody listens it tries again, so that a story may start a
// server beside it; with ! nobody must.
func httpCommand(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: [!] http METHOD URL STATUS [HEADER:VALUE...] [@BODYFILE]")
	}
	want, err := strconv.Atoi(args[2])
	ts.Check(err)
	body := ""
	header := http.Header{"Content-Type": {"application/json"}}
	for _, a := range args[3:] {
		if name, ok := strings.CutPrefix(a, "@"); ok {
			body = ts.ReadFile(name)
			continue
		}
		name, value, _ := strings.Cut(a, ":")
		if scheme, file, ok := strings.Cut(value, "<"); ok {
			value = scheme + strings.TrimSpace(ts.ReadFile(file))
		}
		header.Add(name, value)
	}
	client := &http.Client{Timeout: storyPatience, Transport: &http.Transport{DisableKeepAlives: true}}
	send := func() (*http.Response, error) {
		req, err := http.NewRequest(args[0], args[1], strings.NewReader(body))
		ts.Check(err)
		req.Header = header
		return client.Do(req)
	}
	res, err := send()
	if neg {
		if err == nil {
			res.Body.Close()
			ts.Fatalf("%s answered %s; want no answer", args[1], res.Status)
		}
		return
	}
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for began := time.Now(); errors.Is(err, syscall.ECONNREFUSED) && time.Since(began) < storyPatience; {
		<-again.C
		res, err = send()
	}
	ts.Check(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	ts.Check(err)
	var h bytes.Buffer
	ts.Check(res.Header.Write(&h))
	ts.Check(os.WriteFile(ts.MkAbs("answer"), b, 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("header"), h.Bytes(), 0o600))
	ts.Logf("%d %s", res.StatusCode, b)
	if res.StatusCode != want {
		ts.Fatalf("%s %s: status %d; want %d", args[0], args[1], res.StatusCode, want)
	}
}

// awaitCommand waits until a file holds a line, and sets variables from it:
//
//	await FILE PATTERN [NAME...]
//
// Groups of the pattern become the environment variables NAME.
func awaitCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: await FILE PATTERN [NAME...]")
	}
	re, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	late := time.After(storyPatience)
	for {
		b, err := os.ReadFile(ts.MkAbs(args[0]))
		if m := re.FindStringSubmatch(string(b)); err == nil && m != nil {
			for i, name := range args[2:] {
				if i+1 < len(m) {
					ts.Setenv(name, m[i+1])
				}
			}
			return
		}
		select {
		case <-late:
			ts.Fatalf("%s never held %q: %v %s", args[0], args[1], err, b)
		case <-again.C:
		}
	}
}
