package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"warder.example/internal/ledger"
)

// crashes is how often the server is killed. -short makes it a tenth.
const crashes = 100

// TestKillUnderLoad kills the server with SIGKILL at random moments while
// callers are being answered, and starts it again on the same data. In the end
// every answer of which bytes reached a caller has its opened record, every
// complete one its closed record, and the audit log verifies.
func TestKillUnderLoad(t *testing.T) {
	rounds := crashes
	if testing.Short() {
		rounds = crashes / 10
	}
	up := httptest.NewServer(http.HandlerFunc(trickle))
	defer up.Close()
	dir := t.TempDir()
	warder := linkProgram(t, dir)
	// A small segment makes the log change files now and then.
	conf := fmt.Sprintf("listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\ndata: data\nlog: {level: error}\nledger: {segment_bytes: 1MiB, reserve: 1MiB}\nupstreams:\n  - name: up\n    url: %s/v1\n", up.URL)
	if err := os.WriteFile(filepath.Join(dir, "warder.yaml"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	outputOf(t, warder, "app", "create", "load", "--data", data)
	key := outputOf(t, warder, "key", "create", "load", "--data", data)

	const seed = 20261122
	rnd := rand.New(rand.NewPCG(seed, seed))
	heard := map[string]bool{} // request ids of which bytes came; true when complete
	for range rounds {
		moment := time.Duration(5+rnd.IntN(120)) * time.Millisecond
		for id, whole := range oneLife(t, warder, dir, key, moment) {
			heard[id] = heard[id] || whole
		}
	}

	opened, closed := map[string]bool{}, map[string]bool{}
	report, err := verifyAfterRecovery(filepath.Join(data, "ledger"), func(e ledger.Entry) error {
		switch e.Event.Kind {
		case ledger.KindOpened:
			opened[e.Event.Request] = true
		case ledger.KindClosed:
			closed[e.Event.Request] = true
		}
		return nil
	})
	if err != nil || !report.Intact {
		t.Fatalf("the audit log does not verify: %v %+v", err, report)
	}
	complete := 0
	for id, whole := range heard {
		if !opened[id] {
			t.Errorf("bytes of %s reached a caller and it has no opened record", id)
		}
		if whole {
			complete++
			if !closed[id] {
				t.Errorf("the answer to %s was complete and it has no closed record", id)
			}
		}
	}
	t.Logf("%d lives: %d answers began, %d were complete; %d opened and %d closed records", rounds, len(heard), complete, len(opened), len(closed))
	if len(heard) < 2*rounds || complete < rounds || len(heard) == complete {
		t.Errorf("too little was tested: %d answers began, %d were complete", len(heard), complete)
	}
}

func verifyAfterRecovery(dir string, each func(ledger.Entry) error) (*ledger.Report, error) {
	l, err := ledger.Open(dir, ledger.Options{})
	if err != nil {
		return nil, err
	}
	if err := l.Close(); err != nil {
		return nil, err
	}
	if err := ledger.Scan(dir, 0, each); err != nil {
		return nil, err
	}
	return ledger.Verify(dir, ledger.VerifyOptions{})
}

// oneLife starts the server, loads it, and kills it at a moment. It returns the
// ids of answers of which bytes came, true for complete ones.
func oneLife(t *testing.T, warder, dir, key string, moment time.Duration) map[string]bool {
	t.Helper()
	server := startServer(t, warder, filepath.Join(dir, "warder.yaml"))
	ctx, cancel := context.WithTimeout(context.Background(), moment+5*time.Second)
	defer cancel()
	var mu sync.Mutex
	heard := map[string]bool{}
	var callers sync.WaitGroup
	for i := range 8 {
		callers.Go(func() {
			for ctx.Err() == nil {
				id, some, whole, err := call(ctx, "http://"+server.address, key, i%2 == 0)
				if some {
					mu.Lock()
					heard[id] = whole
					mu.Unlock()
				}
				if err != nil {
					return // the server is gone
				}
			}
		})
	}
	<-time.After(moment)
	server.kill()
	cancel()
	callers.Wait()
	return heard
}

// call sends one request and reads what comes. some says that bytes of the
// answer came, whole that all of them did.
func call(ctx context.Context, base, key string, stream bool) (id string, some, whole bool, err error) {
	body := fmt.Sprintf(`{"model":"m","stream":%v,"messages":[{"role":"user","content":"How are you today?"}]}`, stream)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		return "", false, false, err
	}
	req.Header.Set("Authorization", "Bearer "+key)
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return "", false, false, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if res.StatusCode != http.StatusOK {
		return "", false, false, fmt.Errorf("status %d: %s", res.StatusCode, b)
	}
	whole = err == nil && (!stream || bytes.HasSuffix(b, []byte("data: [DONE]\n\n")))
	return res.Header.Get("X-Request-Id"), true, whole, err
}

// trickle answers as a model does, a little at a time.
func trickle(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	if !bytes.Contains(b, []byte(`"stream":true`)) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"id":"a","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Very well, thank you."},"finish_reason":"stop"}]}`)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	rc := http.NewResponseController(w)
	for _, word := range strings.Fields("Very well, thank you. And how are you?") {
		fmt.Fprintf(w, "data: {\"id\":\"a\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%s \"},\"finish_reason\":null}]}\n\n", word)
		if rc.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-time.After(2 * time.Millisecond):
		}
	}
	_, _ = io.WriteString(w, "data: {\"id\":\"a\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
}
