//go:build ignore

// Command gen_bigram prints the table of bigram.go: how often one letter
// follows another in English. It reads JSON Lines files whose rows have a
// "text" field and, where given, "lang"; only English rows are counted, and
// every file counts the same, so that a large one does not drown the others.
//
//	go run gen_bigram.go FILE.jsonl... >table
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"math"
	"os"
)

const symbols = 27 // a–z and the word boundary

func main() {
	var sum [symbols][symbols]float64
	for _, name := range os.Args[1:] {
		counts, total := read(name)
		if total == 0 {
			continue
		}
		for a := range counts {
			for b, n := range counts[a] {
				sum[a][b] += float64(n) / float64(total) * 1e6
			}
		}
	}
	for a := range sum {
		row := 0.0
		for _, n := range sum[a] {
			row += n + 1
		}
		line := make([]byte, symbols)
		for b, n := range sum[a] {
			cost := -math.Log2((n + 1) / row)
			line[b] = byte('0' + min(48, int(math.Round(cost*4))))
		}
		fmt.Printf("\t%q +\n", line)
	}
}

func read(name string) (counts [symbols][symbols]int, total int) {
	f, err := os.Open(name)
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var row struct{ Text, Lang string }
		if json.Unmarshal(lines.Bytes(), &row) != nil || row.Lang != "" && row.Lang != "en" {
			continue
		}
		prev := symbols - 1
		for i := 0; i < len(row.Text); i++ {
			sym := symbols - 1
			if c := row.Text[i] | 0x20; c >= 'a' && c <= 'z' {
				sym = int(c - 'a')
			}
			if sym == symbols-1 && prev == sym {
				continue
			}
			counts[prev][sym]++
			total++
			prev = sym
		}
	}
	if err := lines.Err(); err != nil {
		log.Fatalf("reading %s: %v", name, err)
	}
	return counts, total
}
