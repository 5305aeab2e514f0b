package gateway

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"warder.example/guard"
	"warder.example/guard/threshold"
	"warder.example/internal/calibrate"
	"warder.example/internal/event"
)

// thresholdInterval is how often the operator's thresholds are looked at.
const thresholdInterval = time.Minute

// soon is how long before they expire the log begins to say so.
const soon = 14 * 24 * time.Hour

// Drift is the payload of KindDrift: the operator's thresholds are no longer what
// they were chosen to be.
type Drift struct {
	What       string        `json:"what"`               // "over_budget", "expired"
	Thresholds string        `json:"thresholds"`         // digest of their file
	Origin     *guard.Origin `json:"origin,omitempty"`   // of over_budget, as all below
	Category   string        `json:"category,omitempty"` // of the classifier
	Budget     float64       `json:"budget,omitempty"`   // share of honest texts that may reach it
	Texts      int64         `json:"texts,omitempty"`    // read since the window began
	Reached    int64         `json:"reached,omitempty"`  // of them
}

// drift looks at the thresholds in use. It is used by one goroutine.
type drift struct {
	watch   *calibrate.Watch
	expired bool // recorded
	warned  time.Time
}

// watchThresholds records, until ctx ends, when thresholds are reached too often or
// expire. They stay in use: what is published with the model is no safer.
func (s *Server) watchThresholds(ctx context.Context, every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	var d drift
	for {
		s.lookAtThresholds(ctx, &d, time.Now())
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}

func (s *Server) lookAtThresholds(ctx context.Context, d *drift, now time.Time) {
	set := s.state.Load().thresholds
	if set == nil {
		return
	}
	if d.watch == nil || d.watch.Set() != set { // the first look, or after a reload
		*d = drift{watch: calibrate.NewWatch(set)}
	}
	for _, a := range d.watch.Look() {
		s.log.Warn("more texts reach a threshold than its budget allows: the traffic has changed, or there is a wave of attacks",
			"origin", a.Origin, "category", a.Category, "budget", a.Budget, "texts", a.Seen, "reached", a.Hits)
		s.recordDrift(ctx, &Drift{What: "over_budget", Thresholds: set.Digest(), Origin: &a.Origin, Category: a.Category, Budget: a.Budget, Texts: a.Seen, Reached: a.Hits})
	}
	left := set.File().Expires.Sub(now)
	switch {
	case left <= 0 && !d.expired:
		d.expired = true
		s.log.Warn("thresholds have expired and stay in use until the next start or reload, which refuses them; calibrate again", "expired", set.File().Expires)
		s.recordDrift(ctx, &Drift{What: "expired", Thresholds: set.Digest()})
	case left > 0 && left < soon && now.Sub(d.warned) >= 24*time.Hour:
		d.warned = now
		s.log.Warn("thresholds expire soon; calibrate again on recent texts", "expires", set.File().Expires)
	}
}

func (s *Server) recordDrift(ctx context.Context, p *Drift) {
	rctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	if _, err := s.ledger.Append(rctx, event.Event{Time: time.Now(), Kind: KindDrift, Payload: p}); err != nil {
		s.log.Error("record was not kept", "kind", KindDrift, "cause", err)
	}
}

// thresholdMetrics serves the counts of the thresholds in use.
type thresholdMetrics struct {
	set func() *threshold.Set // may return nil
}

var (
	thresholdLabels = []string{"origin", "category", "budget"}
	textsDesc       = prometheus.NewDesc("warder_threshold_texts_total", "Texts that the classifier read where the operator's own threshold applies.", thresholdLabels, nil)
	reachedDesc     = prometheus.NewDesc("warder_threshold_reached_total", "Of them, those that reached it: compare their share with the budget.", thresholdLabels, nil)
	expiryDesc      = prometheus.NewDesc("warder_threshold_expiry_seconds", "When the operator's own thresholds expire, in Unix seconds.", nil, nil)
)

// Describe implements [prometheus.Collector].
func (m thresholdMetrics) Describe(out chan<- *prometheus.Desc) {
	out <- textsDesc
	out <- reachedDesc
	out <- expiryDesc
}

// Collect implements [prometheus.Collector].
func (m thresholdMetrics) Collect(out chan<- prometheus.Metric) {
	set := m.set()
	if set == nil {
		return
	}
	for _, c := range set.Counts() {
		labels := []string{c.Origin.String(), c.Category, strconv.FormatFloat(c.Budget, 'g', -1, 64)}
		out <- prometheus.MustNewConstMetric(textsDesc, prometheus.CounterValue, float64(c.Seen), labels...)
		out <- prometheus.MustNewConstMetric(reachedDesc, prometheus.CounterValue, float64(c.Hits), labels...)
	}
	out <- prometheus.MustNewConstMetric(expiryDesc, prometheus.GaugeValue, float64(set.File().Expires.Unix()))
}
