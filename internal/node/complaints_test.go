package node

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"warder.example/internal/access"
	"warder.example/internal/store"
	"warder.example/internal/store/conformance"
)

// Complaints that users of other gateways have, and faults of theirs that were
// published, as tests of a whole node with its database. docs/trouble.md lists them.

// line is the way to a database, which a test can cut, or let go silent.
type line struct {
	to     string // path of the socket of the real one
	addr   string
	mu     sync.Mutex
	l      net.Listener
	conns  map[net.Conn]bool
	most   int // connections at once
	silent bool
	work   sync.WaitGroup
}

// lineTo returns a line to the database of a URL, and the URL of the database behind it.
func lineTo(t *testing.T, dsn string) (*line, string) {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	w := &line{to: fmt.Sprintf("%s/.s.PGSQL.%s", q.Get("host"), q.Get("port")), addr: "127.0.0.1:0", conns: map[net.Conn]bool{}}
	w.mend(t)
	t.Cleanup(w.cut)
	host, port, _ := net.SplitHostPort(w.addr)
	q.Set("host", host)
	q.Set("port", port)
	q.Set("connect_timeout", "1")
	u.RawQuery = q.Encode()
	return w, u.String()
}

// mend takes connections again, at the same address.
func (w *line) mend(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", w.addr)
	if err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.l, w.addr, w.silent = l, l.Addr().String(), false
	w.work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			w.work.Go(func() { w.carry(c) })
		}
	})
}

// carry carries one connection to the database, or nowhere.
func (w *line) carry(c net.Conn) {
	if !w.keep(c) {
		c.Close()
		return
	}
	defer w.drop(c)
	w.mu.Lock()
	silent := w.silent
	w.mu.Unlock()
	if silent {
		_, _ = io.Copy(io.Discard, c)
		return
	}
	db, err := net.Dial("unix", w.to)
	if err != nil {
		return
	}
	defer db.Close()
	w.work.Go(func() {
		_, _ = io.Copy(db, c)
		db.Close()
	})
	_, _ = io.Copy(c, db)
}

// keep counts a connection, unless the line is cut.
func (w *line) keep(c net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.l == nil {
		return false
	}
	w.conns[c] = true
	w.most = max(w.most, len(w.conns))
	return true
}

func (w *line) drop(c net.Conn) {
	c.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.conns, c)
}

// cut ends the line: what is connected, and what would.
func (w *line) cut() {
	w.mu.Lock()
	if w.l != nil {
		w.l.Close()
	}
	w.l = nil
	for c := range w.conns {
		c.Close()
	}
	w.mu.Unlock()
	w.work.Wait()
}

// quiet ends what is connected and says nothing to what connects.
func (w *line) quiet() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.silent = true
	for c := range w.conns {
		c.Close()
	}
}

// TestComplaint05LimitsAreShared: limits multiply by the number of replicas. Here two
// nodes that count in one database admit together what one would.
func TestComplaint05LimitsAreShared(t *testing.T) {
	t.Setenv("WARDER_NODE_TEST_STORE", conformance.EmptySchema(t, "./internal/node/"))
	const more = "store: env:WARDER_NODE_TEST_STORE\nspending: {counters: store}\nbudgets:\n" +
		"  - {name: ten, what: requests, amount: 10, every: minute}\n  - {name: month, what: requests, amount: 10, every: month, per: [key]}\n"
	one := newSite(t, t.TempDir(), says(t, "fine"), more)
	two := one.beside(t.TempDir(), says(t, "fine"), more)
	one.start()
	two.start()
	var all sync.WaitGroup
	var mu sync.Mutex
	status := map[int]int{}
	for i := range 40 {
		all.Go(func() {
			p := []*site{one, two}[i%2].post(one.key, "hello", false)
			mu.Lock()
			defer mu.Unlock()
			status[p.status]++
		})
	}
	all.Wait()
	// The limit of a minute may begin anew meanwhile, that of the month not.
	if status[200] != 10 || status[429] != 30 {
		t.Errorf("a budget for ten of two nodes: %v; want 10 answers of 200 and 30 of 429", status)
	}
}

