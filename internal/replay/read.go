package replay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"warder.example/guard/policy"
	"warder.example/internal/replay/logs"
)

// brokenFile is why the rest of a file cannot be read: it is cut off, or not what its
// first bytes say.
const brokenFile = "broken_file"

// maxJob is how many bytes of values go to a worker together.
const maxJob = 1 << 20

// measure adds up how large the files are.
func (r *run) measure() error {
	for _, f := range r.o.Files {
		st, err := os.Stat(f)
		if err != nil {
			return fmt.Errorf("reading logs: %w", err)
		}
		r.of += st.Size()
	}
	return nil
}

// read hands the values of all logs, from the position on, to give in jobs; it ends
// when give returns false.
func (r *run) read(ctx context.Context, give func(*job) bool) error {
	if r.o.Stream != nil {
		s, err := logs.NewSource(r.o.Stream)
		if err != nil {
			return fmt.Errorf("reading the stream: %w", err)
		}
		return r.readSource(ctx, s, position{}, "-", give)
	}
	start := r.at // the collector moves r.at on
	var before int64
	for i := start.File; i < len(r.o.Files); i++ {
		path := r.o.Files[i]
		at := position{File: i}
		if i == start.File {
			at = start
		}
		s, err := logs.Open(path)
		if err != nil {
			return err
		}
		err = r.readSource(ctx, s, at, path, func(j *job) bool {
			j.bytes += before
			return give(j)
		})
		before += s.Consumed()
		if err := errors.Join(err, s.Close()); err != nil {
			return err
		}
	}
	return nil
}

// readSource reads one log, passing over the values that were counted before.
func (r *run) readSource(ctx context.Context, s *logs.Source, from position, name string, give func(*job) bool) error {
	j := &job{file: name, done: make(chan struct{})}
	size := 0
	flush := func() bool {
		if len(j.places) == 0 {
			return true
		}
		j.bytes = s.Consumed()
		ok := give(j)
		j, size = &job{file: name, done: make(chan struct{})}, 0
		return ok
	}
	for n := 0; ; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := s.Next()
		if errors.Is(err, io.EOF) && err == io.EOF {
			flush()
			return nil
		}
		broken := false
		if err != nil && !errors.As(err, new(*logs.Unreadable)) {
			broken, err = true, &logs.Unreadable{Reason: brokenFile}
		}
		if n >= from.Value {
			j.values = append(j.values, bytes.Clone(b))
			j.places = append(j.places, Place{File: from.File, Value: n, Line: s.Line()})
			j.errs = append(j.errs, err)
			size += len(b)
		}
		if broken {
			flush()
			return nil
		}
		if (len(j.places) >= chunk || size >= maxJob) && !flush() {
			return ctx.Err()
		}
	}
}

// samePatterns reports whether two policies ask the same of the detectors.
func samePatterns(a, b *policy.Policy) bool { return reflect.DeepEqual(a.Detect(), b.Detect()) }

// whyUnreadable says what could not be read, and where, never what it was.
func (r *run) whyUnreadable() string {
	var parts []string
	for _, why := range slices.Sorted(maps.Keys(r.t.Unreadable)) {
		b := r.t.Unreadable[why]
		parts = append(parts, fmt.Sprintf("%s: %d, first in %s", why, b.Count, r.where(b.Places[0])))
	}
	return strings.Join(parts, "; ")
}

// where names a place for people.
func (r *run) where(p Place) string {
	if r.o.Stream != nil {
		return fmt.Sprintf("line %d", p.Line)
	}
	return fmt.Sprintf("%.200q line %d", r.o.Files[p.File], p.Line)
}

func leftOut(m map[string]int) (n int) {
	for _, k := range m {
		n += k
	}
	return n
}
