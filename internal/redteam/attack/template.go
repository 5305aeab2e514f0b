package attack

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
)

var variable = regexp.MustCompile(`\{\{[a-z][a-z_]{0,31}\}\}`)

// variables returns the names in a template.
func variables(template string) []string {
	found := variable.FindAllString(template, -1)
	for i, v := range found {
		found[i] = strings.Trim(v, "{}")
	}
	return found
}

// expand fills in a template, once: values are not templates.
func expand(template string, value func(name string) string) string {
	return variable.ReplaceAllStringFunc(template, func(v string) string { return value(strings.Trim(v, "{}")) })
}

// made are the variables that are made up where nobody gives them.
var made = map[string]func(*rand.Rand) string{
	"marker":  func(r *rand.Rand) string { return strings.ToUpper(syllables(r, 3)) + digits(r, 3) },
	"secret":  func(r *rand.Rand) string { return "vk-" + syllables(r, 3) + "-" + digits(r, 6) + "-" + syllables(r, 2) },
	"host":    func(r *rand.Rand) string { return syllables(r, 3) + ".attacker.example" },
	"person":  func(r *rand.Rand) string { return pick(r, firstNames) + " " + pick(r, lastNames) },
	"account": func(r *rand.Rand) string { return "AC-" + digits(r, 8) },
	"email":   func(r *rand.Rand) string { return syllables(r, 3) + "@customers.example" },
	"model":   func(r *rand.Rand) string { return syllables(r, 3) + "-" + digits(r, 2) + "b" },
	"number":  func(r *rand.Rand) string { return digits(r, 3) },
}

var (
	firstNames = []string{"Ines", "Tomasz", "Amara", "Lukas", "Mei", "Farid", "Sofia", "Kwame", "Hanna", "Rafael"}
	lastNames  = []string{"Okafor", "Lindqvist", "Moreau", "Tanaka", "Haddad", "Kovacs", "Silva", "Novak", "Brandt", "Iyer"}
)

func pick(r *rand.Rand, list []string) string { return list[r.IntN(len(list))] }

// syllables returns a word that no language has, of n syllables.
func syllables(r *rand.Rand, n int) string {
	b := make([]byte, 0, 2*n)
	for range n {
		b = append(b, "bdfgklmnprstvz"[r.IntN(14)], "aeiou"[r.IntN(5)])
	}
	return string(b)
}

// digits returns n digits, the first of which is not 0.
func digits(r *rand.Rand, n int) string {
	b := []byte{"123456789"[r.IntN(9)]}
	for len(b) < n {
		b = append(b, "0123456789"[r.IntN(10)])
	}
	return string(b)
}

// source returns the random numbers of one variable of a case: by name, so that a value
// does not depend on which others a text uses, or in which order.
func source(family, seed string, number uint64, name string) *rand.Rand {
	h := sha256.Sum256(fmt.Appendf(nil, "%q %q %d %q", family, seed, number, name))
	return rand.New(rand.NewPCG(binary.LittleEndian.Uint64(h[:]), binary.LittleEndian.Uint64(h[8:])))
}
