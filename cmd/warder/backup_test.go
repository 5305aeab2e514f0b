package main

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"warder.example/internal/access"
	"warder.example/internal/budget"
	"warder.example/internal/ledger"
	"warder.example/internal/node"
	"warder.example/internal/store"
)

// backups is how often the server is backed up. -short makes it fewer.
const backups = 10

// TestBackupUnderLoad backs a server up while callers are being answered and keys are
// issued. Each folder that is restored has an intact audit log; its budgets count at
// least what the model server had been asked before the backup; no administrative act
// is missing; a server starts on it and settles what was open.
func TestBackupUnderLoad(t *testing.T) {
	rounds := backups
	if testing.Short() {
		rounds = 3
	}
	m := &meter{}
	up := httptest.NewServer(m)
	defer up.Close()
	dir := t.TempDir()
	warder := linkProgram(t, dir)
	conf := fmt.Sprintf("listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\ndata: data\nlog: {level: error}\nledger: {segment_bytes: 1MiB, reserve: 1MiB}\nupstreams:\n  - name: up\n    url: %s/v1\n"+
		"spending: {output_tokens: 50}\nbudgets:\n  - {name: r, what: requests, amount: 1000000, every: month}\n", up.URL)
	settings := func(dir string) string {
		path := filepath.Join(dir, "warder.yaml")
		if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	config := settings(dir)
	data := filepath.Join(dir, "data")
	outputOf(t, warder, "app", "create", "load", "--data", data)
	key := outputOf(t, warder, "key", "create", "load", "--data", data)
	asked := make([]int64, rounds) // before each backup
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	func() {
		defer underLoad(t, warder, config, data, key)()
		for round := range rounds {
			enough := m.requests.Load() + 40
			for began := time.Now(); m.requests.Load() < enough; <-again.C {
				if time.Since(began) > storyPatience {
					t.Fatalf("round %d: the server answers no longer", round)
				}
			}
			asked[round] = m.requests.Load()
			outputOf(t, warder, "backup", "--config", config, "--out", filepath.Join(dir, fmt.Sprint(round, ".tar.gz")))
		}
	}()
	keys := 0
	for round, before := range asked {
		place := filepath.Join(dir, fmt.Sprint("restored", round))
		outputOf(t, warder, "restore", filepath.Join(dir, fmt.Sprint(round, ".tar.gz")), "--data", filepath.Join(place, "data"))
		n := restoredWhole(t, filepath.Join(place, "data"), before)
		if n < keys {
			t.Errorf("round %d: %d keys; the backup before it had %d", round, n, keys)
		}
		keys = n
		settings(place)
		liveAndStop(t, warder, place)
		counted := chargedIn(t, filepath.Join(place, "data"))
		if counted.Settled < before || counted.Reserved != 0 {
			t.Errorf("round %d: after a start %+v; the model server had been asked %d times", round, counted, before)
		}
	}
	t.Logf("%d backups: %d requests, %d keys before the last", rounds, asked[rounds-1], keys)
	if keys < rounds {
		t.Errorf("%d keys were issued meanwhile; too little was tested", keys)
	}
}

// underLoad starts a server, callers of it and somebody who issues keys, until stop.
func underLoad(t *testing.T, warder, config, data, key string) (stop func()) {
	t.Helper()
	server := startServer(t, warder, config)
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	for i := range 4 {
		work.Go(func() {
			for ctx.Err() == nil {
				if _, _, _, err := call(ctx, "http://"+server.address, key, i%2 == 0); err != nil && ctx.Err() == nil {
					t.Errorf("a caller: %v", err)
					return
				}
			}
		})
	}
	work.Go(func() { issueKeys(ctx, t, data) })
	return func() {
		cancel()
		work.Wait()
		server.stop(t)
	}
}

func issueKeys(ctx context.Context, t *testing.T, data string) {
	db, err := store.Open(context.Background(), filepath.Join(data, "warder.db"))
	if err != nil {
		t.Error(err)
		return
	}
	defer db.Close()
	each := time.NewTicker(20 * time.Millisecond)
	defer each.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-each.C:
		}
		_, k := access.NewKey()
		k.Application = "load"
		if _, err := db.CreateKey(context.Background(), k); err != nil {
			t.Errorf("issuing a key: %v", err)
			return
		}
	}
}

// restoredWhole checks a restored folder and returns how many keys it has.
func restoredWhole(t *testing.T, data string, asked int64) int {
	t.Helper()
	report, err := ledger.Verify(filepath.Join(data, "ledger"), ledger.VerifyOptions{})
	if err != nil || !report.Intact || report.Torn != 0 {
		t.Errorf("the audit log does not verify: %v %+v", err, report)
	}
	if c := chargedIn(t, data); c.Settled+c.Reserved < asked {
		t.Errorf("charged are %+v; the model server had been asked %d times", c, asked)
	}
	var told strings.Builder
	records := int64(0)
	err = ledger.Scan(filepath.Join(data, "ledger"), 0, func(e ledger.Entry) error {
		records++
		if a, ok := e.Event.Payload.(node.Act); ok {
			told.Write(a.Data)
		}
		return nil
	})
	db, oerr := store.Open(t.Context(), filepath.Join(data, "warder.db"))
	if err = errors.Join(err, oerr); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if at, err := db.Projected(t.Context()); err != nil || at > records {
		t.Errorf("the projection is at %d of %d records, %v", at, records, err)
	}
	keys, err := db.Keys(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	waiting, err := db.ClaimActs(t.Context(), report.Log, store.MaxBatch)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range waiting {
		told.Write(a.Payload)
	}
	for _, k := range keys {
		if !strings.Contains(told.String(), k.ID) {
			t.Errorf("nobody tells that key %s was issued", k.ID)
		}
	}
	return len(keys)
}

// chargedIn returns what the budget of a folder counts.
func chargedIn(t *testing.T, data string) budget.Counter {
	t.Helper()
	m, err := budget.OpenMemory(filepath.Join(data, "budgets.journal"))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	c, err := m.Counter(t.Context(), "r/requests/month")
	if err != nil {
		t.Fatal(err)
	}
	return c
}
