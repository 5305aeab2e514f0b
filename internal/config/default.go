package config

import "time"

// Names of choices.
const (
	SyncGroup = "group"
	SyncEach  = "each"
	SyncOS    = "os"

	UnknownInspect = "inspect"
	UnknownStrip   = "strip"
	UnknownRefuse  = "refuse"

	DetectorsOn  = "on"
	DetectorsOff = "off"
)

// Default returns the configuration of a file that says nothing. It lacks an
// upstream, and so does not pass [Config.Validate].
func Default() *Config {
	return &Config{
		Listen: "127.0.0.1:8080",
		Admin:  "127.0.0.1:9090",
		Data:   "warder-data",
		Limits: Limits{
			Body:              4 << 20,
			Decompressed:      16 << 20,
			Answer:            32 << 20,
			Event:             1 << 20,
			Header:            64 << 10,
			Depth:             64,
			Concurrent:        1024,
			Waiting:           256,
			Patience:          time.Second,
			ReadHeader:        10 * time.Second,
			ReadBody:          30 * time.Second,
			UpstreamConnect:   10 * time.Second,
			UpstreamFirstByte: 2 * time.Minute,
			UpstreamIdle:      time.Minute,
			ClientWrite:       30 * time.Second,
			Total:             10 * time.Minute,
		},
		Ledger: Ledger{
			Sync:         SyncGroup,
			Reserve:      64 << 20,
			SegmentBytes: 64 << 20,
			Checkpoint:   Checkpoint{Every: time.Minute},
		},
		Guard:     Guard{Detectors: DetectorsOn, Cache: 65536},
		Spending:  defaultSpending(),
		Cache:     defaultCache(),
		Telemetry: Telemetry{Sample: 1, Every: time.Minute},
		Log:       Log{Level: "info", Format: "text"},
		Drain:     30 * time.Second,
	}
}

// WithDefaults returns the upstream with every setting that it leaves out: l are the
// limits of the same configuration, or the zero value for those of [Default].
func (u Upstream) WithDefaults(l Limits) Upstream {
	if l == (Limits{}) {
		l = Default().Limits
	}
	u.Family = orDefault(u.Family, FamilyOpenAI)
	u.OutputCap = orDefault(u.OutputCap, CapCompletion)
	u.Weight = orDefault(u.Weight, 1)
	u.MinTLS = orDefault(u.MinTLS, "1.2")
	u.Deadlines = Deadlines{
		Connect:   orDefault(u.Deadlines.Connect, l.UpstreamConnect),
		TLS:       orDefault(u.Deadlines.TLS, l.UpstreamConnect),
		FirstByte: orDefault(u.Deadlines.FirstByte, l.UpstreamFirstByte),
		Idle:      orDefault(u.Deadlines.Idle, l.UpstreamIdle),
		Total:     orDefault(u.Deadlines.Total, l.Total),
	}
	u.Retry.Attempts = orDefault(u.Retry.Attempts, 3)
	u.Retry.Budget = orDefault(u.Retry.Budget, 20)
	u.Retry.Floor = orDefault(u.Retry.Floor, 1)
	u.Retry.MaxWait = orDefault(u.Retry.MaxWait, 2*time.Second)
	u.Circuit = Circuit{
		Failures: orDefault(u.Circuit.Failures, 50),
		Minimum:  orDefault(u.Circuit.Minimum, 20),
		Window:   orDefault(u.Circuit.Window, 10*time.Second),
		Open:     orDefault(u.Circuit.Open, 5*time.Second),
		Probes:   orDefault(u.Circuit.Probes, 3),
	}
	u.Health.Every = orDefault(u.Health.Every, 10*time.Second)
	return u
}
