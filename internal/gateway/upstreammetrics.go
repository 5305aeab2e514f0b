package gateway

import (
	"github.com/prometheus/client_golang/prometheus"

	"warder.example/internal/upstream"
)

// upstreamMetrics serves what becomes of requests at each upstream. Labels are names of the
// configuration and kinds of package upstream. Counters begin anew with a pool.
type upstreamMetrics struct{ stats func() []upstream.Stats }

var (
	upstreamCircuitDesc  = prometheus.NewDesc("warder_upstream_circuit", "1 for the state that the circuit of the upstream is in.", []string{"upstream", "state"}, nil)
	upstreamHealthyDesc  = prometheus.NewDesc("warder_upstream_healthy", "0 while the health check of the upstream fails.", []string{"upstream"}, nil)
	upstreamRestingDesc  = prometheus.NewDesc("warder_upstream_resting", "1 while others of the group are preferred to the upstream.", []string{"upstream"}, nil)
	upstreamAttemptsDesc = prometheus.NewDesc("warder_upstream_attempts_total", "Requests sent to the upstream, retries included.", []string{"upstream"}, nil)
	upstreamRetriesDesc  = prometheus.NewDesc("warder_upstream_retries_total", "Of them, those sent after an attempt had failed, there or elsewhere.", []string{"upstream"}, nil)
	upstreamDeniedDesc   = prometheus.NewDesc("warder_upstream_retries_denied_total", "Requests that failed at the upstream and were not tried again since the budget was used up.", []string{"upstream"}, nil)
	upstreamFailuresDesc = prometheus.NewDesc("warder_upstream_failures_total", "What went wrong at the upstream, by kind.", []string{"upstream", "kind"}, nil)
)

// circuitStates are the values of [upstream.Stats].Circuit.
var circuitStates = []string{"closed", "open", "half_open"}

// Describe implements [prometheus.Collector].
func (m upstreamMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{upstreamCircuitDesc, upstreamHealthyDesc, upstreamRestingDesc, upstreamAttemptsDesc, upstreamRetriesDesc, upstreamDeniedDesc, upstreamFailuresDesc} {
		out <- d
	}
}

// Collect implements [prometheus.Collector].
func (m upstreamMetrics) Collect(out chan<- prometheus.Metric) {
	for _, s := range m.stats() {
		gauge := func(d *prometheus.Desc, on bool, labels ...string) {
			v := 0.0
			if on {
				v = 1
			}
			out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, append([]string{s.Upstream}, labels...)...)
		}
		count := func(d *prometheus.Desc, n uint64, labels ...string) {
			out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), append([]string{s.Upstream}, labels...)...)
		}
		for _, state := range circuitStates {
			gauge(upstreamCircuitDesc, s.Circuit == state, state)
		}
		gauge(upstreamHealthyDesc, s.Healthy)
		gauge(upstreamRestingDesc, s.Resting)
		count(upstreamAttemptsDesc, s.Attempts)
		count(upstreamRetriesDesc, s.Retries)
		count(upstreamDeniedDesc, s.Denied)
		for kind, n := range s.Failures {
			count(upstreamFailuresDesc, n, kind)
		}
	}
}
