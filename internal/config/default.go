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
		Guard: Guard{Detectors: DetectorsOn, Cache: 65536},
		Log:   Log{Level: "info", Format: "text"},
		Drain: 30 * time.Second,
	}
}
