// The warder program is the whole of Warder in one binary: the gateway that
// guards a deployment, and the commands that test, inspect and administer it.
//
// Each subcommand is one file here: it parses flags, calls a package and
// prints. What was asked for goes to standard output, everything else to
// standard error. Exit status 0 is success, 2 an error; commands that look for
// something exit 1 when they found it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// commands is the command tree. A command is a struct with a Run method; see
// the file of its name.
type commands struct {
	Serve     serveCmd     `cmd:"" help:"Run the gateway."`
	Check     checkCmd     `cmd:"" help:"Inspect a text and say what was found."`
	App       appCmd       `cmd:"" help:"Register applications."`
	Key       keyCmd       `cmd:"" help:"Issue and revoke keys."`
	Token     tokenCmd     `cmd:"" help:"Make tokens for the administrative API."`
	Policy    policyCmd    `cmd:"" help:"Check, test and explain policies."`
	Threat    threatCmd    `cmd:"" help:"Remember confirmed attacks and have them recognised."`
	Bundle    bundleCmd    `cmd:"" help:"Give out and take in threats, signatures and models as signed files."`
	Calibrate calibrateCmd `cmd:"" help:"Choose thresholds by a false-positive budget, on honest texts of your own."`
	Config    configCmd    `cmd:"" help:"Check a configuration and print its schema."`
	Audit     auditCmd     `cmd:"" help:"Verify and export the audit log."`
	Cost      costCmd      `cmd:"" help:"Report what exchanges used: requests, tokens and money."`
	Backup    backupCmd    `cmd:"" help:"Make one file of the data folder, also while the server runs."`
	Restore   restoreCmd   `cmd:"" help:"Make a data folder of a backup."`
	Store     storeCmd     `cmd:"" help:"Show, upgrade and roll back the schema of the store."`
	Lexicon   lexiconCmd   `cmd:"" help:"Check the entries of the classifier's lexicon, and measure what each does."`
	Train     trainCmd     `cmd:"" help:"Train models."`
	Eval      evalCmd      `cmd:"" help:"Measure a guard on a corpus."`
	Replay    replayCmd    `cmd:"" help:"Judge logged calls of models: what would Warder have stopped, and why."`
	Redteam   redteamCmd   `cmd:"" help:"Attack applications before others do, and judge what got through."`
	Practice  practiceCmd  `cmd:"" help:"Run the practice target: a deliberately gullible assistant."`
	Demo      demoCmd      `cmd:"" help:"Show attacks against a practice target, bare and guarded."`
	Version   versionCmd   `cmd:"" help:"Print the version."`
}

// env is what commands may use of the outside world.
type env struct {
	ctx    context.Context // ends on interrupt
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	getenv func(string) string
}

// exitStatus is an error that only sets the exit status: the command has
// already said what there is to say.
type exitStatus int

func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// hinted is an error with advice for a person. Only this package gives hints.
type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }

func main() { os.Exit(run()) }

func run() int {
	// net/http quotes what a misbehaving peer sent to the standard logger: texts
	// of models. Warder's own log goes through slog and leaves them out.
	log.SetOutput(io.Discard)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	e := &env{ctx: ctx, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv}
	return runArgs(e, os.Args[1:])
}

func runArgs(e *env, args []string) (status int) {
	type exit int
	defer func() {
		if r := recover(); r != nil {
			code, ok := r.(exit)
			if !ok {
				panic(r)
			}
			status = int(code)
		}
	}()
	var cli commands
	parser, err := kong.New(&cli,
		kong.Name("warder"),
		kong.Description("Deploy large language models safely: attack, assess, guard and watch them, and keep private data private."),
		kong.Writers(e.stdout, e.stderr),
		kong.Exit(func(code int) { panic(exit(code)) }),
		kong.UsageOnError(),
	)
	if err != nil {
		panic(err) // the command tree above is wrong
	}
	k, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(e.stderr, "warder: %v\n", err)
		fmt.Fprintf(e.stderr, "hint: warder --help lists commands and flags\n")
		return 2
	}
	if err := k.Run(e); err != nil {
		var st exitStatus
		if errors.As(err, &st) {
			return int(st)
		}
		fmt.Fprintf(e.stderr, "warder: %v\n", err)
		var h hinted
		if errors.As(err, &h) {
			fmt.Fprintf(e.stderr, "hint: %s\n", h.hint)
		}
		return 2
	}
	return 0
}
