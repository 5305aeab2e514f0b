package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"

	"warder.example/guard"
	"warder.example/internal/corpus"
)

// rowVerdict is one line of `warder check --jsonl`. Its form is stable: keys are
// only added.
type rowVerdict struct {
	Flagged  bool               `json:"flagged"`
	Action   guard.Action       `json:"action"`
	Scores   map[string]float64 `json:"scores"`
	Findings []rowFinding       `json:"findings"`
	Error    string             `json:"error,omitempty"`
}

// rowFinding is one span of a finding, in bytes of the row's text.
type rowFinding struct {
	Category string  `json:"category"`
	Score    float64 `json:"score"`
	Start    int     `json:"start"`
	End      int     `json:"end"`
	// Of a row with messages: the message, and those that weighed in a finding
	// about the whole conversation.
	Message *int  `json:"message,omitempty"`
	Turns   []int `json:"turns,omitempty"`
}

// scorer is a detector that also tells scores below its thresholds.
type scorer interface {
	DetectScores(ctx context.Context, t *guard.Text) ([]guard.Finding, map[string]float64, error)
}

// findScores is [guard.Guard.Find] for one text, with the scores of all scorers.
func findScores(ctx context.Context, g *guard.Guard, t *guard.Text) (found []guard.Finding, scores map[string]float64, err error) {
	for _, d := range g.Detectors {
		var fs []guard.Finding
		if s, ok := d.(scorer); ok {
			fs, scores, err = s.DetectScores(ctx, t)
		} else {
			fs, err = d.Detect(ctx, t)
		}
		if err != nil {
			return nil, nil, err
		}
		for _, f := range fs {
			f.Origin = t.Origin
			found = append(found, f)
		}
	}
	return found, scores, nil
}

// rowJob is a row on its way through rows. Whoever judges it sets line, and err
// if it cannot, before done is closed.
type rowJob struct {
	row  corpus.Row
	text guard.Text // unless the row has messages
	err  error
	line []byte
	done chan struct{}
}

// rows judges rows from standard input, one line of output for each, in order. A row
// that cannot be read or judged gives a line that blocks and says so; the command
// then ends with status 2. Blank lines are no rows; they are counted.
func (c *checkCmd) rows(e *env, by *judge) error {
	origin, err := c.text("")
	if err != nil {
		return err
	}
	workers := runtime.GOMAXPROCS(0)
	jobs, order := make(chan *rowJob, 4*workers), make(chan *rowJob, 8*workers)
	for range workers {
		go func() {
			for j := range jobs {
				j.judge(e, by)
				close(j.done)
			}
		}()
	}
	rd := corpus.NewReader(e.stdin, "standard input")
	rd.Conversations = true
	var readErr error
	go func() {
		defer close(order)
		defer close(jobs)
		for {
			j := &rowJob{done: make(chan struct{})}
			j.row, j.err = rd.Next()
			switch {
			case j.err == nil:
				j.text, j.err = rowText(&j.row, origin)
				j.text.Exchange = by.about
			case j.err == io.EOF:
				return
			case !errors.Is(j.err, corpus.ErrRow):
				readErr = j.err
				return
			}
			select {
			case order <- j:
				jobs <- j
			case <-e.ctx.Done():
				readErr = e.ctx.Err()
				return
			}
		}
	}()
	out := bufio.NewWriterSize(e.stdout, 64<<10)
	var werr error
	bad := false
	for j := range order {
		<-j.done
		if j.err != nil {
			bad = true
			fmt.Fprintf(e.stderr, "warder: %s\n", safe(j.err.Error()))
		}
		if _, err := out.Write(j.line); err != nil && werr == nil {
			werr = err
		}
		if len(order) == 0 { // whoever feeds us line by line gets line by line
			werr = errors.Join(werr, out.Flush())
		}
	}
	if err := errors.Join(readErr, werr, out.Flush()); err != nil {
		return err
	}
	if rd.Blank > 0 {
		fmt.Fprintf(e.stderr, "warder: blank lines skipped: %d\n", rd.Blank)
	}
	if bad {
		return exitStatus(2)
	}
	return nil
}

// rowText returns the text of a row; plain says who wrote those without a channel.
func rowText(row *corpus.Row, plain guard.Text) (guard.Text, error) {
	if row.Channel == "" {
		plain.Content = row.Text
		return plain, nil
	}
	if _, err := guard.ParseOrigin(strings.ToLower(row.Channel)); err != nil {
		return guard.Text{}, fmt.Errorf(`%s:%d: %w: key "channel" is %.40q; expected user, document, tool, email, operator, model, or output for an answer`,
			row.File, row.Line, corpus.ErrRow, row.Channel)
	}
	return row.GuardText(), nil
}

// judge judges a row and writes its line.
func (j *rowJob) judge(e *env, by *judge) {
	r := rowVerdict{Flagged: true, Action: guard.Block, Scores: map[string]float64{}, Findings: []rowFinding{}}
	if j.err == nil {
		err := r.fill(e, by, j)
		if err != nil {
			j.err = fmt.Errorf("%s:%d: %w", j.row.File, j.row.Line, err)
		}
	}
	if j.err != nil {
		r.Error = j.err.Error()
	}
	b, err := json.Marshal(r)
	if err != nil { // cannot happen: all values are finite and plain
		b = []byte(`{"flagged":true,"action":"block","scores":{},"findings":[],"error":"internal"}`)
	}
	j.line = append(b, '\n')
}

// fill judges a row; r stays as it is on an error.
func (r *rowVerdict) fill(e *env, by *judge, j *rowJob) error {
	if j.row.Messages != nil {
		return r.conversation(e, by, j.row.Messages)
	}
	return r.single(e, by, &j.text)
}

// single judges a row with a text.
func (r *rowVerdict) single(e *env, by *judge, t *guard.Text) error {
	found, scores, err := findScores(e.ctx, by.guard, t)
	if err != nil {
		return err
	}
	v := by.guard.Decide(by.facts(t.Direction), found)
	r.Action, r.Flagged = v.Would, v.Would != guard.Allow
	for c, x := range scores {
		r.Scores[c] = round(x)
	}
	for _, f := range v.Findings {
		r.Scores[f.Category] = round(max(r.Scores[f.Category], f.Score))
		for _, s := range f.Spans {
			r.Findings = append(r.Findings, rowFinding{Category: f.Category, Score: round(f.Score), Start: s.Start, End: s.End})
		}
	}
	return nil
}

// conversation judges a row with messages. Spans are in the text of the message that
// a finding names.
func (r *rowVerdict) conversation(e *env, by *judge, messages []byte) error {
	talk, err := parseChat(messages)
	if err != nil {
		return err
	}
	v, err := talk.inspect(e, by)
	if err != nil {
		return err
	}
	r.Action, r.Flagged = v.Would, v.Would != guard.Allow
	for _, f := range v.Findings {
		r.Scores[f.Category] = round(max(r.Scores[f.Category], f.Score))
		for _, s := range f.Spans {
			message := talk.leaves[f.Text].Turn
			r.Findings = append(r.Findings, rowFinding{Category: f.Category, Score: round(f.Score), Start: s.Start, End: s.End, Message: &message, Turns: f.Turns})
		}
	}
	return nil
}

func round(x float64) float64 { return math.Round(x*1e6) / 1e6 }
