package config

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"warder.example/guard/strictyaml"
)

// Cache bounds what is kept of answers of models, for applications that have a cache.
type Cache struct {
	// Memory is the most that kept answers take, of all applications together.
	Memory ByteSize `yaml:"memory"`
	// Answer is the most bytes of one answer that is kept.
	Answer ByteSize `yaml:"answer"`
	// OnlyDeterministic keeps only what a request asks not to draw by chance: it has
	// temperature 0 or a seed, or wants embeddings.
	OnlyDeterministic bool `yaml:"only_deterministic"`
}

// ApplicationCache says whether an application's answers are kept. A request that is the
// same to the byte, for the same end user, is then answered without asking the model.
type ApplicationCache struct {
	// TTL is for how long an answer may be given again, 1s to 24h. 0 keeps none.
	TTL time.Duration `yaml:"ttl"`
	// Header tells callers by X-Warder-Cache whether an answer was kept: hit, miss, or
	// bypass for what is never kept.
	Header bool `yaml:"header"`
}

// defaultCache is that of a file that says nothing.
func defaultCache() Cache { return Cache{Memory: 64 << 20, Answer: 1 << 20, OnlyDeterministic: true} }

// checkCache reports what is wrong with the bounds of kept answers.
func (c *Config) checkCache(r report) {
	k := &c.Cache
	if k.Memory < 1<<20 || k.Memory > 1<<40 {
		r("cache.memory", "cache.memory is %s; expected 1MiB to 1024GiB", k.Memory)
	}
	if k.Answer < 1<<10 || k.Answer > k.Memory/4 {
		r("cache.answer", "cache.answer is %s; expected 1KiB to a quarter of cache.memory (%s)", k.Answer, k.Memory)
	}
	for name, a := range c.Applications {
		if t := a.Cache.TTL; t != 0 && (t < time.Second || t > 24*time.Hour) {
			r(strictyaml.Join("applications", name)+".cache.ttl", "cache.ttl is %s; expected 1s to 24h, or 0 for no cache", t)
		}
	}
}

// cacheNotes tells of applications whose users share answers.
func (c *Config) cacheNotes() (out []string) {
	for _, name := range slices.Sorted(maps.Keys(c.Applications)) {
		if a := c.Applications[name]; a.Cache.TTL > 0 && a.SubjectHeader == "" {
			out = append(out, fmt.Sprintf("application %s has a cache and no subject_header: all requests whose body names no end user share answers", name))
		}
	}
	return out
}
