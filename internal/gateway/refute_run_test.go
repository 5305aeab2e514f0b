package gateway

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// wiretap is a gateway between a caller and an upstream, with a tap on either wire.
type wiretap struct {
	*rig
	mu    sync.Mutex
	plan  func(sent string) (answer string, sizes []int) // what the upstream says, in writes of these sizes
	taken traffic
}

func newWiretap(t *testing.T, family, hold string) *wiretap {
	t.Helper()
	x := &wiretap{}
	config := "policy: p.yaml\n"
	if family != "" {
		config = "    family: " + family + "\n" + config
	}
	policy := strings.Replace(pseudonymPolicy, "version: 1\n", "version: 1\nhold: "+hold+"\n", 1)
	x.rig = newRig(t, http.HandlerFunc(x.answer), rigOptions{config: config, files: map[string]string{"p.yaml": policy}})
	return x
}

func (x *wiretap) answer(w http.ResponseWriter, q *http.Request) {
	b, _ := io.ReadAll(q.Body)
	x.mu.Lock()
	body, sizes := x.plan(string(b))
	x.taken.sent, x.taken.answered = string(b), body
	x.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if x.taken.streamed {
		w.Header().Set("Content-Type", "text/event-stream")
	}
	for i := 0; body != ""; i++ {
		n := min(len(body), sizes[i%len(sizes)])
		if _, err := io.WriteString(w, body[:n]); err != nil {
			return
		}
		_ = http.NewResponseController(w).Flush()
		body = body[n:]
	}
}

// exchange plays one exchange and returns what went over the wires.
func (x *wiretap) exchange(t rapidT, wire *wire, streamed bool, text string, plan func(sent string) (string, []int)) *traffic {
	t.Helper()
	x.mu.Lock()
	x.plan, x.taken = plan, traffic{wire: wire, streamed: streamed, request: wire.request(text, streamed), read: map[string][]said{}}
	request := x.taken.request
	x.mu.Unlock()
	path := wire.path
	if streamed {
		path = cmp.Or(wire.streamPath, path)
	}
	q, err := http.NewRequest("POST", x.front.URL+path, strings.NewReader(request))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/json")
	if wire.family == "gemini" {
		q.Header.Set("X-Goog-Api-Key", x.keys["app"])
	} else {
		q.Header.Set("Authorization", "Bearer "+x.keys["app"])
	}
	p := x.do(q)
	if p.err != nil {
		t.Fatal(p.err)
	}
	x.mu.Lock()
	out := x.taken
	x.mu.Unlock()
	out.got = p.body
	for record, into := range map[any]*figures{opened(x.rig, p.request()): &out.opened, x.ledger.closed(p.request()): &out.closed} {
		b, err := json.Marshal(record)
		if err == nil {
			err = json.Unmarshal(b, into)
		}
		if err != nil {
			t.Fatalf("record %s: %v", b, err)
		}
	}
	return &out
}

// rapidT is what a property and a test have in common.
type rapidT interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// planFor makes an upstream's plan: to say a text in pieces, with the caller's tokens
// in the place of {1} and {2}.
func planFor(wire *wire, streamed bool, text string, pieces, sizes []int) func(string) (string, []int) {
	return func(sent string) (string, []int) {
		for i, token := range slices.Compact(tokenForm.FindAllString(sent, -1)) {
			text = strings.ReplaceAll(text, fmt.Sprintf("{%d}", i+1), token)
		}
		if !streamed {
			return wire.whole(text), sizes
		}
		var cut []string
		for i, rest := 0, []rune(text); len(rest) > 0; i++ {
			n := min(len(rest), pieces[i%len(pieces)])
			cut, rest = append(cut, string(rest[:n])), rest[n:]
		}
		return wire.stream(cut), sizes
	}
}