// TestComplaint13DatabaseIsDownAtStart: a gateway that starts without its database
// answers 401 for ever. Here it does not start, soon, says what it did not reach and not
// the password, and starts when it is asked to once the database is back.
func TestComplaint13DatabaseIsDownAtStart(t *testing.T) {
	way, dsn := lineTo(t, strings.Replace(conformance.EmptySchema(t, "./internal/node/"), "warder@", "warder:hunter2secret@", 1))
	t.Setenv("WARDER_NODE_TEST_STORE", dsn)
	s := newSite(t, t.TempDir(), says(t, "fine"), "store: env:WARDER_NODE_TEST_STORE\n")
	for name, down := range map[string]func(){"refuses": way.cut, "is silent": way.quiet} {
		down()
		began := time.Now()
		n, err := Open(t.Context(), s.path, s.logger())
		if err == nil {
			n.Close()
			t.Fatalf("%s: the node started", name)
		}
		if !strings.Contains(err.Error(), `PostgreSQL database "postgres" at 127.0.0.1:`) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v; want the database named, without the password", name, err)
		}
		if took := time.Since(began); took > patience {
			t.Errorf("%s: it took %v", name, took)
		}
		way.cut()
		way.mend(t)
		s.start()
		if p := s.post(s.key, "hello", false); p.status != 200 {
			t.Errorf("%s: once it is back: %d %s", name, p.status, p.body)
		}
		s.stop()
	}
}

// TestComplaint13DatabaseGoesDown: a gateway stands or falls with its database. Here
// callers are answered while it is away, with no more than a few connections before; what
// was changed meanwhile holds once it is back, without a restart.
func TestComplaint13DatabaseGoesDown(t *testing.T) {
	direct := conformance.EmptySchema(t, "./internal/node/")
	way, dsn := lineTo(t, direct)
	t.Setenv("WARDER_NODE_TEST_STORE", dsn)
	s := newSite(t, t.TempDir(), says(t, "fine"), "store: env:WARDER_NODE_TEST_STORE\n")
	s.db.Close()
	var err error
	if s.db, err = store.Open(t.Context(), direct); err != nil { // an administrator beside the line
		t.Fatal(err)
	}
	defer s.db.Close()
	s.start()
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if p := s.post(s.key, "hello", false); p.status != 200 {
				t.Errorf("before: %d %s", p.status, p.body)
			}
		})
	}
	all.Wait()
	way.mu.Lock()
	if way.most > 16 {
		t.Errorf("%d connections to the database at once; expected at most 16", way.most)
	}
	way.mu.Unlock()

	way.cut()
	key, _ := s.newKey()
	_, revoked := s.newKey()
	if _, err := s.db.RevokeKey(s.as(), revoked); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the log says so", func() bool { return strings.Contains(s.log.String(), "keys cannot be refreshed") })
	for range 20 {
		began := time.Now()
		if p := s.post(s.key, "hello", false); p.status != 200 || time.Since(began) > patience/4 {
			t.Errorf("while it is away: %d %s after %v", p.status, p.body, time.Since(began))
		}
	}
	if p := s.post(key, "hello", false); p.status != 401 {
		t.Errorf("a key that is not known yet: %d %s", p.status, p.body)
	}
	if p := s.get("/healthz"); p.status != 200 {
		t.Errorf("health: %d %s", p.status, p.body)
	}
	way.mend(t)
	eventually(t, "the new key works", func() bool { return s.post(key, "hello", false).status == 200 })
	eventually(t, "the acts are recorded", func() bool {
		acts := map[int64]bool{} // one whose mark was lost with the connection comes again
		for _, e := range s.entries() {
			if a, ok := e.Event.Payload.(Act); ok && (a.Act == store.ActKeyCreated || a.Act == store.ActKeyRevoked) {
				acts[a.ID] = true
			}
		}
		return len(acts) == 4
	})
	s.stop()
	s.intact()
}

// TestComplaint13NotUnauthorized: when keys have not been confirmed for too long, callers
// are told that it is the gateway's trouble and when to try again, not that their key is
// wrong; readiness says so; and it ends by itself.
func TestComplaint13NotUnauthorized(t *testing.T) {
	way, dsn := lineTo(t, conformance.EmptySchema(t, "./internal/node/"))
	t.Setenv("WARDER_NODE_TEST_STORE", dsn)
	s := newSite(t, t.TempDir(), says(t, "fine"), "store: env:WARDER_NODE_TEST_STORE\n")
	s.startWith(func(n *Node) { n.directory.MaxStale = time.Second })
	if p := s.post(s.key, "hello", false); p.status != 200 {
		t.Fatalf("before: %d %s", p.status, p.body)
	}
	way.cut()
	eventually(t, "keys are not believed any more", func() bool {
		p := s.post(s.key, "hello", false)
		if p.status != 200 && (p.status != 503 || !strings.Contains(p.body, `"access_unavailable"`)) {
			t.Fatalf("while it is away: %d %s", p.status, p.body)
		}
		return p.status == 503
	})
	if p := s.get("/readyz"); p.status != 503 {
		t.Errorf("readiness: %d %s", p.status, p.body)
	}
	way.mend(t)
	eventually(t, "it ends by itself", func() bool { return s.post(s.key, "hello", false).status == 200 })
	eventually(t, "it is ready", func() bool { return s.get("/readyz").status == 200 })
}

