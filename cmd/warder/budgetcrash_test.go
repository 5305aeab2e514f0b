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
	"sync/atomic"
	"testing"
	"time"

	"warder.example/internal/budget"
	"warder.example/internal/tokens"
)

// meter is a model server that knows how much was asked of it.
type meter struct{ requests, tokens atomic.Int64 }

// What the meter counts for a request, and for an answer that is no stream.
const (
	meterInput  = 20
	meterOutput = 5
	// meterReserved is more than Warder reserves for a request: its bytes and what
	// surrounds them as input, and the output that the configuration allows.
	meterReserved = tokens.PerRequest + 200 + 50
)

func (m *meter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	m.requests.Add(1)
	m.tokens.Add(meterInput)
	usage := func(output int) string {
		return fmt.Sprintf(`"usage":{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d}`, meterInput, output, meterInput+output)
	}
	if !bytes.Contains(b, []byte(`"stream":true`)) {
		m.tokens.Add(meterOutput)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"id":"a","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Very well, thank you."},"finish_reason":"stop"}],`+usage(meterOutput)+`}`)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	rc := http.NewResponseController(w)
	words := strings.Fields("Very well, thank you. And how are you?")
	for _, word := range words {
		m.tokens.Add(1)
		fmt.Fprintf(w, "data: {\"id\":\"a\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%s \"},\"finish_reason\":null}],\"usage\":null}\n\n", word)
		if rc.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-time.After(2 * time.Millisecond):
		}
	}
	fmt.Fprintf(w, "data: {\"id\":\"a\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null}\n\ndata: {\"id\":\"a\",\"model\":\"m\",\"choices\":[],%s}\n\ndata: [DONE]\n\n", usage(len(words)))
}

// TestKillNeverUndercharges kills the server with SIGKILL at random moments while
// callers are being answered. In the end its budgets count at least what the model
// server did, and nothing is left reserved.
func TestKillNeverUndercharges(t *testing.T) {
	rounds := crashes / 4
	if testing.Short() {
		rounds = crashes / 20
	}
	m := &meter{}
	up := httptest.NewServer(m)
	defer up.Close()
	dir := t.TempDir()
	warder := linkProgram(t, dir)
	conf := fmt.Sprintf("listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\ndata: data\nlog: {level: error}\nupstreams:\n  - name: up\n    url: %s/v1\n"+
		"spending: {output_tokens: 50}\nbudgets:\n  - {name: r, what: requests, amount: 1000000, every: month}\n  - {name: t, what: total_tokens, amount: 1000000000, every: month}\n", up.URL)
	if err := os.WriteFile(filepath.Join(dir, "warder.yaml"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	outputOf(t, warder, "app", "create", "load", "--data", data)
	key := outputOf(t, warder, "key", "create", "load", "--data", data)

	const seed = 20261123
	rnd := rand.New(rand.NewPCG(seed, seed))
	answered := 0
	for range rounds {
		answered += len(oneLife(t, warder, dir, key, time.Duration(5+rnd.IntN(120))*time.Millisecond))
	}
	up.CloseClientConnections()
	liveAndStop(t, warder, dir)

	counters, err := budget.OpenMemory(filepath.Join(data, "budgets.journal"))
	if err != nil {
		t.Fatal(err)
	}
	defer counters.Close()
	read := func(name string) budget.Counter {
		c, err := counters.Counter(context.Background(), name)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	requests, total := read("r/requests/month"), read("t/total_tokens/month")
	t.Logf("%d lives: %d answers began; the model server counts %d requests and %d tokens, the budgets %d and %d",
		rounds, answered, m.requests.Load(), m.tokens.Load(), requests.Settled, total.Settled)
	if requests.Settled < m.requests.Load() || total.Settled < m.tokens.Load() {
		t.Errorf("charged %d requests and %d tokens; the model server counts %d and %d", requests.Settled, total.Settled, m.requests.Load(), m.tokens.Load())
	}
	if requests.Reserved != 0 || total.Reserved != 0 {
		t.Errorf("%d requests and %d tokens are still reserved", requests.Reserved, total.Reserved)
	}
	const callers = 8 // of oneLife: no more can be open when the server dies
	// What was open is charged in full, the rest as the model server counts it.
	if most := m.tokens.Load() + int64(callers*rounds*meterReserved); total.Settled > most {
		t.Errorf("charged %d tokens; the model server counts %d, so at most %d", total.Settled, m.tokens.Load(), most)
	}
	if most := m.requests.Load() + int64(callers*rounds); requests.Settled > most || m.requests.Load() < int64(rounds) {
		t.Errorf("charged %d requests; the model server counts %d", requests.Settled, m.requests.Load())
	}
}

// liveAndStop starts the server and stops it as an operator does.
func liveAndStop(t *testing.T, warder, dir string) {
	t.Helper()
	startServer(t, warder, filepath.Join(dir, "warder.yaml")).stop(t)
}
