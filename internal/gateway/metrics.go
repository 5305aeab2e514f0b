package gateway

import (
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"warder.example/guard"
	"warder.example/internal/ledger"
)

// metrics are the numbers that the admin listener serves. Labels come from
// closed sets (routes, codes, registered applications, known categories), never
// from a caller's text.
type metrics struct {
	registry  *prometheus.Registry
	exchanges *prometheus.CounterVec   // application, protocol, end
	refusals  *prometheus.CounterVec   // application, code
	findings  *prometheus.CounterVec   // category, direction, action
	seconds   *prometheus.HistogramVec // stage: one of timedParts
	bytes     *prometheus.CounterVec   // state: received, released, masked, exposed
	tokens    *prometheus.CounterVec   // application, type: input, output
	inFlight  prometheus.Gauge
	streams   prometheus.Gauge

	// parts and states are series of seconds and bytes that every exchange
	// adds to: to look them up by their labels each time costs more.
	parts  map[string]prometheus.Observer
	states map[string]prometheus.Counter
}

// The parts of an exchange that are timed, and the states of answer bytes.
var (
	timedParts = []string{"inspect_request", "upstream_first_byte", "inspect_answer"}
	byteStates = []string{"received", "released", "masked", "exposed"}
)

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		exchanges: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "warder_exchanges_total",
			Help: "Exchanges by application, kind of call to a model (empty: none) and how they ended."}, []string{"application", "protocol", "end"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "warder_refusals_total",
			Help: "Requests that were not answered by a model, by application and stable code."}, []string{"application", "code"}),
		findings: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "warder_findings_total",
			Help: "Findings by category, direction and what the policy decided."}, []string{"category", "direction", "action"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "warder_stage_seconds",
			Help: "Time spent, by stage of the exchange.", Buckets: []float64{.00005, .0001, .00025, .0005, .001, .0025, .005, .01, .05, .25, 1, 5, 30, 120}}, []string{"stage"}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "warder_answer_bytes_total",
			Help: "Bytes of answer text by state."}, []string{"state"}),
		tokens: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "warder_tokens_total",
			Help: "Tokens used, as model servers count them, by application and type."}, []string{"application", "type"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "warder_in_flight", Help: "Exchanges in flight."}),
		streams:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "warder_streams_in_flight", Help: "Streamed answers in flight."}),
	}
	m.parts, m.states = map[string]prometheus.Observer{}, map[string]prometheus.Counter{}
	for _, p := range timedParts {
		m.parts[p] = m.seconds.WithLabelValues(p)
	}
	for _, s := range byteStates {
		m.states[s] = m.bytes.WithLabelValues(s)
	}
	m.registry.MustRegister(m.exchanges, m.refusals, m.findings, m.seconds, m.bytes, m.tokens, m.inFlight, m.streams,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}

// took notes how long one of timedParts took.
func (m *metrics) took(part string, since time.Time) {
	m.parts[part].Observe(time.Since(since).Seconds())
}

func (m *metrics) refused(application string, f *failure) {
	m.refusals.WithLabelValues(application, f.Code).Inc()
}

// used counts tokens; 0 is not known.
func (m *metrics) used(application string, input, output int) {
	if input > 0 {
		m.tokens.WithLabelValues(application, "input").Add(float64(input))
	}
	if output > 0 {
		m.tokens.WithLabelValues(application, "output").Add(float64(output))
	}
}

// follow adds the audit log's own figures.
func (m *metrics) follow(stats func() ledger.Stats) {
	gauge := func(name, help string, value func(ledger.Stats) float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return value(stats()) }))
	}
	counter := func(name, help string, value func(ledger.Stats) float64) {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return value(stats()) }))
	}
	gauge("warder_ledger_records", "Records in the audit log.", func(s ledger.Stats) float64 { return float64(s.Records) })
	gauge("warder_ledger_checkpointed", "Records covered by the last signed checkpoint.", func(s ledger.Stats) float64 { return float64(s.Checkpointed) })
	counter("warder_ledger_refused_total", "Records that could not be kept.", func(s ledger.Stats) float64 { return float64(s.Refused) })
	counter("warder_ledger_checkpoint_errors_total", "Checkpoints that could not be kept or published.", func(s ledger.Stats) float64 { return float64(s.CheckpointErrors) })
	gauge("warder_ledger_low", "1 while the disk is full and the reserve is in use.", func(s ledger.Stats) float64 {
		if s.Low {
			return 1
		}
		return 0
	})
}

// found counts the findings of a verdict.
func (m *metrics) found(v *guard.Verdict, d guard.Direction) {
	for i := range v.Findings {
		m.findings.WithLabelValues(familyOf(v.Findings[i].Category), d.String(), v.ActionFor(i).String()).Inc()
	}
}

// familyOf keeps the label set closed: custom patterns are named by operators.
func familyOf(category string) string {
	if strings.HasPrefix(category, "custom.") {
		return "custom"
	}
	return category
}
