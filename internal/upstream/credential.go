package upstream

import (
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"warder.example/internal/config"
)

// recheck is how often the file of a credential is looked at, at most.
const recheck = time.Second

// token is a credential's value at one time, ready to be sent.
type token struct {
	header []string    // holds the secret: never print it
	info   fs.FileInfo // of its file when it was read; nil: not known
	index  int         // of its credential
}

// String keeps a token from being printed.
func (*token) String() string { return "credential" }

// GoString is String, for %#v.
func (*token) GoString() string { return "credential" }

// credentials are those of one upstream. It may be used concurrently.
type credentials struct {
	header, prefix string
	log            *slog.Logger
	list           []*credential
	current        atomic.Uint32 // counts up; modulo the length of list
}

type credential struct {
	value  atomic.Pointer[token]
	looked atomic.Int64 // when the file was last looked at, Unix nanoseconds
	source config.Secret
	mu     sync.Mutex // over reading the file
}

func newCredentials(family string, list []config.Secret, log *slog.Logger) *credentials {
	c := &credentials{header: "Authorization", prefix: "Bearer ", log: log}
	switch family {
	case config.FamilyAnthropic:
		c.header, c.prefix = "X-Api-Key", ""
	case config.FamilyGemini:
		c.header, c.prefix = "X-Goog-Api-Key", ""
	}
	for i, s := range list {
		one := &credential{source: s}
		one.value.Store(&token{header: []string{c.prefix + s.Reveal()}, index: i})
		one.looked.Store(time.Now().UnixNano())
		c.list = append(c.list, one)
	}
	return c
}

// use returns the credential to send; nil if there is none.
func (c *credentials) use(now time.Time) *token {
	if len(c.list) == 0 {
		return nil
	}
	i := int(c.current.Load()) % len(c.list)
	one := c.list[i]
	if one.source.File() != "" {
		last := one.looked.Load()
		since := time.Duration(now.UnixNano() - last) // negative after the clock was set back
		if (since >= recheck || since < 0) && one.looked.CompareAndSwap(last, now.UnixNano()) {
			c.refresh(i)
		}
	}
	return one.value.Load()
}

// refused is told that the upstream refused a credential, and reports whether there is
// another value to try: its file has changed since, or there is one that the call has not
// tried. before is how many it had tried before this one.
func (c *credentials) refused(t *token, before int) bool {
	if t == nil {
		return false
	}
	if c.refresh(t.index); c.list[t.index].value.Load().header[0] != t.header[0] {
		return true
	}
	if before+1 >= len(c.list) {
		return false
	}
	now := c.current.Load()
	if int(now)%len(c.list) == t.index {
		c.current.CompareAndSwap(now, now+1)
	}
	return true
}

// refresh reads the file of a credential if it has changed. What cannot be read leaves
// the credential as it was: the upstream may still take it.
func (c *credentials) refresh(i int) {
	one := c.list[i]
	if one.source.File() == "" {
		return
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	old := one.value.Load()
	info, err := os.Stat(one.source.File())
	if err != nil {
		c.log.Warn("credential cannot be read again, the one before is used", "cause", err)
		return
	}
	if old.info != nil && os.SameFile(info, old.info) && info.ModTime().Equal(old.info.ModTime()) && info.Size() == old.info.Size() && info.Mode() == old.info.Mode() {
		return
	}
	s, err := one.source.Reread()
	if err != nil {
		c.log.Warn("credential cannot be read again, the one before is used", "cause", err)
		return
	}
	one.value.Store(&token{header: []string{c.prefix + s.Reveal()}, info: info, index: i})
}
