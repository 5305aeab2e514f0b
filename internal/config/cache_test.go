package config

import (
	"strings"
	"testing"
	"time"
)

func TestCache(t *testing.T) {
	c, err := Parse("f", []byte(anUpstream))
	if err != nil {
		t.Fatal(err)
	}
	if c.Cache != (Cache{Memory: 64 << 20, Answer: 1 << 20, OnlyDeterministic: true}) {
		t.Errorf("default %+v", c.Cache)
	}
	c, err = Parse("f", []byte(anUpstream+`cache: {memory: 1GiB, answer: 2MiB, only_deterministic: false}
applications:
  desk: {subject_header: X-User, cache: {ttl: 5m, header: true}}
  open: {cache: {ttl: 1s}}
  none: {cache: {ttl: 0s}}
`))
	if err != nil {
		t.Fatal(err)
	}
	if c.Cache != (Cache{Memory: 1 << 30, Answer: 2 << 20}) || c.Applications["desk"].Cache != (ApplicationCache{TTL: 5 * time.Minute, Header: true}) {
		t.Errorf("%+v, %+v", c.Cache, c.Applications["desk"].Cache)
	}
	notes := strings.Join(c.Notes(), "\n")
	if !strings.Contains(notes, "application open has a cache and no subject_header") || strings.Contains(notes, "application desk") || strings.Contains(notes, "application none") {
		t.Errorf("notes:\n%s", notes)
	}
}

func TestCacheErrors(t *testing.T) {
	for text, want := range map[string]string{
		"cache: {memory: 1KiB}":                         "cache.memory is 1KiB; expected 1MiB",
		"cache: {memory: 2MiB}":                         "cache.answer is 1MiB; expected 1KiB to a quarter of cache.memory (2MiB)",
		"cache: {answer: 1B}":                           "cache.answer is 1B",
		"cache: {ttl: 1m}":                              "ttl",
		"applications: {a: {cache: {ttl: 25h}}}":        "cache.ttl is 25h0m0s; expected 1s to 24h",
		"applications: {a: {cache: {ttl: 1ms}}}":        "cache.ttl is 1ms",
		"applications: {a: {cache: {ttl: -1s}}}":        "cache.ttl is -1s",
		"applications: {a: {cache: {memory: 1MiB}}}":    "memory",
		"applications: {a: {cache: {ttl: forever}}}":    "ttl",
		"applications: {a: {cache: {header: perhaps}}}": "header",
	} {
		if _, err := Parse("f", []byte(anUpstream+text+"\n")); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "f:2") {
			t.Errorf("%s: %v; expected %q on line 2", text, err, want)
		}
	}
}
