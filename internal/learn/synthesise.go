package learn

import (
	"encoding/base64"
	"math"
	"math/rand/v2"
	"strings"
	"unicode"

	"warder.example/guard"
	"warder.example/internal/corpus"
)

// disturbed is the fraction of rows of which a disturbed copy is made.
const disturbed = 0.12

// suffixed is how many requests get a suffix, and as many a harmless list.
const suffixed = 300

// synthesise returns rows made from others: disturbed copies of both classes,
// requests for harm with the kind of gibberish behind them that an optimiser
// finds, and ordinary requests with lists and identifiers behind them, some of them
// encoded, so that odd characters alone are not an attack.
func synthesise(rows []Row, seed uint64) []Row {
	out := disturb(rows, random(seed, "disturb"))
	out = append(out, pasted(rows, random(seed, "pasted"))...)
	return append(out, suffixes(rows, random(seed, "suffix"))...)
}

func disturb(rows []Row, r *rand.Rand) []Row {
	var out []Row
	for i := range rows {
		pick := r.Float64()
		how := r.IntN(3)
		if pick >= disturbed || rows[i].Attack != "" || rows[i].Weight == 0 {
			continue
		}
		c := rows[i]
		c.Made, c.Base = true, c.Source
		c.Weight /= 2
		switch how {
		case 0:
			c.Text = eachWord(c.Text, func(w []rune) []rune { return swapInner(w, r) })
		case 1:
			c.Text = strings.Map(func(x rune) rune {
				if unicode.IsPunct(x) && x != '\'' {
					return -1
				}
				return x
			}, c.Text)
		case 2:
			c.Text = eachWord(c.Text, func(w []rune) []rune { return dropVowel(w, r) })
		}
		out = append(out, c)
	}
	return out
}

// eachWord replaces the words of a text and keeps what is between them.
func eachWord(text string, f func([]rune) []rune) string {
	var b strings.Builder
	var word []rune
	flush := func() {
		if len(word) > 0 {
			b.WriteString(string(f(word)))
			word = word[:0]
		}
	}
	for _, x := range text {
		if unicode.IsLetter(x) {
			word = append(word, x)
			continue
		}
		flush()
		b.WriteRune(x)
	}
	flush()
	return b.String()
}

// swapInner exchanges two inner letters of some longer words.
func swapInner(w []rune, r *rand.Rand) []rune {
	if len(w) >= 5 && r.Float64() < 0.3 {
		i := 1 + r.IntN(len(w)-3)
		w[i], w[i+1] = w[i+1], w[i]
	}
	return w
}

// dropVowel drops one inner vowel of some longer words.
func dropVowel(w []rune, r *rand.Rand) []rune {
	if len(w) < 5 || r.Float64() > 0.25 {
		return w
	}
	for i := 1; i < len(w)-1; i++ {
		if strings.ContainsRune("aeiou", w[i]) {
			return append(w[:i], w[i+1:]...)
		}
	}
	return w
}

// shards are the bits of code and punctuation that optimised suffixes are full
// of.
var shards = []string{
	"}](", "{%", "==", "\\\\", "**", "!--", ");", "[/", "(@", "=>", "}}", "<<", "::", "'],", "~~", "?>", "++", "\"}", "$$", "##", "|>", "./", "&&", "}^{", "::(", "...[", "-->",
}

func suffixes(rows []Row, r *rand.Rand) []Row {
	var harm, plain []int
	var words []string
	for i := range rows {
		switch {
		case rows[i].Made || rows[i].Lang != "en" || rows[i].Origin != guard.OriginUser || len(rows[i].Text) > 400:
		case rows[i].Label == corpus.HarmfulRequest:
			harm = append(harm, i)
		case rows[i].Label.Ordinary():
			plain = append(plain, i)
		}
		if f := strings.Fields(rows[i].Text); len(f) > 3 && len(words) < 60000 {
			words = append(words, f[r.IntN(len(f))], f[r.IntN(len(f))])
		}
	}
	if len(harm) == 0 || len(plain) == 0 || len(words) == 0 {
		return nil
	}
	var out []Row
	n := min(suffixed, 3*len(harm))
	add := func(base *Row, tail string, label corpus.Label, source string) {
		out = append(out, Row{
			Text: base.Text + " " + tail, Label: label, Source: source, Origin: guard.OriginUser, Lang: "en",
			Weight: 1 / math.Sqrt(float64(n)), Made: true, Base: base.Source, part: base.part,
		})
	}
	for range n {
		add(&rows[harm[r.IntN(len(harm))]], gibberish(words, r), corpus.Jailbreak, "made/suffix")
		add(&rows[plain[r.IntN(len(plain))]], listing(words, r), corpus.Benign, "made/listing")
	}
	for i := range out {
		if out[i].Label == corpus.Benign && i%4 == 1 { // that a text is encoded says nothing
			out[i].Text = base64.StdEncoding.EncodeToString([]byte(prefix(out[i].Text, 400)))
		}
	}
	return out
}

// gibberish returns 8 to 25 unrelated pieces: words, parts of words glued
// together, shards.
func gibberish(words []string, r *rand.Rand) string {
	var b strings.Builder
	for range 8 + r.IntN(18) {
		w := []rune(words[r.IntN(len(words))])
		switch r.IntN(5) {
		case 0:
			b.WriteString(shards[r.IntN(len(shards))])
		case 1:
			b.WriteString(shards[r.IntN(len(shards))])
			b.WriteString(string(w))
		case 2:
			b.WriteString(string(w[:(len(w)+1)/2]))
			v := []rune(words[r.IntN(len(words))])
			b.WriteString(strings.ToUpper(string(v[:1])) + string(v[1:]))
		default:
			b.WriteString(string(w))
		}
		if r.IntN(4) > 0 {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// listing returns the kind of odd but honest text that people paste: lists,
// settings, identifiers.
func listing(words []string, r *rand.Rand) string {
	var b strings.Builder
	sep := []string{", ", "; ", "\n- ", "\n", " | "}[r.IntN(5)]
	how := r.IntN(4)
	for i := range 6 + r.IntN(14) {
		if i > 0 {
			b.WriteString(sep)
		}
		w := strings.Trim(words[r.IntN(len(words))], ".,;:!?\"'()")
		switch how {
		case 0:
			b.WriteString(w)
		case 1:
			b.WriteString(w + "=" + digits(r, 4))
		case 2:
			b.WriteString(hexes(r, 8) + "-" + hexes(r, 4))
		case 3:
			b.WriteString(`"` + w + `": "` + hexes(r, 6) + `"`)
		}
	}
	return b.String()
}

func digits(r *rand.Rand, n int) string { return draw(r, "0123456789", n) }

func hexes(r *rand.Rand, n int) string { return draw(r, "0123456789abcdef", n) }

func draw(r *rand.Rand, from string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = from[r.IntN(len(from))]
	}
	return string(b)
}
