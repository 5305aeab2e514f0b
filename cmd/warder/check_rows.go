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

// checkRows judges rows from standard input, one line of output for each, in
// order. A row that cannot be read or judged gives a line that blocks and says
// so; the command then ends with status 2.
func checkRows(e *env, g *guard.Guard) error {
	type job struct {
		row  corpus.Row
		err  error
		done chan []byte
	}
	workers := runtime.GOMAXPROCS(0)
	jobs, order := make(chan *job, 4*workers), make(chan *job, 8*workers)
	for range workers {
		go func() {
			for j := range jobs {
				j.done <- judgeRow(e, g, &j.row, j.err)
			}
		}()
	}
	var readErr error
	bad := false
	go func() {
		defer close(order)
		defer close(jobs)
		rd := corpus.NewReader(e.stdin, "standard input")
		rd.Conversations = true
		for {
			j := &job{done: make(chan []byte, 1)}
			j.row, j.err = rd.Next()
			if j.err == io.EOF {
				return
			}
			if j.err != nil && !errors.Is(j.err, corpus.ErrRow) {
				readErr = j.err
				return
			}
			if j.err != nil {
				bad = true
				fmt.Fprintf(e.stderr, "warder: %s\n", safe(j.err.Error()))
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
	for j := range order {
		if _, err := out.Write(<-j.done); err != nil && werr == nil {
			werr = err
		}
		if len(order) == 0 { // whoever feeds us line by line gets line by line
			werr = errors.Join(werr, out.Flush())
		}
	}
	if err := errors.Join(readErr, werr, out.Flush()); err != nil {
		return err
	}
	if bad {
		return exitStatus(2)
	}
	return nil
}

func judgeRow(e *env, g *guard.Guard, row *corpus.Row, err error) []byte {
	r := rowVerdict{Flagged: true, Action: guard.Block, Scores: map[string]float64{}, Findings: []rowFinding{}}
	if err == nil && row.Messages != nil {
		err = r.conversation(e, g, row.Messages)
	} else if err == nil {
		t := row.GuardText()
		var found []guard.Finding
		var scores map[string]float64
		if found, scores, err = findScores(e.ctx, g, &t); err == nil {
			v := g.Decide(guard.Facts{Direction: t.Direction}, found)
			r.Action = v.Would
			r.Flagged = v.Would != guard.Allow
			for c, x := range scores {
				r.Scores[c] = round(x)
			}
			for _, f := range v.Findings {
				r.Scores[f.Category] = round(max(r.Scores[f.Category], f.Score))
				for _, s := range f.Spans {
					r.Findings = append(r.Findings, rowFinding{Category: f.Category, Score: round(f.Score), Start: s.Start, End: s.End})
				}
			}
		}
	}
	if err != nil {
		r.Error = err.Error()
	}
	b, merr := json.Marshal(r)
	if merr != nil { // cannot happen: all values are finite and plain
		b = []byte(`{"flagged":true,"action":"block","scores":{},"findings":[],"error":"internal"}`)
	}
	return append(b, '\n')
}

// conversation judges a row with messages. Spans are in the text of the message that
// a finding names.
func (r *rowVerdict) conversation(e *env, g *guard.Guard, messages []byte) error {
	talk, err := parseChat(messages)
	if err != nil {
		return err
	}
	v, err := talk.inspect(e, g)
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