// TestComplaint13SharedBudgetsFailClosed: where budgets are counted in the database and
// that is away, nothing is spent, callers are told why, and it ends by itself with
// nothing counted twice.
func TestComplaint13SharedBudgetsFailClosed(t *testing.T) {
	way, dsn := lineTo(t, conformance.EmptySchema(t, "./internal/node/"))
	t.Setenv("WARDER_NODE_TEST_STORE", dsn)
	asked := make(chan struct{}, 64)
	up := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, jsonAnswer, "fine")
	})
	s := newSite(t, t.TempDir(), up, "store: env:WARDER_NODE_TEST_STORE\nspending: {counters: store}\nbudgets:\n  - {name: three, what: requests, amount: 3, every: month}\n")
	s.start()
	if p := s.post(s.key, "hello", false); p.status != 200 {
		t.Fatalf("before: %d %s", p.status, p.body)
	}
	way.cut()
	for range 5 {
		if p := s.post(s.key, "hello", false); p.status != 503 || !strings.Contains(p.body, `"budget_unavailable"`) {
			t.Errorf("while it is away: %d %s", p.status, p.body)
		}
	}
	if len(asked) != 1 {
		t.Errorf("the model server was asked %d times; want once", len(asked))
	}
	way.mend(t)
	eventually(t, "it ends by itself", func() bool { return s.post(s.key, "hello", false).status == 200 })
	if p := s.post(s.key, "hello", false); p.status != 200 {
		t.Errorf("a third of three: %d %s", p.status, p.body)
	}
	if p := s.post(s.key, "hello", false); p.status != 429 {
		t.Errorf("a fourth of three: %d %s", p.status, p.body)
	}
}

// hostileSQL are texts that end a statement where it is put together of texts.
var hostileSQL = []string{
	"' OR '1'='1", "' OR 1=1 --", `" OR ""="`, "'; DROP TABLE keys; --", "x' UNION SELECT * FROM keys --", "wk_%", "%", "_", "\\' OR 1=1 --",
	"wk_' AND (SELECT pg_sleep(20)) IS NOT NULL --", "$1", "?1", "wk_\x00' OR 1=1",
}

// TestCVE202642208SQLInKeys: SQL in a key was run before the key was checked. Here it is
// a wrong key, in either database, and elsewhere it is a text.
func TestCVE202642208SQLInKeys(t *testing.T) {
	eachStore(t, func(t *testing.T, more string) {
		s := newSite(t, t.TempDir(), says(t, "fine"), more)
		s.start()
		ran := 0
		for _, x := range hostileSQL {
			for _, key := range []string{x, s.key + x, s.key[:len(s.key)-4] + x} {
				if strings.Contains(key, "\x00") {
					continue // no HTTP client sends it; TestRawRequests does
				}
				ran++
				if p := s.post(key, "hello", false); p.status != 401 {
					t.Errorf("key %q: %d %s", key, p.status, p.body)
				}
			}
			_, k := access.NewKey()
			k.Application, k.Label = s.app.ID, x
			if created, err := s.db.CreateKey(s.as(), k); err == nil && created.Label != x {
				t.Errorf("label %q became %q", x, created.Label)
			}
			if _, err := s.db.Keys(t.Context(), x); err != nil && !errors.Is(err, store.ErrNotFound) {
				t.Errorf("keys of application %q: %v", x, err)
			}
			if _, err := s.db.RevokeKey(s.as(), x); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("revoking %q: %v", x, err)
			}
		}
		keys, err := s.db.Keys(t.Context(), s.app.ID)
		if err != nil || len(keys) == 0 {
			t.Fatalf("%d keys, %v", len(keys), err)
		}
		for _, k := range keys {
			if !k.Revoked.IsZero() {
				t.Errorf("key %s was revoked", k.ID)
			}
		}
		if p := s.post(s.key, "hello", false); p.status != 200 || ran < 30 {
			t.Errorf("the right key after %d wrong ones: %d %s", ran, p.status, p.body)
		}
	})
}

