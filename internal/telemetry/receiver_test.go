package telemetry_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"warder.example/internal/config"
	"warder.example/internal/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait; nothing should come near it.
const patience = 20 * time.Second

// receiver is an OpenTelemetry collector: it decodes what comes.
type receiver struct {
	*httptest.Server
	t       *testing.T
	mu      sync.Mutex
	raw     bytes.Buffer // all that came: headers and unpacked bodies
	headers http.Header  // of the last request
	spans   []*trace.ResourceSpans
	metrics []*metrics.ResourceMetrics
	answer  func(w http.ResponseWriter, r *http.Request) bool // true: it answered
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{t: t}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	answer := r.answer
	r.mu.Unlock()
	if answer != nil && answer(w, req) {
		return
	}
	z, err := gzip.NewReader(req.Body)
	if err != nil {
		r.t.Errorf("body: %v", err)
		return
	}
	body, err := io.ReadAll(z)
	if err != nil || req.Method != http.MethodPost || req.Header.Get("Content-Type") != "application/x-protobuf" {
		r.t.Errorf("%s %s, %v", req.Method, req.Header, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.headers = req.Header
	_ = req.Header.Write(&r.raw)
	r.raw.Write(body)
	switch req.URL.Path {
	case "/base/v1/traces":
		var m trace.TracesData
		err = proto.Unmarshal(body, &m)
		r.spans = append(r.spans, m.ResourceSpans...)
	case "/base/v1/metrics":
		var m metrics.MetricsData
		err = proto.Unmarshal(body, &m)
		r.metrics = append(r.metrics, m.ResourceMetrics...)
	default:
		r.t.Errorf("path %q", req.URL.Path)
	}
	if err != nil {
		r.t.Errorf("%s: %v", req.URL.Path, err)
	}
}

// config is a configuration that sends here.
func (r *receiver) config() config.Telemetry {
	return config.Telemetry{Endpoint: r.URL + "/base", Sample: 1, Every: time.Hour}
}

// span returns the only span of that name.
func (r *receiver) span(name string) *trace.Span {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var out *trace.Span
	for _, rs := range r.spans {
		for _, ss := range rs.ScopeSpans {
			for _, s := range ss.Spans {
				if s.Name == name {
					if out != nil {
						r.t.Fatalf("two spans %q", name)
					}
					out = s
				}
			}
		}
	}
	if out == nil {
		r.t.Fatalf("no span %q in %v", name, r.spans)
	}
	return out
}

// metric returns the last export of a metric.
func (r *receiver) metric(name string) *metrics.Metric {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := len(r.metrics) - 1; i >= 0; i-- {
		for _, s := range r.metrics[i].ScopeMetrics {
			for _, m := range s.Metrics {
				if m.Name == name {
					return m
				}
			}
		}
	}
	r.t.Fatalf("no metric %q", name)
	return nil
}

// attributes are those as a map; of a list the first and its length matter.
func attributes(list []*common.KeyValue) map[string]any {
	out := map[string]any{}
	for _, kv := range list {
		switch v := kv.Value.Value.(type) {
		case *common.AnyValue_StringValue:
			out[kv.Key] = v.StringValue
		case *common.AnyValue_IntValue:
			out[kv.Key] = v.IntValue
		case *common.AnyValue_BoolValue:
			out[kv.Key] = v.BoolValue
		case *common.AnyValue_DoubleValue:
			out[kv.Key] = v.DoubleValue
		case *common.AnyValue_ArrayValue:
			s := ""
			for i, e := range v.ArrayValue.Values {
				if i > 0 {
					s += " "
				}
				s += e.GetStringValue()
			}
			out[kv.Key] = s
		}
	}
	return out
}

func open(t *testing.T, cfg config.Telemetry) *telemetry.Telemetry {
	t.Helper()
	out, err := telemetry.Open(cfg, "1.2.3", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return out
}
