package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"warder.example/guard"
	"warder.example/internal/config"
	"warder.example/internal/telemetry"
)

const (
	callersTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
	callersSpan  = "00f067aa0ba902b7"
	sampled      = "00-" + callersTrace + "-" + callersSpan + "-01"
	canary       = "the heron keeps a brass key"
)

func admission(h http.Header) telemetry.Admission {
	return telemetry.Admission{Began: time.Now(), Method: "POST", Route: "/v1/chat/completions",
		Request: "req_1", Application: "app_1", Environment: "prod", Header: h}
}

// tell tells a whole exchange: a first attempt fails, the second answers.
func tell(tel *telemetry.Telemetry, caller http.Header) (upstream http.Header) {
	x := tel.Admit(admission(caller))
	x.Asked("openai.chat", "gpt-4o", true, 100)
	x.Inspected(guard.Request, time.Now(), &guard.Verdict{Action: guard.Flag, Would: guard.Block, Policy: "sha256:aa", Findings: []guard.Finding{
		{Category: "injection", Explanation: canary, View: canary, Rule: canary}, {Category: "custom." + canary}, {Category: "injection"}}})
	upstream = http.Header{}
	first := x.Call(telemetry.Call{Upstream: "up", Host: "models.example", Port: 443}, http.Header{})
	first.End(telemetry.Result{Code: "upstream_unreachable"})
	second := x.Call(telemetry.Call{Upstream: "up2", Host: "models.example", Port: 8443}, upstream)
	second.FirstByte()
	x.FirstByte()
	second.End(telemetry.Result{Model: "gpt-4o-2024-08-06", Reasons: []string{"stop", canary}, Input: 12, Output: 34})
	x.Inspected(guard.Answer, time.Now(), &guard.Verdict{Action: guard.Allow, Would: guard.Allow})
	x.Answered(telemetry.Answer{Status: 200, End: "complete"})
	return upstream
}

// TestExchange: an exchange arrives as spans and metrics with the names of the
// conventions, after a flush, and no text does.
func TestExchange(t *testing.T) {
	r := newReceiver(t)
	cfg := r.config()
	cfg.Headers = map[string]config.Secret{"Api-Key": config.NewSecret("otlp-key-1")}
	cfg.Resource = map[string]string{"deployment.environment.name": "test", "service.name": "gate"}
	tel := open(t, cfg)
	tell(tel, http.Header{})
	if err := tel.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	server := r.span("POST /v1/chat/completions")
	want := map[string]any{"http.request.method": "POST", "http.route": "/v1/chat/completions", "http.response.status_code": int64(200), "warder.request.id": "req_1",
		"warder.application.id": "app_1", "warder.application.environment": "prod", "warder.exchange.end": "complete", "gen_ai.operation.name": "chat",
		"gen_ai.request.model": "gpt-4o", "gen_ai.request.stream": true, "gen_ai.request.max_tokens": int64(100)}
	same(t, "server span", attributes(server.Attributes), want)
	inspected := r.span("inspect request")
	same(t, "inspection", attributes(inspected.Attributes), map[string]any{"warder.direction": "request", "warder.verdict.action": "flag", "warder.verdict.would": "block",
		"warder.verdict.findings": int64(3), "warder.verdict.categories": "injection custom", "warder.policy.digest": "sha256:aa"})
	if !bytes.Equal(inspected.ParentSpanId, server.SpanId) || server.ParentSpanId != nil || len(server.Links) != 0 || server.Kind != 2 {
		t.Errorf("the inspection is no child of %v", server)
	}
	r.mu.Lock()
	resource, headers := attributes(r.spans[0].Resource.Attributes), r.headers
	r.mu.Unlock()
	same(t, "resource", resource, map[string]any{"service.name": "gate", "service.version": "1.2.3", "deployment.environment.name": "test"})
	if headers.Get("Api-Key") != "otlp-key-1" {
		t.Errorf("headers %v", headers)
	}

	calls := r.metric("gen_ai.client.operation.duration").GetHistogram().DataPoints
	if len(calls) != 2 {
		t.Fatalf("%d series of calls; expected one that failed and one that did not", len(calls))
	}
	kinds := map[string]int64{}
	for _, p := range r.metric("gen_ai.client.token.usage").GetHistogram().DataPoints {
		a := attributes(p.Attributes)
		kinds[a["gen_ai.token.type"].(string)] = int64(p.GetSum())
		if a["gen_ai.request.model"] != "gpt-4o" || a["gen_ai.provider.name"] != "openai" || a["gen_ai.operation.name"] != "chat" {
			t.Errorf("tokens: %v", a)
		}
	}
	if kinds["input"] != 12 || kinds["output"] != 34 {
		t.Errorf("tokens %v; expected 12 in and 34 out", kinds)
	}
	for _, name := range []string{"gen_ai.client.operation.time_to_first_chunk", "gen_ai.server.request.duration", "gen_ai.server.time_to_first_token"} {
		if n := r.metric(name).GetHistogram().DataPoints[0].Count; n != 1 {
			t.Errorf("%s counts %d; expected 1", name, n)
		}
	}
	if n := len(r.metric("warder.verdicts").GetSum().DataPoints); n != 2 {
		t.Errorf("%d series of verdicts; expected 2", n)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if bytes.Contains(r.raw.Bytes(), []byte("heron")) {
		t.Error("a text was sent")
	}
}

// TestAttempts: each attempt is a client span; the last tells what answered.
func TestAttempts(t *testing.T) {
	r := newReceiver(t)
	tel := open(t, r.config())
	up := tell(tel, http.Header{})
	if err := tel.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	var failed, answered map[string]any
	for _, s := range r.spans[0].ScopeSpans[0].Spans {
		switch a := attributes(s.Attributes); {
		case s.Name != "chat gpt-4o":
		case a["error.type"] != nil:
			failed = a
			if s.Status.GetCode() != 2 {
				t.Errorf("status %v; expected an error", s.Status)
			}
		default:
			answered = a
			if id := fmt.Sprintf("%x-%x", s.TraceId, s.SpanId); !strings.Contains(up.Get("Traceparent"), id) || s.Kind != 3 {
				t.Errorf("the upstream was told %q; the span is %s", up.Get("Traceparent"), id)
			}
		}
	}
	common := map[string]any{"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o", "gen_ai.request.stream": true, "server.address": "models.example"}
	with := func(more map[string]any) map[string]any {
		for k, v := range common {
			more[k] = v
		}
		return more
	}
	same(t, "failed", failed, with(map[string]any{"server.port": int64(443), "warder.upstream.name": "up", "warder.upstream.attempt": int64(1), "error.type": "upstream_unreachable"}))
	delete(answered, "gen_ai.response.time_to_first_chunk")
	same(t, "answered", answered, with(map[string]any{"server.port": int64(8443), "warder.upstream.name": "up2", "warder.upstream.attempt": int64(2), "gen_ai.response.model": "gpt-4o-2024-08-06",
		"gen_ai.response.finish_reasons": "stop _OTHER", "gen_ai.usage.input_tokens": int64(12), "gen_ai.usage.output_tokens": int64(34)}))
}

func same(t *testing.T, what string, got, want map[string]any) {
	t.Helper()
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s: %s is %v; expected %v", what, k, got[k], v)
		}
	}
	for k, v := range got {
		if _, ok := want[k]; !ok {
			t.Errorf("%s: unexpected %s=%v", what, k, v)
		}
	}
}

