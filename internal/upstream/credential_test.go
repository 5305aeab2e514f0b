package upstream_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"warder.example/internal/config"
	"warder.example/internal/upstream"
)

// keyed accepts one key and answers 401 to all others.
func keyed(t *testing.T, good *atomic.Value) *model {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+good.Load().(string) {
			answers(401, "no")(w, r)
			return
		}
		answers(200, "good")(w, r)
	})
}

// TestKeyFileIsReplaced: a refusal makes the pool look at the file at once, and the
// request that was refused is not lost.
func TestKeyFileIsReplaced(t *testing.T) {
	var good atomic.Value
	good.Store("one")
	m := keyed(t, &good)
	c, err := load(t, "upstreams: [{name: a, url: '"+m.URL+"', key: 'file:DIR/key'}]\n", map[string]string{"key": "one\n"})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	p := pool(t, upstream.Options{Log: slog.New(slog.NewJSONHandler(&log, nil))}, c.Upstreams...)
	file := c.Upstreams[0].Key.File()
	step := func(what string, status, attempts int) {
		t.Helper()
		if s := do(t, p, upstream.Call{Model: "m"}); s.status != status || s.route.Attempts != attempts {
			t.Errorf("%s: %+v; expected %d after %d attempts", what, s, status, attempts)
		}
	}
	put := func(text string, mode os.FileMode) {
		t.Helper()
		next := file + ".next"
		if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(next, mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, file); err != nil {
			t.Fatal(err)
		}
	}
	step("first", 200, 1)
	good.Store("two-tops3cret")
	step("refused, and nothing new", 401, 1)
	put("two-tops3cret", 0o600)
	step("replaced", 200, 2)
	step("and kept", 200, 1)
	good.Store("three-tops3cret")
	put("three-tops3cret", 0o644)
	step("readable by others", 401, 1)
	if !strings.Contains(log.String(), "mode 0644") {
		t.Errorf("log: %s", log.String())
	}
	put("three-tops3cret", 0o640)
	step("readable by the group", 200, 2)
	good.Store("four")
	put("a\nb-tops3cret", 0o600)
	step("no key", 401, 1)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	step("no file", 401, 1)
	if strings.Contains(log.String(), "tops3cret") {
		t.Errorf("the log holds the key: %s", log.String())
	}
}

// TestKeyFileIsLookedAt: a changed file is noticed without a refusal.
func TestKeyFileIsLookedAt(t *testing.T) {
	c, err := load(t, "upstreams: [{name: a, url: 'http://127.0.0.1:1', key: 'file:DIR/key'}]\n", map[string]string{"key": "one"})
	if err != nil {
		t.Fatal(err)
	}
	var seen atomic.Value
	inMemory(t, c.Upstreams[0], func(w http.ResponseWriter, r *http.Request) { seen.Store(r.Header.Get("Authorization")) }, func(t *testing.T, p *upstream.Pool) {
		do(t, p, upstream.Call{Model: "m"})
		if err := os.WriteFile(c.Upstreams[0].Key.File(), []byte("another"), 0o600); err != nil {
			t.Fatal(err)
		}
		<-time.After(2 * time.Second)
		do(t, p, upstream.Call{Model: "m"})
		synctest.Wait()
		if seen.Load() != "Bearer another" {
			t.Errorf("the upstream saw %q", seen.Load())
		}
	})
}

// TestKeysRotate: a refused credential gives way to the next.
func TestKeysRotate(t *testing.T) {
	var good atomic.Value
	good.Store("three")
	m := keyed(t, &good)
	p := pool(t, upstream.Options{}, config.Upstream{Name: "a", URL: m.URL, Key: config.NewSecret("one"), Keys: []config.Secret{config.NewSecret("two"), config.NewSecret("three")}, Retry: config.Retry{Attempts: 10}})
	for i, attempts := range []int{3, 1, 1} {
		if s := do(t, p, upstream.Call{Model: "m"}); s.status != 200 || s.route.Attempts != attempts {
			t.Errorf("call %d: %+v; expected %d attempts", i, s, attempts)
		}
	}
	good.Store("none")
	if s := do(t, p, upstream.Call{Model: "m"}); s.status != 401 || s.route.Attempts != 3 {
		t.Errorf("%+v; expected each credential to be tried once", s)
	}
}

// TestFilesOfKeysAreStrict: a key that others can read is not loaded.
func TestFilesOfKeysAreStrict(t *testing.T) {
	dir := t.TempDir()
	for mode, ok := range map[os.FileMode]bool{0o600: true, 0o400: true, 0o440: true, 0o640: true, 0o644: false, 0o660: false, 0o604: false, 0o602: false} {
		file := filepath.Join(dir, fmt.Sprintf("%o", mode))
		if err := os.WriteFile(file, []byte("tops3cret"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		_, err := load(t, "listen: 127.0.0.1:0\nupstreams:\n  - name: a\n    url: 'https://a.example'\n    keys: ['file:"+file+"']\n", nil)
		if (err == nil) != ok || err != nil && (!strings.Contains(err.Error(), "warder.yaml:5: upstreams[0].keys[0]") || !strings.Contains(err.Error(), "expected 0600") || strings.Contains(err.Error(), "tops3cret")) {
			t.Errorf("mode %o: error %v", mode, err)
		}
	}
}

// FuzzSecrets: whatever an upstream answers, no error, log line, count or printed value
// holds the credential or the proxy's password, even if the upstream sends them back.
func FuzzSecrets(f *testing.F) {
	const secret = "tops3cret-c0ffee"
	for _, s := range []string{"HTTP/1.1 401 No\r\nX: $\r\n\r\n$", "HTTP/1.1 $ OK\r\n\r\n", "$", "HTTP/1.1 200 OK\r\n$\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: $\r\n\r\n", "HTTP/1.1 302 $\r\nLocation: http://$/\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: $\r\n\r\n$", "\x16\x03\x01$"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		var log bytes.Buffer
		url := raw(t, strings.ReplaceAll(answer, "$", secret))
		proxy := strings.Replace(raw(t, strings.ReplaceAll(answer, "$", secret)), "http://", "http://u:"+secret+"@", 1)
		rules := config.Retry{Attempts: 1}
		short := config.Deadlines{FirstByte: time.Second, Idle: time.Second, TLS: time.Second}
		p := pool(t, upstream.Options{Log: slog.New(slog.NewTextHandler(&log, nil))},
			config.Upstream{Name: "a", URL: url, Models: []string{"a"}, Key: config.NewSecret(secret), Retry: rules, Deadlines: short, Circuit: config.Circuit{Minimum: 1}},
			config.Upstream{Name: "b", URL: "https://models.example", Models: []string{"b"}, Key: config.NewSecret(secret), Proxy: config.NewSecret(proxy), Retry: rules, Deadlines: short},
			config.Upstream{Name: "c", URL: strings.Replace(url, "http:", "https:", 1), Models: []string{"c"}, Key: config.NewSecret(secret), Retry: rules, Deadlines: short},
		)
		for _, model := range []string{"a", "b", "c"} {
			s := do(t, p, upstream.Call{Model: model})
			if s.err == nil {
				continue
			}
			slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "error", s.err)
			asJSON, err := json.Marshal(map[string]any{"error": s.err, "route": s.route, "stats": p.Stats()})
			if err != nil {
				t.Fatal(err)
			}
			if out := fmt.Sprintf("%v %+v %#v %s %v", s.err, s.err, s.err, asJSON, log.String()); strings.Contains(out, secret) {
				t.Errorf("the secret is printed: %s", out)
			}
		}
	})
}
