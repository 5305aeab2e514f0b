package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"warder.example/guard"
	"warder.example/internal/replay"
	"warder.example/internal/replay/logs"
)

type replayCmd struct {
	Logs       []string `arg:"" help:"Log files or folders of them; - for standard input."`
	Format     string   `help:"auto, openai, litellm, langfuse or otel; auto looks at each line." default:"auto"`
	Policy     string   `help:"Policy file, or default for the built-in one." default:"default" placeholder:"FILE"`
	Compare    string   `help:"A second policy, or default: which requests would fare differently." placeholder:"FILE"`
	HTML       string   `name:"html" help:"Write the report as a page." type:"path" placeholder:"FILE"`
	JSON       bool     `name:"json" help:"Print the report as JSON."`
	Excerpts   bool     `help:"Show parts of texts, with personal data and credentials masked. None are shown without it."`
	Review     int      `help:"Draw so many would-be blocks for a person to label." placeholder:"N"`
	ReviewFile string   `help:"Where to write them." default:"review.jsonl" type:"path" placeholder:"FILE"`
	Labels     string   `help:"The labelled review of these logs: bounds the honest requests that would be stopped." placeholder:"FILE"`
	Thresholds string   `help:"Write thresholds for these logs, should they be honest." type:"path" placeholder:"FILE"`
	Proposal   string   `help:"Write the proposed policy." type:"path" placeholder:"FILE"`
	Resume     string   `help:"Keep here where the replay stands, and go on from there." type:"path" placeholder:"FILE"`
	Unreadable share    `name:"max-unreadable" help:"Share of lines that may be unreadable, as 0.05 or 5%." default:"0.05" placeholder:"SHARE"`
	AllTurns   bool     `help:"Judge every turn of a conversation: for logs that have only its last request."`
	Env        string   `help:"Environment of the applications: dev, test, prod." enum:"dev,test,prod" default:"prod"`
	DataClass  string   `help:"Data class of the applications: public, internal, confidential, restricted." enum:"public,internal,confidential,restricted" default:"internal"`
	Quiet      bool     `short:"q" help:"Tell no progress."`
}

// Help says what kong's one-liners cannot.
func (replayCmd) Help() string {
	return `Says what Warder would have stopped in calls of models that others logged, and
why. Nothing is stopped, sent or kept: texts stay in the logs, and only the files
that you name are written. JSON Lines, arrays of JSON, gzip and folders are read:
bodies of OpenAI's and Anthropic's APIs, LiteLLM, Langfuse, OpenTelemetry.

How many honest requests would be stopped cannot be known from logs alone. Draw a
sample with --review 200, write honest or attack as "label" in each line of
review.jsonl, and give it back with --labels: with the same logs and policy.

Exit status: 0 replayed, 2 error, too many unreadable lines among them.

  warder replay logs/ --html replay.html
  warder replay litellm.jsonl.gz --review 200 --resume replay.state
  warder replay logs/ --policy my.policy.yaml --compare default --json`
}

// honestSample is how many records are drawn to choose thresholds on.
const honestSample = 5000

func (c *replayCmd) Run(e *env) error {
	o, err := c.options(e)
	if err != nil {
		return err
	}
	if err := c.checkOutputs(o.Files); err != nil {
		return err
	}
	rep, err := replay.Run(e.ctx, *o)
	if err != nil {
		return c.explained(err)
	}
	if err := c.write(rep); err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(e.stdout, rep)
	} else {
		err = printReplay(e.stdout, rep)
	}
	if err != nil {
		return fmt.Errorf("printing the report: %w", err)
	}
	return nil
}

// explained adds what to do about an error.
func (c *replayCmd) explained(err error) error {
	switch {
	case errors.Is(err, replay.ErrUnreadable):
		return hinted{err, "look at those lines; --format says what they are, --max-unreadable how many may be lost"}
	case errors.Is(err, replay.ErrNothing):
		return hinted{err, "many loggers leave texts out unless told otherwise; docs/replay.md says how to turn them on"}
	case errors.Is(err, replay.ErrLabels):
		return hinted{err, "give the logs and the policy that --review was given"}
	case c.Resume != "" && errors.Is(err, context.Canceled):
		return hinted{err, "give the same command again to go on"}
	}
	return err
}

// options reads the flags and what they name.
func (c *replayCmd) options(e *env) (*replay.Options, error) {
	format, err := logs.ParseFormat(c.Format)
	if err != nil {
		return nil, err
	}
	o := &replay.Options{
		Format: format, Facts: guard.Facts{Environment: c.Env, DataClass: c.DataClass}, Every: c.AllTurns, Unreadable: float64(c.Unreadable),
		Resume: c.Resume, Review: c.Review, Excerpts: c.Excerpts, Thresholds: honestSample, Now: e.now,
	}
	if o.Policy, err = loadPolicy(e, c.Policy); err != nil {
		return nil, err
	}
	if c.Compare != "" {
		if o.Compare, err = loadPolicy(e, c.Compare); err != nil {
			return nil, err
		}
	}
	if slices.Contains(c.Logs, "-") {
		if len(c.Logs) > 1 {
			return nil, errors.New("standard input is read alone; give no files beside -")
		}
		o.Stream, o.Thresholds = e.stdin, 0
		if c.Thresholds != "" {
			return nil, errors.New("a stream is read once, and thresholds are chosen in a second pass; give files")
		}
	} else if o.Files, err = logs.Files(c.Logs); err != nil {
		return nil, err
	}
	if c.Labels != "" {
		if o.Labels, err = readLabels(c.Labels); err != nil {
			return nil, err
		}
	}
	if !c.Quiet {
		o.Progress = replayProgress(e.stderr, e.now)
	}
	return o, nil
}

// replayProgress tells now and then how far a replay is.
func replayProgress(w io.Writer, now func() time.Time) func(replay.Progress) {
	const step = 2 * time.Second
	began := now()
	last, first := began, -1
	var firstBytes int64
	return func(p replay.Progress) {
		if first < 0 {
			first, firstBytes = p.Values, p.Bytes
		}
		t := now()
		if t.Sub(last) < step {
			return
		}
		last = t
		line := fmt.Sprintf("replayed %d lines, %.0f a second", p.Values, float64(p.Values-first)/t.Sub(began).Seconds())
		if done := p.Bytes - firstBytes; p.Of > p.Bytes && done > 0 {
			left := time.Duration(float64(p.Of-p.Bytes) / float64(done) * float64(t.Sub(began)))
			line += fmt.Sprintf(", %d %%, %s left", 100*p.Bytes/p.Of, left.Round(time.Second))
		}
		fmt.Fprintln(w, line)
	}
}
