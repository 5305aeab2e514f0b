package target_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"warder.example/internal/redteam/probe"
	"warder.example/internal/redteam/target"
)

const asCommand = "version: 1\nkind: command\nname: x\ncommand: [./agent]\n"

// contextWithStop is a context that ends with the test or before.
func contextWithStop(t *testing.T) (context.Context, context.CancelFunc) {
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	return ctx, stop
}

// TestCommand: a program keeps a conversation; another one has a process of its own.
func TestCommand(t *testing.T) {
	a, b := open(t, asCommand), open(t, asCommand)
	for i, s := range []target.Session{a, a, b} {
		r, err := s.Send(t.Context(), user("hi\nthere"))
		want := []string{"1: hi\nthere", "2: hi\nthere", "1: hi\nthere"}[i]
		if err != nil || r.Text != want || r.Model != "m1" || r.Usage != (probe.Usage{Input: 2, Output: 3}) || len(r.Calls) != 1 || r.Calls[0].Tool != "find" {
			t.Errorf("%+v, %v; expected %q", r, err, want)
		}
	}
}

// TestCommandFails: whatever a program does is reported as what it is.
func TestCommandFails(t *testing.T) {
	for text, want := range map[string]struct {
		kind target.Kind
		says string
	}{
		"crash":   {target.Ended, "no memory"},
		"flood":   {target.TooLong, "1048576 bytes"},
		"prose":   {target.Malformed, `"I am fine, thanks"`},
		"nothing": {target.Malformed, `expected {"text"`},
		"error":   {target.Unavailable, "no model loaded"},
	} {
		if f := failure(t, open(t, asCommand), text); f.Kind != want.kind || !strings.Contains(f.Reason, want.says) {
			t.Errorf("%s: %v; expected %s with %q", text, f, want.kind, want.says)
		}
	}
	s := open(t, asCommand)
	failure(t, s, "crash")
	if f := failure(t, s, "a"); f.Kind != target.Ended {
		t.Errorf("%v; expected that it is gone", f)
	}
	f, err := load(t, strings.Replace(asCommand, "./agent", "./no-agent", 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := target.Open(f, ""); err == nil || !strings.Contains(err.Error(), "no-agent") {
		t.Errorf("%v; expected that there is no such program", err)
	}
}

// TestCommandEnvironment: credentials of the tester are no business of a program.
func TestCommandEnvironment(t *testing.T) {
	t.Setenv("TESTERS_KEY", "sekret-1")
	t.Setenv("MODEL", "sekret-2")
	r, err := open(t, in(asCommand, "env: {MODEL_KEY: env:MODEL}")).Send(t.Context(), user("environment"))
	if err != nil || strings.Contains(r.Text, "sekret-1") || !strings.Contains(r.Text, "MODEL_KEY=sekret-2") || !strings.Contains(r.Text, "PATH=") {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestMCP: over both ways, tools are listed with their descriptions and called.
func TestMCP(t *testing.T) {
	t.Setenv("KEY", "sekret")
	notes := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return toolServer() }, nil)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer sekret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		notes.ServeHTTP(w, r)
	})
	older := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if strings.Contains(string(body), "server/discover") {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, `{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"Bad Request: no session"}}`)
			return
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		notes.ServeHTTP(w, r)
	})
	for name, way := range map[string]string{"stdio": "command: [./notes-server]", "http": "address: " + url + "\nkey: env:KEY", "older": "address: " + older} {
		t.Run(name, func(t *testing.T) {
			text := in("version: 1\nkind: mcp\nname: x\nmcp: {tool: search, argument: query}", way)
			s := open(t, text)
			box, ok := s.(target.Toolbox)
			if !ok {
				t.Fatal("the session lists no tools")
			}
			tools, err := box.Tools(t.Context())
			if err != nil || len(tools) != 2 || tools[1].Name != "search" || !strings.Contains(tools[1].Description, "<IMPORTANT>") || !json.Valid([]byte(tools[1].Schema)) {
				t.Errorf("%+v, %v; expected the two tools", tools, err)
			}
			if r, err := s.Send(t.Context(), user("lamps")); err != nil || r.Text != "found: lamps" {
				t.Errorf("%+v, %v; expected what was found", r, err)
			}
			if r, err := box.Call(t.Context(), "remove", json.RawMessage(`{"query":"a"}`)); err != nil || r.Text != `{"removed":true}` {
				t.Errorf("%+v, %v; expected what was done", r, err)
			}
			if r, err := s.Send(t.Context(), user("fail")); err != nil || r.Finish != "error" || !strings.Contains(r.Text, "no such note") {
				t.Errorf("%+v, %v; expected the tool's error", r, err)
			}
			if _, err := box.Call(t.Context(), "none", json.RawMessage(`{}`)); err == nil {
				t.Error("a tool that is not there was called")
			}
			if f := failure(t, open(t, text), "flood"); f.Kind != target.TooLong {
				t.Errorf("%v; expected that the answer is too long", f)
			}
		})
	}
}

// TestMCPFails: who is no server of tools is told apart from one that refuses.
func TestMCPFails(t *testing.T) {
	asMCP := "version: 1\nkind: mcp\nname: x\nmcp: {tool: search, argument: query}\nlimits: {timeout: 2s}\n"
	for name, tt := range map[string]struct {
		way  string
		kind target.Kind
	}{
		"not JSON":  {"command: [echo, hello]", ""},
		"ends":      {"command: ['true']", target.Ended},
		"wrong key": {"address: " + serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }), target.Credentials},
		"busy":      {"address: " + serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(429) }), target.RateLimited},
		"elsewhere": {"address: " + serve(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://other.example", http.StatusTemporaryRedirect)
		}), target.Rejected},
		"other JSON": {"address: " + serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"ok":true}`) }), ""},
	} {
		f, err := load(t, in(asMCP, tt.way))
		if err != nil {
			t.Fatal(err)
		}
		to, err := target.Open(f, "")
		if err != nil {
			t.Fatal(err)
		}
		s, err := to.Open(t.Context())
		if err == nil {
			s.Close()
		}
		var got *target.Failure
		if !asFailure(err, &got) || tt.kind != "" && got.Kind != tt.kind {
			t.Errorf("%s: %v; expected %s", name, err, tt.kind)
		}
	}
}
