package telemetry

import (
	"context"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	metricpb "go.opentelemetry.io/proto/otlp/metrics/v1"
)

// points sends metrics. They are cumulative: an export that fails loses nothing that
// the next does not bring.
type points struct{ to *collector }

var _ sdkmetric.Exporter = points{}

// Temporality implements [sdkmetric.Exporter].
func (points) Temporality(sdkmetric.InstrumentKind) metricdata.Temporality {
	return metricdata.CumulativeTemporality
}

// Aggregation implements [sdkmetric.Exporter].
func (points) Aggregation(k sdkmetric.InstrumentKind) sdkmetric.Aggregation {
	return sdkmetric.DefaultAggregationSelector(k)
}

// Export implements [sdkmetric.Exporter].
func (p points) Export(ctx context.Context, m *metricdata.ResourceMetrics) error {
	out := &metricpb.ResourceMetrics{Resource: p.to.resource, SchemaUrl: schemaURL}
	for _, s := range m.ScopeMetrics {
		scope := &metricpb.ScopeMetrics{Scope: p.to.scope, SchemaUrl: schemaURL}
		for i := range s.Metrics {
			scope.Metrics = append(scope.Metrics, measured(&s.Metrics[i]))
		}
		out.ScopeMetrics = append(out.ScopeMetrics, scope)
	}
	if len(out.ScopeMetrics) == 0 {
		return nil
	}
	// A failure is counted and logged; the reader would only print it.
	_ = p.to.export(ctx, "metrics", &metricpb.MetricsData{ResourceMetrics: []*metricpb.ResourceMetrics{out}})
	return nil
}

// ForceFlush implements [sdkmetric.Exporter]; nothing is kept back.
func (points) ForceFlush(context.Context) error { return nil }

// Shutdown implements [sdkmetric.Exporter].
func (p points) Shutdown(context.Context) error {
	p.to.client.CloseIdleConnections()
	return nil
}

// measured is a metric as OTLP has it, of the kinds that are used here.
func measured(m *metricdata.Metrics) *metricpb.Metric {
	out := &metricpb.Metric{Name: m.Name, Description: m.Description, Unit: m.Unit}
	switch d := m.Data.(type) {
	case metricdata.Histogram[float64]:
		out.Data = histogram(d)
	case metricdata.Histogram[int64]:
		out.Data = histogram(d)
	case metricdata.Sum[int64]:
		sum := &metricpb.Sum{AggregationTemporality: metricpb.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE, IsMonotonic: d.IsMonotonic}
		for _, p := range d.DataPoints {
			sum.DataPoints = append(sum.DataPoints, &metricpb.NumberDataPoint{Attributes: keyValues(p.Attributes.ToSlice()),
				StartTimeUnixNano: nanos(p.StartTime), TimeUnixNano: nanos(p.Time), Value: &metricpb.NumberDataPoint_AsInt{AsInt: p.Value}})
		}
		out.Data = &metricpb.Metric_Sum{Sum: sum}
	}
	return out
}

func histogram[N int64 | float64](d metricdata.Histogram[N]) *metricpb.Metric_Histogram {
	h := &metricpb.Histogram{AggregationTemporality: metricpb.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE}
	for _, p := range d.DataPoints {
		sum := float64(p.Sum)
		to := &metricpb.HistogramDataPoint{Attributes: keyValues(p.Attributes.ToSlice()), StartTimeUnixNano: nanos(p.StartTime), TimeUnixNano: nanos(p.Time),
			Count: p.Count, Sum: &sum, ExplicitBounds: p.Bounds, BucketCounts: p.BucketCounts}
		if v, ok := p.Min.Value(); ok {
			low := float64(v)
			to.Min = &low
		}
		if v, ok := p.Max.Value(); ok {
			high := float64(v)
			to.Max = &high
		}
		h.DataPoints = append(h.DataPoints, to)
	}
	return &metricpb.Metric_Histogram{Histogram: h}
}

func nanos(t time.Time) uint64 { return uint64(t.UnixNano()) }