// TestCallersTrace: a caller's trace is continued only where callers are trusted, and
// its texts never are.
func TestCallersTrace(t *testing.T) {
	for _, c := range []struct {
		name          string
		trust         bool
		sample        float64
		given         []string
		traced        bool
		parent, links string // span ids
	}{
		{"none", true, 1, nil, true, "", ""},
		{"trusted", true, 0, []string{sampled}, true, callersSpan, ""},
		{"trusted, not sampled", true, 1, []string{strings.TrimSuffix(sampled, "1") + "0"}, false, "", ""},
		{"not trusted", false, 1, []string{sampled}, true, "", callersSpan},
		{"not trusted and not sampled", false, 0, []string{sampled}, false, "", ""},
		{"two", true, 1, []string{sampled, sampled}, true, "", ""},
		{"nonsense", true, 1, []string{"00-" + canary}, true, "", ""},
		{"zeros", true, 1, []string{"00-00000000000000000000000000000000-0000000000000000-01"}, true, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newReceiver(t)
			cfg := r.config()
			cfg.TrustCallers, cfg.Sample = c.trust, c.sample
			tel := open(t, cfg)
			up := tell(tel, http.Header{"Traceparent": c.given, "Tracestate": {"a=" + canary}, "Baggage": {"b=" + canary}})
			if err := tel.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			parts := strings.Split(up.Get("Traceparent"), "-")
			if len(parts) != 4 || len(up) != 1 {
				t.Fatalf("the upstream was told %v", up)
			}
			if got := parts[1] == callersTrace; got != (c.parent != "" || c.trust && !c.traced) {
				t.Errorf("the upstream was told trace %s", parts[1])
			}
			if bytes.Contains(r.raw.Bytes(), []byte("heron")) {
				t.Error("a text was sent")
			}
			if !c.traced {
				if len(r.spans) > 0 || parts[3] != "00" {
					t.Errorf("%d exports of spans, flags %s; expected none", len(r.spans), parts[3])
				}
				return
			}
			s := r.span("POST /v1/chat/completions")
			if got := fmt.Sprintf("%x", s.ParentSpanId); got != c.parent {
				t.Errorf("parent %q; expected %q", got, c.parent)
			}
			links := ""
			for _, l := range s.Links {
				links += fmt.Sprintf("%x", l.SpanId)
				if l.TraceState != "" {
					t.Errorf("trace state %q", l.TraceState)
				}
			}
			if links != c.links {
				t.Errorf("links %q; expected %q", links, c.links)
			}
		})
	}
}

