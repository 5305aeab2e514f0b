package telemetry

import (
	"errors"

	"go.opentelemetry.io/otel/metric"
)

// measures are the instruments.
type measures struct {
	callDuration, callFirstChunk, duration, firstToken metric.Float64Histogram
	tokens                                             metric.Int64Histogram
	verdicts                                           metric.Int64Counter
}

func newMeasures(m metric.Meter) (out measures, err error) {
	seconds := func(to *metric.Float64Histogram, name, says string, bounds []float64) {
		h, herr := m.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(says), metric.WithExplicitBucketBoundaries(bounds...))
		*to, err = h, errors.Join(err, herr)
	}
	seconds(&out.callDuration, metricCallDuration, "Time of one attempt at an upstream.", boundsDuration)
	seconds(&out.callFirstChunk, metricCallFirstChunk, "Time until the first event of an upstream's stream.", boundsDuration)
	seconds(&out.duration, metricDuration, "Time of an exchange, as its caller sees it.", boundsDuration)
	seconds(&out.firstToken, metricFirstToken, "Time until a streamed answer begins to leave for the caller.", boundsFirstToken)
	var terr, verr error
	out.tokens, terr = m.Int64Histogram(metricTokens, metric.WithUnit("{token}"), metric.WithDescription("Tokens used, as upstreams count them."), metric.WithExplicitBucketBoundaries(boundsTokens...))
	out.verdicts, verr = m.Int64Counter(metricVerdicts, metric.WithUnit("{verdict}"), metric.WithDescription("Verdicts by action and direction."))
	return out, errors.Join(err, terr, verr)
}
