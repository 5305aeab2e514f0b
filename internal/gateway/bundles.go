package gateway

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"warder.example/internal/bundle"
)

// UseBundles puts other bundles to use at once: requests that begin from now on see
// all of the new ones, those in flight end with what they began with. On an error
// nothing changes. What is in force from then on is recorded.
func (s *Server) UseBundles(set *bundle.Set) error {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	next, err := s.state.Load().withBundles(set, s.threats)
	if err != nil {
		return err
	}
	s.state.Store(next)
	if err := s.lifecycle(context.Background(), "bundles"); err != nil {
		s.log.Error("record was not kept", "kind", KindServer, "cause", err)
	}
	return nil
}

// TrustedKeys returns the keys of bundles that the configuration in use trusts.
func (s *Server) TrustedKeys() []string { return s.state.Load().cfg.Bundles.TrustedKeys }

// bundlesInForce returns the versions of active bundles by name.
func bundlesInForce(set *bundle.Set) map[string]string {
	if set == nil || len(set.Active) == 0 {
		return nil
	}
	out := map[string]string{}
	for _, l := range set.Active {
		out[l.Manifest.Name] = l.Manifest.Version
	}
	return out
}

// bundleMetrics serves which bundles are in use, and what staged ones see. Labels
// are as the bundles' makers chose them, and bundles are signed and few.
type bundleMetrics struct {
	set func() *bundle.Set // may return nil
}

var (
	bundleLabels      = []string{"bundle", "version"}
	bundleInfoDesc    = prometheus.NewDesc("warder_bundle_info", "1 for each bundle in use, by state.", append(bundleLabels, "state"), nil)
	bundleExpiryDesc  = prometheus.NewDesc("warder_bundle_expiry_seconds", "When the bundle expires, in Unix seconds.", bundleLabels, nil)
	bundleTextsDesc   = prometheus.NewDesc("warder_bundle_observed_texts_total", "Texts of requests that a staged bundle read since it was loaded.", bundleLabels, nil)
	bundleFoundDesc   = prometheus.NewDesc("warder_bundle_observed_found_total", "Of them, those in which a part of it found an attack.", append(bundleLabels, "part"), nil)
	bundleCompareDesc = prometheus.NewDesc("warder_bundle_compared_texts_total", "Texts that its model and the one in use read, by which of them found an attack at a false-positive rate of 1 %.", append(bundleLabels, "found_by"), nil)
)

// Describe implements [prometheus.Collector].
func (m bundleMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{bundleInfoDesc, bundleExpiryDesc, bundleTextsDesc, bundleFoundDesc, bundleCompareDesc} {
		out <- d
	}
}

// Collect implements [prometheus.Collector].
func (m bundleMetrics) Collect(out chan<- prometheus.Metric) {
	set := m.set()
	if set == nil {
		return
	}
	for _, l := range set.Active {
		inUse(out, l, "active")
	}
	for _, l := range set.Staged {
		inUse(out, l, "staged")
		seen := l.Seen()
		count := func(d *prometheus.Desc, n int64, more ...string) {
			out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), append([]string{l.Manifest.Name, l.Manifest.Version}, more...)...)
		}
		count(bundleTextsDesc, seen.Texts)
		count(bundleFoundDesc, seen.Threats, "threats")
		count(bundleFoundDesc, seen.Signatures, "signatures")
		count(bundleCompareDesc, seen.Both, "both")
		count(bundleCompareDesc, seen.OnlyStaged, "staged")
		count(bundleCompareDesc, seen.OnlyActive, "active")
		count(bundleCompareDesc, seen.Compared-seen.Both-seen.OnlyStaged-seen.OnlyActive, "none")
	}
}

func inUse(out chan<- prometheus.Metric, l *bundle.Loaded, state string) {
	name, version := l.Manifest.Name, l.Manifest.Version
	out <- prometheus.MustNewConstMetric(bundleInfoDesc, prometheus.GaugeValue, 1, name, version, state)
	out <- prometheus.MustNewConstMetric(bundleExpiryDesc, prometheus.GaugeValue, float64(l.Manifest.NotAfter.Unix()), name, version)
}
