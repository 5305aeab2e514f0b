package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"
)

// maxCheck bounds what one check reads, as the gateway bounds a body.
const maxCheck = 16 << 20

// read returns the text that was meant: standard input, a file, or the argument.
// An argument that may be a mistyped path is neither: it would pass as a clean
// text where a file was to be judged.
func (c *checkCmd) read(e *env) (string, error) {
	switch {
	case c.AsText && c.Input == "":
		return "", errors.New("--text needs the text as argument")
	case c.AsText:
		return wholeText(c.Input)
	case c.Input == "" || c.Input == "-":
		return readText(e.stdin, "standard input")
	}
	st, err := os.Stat(c.Input)
	switch {
	case err == nil && st.IsDir():
		return "", notJudged(c.Input, errors.New("a folder, not a file"))
	case err == nil:
		return readFile(c.Input)
	case likePath(c.Input) && !errors.Is(err, syscall.ENAMETOOLONG):
		var pe *fs.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return "", notJudged(c.Input, err)
	}
	return wholeText(c.Input)
}

// notJudged is the error about an argument that is no file and may not be meant
// as a text.
func notJudged(arg string, err error) error {
	return hinted{fmt.Errorf("checking %.200q: %w", arg, err), "to check the text itself, pipe it or use --text"}
}

// likePath reports whether a word can be meant as the path of a file: it holds a
// separator or ends like notes.txt. Addresses of the web are texts.
func likePath(s string) bool {
	if strings.ContainsFunc(s, unicode.IsSpace) || strings.Contains(s, "://") {
		return false
	}
	for i := range len(s) {
		if os.IsPathSeparator(s[i]) {
			return true
		}
	}
	ending := strings.TrimPrefix(filepath.Ext(s), ".")
	return ending != "" && !strings.ContainsFunc(ending, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// wholeText returns an argument that is the text to judge.
func wholeText(s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", errors.New("the text is not UTF-8, so it was not judged")
	}
	return s, nil
}

func readFile(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return readText(f, name)
}

func readText(r io.Reader, name string) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxCheck+1))
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", name, err)
	}
	if len(b) > maxCheck {
		return "", fmt.Errorf("reading %s: more than %d MiB; split it", name, maxCheck>>20)
	}
	if !utf8.Valid(b) {
		return "", hinted{fmt.Errorf("reading %s: not UTF-8, so it was not judged", name), "convert it first, for example with iconv -t utf-8"}
	}
	return string(b), nil
}