// TestCVE202635030PrefixesAreNoKeys: what was known of a token was kept under its first
// 20 characters. Here all of it counts, of keys and of administrators' tokens, also
// right after the right one was used.
func TestCVE202635030PrefixesAreNoKeys(t *testing.T) {
	const token = "wat_a-token-for-the-test-of-a-running-node"
	t.Setenv("WARDER_NODE_TEST_ADMIN", token)
	eachStore(t, func(t *testing.T, more string) {
		s := newSite(t, t.TempDir(), says(t, "fine"), more+"admin_tokens: [{name: soc, token: 'env:WARDER_NODE_TEST_ADMIN', scopes: ['threats:write']}]\n")
		s.start()
		variants := func(good string) (out []string) {
			for _, n := range []int{8, 20, 32, len(good) - 1} {
				other := "x"
				if strings.HasSuffix(good, other) {
					other = "y"
				}
				out = append(out, good[:n], good[:n]+strings.Repeat(other, len(good)-n))
			}
			return append(out, good+"x", good+good, strings.ToUpper(good), strings.ToLower(good[:len(good)-2])+"00")
		}
		for _, wrong := range variants(s.key) {
			if right := s.post(s.key, "hello", false); right.status != 200 {
				t.Fatalf("the right key: %d %s", right.status, right.body)
			}
			if p := s.post(wrong, "hello", false); p.status != 401 {
				t.Errorf("key %q: %d %s", wrong, p.status, p.body)
			}
		}
		for _, wrong := range variants(token)[:8] { // more are too many guesses
			if right := s.ask(token, "GET", "/v1/threats", "", ""); right.status != 200 {
				t.Fatalf("the right token: %d %s", right.status, right.body)
			}
			if p := s.ask(wrong, "GET", "/v1/threats", "", ""); p.status != 401 {
				t.Errorf("token %q: %d %s", wrong, p.status, p.body)
			}
		}
	})
}

// TestGHSAVj9gAdminFailsClosed: the administrative plane was open where its
// authentication was not set up or failed. Here it is off without tokens, a token that
// cannot be had is no start, and a database that is away opens nothing.
func TestGHSAVj9gAdminFailsClosed(t *testing.T) {
	way, dsn := lineTo(t, conformance.EmptySchema(t, "./internal/node/"))
	t.Setenv("WARDER_NODE_TEST_STORE", dsn)
	const at, more = "/v1/threats", "store: env:WARDER_NODE_TEST_STORE\n"
	up := says(t, "fine")
	s := newSite(t, t.TempDir(), up, more)
	s.start()
	for _, token := range []string{"", "null", "undefined", "admin", s.key} {
		for _, method := range []string{"GET", "POST"} {
			if p := s.ask(token, method, at, "application/json", "{}"); p.status < 400 || !strings.Contains(p.body, "admin_api_off") {
				t.Errorf("without tokens in the configuration, %s with token %q: %d %s", method, token, p.status, p.body)
			}
		}
	}
	s.stop()
	for _, value := range []string{"", " ", "short"} {
		t.Setenv("WARDER_NODE_TEST_ADMIN", value)
		s.configure(up, more+"admin_tokens: [{name: soc, token: 'env:WARDER_NODE_TEST_ADMIN', scopes: ['threats:write']}]\n")
		if n, err := Open(t.Context(), s.path, s.logger()); err == nil {
			n.Close()
			t.Errorf("started with the token %q", value)
		}
	}
	const token = "wat_a-token-for-the-test-of-a-running-node"
	t.Setenv("WARDER_NODE_TEST_ADMIN", token)
	s.start()
	way.cut()
	for _, wrong := range []string{"", "wrong-token-wrong-token-wrong-token-wrong"} {
		if p := s.ask(wrong, "GET", at, "", ""); p.status != 401 {
			t.Errorf("while the database is away, token %q: %d %s", wrong, p.status, p.body)
		}
	}
	if p := s.ask(token, "GET", at, "", ""); p.status < 500 {
		t.Errorf("while the database is away, the right token: %d %s", p.status, p.body)
	}
}