// TestNamesOfOthers: no text gets out by the name of a model, and names do not make
// series without end.
func TestNamesOfOthers(t *testing.T) {
	r := newReceiver(t)
	tel := open(t, r.config())
	ask := func(asked, answered, code string) {
		x := tel.Admit(admission(nil))
		x.Asked("openai.chat", asked, false, 0)
		x.Call(telemetry.Call{Upstream: "up", Host: "m", Port: 80}, http.Header{}).End(telemetry.Result{Code: code, Model: answered, Reasons: []string{canary}})
		x.Answered(telemetry.Answer{Status: 200, Code: code, End: "complete"})
	}
	ask(canary, canary, "")
	ask(strings.Repeat("heron", 40), "m", "")
	for i := range 600 {
		ask(fmt.Sprintf("made-up-%d", i), "", "upstream_error")
		ask(fmt.Sprintf("real-%d", i), "", "")
	}
	if err := tel.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(r.raw.Bytes(), []byte("heron")) {
		t.Error("a text was sent as a name")
	}
	series := r.metric("gen_ai.client.operation.duration").GetHistogram().DataPoints
	if n := len(series); n < 200 || n > 260 {
		t.Errorf("%d series; expected one each of about 256 models, and two of others", n)
	}
	for _, p := range series {
		if m := attributes(p.Attributes)["gen_ai.request.model"].(string); strings.HasPrefix(m, "made-up") {
			t.Errorf("model %q, which no upstream answered for, is told apart", m)
		}
	}
}

// TestCollectorFails: whatever the collector does, requests are told at once, what is
// lost is counted, and an end does not wait for ever.
func TestCollectorFails(t *testing.T) {
	release := make(chan struct{})
	var once bool
	for name, answer := range map[string]func(w http.ResponseWriter, req *http.Request) bool{
		"hangs":   func(_ http.ResponseWriter, req *http.Request) bool { <-release; return true },
		"refuses": func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusForbidden); return true },
		"overload": func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		},
		"redirects": func(w http.ResponseWriter, req *http.Request) bool {
			if strings.HasPrefix(req.URL.Path, "/elsewhere") {
				t.Error("a redirect was followed")
			}
			http.Redirect(w, req, "/elsewhere", http.StatusTemporaryRedirect)
			return true
		},
		"floods": func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusInternalServerError)
			for range 100 {
				_, _ = w.Write(make([]byte, 1<<20))
			}
			return true
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReceiver(t)
			r.answer = answer
			var log bytes.Buffer
			tel, err := telemetry.Open(r.config(), "1", slog.New(slog.NewTextHandler(&log, nil)))
			if err != nil {
				t.Fatal(err)
			}
			reg := prometheus.NewRegistry()
			reg.MustRegister(tel)
			began := time.Now()
			const n = 6000
			for range n {
				tel.Admit(admission(nil)).Answered(telemetry.Answer{Status: 200, End: "complete"})
			}
			if d := time.Since(began); d > patience/2 {
				t.Errorf("%d exchanges took %v", n, d)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			if err := tel.Close(ctx); name == "hangs" && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("closing: %v", err)
			}
			if name == "hangs" && !once {
				once = true
				close(release)
			}
			lost := total(t, reg, "dropped") + total(t, reg, "failed")
			if lost != n || total(t, reg, "sent") != 0 {
				t.Errorf("%v spans are counted as lost; expected %d", lost, n)
			}
			if name == "hangs" && total(t, reg, "dropped") < n-4096-2*512 {
				t.Errorf("%v dropped; expected all for which there was no room", total(t, reg, "dropped"))
			}
			if c := strings.Count(log.String(), "does not take what is sent"); c != 1 {
				t.Errorf("the log says so %d times; expected once:\n%s", c, log.String())
			}
		})
	}
}

// total is the count of spans with one result.
func total(t *testing.T, reg *prometheus.Registry, result string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "warder_telemetry_spans_total" {
			continue
		}
		for _, m := range f.Metric {
			if m.Label[0].GetValue() == result {
				return m.Counter.GetValue()
			}
		}
	}
	t.Fatalf("no count of %s", result)
	return 0
}

