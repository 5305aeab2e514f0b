package strategy

import (
	"math/rand/v2"
	"slices"

	"warder.example/internal/redteam/probe"
)

// All returns every strategy, group by group; "plain" is the first.
func All() []Strategy { return slices.Clone(catalogue) }

var catalogue = slices.Concat(
	[]Strategy{{ID: string(Plain), Title: "the text as it is", Group: Plain}},
	encodings, obfuscations, invisibles, frames, structures, scripts,
)

var byID = func() map[string]Strategy {
	m := make(map[string]Strategy, len(catalogue))
	for _, s := range catalogue {
		if _, twice := m[s.ID]; twice {
			panic("strategy: two are called " + s.ID)
		}
		m[s.ID] = s
	}
	return m
}()

// Frameworks of groups: what a strategy is counted under unless it is more special.
var (
	asObfuscation = []string{"LLM01:2025", "AML.T0068"}     // LLM Prompt Obfuscation
	asJailbreak   = []string{"LLM01:2025", "AML.T0054"}     // LLM Jailbreak
	asInjection   = []string{"LLM01:2025", "AML.T0051.000"} // LLM Prompt Injection: Direct
	asFlood       = []string{"LLM01:2025", "LLM10:2025", "AML.T0054"}
	asMemory      = []string{"LLM01:2025", "AML.T0080.001"} // AI Agent Context Poisoning: Thread
	asDelayed     = []string{"LLM01:2025", "AML.T0051.002"} // LLM Prompt Injection: Triggered
)

// rewriting is a strategy that writes the text in other characters.
func rewriting(group Group, name, title, alphabet string, write func(string) string, read func(string) []string) Strategy {
	return seeded(group, name, title, alphabet, func(s string, _ *rand.Rand) string { return write(s) }, read)
}

// seeded is one that draws how.
func seeded(group Group, name, title, alphabet string, write func(string, *rand.Rand) string, read func(string) []string) Strategy {
	return Strategy{
		ID: string(group) + ":" + name, Title: title, Group: group, Frameworks: asObfuscation, Alphabet: alphabet,
		parts: []part{{write: write, read: read}},
	}
}

// around is one that puts words around the text, or the text into a form.
func around(group Group, name, title string, frameworks []string, write func(string, *rand.Rand) string) Strategy {
	return Strategy{ID: string(group) + ":" + name, Title: title, Group: group, Frameworks: frameworks, parts: []part{{write: write}}}
}

// scripted is one of several messages.
func scripted(group Group, name, title string, frameworks []string, script func(string, *rand.Rand) []probe.Message) Strategy {
	return Strategy{ID: string(group) + ":" + name, Title: title, Group: group, Frameworks: frameworks, parts: []part{{script: script}}}
}

// once makes an inverse of a function that gives one reading; none where it changes
// nothing.
func once(read func(string) string) func(string) []string {
	return func(s string) []string {
		if t := read(s); t != s {
			return []string{t}
		}
		return nil
	}
}

// Alphabets that inverses restore.
const (
	lower  = "abcdefghijklmnopqrstuvwxyz "
	digits = "0123456789"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	ascii  = lower + upper + digits + "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
	wide   = ascii + "äöüßéñçøłşжщяλπאبमก你好日本한😀𝛼"
)
