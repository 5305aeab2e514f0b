// Command honestfiles tells how the built-in guard takes files that lie on every
// machine and attack nobody: licences, copyright files, READMEs, manual pages, sources in
// Go and Python. Nobody wrote or chose them to be judged.
//
//	go run ./bench/honestfiles                  a table by kind of file
//	go run ./bench/honestfiles -list            and every file that is blocked, and why
//	go run ./bench/honestfiles -jsonl >h.jsonl  the files in the corpus form
//	warder eval --corpus h.jsonl --guard ...    any guard beside it
//
// It looks in /usr/share, /usr/lib and the folder of Go, or in the folders named, and
// takes the first 6 KB of a file, as a question about it would bring them. Files that are
// nearly the same count once, and of one family of names 20 at most. Which are taken
// depends on what is installed: compare guards on one machine, not machines.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"warder.example/guard/policy"
	"warder.example/guard/standard"
	"warder.example/internal/corpus"
)

func main() {
	limit := flag.Int("limit", 500, "files of a kind at most, 1 to 100000")
	rows := flag.Bool("jsonl", false, "print the files in the corpus form, judge nothing")
	list := flag.Bool("list", false, "print each file that is blocked, behind the table")
	flag.Parse()
	if err := run(flag.Args(), *limit, *rows, *list); err != nil {
		fmt.Fprintln(os.Stderr, "honestfiles:", err)
		os.Exit(2)
	}
}

func run(roots []string, limit int, rows, list bool) error {
	if limit < 1 || limit > 100_000 {
		return fmt.Errorf("-limit %d: expected 1 to 100000", limit)
	}
	if len(roots) == 0 {
		var err error
		if roots, err = usual(); err != nil {
			return err
		}
	}
	files, err := collect(roots, limit)
	if err != nil {
		return err
	}
	if rows {
		return printRows(files)
	}
	g, err := standard.New(policy.Default())
	if err != nil {
		return err
	}
	res, err := judge(context.Background(), g, files)
	if err != nil {
		return err
	}
	return res.print(os.Stdout, list)
}

// usual returns the folders that are looked into.
func usual() ([]string, error) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("asking go for its folder: %w", err)
	}
	return []string{"/usr/share", "/usr/lib", strings.TrimSpace(string(out))}, nil
}

func printRows(files []file) error {
	enc := json.NewEncoder(os.Stdout)
	for _, f := range files {
		row := corpus.Row{Text: f.text, Label: corpus.Benign, Source: f.kind, Channel: "document"}
		if err := enc.Encode(row); err != nil {
			return fmt.Errorf("printing rows: %w", err)
		}
	}
	return nil
}