// TestRecovers: a collector that asks to try again gets what was kept for it.
func TestRecovers(t *testing.T) {
	r := newReceiver(t)
	refused := 0
	r.answer = func(w http.ResponseWriter, req *http.Request) bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		if refused++; refused > 1 {
			return false
		}
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	}
	tel := open(t, r.config())
	reg := prometheus.NewRegistry()
	reg.MustRegister(tel)
	tell(tel, nil)
	late, again := time.After(patience), time.NewTicker(5*time.Millisecond)
	defer again.Stop()
	for total(t, reg, "sent") == 0 {
		select {
		case <-late:
			t.Fatal("nothing was sent again")
		case <-again.C:
		}
	}
	if err := tel.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.span("POST /v1/chat/completions")
}

// TestEnvironment: nothing of the environment redirects or adds to what is sent.
func TestEnvironment(t *testing.T) {
	elsewhere := newReceiver(t)
	elsewhere.answer = func(http.ResponseWriter, *http.Request) bool { t.Error("the environment redirects"); return true }
	for k, v := range map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": elsewhere.URL, "HTTP_PROXY": elsewhere.URL, "HTTPS_PROXY": elsewhere.URL, "OTEL_EXPORTER_OTLP_HEADERS": "x-env=" + canary,
		"OTEL_RESOURCE_ATTRIBUTES": "k=" + canary, "OTEL_SERVICE_NAME": canary, "OTEL_TRACES_SAMPLER": "always_off", "OTEL_SDK_DISABLED": "true", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "1"} {
		t.Setenv(k, v)
	}
	r := newReceiver(t)
	tel := open(t, r.config())
	tell(tel, nil)
	if err := tel.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(r.span("POST /v1/chat/completions").Attributes); n < 8 {
		t.Errorf("%d attributes; expected all", n)
	}
	if bytes.Contains(r.raw.Bytes(), []byte("heron")) {
		t.Error("the environment is sent")
	}
}

// TestRefusesToOpen: what cannot be used is an error, and a credential is in none.
func TestRefusesToOpen(t *testing.T) {
	for _, c := range []struct {
		cfg  config.Telemetry
		want string
	}{
		{config.Telemetry{Endpoint: "ftp://c.example"}, "unusable endpoint"},
		{config.Telemetry{Endpoint: "https://u:hush@c.example"}, "unusable endpoint"},
		{config.Telemetry{Endpoint: "https://c.example", CAFile: "telemetry_test.go"}, "holds no certificate"},
	} {
		tel, err := telemetry.Open(c.cfg, "1", slog.New(slog.DiscardHandler))
		if tel != nil || err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%v: %v; expected %q", c.cfg.Endpoint, err, c.want)
		}
	}
	if tel, err := telemetry.Open(config.Telemetry{}, "1", nil); tel != nil || err != nil {
		t.Errorf("without an endpoint: %v, %v; expected neither", tel, err)
	}
}

// TestOffCostsNothing: without telemetry nothing is allocated.
func TestOffCostsNothing(t *testing.T) {
	var off *telemetry.Telemetry
	h, v := http.Header{"Traceparent": {sampled}}, &guard.Verdict{}
	n := testing.AllocsPerRun(100, func() { silent(off, h, v) })
	if n != 0 {
		t.Errorf("%v allocations; expected none", n)
	}
	if len(h) != 1 {
		t.Errorf("the header became %v", h)
	}
	if err := off.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func silent(off *telemetry.Telemetry, h http.Header, v *guard.Verdict) {
	x := off.Admit(telemetry.Admission{Method: "POST", Header: h})
	x.Asked("openai.chat", "m", true, 1)
	x.Inspected(guard.Request, time.Time{}, v)
	a := x.Call(telemetry.Call{Host: "m"}, h)
	a.FirstByte()
	x.FirstByte()
	a.LastByte()
	a.End(telemetry.Result{Model: "m"})
	x.Answered(telemetry.Answer{Status: 200})
}

func BenchmarkExchange(b *testing.B) {
	for _, sample := range []float64{-1, 0, 1} {
		b.Run(map[float64]string{-1: "off", 0: "metrics", 1: "traced"}[sample], func(b *testing.B) {
			var tel *telemetry.Telemetry
			if sample >= 0 {
				var err error
				tel, err = telemetry.Open(config.Telemetry{Endpoint: "http://127.0.0.1:1", Sample: sample, Every: time.Hour}, "1", slog.New(slog.DiscardHandler))
				if err != nil {
					b.Fatal(err)
				}
			}
			h, v := http.Header{}, &guard.Verdict{}
			b.ReportAllocs()
			for b.Loop() {
				silent(tel, h, v)
			}
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			_ = tel.Close(ctx)
		})
	}
}
