//go:build ignore

// Command gen_vocabulary writes vocabulary.txt: words of four letters and more, in
// scripts that part words, that stand in the concept lexicon or in two texts and
// more of the seed corpus, which are both of this project: the English ones, an empty
// line, and the others.
package main

import (
	"bufio"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	learn    = "../../internal/learn/"
	shortest = 4  // letters
	longest  = 24 // letters
	often    = 2  // texts of the corpus
)

func main() {
	english, any := map[string]int{}, map[string]int{}
	count := func(word, language string, n int) {
		if any[word] += n; language == "en" {
			english[word] += n
		}
	}
	eachLine(learn+"lexicon.tsv", func(line string) {
		fields := strings.Split(line, "\t")
		if len(fields) != 3 || strings.HasPrefix(line, "#") {
			return
		}
		for _, part := range strings.Fields(fields[2]) {
			if strings.Contains(part, "*") {
				continue // a prefix is no word
			}
			for _, w := range words(part) {
				count(w, fields[1], often)
			}
		}
	})
	files, err := filepath.Glob(learn + "seeds/*.txt")
	if err != nil || len(files) == 0 {
		log.Fatalf("no seed corpus in %sseeds: %v", learn, err)
	}
	for _, f := range files {
		language := ""
		eachLine(f, func(line string) {
			if heading, ok := strings.CutPrefix(line, "## "); ok {
				language = ""
				if fields := strings.Fields(heading); len(fields) > 1 {
					language = fields[1]
				}
				return
			}
			found := words(strings.ReplaceAll(line, `\n`, " "))
			slices.Sort(found)
			for _, w := range slices.Compact(found) {
				count(w, language, 1)
			}
		})
	}
	out := section(english, nil)
	out = append(out, "")
	out = append(out, section(any, english)...)
	if err := os.WriteFile("vocabulary.txt", []byte(strings.Join(out, "\n")+"\n"), 0o644); err != nil {
		log.Fatal(err)
	}
}

// section returns the words counted often enough that are not so in without.
func section(count, without map[string]int) (out []string) {
	for w, n := range count {
		if n >= often && without[w] < often {
			out = append(out, w)
		}
	}
	slices.Sort(out)
	return out
}

// words returns the words of a text in lower case that a vocabulary can hold.
func words(text string) (out []string) {
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }) {
		if n := utf8.RuneCountInString(w); n < shortest || n > longest || strings.IndexFunc(w, unspaced) >= 0 {
			continue
		}
		out = append(out, w)
	}
	return out
}

// unspaced reports whether r is of a script that does not part words.
func unspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) || r == 'ー'
}

func eachLine(name string, do func(line string)) {
	f, err := os.Open(name)
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		do(lines.Text())
	}
	if err := lines.Err(); err != nil {
		log.Fatalf("reading %s: %v", name, err)
	}
}
