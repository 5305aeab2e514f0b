package replay

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"time"

	"warder.example/internal/replay/logs"
)

// chunk is how many values go to a worker together.
const chunk = 16

// saveInterval is the longest time between two writings of the resume file while
// values come.
const saveInterval = 5 * time.Second

// job is some values on their way through a worker.
type job struct {
	values [][]byte
	places []Place
	errs   []error // of values that could not be read
	file   string
	parsed []logs.Parsed
	done   chan struct{}
	found  [][]*outcome
	err    error // ends the replay
	bytes  int64
}

// readAll reads, judges and counts every value from the position on.
func (r *run) readAll(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	workers := runtime.GOMAXPROCS(0)
	jobs, order := make(chan *job, workers), make(chan *job, 2*workers)
	for range workers {
		go func() {
			for j := range jobs {
				j.work(ctx, r)
				close(j.done)
			}
		}()
	}
	var readErr error
	go func() {
		defer close(order)
		defer close(jobs)
		readErr = r.read(ctx, func(j *job) bool {
			select {
			case order <- j:
			case <-ctx.Done():
				return false
			}
			jobs <- j
			return true
		})
	}()
	err := r.collect(order, stop)
	if err == nil {
		err = readErr
	}
	if err == nil {
		err = ctx.Err()
	}
	return err
}

// collect counts what was judged, in order.
func (r *run) collect(order <-chan *job, stop func()) error {
	every := r.o.SaveEvery
	if every <= 0 {
		every = 20000
	}
	since, saved := 0, time.Now()
	var failed error
	for j := range order {
		<-j.done
		if failed == nil {
			failed = j.err
		}
		if failed != nil {
			stop()
			continue // what was begun ends
		}
		r.count(j)
		if since += len(j.places); r.o.Resume != "" && (since >= every || time.Since(saved) >= saveInterval) {
			if failed = r.save(); failed != nil {
				stop()
			}
			since, saved = 0, time.Now()
		}
		if r.o.Progress != nil {
			r.o.Progress(Progress{Values: r.t.Values, Requests: r.t.Requests, Bytes: j.bytes, Of: r.of})
		}
	}
	return failed
}

// count counts the values of a job.
func (r *run) count(j *job) {
	for i, p := range j.places {
		r.t.Values++
		r.at = position{p.File, p.Value + 1}
		if why := (*logs.Unreadable)(nil); errors.As(j.errs[i], &why) {
			r.t.unreadable(why.Reason, p)
			continue
		}
		for reason, n := range j.parsed[i].Left {
			r.t.Left[reason] += n
		}
		for _, o := range j.found[i] {
			if honest, ok := r.o.Labels[o.id]; ok && o.id != "" {
				r.t.Labelled[o.id] = honest
			}
			r.t.add(o)
		}
	}
}

// work parses and judges the values of a job.
func (j *job) work(ctx context.Context, r *run) {
	j.parsed, j.found = make([]logs.Parsed, len(j.values)), make([][]*outcome, len(j.values))
	for i := range j.values {
		if j.errs[i] != nil {
			continue
		}
		if j.parsed[i], j.errs[i] = logs.Parse(j.values[i], r.o.Format); j.errs[i] != nil {
			continue
		}
		for k := range j.parsed[i].Records {
			o, err := r.judge(ctx, &j.parsed[i].Records[k], j.places[i], j.file)
			if err != nil {
				j.err = fmt.Errorf("judging a call in %.200q, line %d: %w", j.file, j.places[i].Line, err)
				return
			}
			j.found[i] = append(j.found[i], o)
		}
		j.parsed[i].Records, j.values[i] = nil, nil
	}
}

// judge judges one record under the policies.
func (r *run) judge(ctx context.Context, rec *logs.Record, p Place, file string) (*outcome, error) {
	p.Index = rec.Index
	app, err := r.names.show(ctx, rec.App)
	if err != nil {
		return nil, err
	}
	model, err := r.names.show(ctx, rec.Model)
	if err != nil {
		return nil, err
	}
	var out *outcome
	for i, j := range r.judges {
		v, err := j.record(ctx, rec)
		if err != nil {
			return nil, err
		}
		o := outcomeOf(rec, v, p, filepath.Base(file), r.digest)
		if i == 0 {
			out, o.app, o.model = o, app, model
		} else {
			out.other = &outcome{action: o.action, rule: o.rule}
		}
	}
	return out, nil
}
