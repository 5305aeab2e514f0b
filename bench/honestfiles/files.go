package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"warder.example/internal/neardup"
)

const (
	// maxText is how many bytes of a file are taken.
	maxText = 6 << 10
	// maxFamily is how many files are taken of a kind in one folder whose names begin
	// with the same word, so that a program with ten thousand manual pages is not the
	// figure.
	maxFamily = 20
)

// file is what was taken of a file.
type file struct{ kind, path, text string }

// kinds of file by the end of their slash path; the first that fits holds.
var kinds = []struct {
	name string
	path *regexp.Regexp
}{
	{"licence", regexp.MustCompile(`(?i)/common-licenses/[^/]+$|/(licen[cs]e|copying)[^/]*(\.md|\.txt|\.rst|/[^/.]+)$|/(licen[cs]e|copying)$`)},
	{"copyright file", regexp.MustCompile(`/doc/[^/]+/copyright$`)},
	{"README", regexp.MustCompile(`/README[^/]*$`)},
	{"manual page", regexp.MustCompile(`/man/([a-z][^/]*/)?man[1-9][^/]*/[^/]+\.[1-9][^/]*$`)},
	{"Go source", regexp.MustCompile(`\.go$`)},
	{"Python source", regexp.MustCompile(`\.py$`)},
}

// kindOf returns the kind of a file, empty if it is of none.
func kindOf(path string) string {
	path = filepath.ToSlash(path)
	for _, k := range kinds {
		if k.path.MatchString(path) {
			return k.name
		}
	}
	return ""
}

// collect returns at most limit files of each kind below the roots, by kind. Which of
// many are taken follows from their paths alone. Files that cannot be read, are empty or
// are no UTF-8 are passed over; links are not followed.
func collect(roots []string, limit int) ([]file, error) {
	paths := map[string][]string{}
	for _, root := range roots {
		if err := find(root, paths); err != nil {
			return nil, err
		}
	}
	var out []file
	for _, k := range kinds {
		out = append(out, take(k.name, paths[k.name], limit)...)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no licences, copyright files, READMEs, manual pages or sources below %q", roots)
	}
	return out, nil
}

// find adds the paths of all files of a kind below root.
func find(root string, paths map[string][]string) error {
	if _, err := os.Stat(root); err != nil {
		return fmt.Errorf("looking for files: %w", err)
	}
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return fmt.Errorf("looking for files: %w", err)
		case !d.Type().IsRegular():
			return nil
		}
		if k := kindOf(path); k != "" {
			paths[k] = append(paths[k], path)
		}
		return nil
	})
}

// take reads files in an order that mixes folders until there are limit that differ.
func take(kind string, paths []string, limit int) (out []file) {
	order := func(path string) []byte {
		sum := sha256.Sum256([]byte(path))
		return sum[:]
	}
	slices.SortFunc(paths, func(a, b string) int { return cmp.Or(bytes.Compare(order(a), order(b)), cmp.Compare(a, b)) })
	seen, families := neardup.New(), map[string]int{}
	for _, path := range slices.Compact(paths) {
		if families[family(path)] == maxFamily {
			continue
		}
		text, err := head(path)
		if err != nil || strings.TrimSpace(text) == "" {
			continue
		}
		if n := seen.Add(kind, text); seen.Find(n) != n {
			continue
		}
		families[family(path)]++
		if out = append(out, file{kind, path, text}); len(out) == limit {
			break
		}
	}
	return out
}

// family returns the folder and the first word of the name of a file.
func family(path string) string {
	name := filepath.Base(path)
	if i := strings.IndexAny(name, "-_.:"); i > 0 {
		name = name[:i]
	}
	return filepath.Join(filepath.Dir(path), name)
}

// head returns the first [maxText] bytes of a file, less what is left of a character at
// the end, unpacked if it is a .gz. It is an error if they are no UTF-8.
func head(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return "", err
		}
	}
	b, err := io.ReadAll(io.LimitReader(r, maxText))
	if err != nil {
		return "", err
	}
	if len(b) == maxText {
		for i := 1; i < utf8.UTFMax; i++ {
			if c := b[len(b)-i]; utf8.RuneStart(c) {
				if !utf8.FullRune(b[len(b)-i:]) {
					b = b[:len(b)-i]
				}
				break
			}
		}
	}
	if !utf8.Valid(b) || bytes.IndexByte(b, 0) >= 0 {
		return "", fmt.Errorf("%q is no text", path)
	}
	return string(b), nil
}
