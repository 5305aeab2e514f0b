package evaluate

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"warder.example/guard"
	"warder.example/internal/corpus"
	"warder.example/internal/evaluate/disturb"
)

// outcome is one judged row.
type outcome struct {
	kind    Kind
	source  string
	channel string
	lang    string
	hard    bool
	bytes   int
	cluster int32 // of the payload
	state   state
	class   string // of the error, if unanswered
	mark    Judgement
	took    time.Duration
}

// state says whether mark holds something.
type state uint8

const (
	judged state = iota
	unanswered
	untouched // a disturbance left the text as it was, nobody was asked
)

// relevant returns the mark that counts for a row of kind k.
func (o *outcome) relevant() *Mark {
	if o.kind == Harmful {
		return &o.mark.Harm
	}
	return &o.mark.Attack
}

// pass is one guard's judgement of every row, in the order of the corpus.
type pass struct {
	all      []outcome
	clusters int
	leftOut  int
	timed    bool
	print    uint64 // of all texts and labels, as read
}

// matches reports whether two passes were over the same rows.
func (p *pass) matches(q *pass) bool { return len(p.all) == len(q.all) && p.print == q.print }

// batchRows bounds how many texts are in memory at a time.
const batchRows = 256

// maxSilence is how many texts in a row a guard may leave unanswered before it
// is taken to be out of order.
const maxSilence = 50

// measuring is a pass in the making.
type measuring struct {
	guard   Guard
	way     *disturb.Way
	opt     Options
	names   interner
	group   grouping
	silence atomic.Int64
	pass
}

func measure(ctx context.Context, g Guard, rows Rows, way *disturb.Way, opt Options) (*pass, error) {
	m := &measuring{guard: g, way: way, opt: opt, names: interner{}, group: newGrouping()}
	m.timed = opt.Now != nil
	var batch []corpus.Row
	for row, err := range rows() {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		kept, err := m.take(&row)
		if err != nil {
			return nil, err
		}
		if !kept {
			continue
		}
		if batch = append(batch, row); len(batch) == batchRows {
			if err := m.judge(ctx, batch); err != nil {
				return nil, err
			}
			batch = batch[:0]
		}
	}
	if err := m.judge(ctx, batch); err != nil {
		return nil, err
	}
	if len(m.all) == 0 {
		return nil, errors.New("no rows to judge: expected labels injection, jailbreak, benign, benign_hard or harmful_request")
	}
	m.clusters = m.group.resolve(m.all)
	return &m.pass, nil
}

// take notes a row; it reports whether it is to be judged.
func (m *measuring) take(row *corpus.Row) (bool, error) {
	if !row.Label.Known() || row.Source == "" {
		return false, fmt.Errorf("%s:%d: label %.40q, source %.40q; expected a known label and a source", row.File, row.Line, row.Label, row.Source)
	}
	kind := kindOf(row.Label)
	if kind == "" || row.Direction() == guard.Answer {
		m.leftOut++
		return false, nil
	}
	m.print = m.print*1099511628211 ^ hash(string(row.Label), row.Source, row.Text)
	m.all = append(m.all, outcome{
		kind: kind, source: m.names.get(row.Source), channel: row.Origin().String(), lang: m.names.get(row.Lang),
		hard: row.Label == corpus.BenignHard, bytes: len(row.Text),
	})
	m.group.add(row, kind)
	return true, nil
}

// judge asks about the last rows taken, several at a time where the guard has
// jobs.
func (m *measuring) judge(ctx context.Context, rows []corpus.Row) error {
	if len(rows) == 0 {
		return nil
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	out := m.all[len(m.all)-len(rows):]
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(max(m.guard.Jobs, 1), len(rows)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(rows) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if err := m.ask(ctx, &rows[i], &out[i]); err != nil {
					stop(err)
				}
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if m.opt.Progress != nil {
		name := ""
		if m.way != nil {
			name = m.way.Name
		}
		m.opt.Progress(m.guard.Name, name, len(m.all))
	}
	return nil
}

// ask has one row judged.
func (m *measuring) ask(ctx context.Context, row *corpus.Row, o *outcome) error {
	if m.way != nil {
		text := m.way.Write(row.Text)
		if text == row.Text {
			o.state = untouched
			return nil
		}
		row.Text = text
	}
	var start time.Time
	if m.timed {
		start = m.opt.Now()
	}
	mark, err := m.guard.Judge.Judge(ctx, row)
	if m.timed {
		o.took = m.opt.Now().Sub(start)
	}
	var u *Unanswered
	switch {
	case err == nil:
		m.silence.Store(0)
		o.mark = mark
		return nil
	case ctx.Err() != nil || !errors.As(err, &u):
		return fmt.Errorf("%s:%d: %s: %w", row.File, row.Line, m.guard.Name, err)
	}
	o.state, o.class = unanswered, u.Class
	if m.silence.Add(1) >= maxSilence {
		return fmt.Errorf("guard %s left %d texts in a row unanswered: %w", m.guard.Name, maxSilence, err)
	}
	return nil
}

// interner keeps one copy of strings that recur.
type interner map[string]string

func (in interner) get(s string) string {
	if k, ok := in[s]; ok {
		return k
	}
	in[s] = s
	return s
}
