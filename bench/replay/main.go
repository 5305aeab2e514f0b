// Command replay sends the rows of a corpus through a running gateway with the
// official OpenAI SDK, and prints for each source how many were blocked,
// flagged, redacted and passed, and what the gateway added to their latency.
//
//	replay --corpus DIR --url http://127.0.0.1:8080/v1 --key KEY [--upstream URL] [--data DIR]
//	replay upstream [--listen 127.0.0.1:0]
//
// run.sh starts everything that it needs on loopback.
//
// # What is sent
//
// Each row becomes one chat completion, as its channel says; see ask.go. Rows
// with the channel "output" are what a model said: the replay's own upstream
// answers with them. The gateway must lead to that upstream, and --upstream
// names it; without it such rows are skipped and no latency is compared, so
// that a gateway before a real model can be replayed too.
//
// # What is counted
//
// A caller sees whether its request was refused, not whether a request that
// passed was flagged. That is the operator's to know: it is read from the audit
// log in the data folder of the gateway (--data) and joined by request id.
// Without --data what was flagged or redacted counts as passed. An exchange
// whose record is missing, or says something else than the caller saw, is an
// error, as is every answer that is neither a model's nor a refusal.
//
// # Latency
//
// Every row is sent twice, through the gateway and directly to the upstream,
// in turns which goes first. The added latency of a row is the difference;
// printed are the 50th and 95th percentile over the rows that were answered, as
// a refused request never reaches the upstream. With --concurrency above the
// number of idle cores the figures measure queues.
//
// The exit status is 0 when every row had an outcome, 1 when there were errors,
// 2 when the replay could not run, 130 when it was interrupted; what was done
// until then is printed. No text of the corpus is printed or kept.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// settings are the flags.
type settings struct {
	corpus      string
	url, key    string
	upstream    string
	data        string
	model       string
	limit       int
	seed        uint64
	concurrency int
	json        bool
}

// maxConcurrency bounds the rows in flight.
const maxConcurrency = 256

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program with its exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == "upstream" {
		return report(stderr, runUpstream(ctx, args[1:], stdout, stderr))
	}
	s, err := parse(args, stderr)
	if err != nil {
		return report(stderr, err)
	}
	r, err := replay(ctx, s, stderr)
	if err != nil {
		return report(stderr, err)
	}
	if s.json {
		err = r.writeJSON(stdout)
	} else {
		err = r.writeTable(stdout)
	}
	switch {
	case err != nil:
		return report(stderr, err)
	case r.Interrupted:
		return 130
	case r.Total.Errors > 0:
		return 1
	}
	return 0
}

// report prints an error and returns the exit status.
func report(stderr io.Writer, err error) int {
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, context.Canceled):
		return 130
	}
	fmt.Fprintf(stderr, "replay: %v\n", err)
	return 2
}

func parse(args []string, stderr io.Writer) (settings, error) {
	var s settings
	f := flags("replay")
	f.StringVar(&s.corpus, "corpus", "", "`DIR` with *.jsonl files in the corpus form, or one such file")
	f.StringVar(&s.url, "url", os.Getenv("WARDER_URL"), "base `URL` of the gateway as an OpenAI client takes it, with /v1; default WARDER_URL")
	f.StringVar(&s.key, "key", "", "`KEY` of an application; default WARDER_KEY, which other users of the machine do not see")
	f.StringVar(&s.upstream, "upstream", "", "base `URL` of the replay's upstream, to which the gateway must lead")
	f.StringVar(&s.data, "data", "", "the gateway's data folder `DIR`, to tell what was flagged and redacted")
	f.StringVar(&s.model, "model", "replay", "model to ask, by `NAME`")
	f.IntVar(&s.limit, "limit", 100, "at most `N` rows of each source, chosen by chance; 0 is all")
	f.Uint64Var(&s.seed, "seed", 1, "which rows are chosen: the same `N` chooses the same")
	f.IntVar(&s.concurrency, "concurrency", 1, "`N` rows in flight at once")
	f.BoolVar(&s.json, "json", false, "print JSON")
	if err := parseFlags(f, args, stderr); err != nil {
		return s, err
	}
	if s.key == "" {
		s.key = os.Getenv("WARDER_KEY")
	}
	switch {
	case f.NArg() > 0:
		return s, fmt.Errorf("unexpected argument %.64q; expected flags only", f.Arg(0))
	case s.corpus == "":
		return s, errors.New("--corpus is missing; expected a folder of *.jsonl files")
	case s.url == "":
		return s, errors.New("--url is missing; expected the gateway's base URL, such as http://127.0.0.1:8080/v1")
	case s.key == "":
		return s, errors.New("--key is missing; expected a key that 'warder key create' printed")
	case s.limit < 0:
		return s, fmt.Errorf("--limit is %d; expected 0 or more", s.limit)
	case s.concurrency < 1 || s.concurrency > maxConcurrency:
		return s, fmt.Errorf("--concurrency is %d; expected 1 to %d", s.concurrency, maxConcurrency)
	}
	return s, nil
}

// flags returns a set of flags that leaves it to its caller to print.
func flags(name string) *flag.FlagSet {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	return f
}

// parseFlags parses args; flag.ErrHelp says that help was asked for and given.
func parseFlags(f *flag.FlagSet, args []string, stderr io.Writer) error {
	err := f.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(stderr, "flags of %s:\n", f.Name())
		f.SetOutput(stderr)
		f.PrintDefaults()
	}
	return err
}
