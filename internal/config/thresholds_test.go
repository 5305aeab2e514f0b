package config

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"warder.example/guard"
	"warder.example/guard/strictyaml"
	"warder.example/guard/textmodel"
	"warder.example/guard/threshold"
)

// TestLoadThresholds: a file beside the configuration, for the model in use and not
// expired; whoever only judges needs no secret for it.
func TestLoadThresholds(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	file := threshold.File{Version: 1, Model: textmodel.Guard().Digest(), Made: now, Expires: now.AddDate(0, 0, 90), Confidence: 0.95,
		Thresholds: []threshold.Entry{{Origin: guard.OriginUser, Category: "injection", Budget: 0.001, Score: 0.9, Texts: 5000, High: 0.001}}}
	other := file
	other.Model = strings.Repeat("0", 64)
	const upstream = "upstreams: [{name: a, url: 'http://127.0.0.1:1/v1', key: 'env:NOT_SET_ANYWHERE'}]\n"
	dir := write(t, map[string]string{
		"good.yaml": string(file.Bytes()), "other.yaml": string(other.Bytes()), "wrong.yaml": "version: 7\n",
		"none": upstream, "with": upstream + "policy: p.yaml\npolicies: {q: q.yaml}\nguard: {thresholds: good.yaml}\n",
		"model": upstream + "guard: {thresholds: other.yaml}\n", "bad": upstream + "guard: {thresholds: wrong.yaml}\n",
		"missing": upstream + "guard: {thresholds: not-there.yaml}\n",
	})
	for _, c := range []struct {
		config string
		at     time.Time
		want   string
		is     error
	}{
		{"none", now, "", nil},
		{"with", now, "", nil},
		{"with", now.AddDate(0, 0, 91), `expired`, threshold.ErrExpired},
		{"model", now, `other.yaml": thresholds are for another model`, threshold.ErrModel},
		{"missing", now, "not-there.yaml", fs.ErrNotExist},
		{"bad", now, "wrong.yaml:1: version is 7", nil},
	} {
		cfg, err := LoadGuard(filepath.Join(dir, c.config))
		if err != nil {
			t.Fatalf("%s: %v", c.config, err)
		}
		s, err := cfg.LoadThresholds(c.at)
		switch {
		case c.want == "" && (err != nil || (s != nil) != (c.config == "with")):
			t.Errorf("%s: %v, %v", c.config, s, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is)):
			t.Errorf("%s: %v; expected %q", c.config, err, c.want)
		}
	}
	cfg, err := LoadGuard(filepath.Join(dir, "with"))
	if err != nil || cfg.Policy != filepath.Join(dir, "p.yaml") || cfg.Policies["q"] != filepath.Join(dir, "q.yaml") {
		t.Errorf("policies are at %q and %q (%v); expected them beside the configuration", cfg.Policy, cfg.Policies, err)
	}
	if _, err := Load(filepath.Join(dir, "with")); !errors.As(err, new(strictyaml.Problems)) {
		t.Errorf("a server without its secret: %v", err)
	}
}
