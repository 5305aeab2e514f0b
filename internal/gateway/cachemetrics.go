package gateway

import (
	"github.com/prometheus/client_golang/prometheus"

	"warder.example/internal/answercache"
)

// cacheMetrics serves what the cache of answers holds and has done.
type cacheMetrics struct{ stats func() answercache.Stats }

var (
	cacheAnswersDesc = prometheus.NewDesc("warder_answer_cache_answers", "Answers that are kept to be given again.", nil, nil)
	cacheBytesDesc   = prometheus.NewDesc("warder_answer_cache_bytes", "Bytes that kept answers take.", nil, nil)
	cacheLooksDesc   = prometheus.NewDesc("warder_answer_cache_lookups_total", "Requests that could have a kept answer, by whether there was one.", []string{"result"}, nil)
	cacheKeptDesc    = prometheus.NewDesc("warder_answer_cache_kept_total", "Answers that were kept.", nil, nil)
	cacheEvictedDesc = prometheus.NewDesc("warder_answer_cache_evicted_total", "Of them, those that had to go for others before their time.", nil, nil)
)

// Describe implements [prometheus.Collector].
func (m cacheMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{cacheAnswersDesc, cacheBytesDesc, cacheLooksDesc, cacheKeptDesc, cacheEvictedDesc} {
		out <- d
	}
}

// Collect implements [prometheus.Collector].
func (m cacheMetrics) Collect(out chan<- prometheus.Metric) {
	s := m.stats()
	out <- prometheus.MustNewConstMetric(cacheAnswersDesc, prometheus.GaugeValue, float64(s.Answers))
	out <- prometheus.MustNewConstMetric(cacheBytesDesc, prometheus.GaugeValue, float64(s.Bytes))
	count := func(d *prometheus.Desc, n uint64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	count(cacheLooksDesc, s.Hits, cacheHit)
	count(cacheLooksDesc, s.Misses, cacheMiss)
	count(cacheKeptDesc, s.Kept)
	count(cacheEvictedDesc, s.Evicted)
}
