// Package telemetry sends traces and metrics of exchanges to an OpenTelemetry
// collector, in the GenAI semantic conventions (names.go has every name and their
// version), over OTLP/HTTP with protobuf bodies.
//
// # What is sent
//
// Per exchange one server span, one span per inspection, and one client span per attempt
// at an upstream. Names, ids, counts, verdicts and codes are sent; never a text of a
// request or of an answer, nor anything about the end user. Names that callers and
// upstreams choose (models, why an answer ended) pass only where no text can hide in
// them.
//
// # What it cannot do
//
// A collector that fails, hangs or lies never touches a request: spans wait in a bounded
// queue, are lost when it is full, and are counted when they are ([Telemetry.Collect]).
// The audit log is the record, not this.
//
// The exporter is Warder's own, on the messages of OTLP: that of OpenTelemetry links
// gRPC, and would take its address, headers and proxies from the environment.
//
// # Use
//
// [Open], then for each request [Telemetry.Admit] and the methods of what it returns; all
// of them do nothing, at no cost, on nil. [Telemetry.Close] sends what waits.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"warder.example/internal/config"
)

// maxSeries is how many series one metric may have; what is beyond is counted together.
const maxSeries = 2000

// Telemetry is where exchanges are told. Nil tells nobody. It is safe for concurrent
// use.
type Telemetry struct {
	trust    bool // callers' traces are continued
	tracer   trace.Tracer
	traces   *sdktrace.TracerProvider
	metrics  *sdkmetric.MeterProvider
	queue    *queue
	measures measures
	models   models
	exports  *prometheus.CounterVec
}

var _ prometheus.Collector = (*Telemetry)(nil)

// Open begins to send what the configuration says; nil without an endpoint. It opens
// no connection and does not wait for the collector. version is Warder's own.
func Open(cfg config.Telemetry, version string, log *slog.Logger) (*Telemetry, error) {
	if cfg.Endpoint == "" {
		return nil, nil
	}
	exports := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "warder_telemetry_exports_total",
		Help: "Exports to the OpenTelemetry collector by signal and result."}, []string{"signal", "result"})
	c, err := newCollector(cfg, version, exports, log)
	if err != nil {
		return nil, fmt.Errorf("telemetry: %w", err)
	}
	t := &Telemetry{trust: cfg.TrustCallers, queue: newQueue(c), exports: exports}
	t.traces = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(t.queue), sdktrace.WithRawSpanLimits(spanLimits),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(cfg.Sample))))
	t.tracer = t.traces.Tracer(scopeName)
	reader := sdkmetric.NewPeriodicReader(points{c}, sdkmetric.WithInterval(cfg.Every), sdkmetric.WithTimeout(exportTime))
	t.metrics = sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithCardinalityLimit(maxSeries), sdkmetric.WithExemplarFilter(exemplar.AlwaysOffFilter))
	if t.measures, err = newMeasures(t.metrics.Meter(scopeName)); err != nil {
		return nil, errors.Join(fmt.Errorf("telemetry: %w", err), t.Close(context.Background()))
	}
	return t, nil
}

// scopeName is who made the spans and metrics.
const scopeName = "warder"

// spanLimits bounds a span, whatever the environment says.
var spanLimits = sdktrace.SpanLimits{AttributeValueLengthLimit: 512, AttributeCountLimit: 64, EventCountLimit: 1, LinkCountLimit: 1,
	AttributePerEventCountLimit: 1, AttributePerLinkCountLimit: 1}

// Close sends what waits, as long as ctx allows, and ends. Nothing is told to it
// afterwards.
func (t *Telemetry) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return errors.Join(t.traces.Shutdown(ctx), t.metrics.Shutdown(ctx))
}

// Describe implements [prometheus.Collector].
func (t *Telemetry) Describe(out chan<- *prometheus.Desc) {
	t.exports.Describe(out)
	t.queue.spans.Describe(out)
}

// Collect implements [prometheus.Collector]: what became of spans and exports.
func (t *Telemetry) Collect(out chan<- prometheus.Metric) {
	t.exports.Collect(out)
	t.queue.spans.Collect(out)
}