// TestRecordsAddUp: in every dialect, whole and streamed, however text and bytes
// are cut, what the audit log says of an exchange is what a replayer finds on the
// wires; and each figure, were it off by one, would be refuted.
func TestRecordsAddUp(t *testing.T) {
	taps := map[string]*wiretap{}
	for _, family := range []string{"", "anthropic", "gemini"} {
		for _, hold := range []string{"none", "sentence", "all"} {
			taps[family+hold] = newWiretap(t, family, hold)
		}
	}
	ends := map[string]int{}
	words := rapid.SampledFrom([]string{"so", "Dear friend.", "zoe@kestrel.example", "TCK-123456", "TCK-12345", "{1}", "({2})", "caf\u00e9", "\U0001F600", ".", "\n", "xyzzyp", "xyzzyplugh", "\uff58yzzyplugh", long})
	rapid.Check(t, func(rt *rapid.T) {
		wire := &wires[rapid.IntRange(0, len(wires)-1).Draw(rt, "wire")]
		hold := rapid.SampledFrom([]string{"none", "sentence", "all"}).Draw(rt, "hold")
		streamed := wire.stream != nil && rapid.IntRange(0, 3).Draw(rt, "streamed") > 0
		text := "So " + strings.Join(rapid.SliceOfN(words, 0, 12).Draw(rt, "text"), " ")
		pieces := rapid.SliceOfN(rapid.IntRange(1, 12), 1, 6).Draw(rt, "pieces")
		sizes := rapid.SliceOfN(rapid.SampledFrom([]int{1, 2, 7, 50, 300, 3000}), 1, 6).Draw(rt, "sizes")
		if slices.Max(sizes) < 3000 {
			sizes = append(sizes, 3000)
		}
		asked := rapid.SampledFrom([]string{"hello", "I am lena@kestrel.example, not zoe@kestrel.example.", "ticket TCK-654321"}).Draw(rt, "asked")
		x := taps[wire.family+hold]
		tr := x.exchange(rt, wire, streamed, asked, planFor(wire, streamed, text, pieces, sizes))
		if wrong := tr.refute(); wrong != nil {
			rt.Fatalf("%s, hold %s, streamed %v, end %s, %+v:%s\nrequest %s\nsent %s\nanswered %s\ngot %s", wire.protocol, hold, streamed, tr.closed.End, tr.closed, indent(wrong), tr.request, tr.sent, tr.answered, tr.got)
		}
		for what, m := range tr.mutants() {
			if m.refute() == nil {
				rt.Fatalf("%s off by one was not refuted, end %s: %+v", what, tr.closed.End, m.closed)
			}
		}
		ends[tr.closed.End]++
	})
	if ends["complete"] == 0 || ends["cut"] == 0 || ends["refused"] == 0 {
		t.Errorf("exchanges ended as %v; expected some of all", ends)
	}
}

// mutants are the same traffic with one figure off by one, of the figures that are
// certain for how it ended.
func (t *traffic) mutants() map[string]*traffic {
	out := map[string]*traffic{}
	off := func(what string, figure func(*traffic) *int) {
		for _, by := range []int{-1, 1} {
			m := *t
			*figure(&m) += by
			out[fmt.Sprint(what, by)] = &m
		}
	}
	off("bytes", func(m *traffic) *int { return &m.closed.Bytes })
	off("masked in the request", func(m *traffic) *int { return &m.opened.Masked })
	off("masked", func(m *traffic) *int { return &m.closed.Account.Masked })
	off("exposed", func(m *traffic) *int { return &m.closed.Account.Exposed })
	if t.closed.End == "complete" || t.exactly() {
		off("received", func(m *traffic) *int { return &m.closed.Account.Received })
	}
	if t.closed.End == "complete" || !tokenForm.MatchString(t.sent) {
		off("released", func(m *traffic) *int { return &m.closed.Account.Released })
	}
	if t.closed.End == "complete" {
		off("exact", func(m *traffic) *int { return &m.closed.Account.Exact })
		off("windowed", func(m *traffic) *int { return &m.closed.Account.Windowed })
		off("restored", func(m *traffic) *int { return &m.closed.Restored })
	}
	return out
}

// TestEveryCallIsReplayed: a call to a model that is served has a wire above.
func TestEveryCallIsReplayed(t *testing.T) {
	known := map[string]bool{}
	for _, w := range wires {
		known[w.protocol] = true
	}
	served := 0
	for _, r := range (&Server{}).routes() {
		if strings.Contains(r.path, "models/{model}") || slices.ContainsFunc(wires, func(w wire) bool { return w.path == r.path }) {
			served++
		}
		if r.family == &openAI && r.protocol.Name() == "openai.chat" {
			continue // also how calls without a model tell failures
		}
		if name := r.protocol.Name(); !known[name] {
			t.Errorf("%s speaks %s, which no replayer knows", r.path, name)
		}
	}
	if served < 8 {
		t.Errorf("%d calls to models are served; expected at least 8", served)
	}
}

var long = strings.Repeat("harmless words go by, ", 30)
