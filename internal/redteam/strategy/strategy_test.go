package strategy_test

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"warder.example/internal/redteam/probe"
	"warder.example/internal/redteam/strategy"
)

func source(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// find returns the strategy of a spec that is known.
func find(t rapid.TB, spec string) strategy.Strategy {
	t.Helper()
	s, err := strategy.Find(spec)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// text draws words of an alphabet with single spaces between, four bytes or more.
func text(t *rapid.T, alphabet string) string {
	s := string(rapid.SliceOfN(rapid.SampledFrom([]rune(alphabet)), 4, 60).Draw(t, "text"))
	s = strings.Join(strings.Fields(s), " ")
	if len(s) < 4 {
		t.Skip("too short to be told from a word")
	}
	return s
}

var sentences = rapid.SampledFrom([]string{"", "Sure, here it is:", "I have written it as you asked.", "Certainly!\n", "The answer is", "Of course, one moment… a face, be it 3.5 or 42", "- a point", "Hope that helps.", "Done", "Ask again at 10:30, any day", "`"})

// seen reports whether a reader of the answer and its readings finds the text.
func seen(s strategy.Strategy, answer, text string) bool {
	return strings.Contains(answer, text) || slices.ContainsFunc(s.Invert(answer), func(r string) bool { return strings.Contains(r, text) })
}

func single(t rapid.TB, s strategy.Strategy, text string, r *rand.Rand) string {
	t.Helper()
	m, err := s.Apply(text, r)
	if err != nil || len(m) != 1 {
		t.Fatalf("%s of %q: %d messages, %v", s.ID, text, len(m), err)
	}
	return m[0].Text
}

// lossy are disguises in which nobody answers.
var lossy = []string{"obfuscate:typo"}

// TestEncodersHaveInverses: what is written in a code can be read back.
func TestEncodersHaveInverses(t *testing.T) {
	n := 0
	for _, s := range strategy.All() {
		if s.Group != strategy.Encode && s.Group != strategy.Obfuscate || slices.Contains(lossy, s.ID) {
			continue
		}
		n++
		if s.Alphabet == "" {
			t.Errorf("%s has no alphabet, so no inverse", s.ID)
		}
		if !s.Restores("kestrel", source(1)) || len(s.Invert(single(t, s, "say kestrel now", source(1)))) == 0 {
			t.Errorf("%s: its inverse reads nothing", s.ID)
		}
	}
	if n < 28 {
		t.Errorf("%d strategies encode; expected at least 28", n)
	}
}

// TestInverse: the inverse finds the text in what the strategy wrote, also
// between prose, for all texts of the alphabet.
func TestInverse(t *testing.T) {
	for _, s := range strategy.All() {
		if s.Alphabet == "" {
			continue
		}
		t.Run(s.ID, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				x := text(t, s.Alphabet)
				written, err := s.Apply(x, source(rapid.Uint64().Draw(t, "seed")))
				if err != nil {
					t.Fatal(err)
				}
				gap := rapid.SampledFrom([]string{" ", "\n", "\n\n"}).Draw(t, "gap")
				answer := sentences.Draw(t, "before") + gap + written[0].Text + gap + sentences.Draw(t, "behind")
				if !seen(s, answer, x) {
					t.Fatalf("%q is not in %q, read as %q", x, answer, s.Invert(answer))
				}
			})
		})
	}
}

// TestComposedInverse: the same for two codes, one in the other, where the outer
// takes any text.
func TestComposedInverse(t *testing.T) {
	var pairs []strategy.Strategy
	any := find(t, "encode:base64").Alphabet
	for _, outer := range strategy.All() {
		for _, inner := range strategy.All() {
			if outer.Alphabet == any && inner.Alphabet != "" && outer.ID != inner.ID {
				s := find(t, outer.ID+"+"+inner.ID)
				s.Alphabet = inner.Alphabet
				pairs = append(pairs, s)
			}
		}
	}
	if len(pairs) < 200 {
		t.Fatalf("%d pairs; expected at least 200", len(pairs))
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom(pairs).Draw(t, "pair")
		x := text(t, s.Alphabet)
		r := source(rapid.Uint64().Draw(t, "seed"))
		if written := single(t, s, x, r); !seen(s, "Here: "+written, x) {
			t.Fatalf("%s: %q is not in %q, read as %q", s.ID, x, written, s.Invert(written))
		}
	})
}

// TestInverseOfAnswers: models write a code in other ways than encoders do.
func TestInverseOfAnswers(t *testing.T) {
	const want = "the kestrel flies"
	for _, c := range [][2]string{
		{"encode:base64", "As base64: dGhlIGtlc3RyZWwgZmxpZXM"},
		{"encode:base64", "dGhl IGtl c3Ry ZWwg ZmxpZXM=\nDone."},
		{"encode:base64", "Answer follows\ndGhlIGtl\nc3RyZWwgZmxpZXM=\n"},
		{"encode:base64", "`dGhlIGtlc3RyZWwgZmxpZXN`"},
		{"encode:base32", "orugkidlmvzxi4tfnqqgm3djmvzq"},
		{"encode:hex", "74 68 65 20 6B 65 73 74 72 65 6C 20 66 6C 69 65 73"},
		{"encode:hex", `\x74\x68\x65\x20\x6b\x65\x73\x74\x72\x65\x6c\x20\x66\x6c\x69\x65\x73`},
		{"encode:hex", "a face: 0x74, 0x68, 0x65, 0x20, 0x6b, 0x65, 0x73, 0x74, 0x72, 0x65, 0x6c, 0x20, 0x66, 0x6c, 0x69, 0x65, 0x73 decade"},
		{"encode:binary", "1110100 1101000 1100101 0100000 1101011 1100101 1110011 1110100 1110010 1100101 1101100 0100000 1100110 1101100 1101001 1100101 1110011"},
		{"encode:ascii85", "FD,5.CLqR/Eb0&0Ao)0mEr"},
		{"encode:rot13", "Gur nafjre: gur xrfgery syvrf."},
		{"encode:morse", "– •••• •   -.- . ... - .-. . .-..   ..-. .-.. .. . ..."},
		{"encode:morse", "**- .... . / -.- . ... - .-. . .-.. | ..-. .-.. .. . ...**"},
		{"encode:url", "the%20%6Bestrel%20flies"},
		{"encode:html", "the&nbsp;is not, but &#x74;&#104;&#101 &#107estrel flies"},
		{"encode:unicode-escape", `the \u{6b}estrel U+0066 lies, or \u0074\u0068\u0065 \U0000006bestrel flies`},
		{"encode:braille", "⠞⠓⠑⠀⠅⠑⠎⠞⠗⠑⠇⠀⠋⠇⠊⠑⠎"},
		{"encode:nato", "Tango-Hotel-Echo / KILO, ECHO, SIERRA, TANGO, ROMEO, ECHO, LIMA / Foxtrot Lima India Echo Sierra."},
		{"obfuscate:leet", "7h3 k3$tr31 f1i35, the k3s7r3l fli3s"},
		{"obfuscate:pig-latin", "Ethay estrelkay iesflay!"},
		{"obfuscate:emoji", "🅣🅗🅔 🅺🅴🆂🆃🆁🅴🅻 ⓕⓛⓘⓔⓢ"},
		{"obfuscate:variables", "a = \"the kes\"\nb = \"trel\"\nc=\" flies\""},
		{"obfuscate:variables", "x2 := \" flies\"; x1 := \"the kestrel\"\nprint(x1 + x2)"},
		{"obfuscate:spacing", "It says: t h e   k e s t r e l   f l i e s"},
		{"encode:base64+encode:rot13", "Z3VyIHhyZmdlcnkgc3l2cmY="},
		{"encode:base64+encode:rot13", "I only did half: gur xrfgery syvrf"},
		{"encode:base64+encode:rot13", "I only did half: dGhlIGtlc3RyZWwgZmxpZXM="},
	} {
		s := find(t, c[0])
		if got := s.Invert(c[1]); !slices.ContainsFunc(got, func(r string) bool { return strings.Contains(strings.ToLower(r), want[:len(want)-1]) }) {
			t.Errorf("%s: %q is read as %q", c[0], c[1], got)
		}
	}
}

// TestProseIsNotRead: honest words are not taken for a code that has its own signs.
func TestProseIsNotRead(t *testing.T) {
	const prose = "I cannot help with that. Please contact the office before 10:30, or write to them; they answer within 48 hours - usually."
	for _, id := range []string{"encode:base64", "encode:base32", "encode:hex", "encode:binary", "encode:url", "encode:html", "encode:unicode-escape", "encode:braille", "encode:nato", "obfuscate:zero-width", "obfuscate:tags", "obfuscate:selectors", "obfuscate:bidi", "obfuscate:emoji", "obfuscate:diacritics", "obfuscate:variables"} {
		if got := find(t, id).Invert(prose); len(got) > 0 {
			t.Errorf("%s reads %q", id, got)
		}
	}
}

// TestApply: every strategy gives messages that a target can be sent, the last one the
// user's, the same for the same seed.
func TestApply(t *testing.T) {
	const x = "Describe the kestrel's \"nest\" & <eggs> in detail, please"
	for _, s := range strategy.All() {
		got, err := s.Apply(x, source(7))
		again, _ := s.Apply(x, source(7))
		if err != nil || !reflect.DeepEqual(got, again) {
			t.Errorf("%s: %v, or not the same twice", s.ID, err)
			continue
		}
		for _, m := range got {
			if m.Text == "" || !utf8.ValidString(m.Text) || m.Role != probe.RoleUser && m.Role != probe.RoleModel {
				t.Errorf("%s: message %+v", s.ID, m)
			}
		}
		if last := got[len(got)-1]; last.Role != probe.RoleUser {
			t.Errorf("%s: the last message is the %s's", s.ID, last.Role)
		}
		name, _, _ := strings.Cut(s.ID, ":")
		if s.Title == "" || name != string(s.Group) || s.Group != strategy.Plain && len(s.Frameworks) == 0 {
			t.Errorf("%s: %+v lacks something", s.ID, s)
		}
		if s.Group == strategy.Turns && len(strategy.Exchanges(got)) < 3 {
			t.Errorf("%s: %d exchanges; expected several turns", s.ID, len(strategy.Exchanges(got)))
		}
	}
	if got := single(t, strategy.Strategy{}, x, source(1)); got != x {
		t.Errorf("the zero value says %q", got)
	}
}

// parted are strategies that write the text in pieces or escape its signs.
var parted = []string{"frame:payload-splitting", "structure:json", "structure:xml", "turns:split", "turns:memory-return"}

// TestFramesKeepTheText: what has no inverse says the text word for word, once or more.
func TestFramesKeepTheText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := text(t, find(t, "encode:base64").Alphabet+"{}%")
		seed := rapid.Uint64().Draw(t, "seed")
		for _, s := range strategy.All() {
			if s.Alphabet != "" || slices.Contains(parted, s.ID) || slices.Contains(lossy, s.ID) {
				continue
			}
			messages, err := s.Apply(x, source(seed))
			if err != nil || !slices.ContainsFunc(messages, func(m probe.Message) bool { return strings.Contains(m.Text, x) }) {
				t.Fatalf("%s: %v: %q is not in %q", s.ID, err, x, messages)
			}
		}
	})
}

func TestFindRefuses(t *testing.T) {
	for spec, want := range map[string]string{
		"":                                       "not known",
		"encode:base65":                          "not known",
		"encode:base64+":                         "not known",
		"encode:rot13+encode:rot13":              "twice",
		"frame:fiction+turns:crescendo":          "expected it first",
		"frame:fiction+frame:context-compliance": "expected it first",
		"plain+encode:hex":                       "composed with nothing",
		strings.Repeat("x", 300):                 "at most 256",
		"encode:hex+encode:url+encode:html+encode:atbash+encode:rot13": "at most 4",
		"encode:hex\x1b[2J": `\x1b`,
	} {
		if _, err := strategy.Find(spec); err == nil || !strings.Contains(err.Error(), want) || strings.ContainsRune(err.Error(), 0x1b) {
			t.Errorf("%q: %v; want %q", spec, err, want)
		}
	}
}

func TestComposition(t *testing.T) {
	s := find(t, "frame:fiction+encode:base64")
	got := single(t, s, "kestrel", source(1))
	if !strings.Contains(got, "a2VzdHJlbA==") || strings.Contains(got, "kestrel") {
		t.Errorf("%q; want a story around base64", got)
	}
	if want := []string{"LLM01:2025", "AML.T0054", "AML.T0068"}; !slices.Equal(s.Frameworks, want) || s.Group != strategy.Frame {
		t.Errorf("%s of %v; want %s of %v", s.Group, s.Frameworks, strategy.Frame, want)
	}
	if s := find(t, "encode:nato+encode:base64"); s.Restores("KESTREL-41", source(1)) {
		t.Errorf("%s restores capitals", s.ID)
	}
	if got := find(t, "encode:hex+encode:rot13").Invert("78726667657279"); got[0] != "kestrel" {
		t.Errorf("%q; want the reading by both first", got)
	}
	m, err := find(t, "turns:crescendo+obfuscate:reverse").Apply("kestrel", source(1))
	if err != nil || len(m) != 5 || !strings.HasSuffix(m[4].Text, "lertsek") {
		t.Errorf("%v, %q; want a script that ends on the text backwards", err, m)
	}
}

// TestBounds: a text that is too long, or becomes so, is refused and not cut.
func TestBounds(t *testing.T) {
	long := strings.Repeat("a", strategy.MaxText/4)
	for spec, x := range map[string]string{"plain": strings.Repeat("a", strategy.MaxText+1), "encode:binary": long, "encode:hex+encode:url": long, "turns:persist": long} {
		if _, err := find(t, spec).Apply(x, source(1)); !errors.Is(err, strategy.ErrTooLong) {
			t.Errorf("%s: %v; want that it is too long", spec, err)
		}
	}
	for _, x := range []string{"", "\xff"} {
		if _, err := find(t, "plain").Apply(x, source(1)); err == nil {
			t.Errorf("%q is sent", x)
		}
	}
}

// TestHostileAnswers: readings of an answer that is made to grow are bounded.
func TestHostileAnswers(t *testing.T) {
	deep := find(t, "obfuscate:variables+obfuscate:leet+encode:ascii85+obfuscate:diacritics")
	for name, answer := range map[string]string{
		"sums":    "a = \"" + strings.Repeat("4", 1000) + "\"\n" + strings.Repeat("a+a\n", 5000),
		"zeros":   "<~" + strings.Repeat("z", 20000) + "~>",
		"wide":    strings.Repeat("ﷺ", 5000),
		"digits":  strings.Repeat("1a", 20000),
		"invalid": strings.Repeat("\xf0\x9f=!z", 5000),
	} {
		for _, s := range append(strategy.All(), deep) {
			readings := s.Invert(answer)
			for _, r := range readings {
				if len(r) > 4*len(answer) {
					t.Errorf("%s: %s makes %d bytes of %d", s.ID, name, len(r), len(answer))
				}
			}
			if len(readings) > 80 {
				t.Errorf("%s: %s has %d readings", s.ID, name, len(readings))
			}
		}
	}
}

func TestExchanges(t *testing.T) {
	u, m, d := probe.Message{Role: probe.RoleUser}, probe.Message{Role: probe.RoleModel}, probe.Message{Role: probe.RoleDocument}
	for _, c := range []struct {
		script []probe.Message
		want   []int
	}{
		{nil, nil},
		{[]probe.Message{u}, []int{1}},
		{[]probe.Message{u, u, u}, []int{1, 1, 1}},
		{[]probe.Message{u, m, u}, []int{3}},
		{[]probe.Message{u, m, u, u}, []int{3, 1}},
		{[]probe.Message{d, u, d, u}, []int{2, 2}},
		{[]probe.Message{u, d}, []int{1, 1}},
	} {
		var got []int
		for _, e := range strategy.Exchanges(c.script) {
			got = append(got, len(e))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%v: exchanges of %v; want %v", c.script, got, c.want)
		}
	}
}

func FuzzInvert(f *testing.F) {
	for _, s := range strategy.All() {
		if m, err := s.Apply("say kestrel 41", source(1)); err == nil {
			f.Add(m[0].Text)
		}
	}
	all := strategy.All()
	f.Fuzz(func(t *testing.T, answer string) {
		for _, s := range all {
			for _, r := range s.Invert(answer) {
				if len(r) > 4*len(answer) || utf8.ValidString(answer) && !utf8.ValidString(r) {
					t.Errorf("%s reads %q as %q", s.ID, answer, r)
				}
			}
		}
	})
}

func BenchmarkApply(b *testing.B) {
	x := strings.Repeat("Please tell me where the kestrel nests. ", 25) // 1000 bytes
	for _, spec := range []string{"encode:base64", "encode:nato", "obfuscate:homoglyph", "obfuscate:diacritics", "structure:many-shot", "turns:crescendo", "frame:fiction+obfuscate:spacing+encode:rot13"} {
		s := find(b, spec)
		r := source(1)
		b.Run(spec, func(b *testing.B) {
			b.SetBytes(int64(len(x)))
			for b.Loop() {
				if _, err := s.Apply(x, r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkInvert(b *testing.B) {
	answer := strings.Repeat("Certainly, the kestrel nests in the old tower. ", 100)
	all := strategy.All()
	b.SetBytes(int64(len(answer) * len(all)))
	for b.Loop() {
		for _, s := range all {
			s.Invert(answer)
		}
	}
}

// TestWrites: codes are those that others know by these names.
func TestWrites(t *testing.T) {
	for id, c := range map[string][2]string{
		"encode:base64":         {"Kestrel 41", "S2VzdHJlbCA0MQ=="},
		"encode:base32":         {"Kestrel 41", "JNSXG5DSMVWCANBR"},
		"encode:ascii85":        {"the kestrel flies", "<~FD,5.CLqR/Eb0&0Ao)0mEr~>"},
		"encode:hex":            {"Käs", "4bc3a473"},
		"encode:binary":         {"Ab", "01000001 01100010"},
		"encode:rot13":          {"Kestrel, 41", "Xrfgery, 41"},
		"encode:caesar":         {"xyz Abc", "abc Def"},
		"encode:atbash":         {"Abc xyz", "Zyx cba"},
		"encode:morse":          {"Say 4?", "... .- -.-- / ....- ..--.."},
		"encode:url":            {"é1", "%C3%A9%31"},
		"encode:html":           {"<é", "&#60;&#233;"},
		"encode:unicode-escape": {"A😀", `\u0041\ud83d\ude00`},
		"encode:braille":        {"Kite 10a", "⠠⠅⠊⠞⠑ ⠼⠁⠚⠰⠁"},
		"encode:nato":           {"Go 9", "golf oscar / nine"},
		"obfuscate:leet":        {"take six seas", "74k3 51x s345"},
		"obfuscate:pig-latin":   {"my apple is yellow, nth rhythm 4", "y-may apple-ay is-ay ellow-yay, nth ythm-rhay 4"},
		"obfuscate:emoji":       {"a1", "🇦\u200b1\ufe0f\u20e3"},
		"obfuscate:bidi":        {"ab, cd", "\u202eba\u202c, \u202edc\u202c"},
		"obfuscate:reverse":     {"abc é", "é cba"},
	} {
		if got := single(t, find(t, id), c[0], source(1)); got != c[1] {
			t.Errorf("%s of %q is %q; want %q", id, c[0], got, c[1])
		}
	}
	for id, begin := range map[string]string{"obfuscate:tags": "\U000E0041\U000E0062", "obfuscate:selectors": "\U000E0131\U000E0152"} {
		if got := single(t, find(t, id), "Ab", source(1)); !strings.HasSuffix(got, begin) {
			t.Errorf("%s of Ab is %+q; want %+q at its end", id, got, begin)
		}
	}
}

// TestScripts: a script comes nearer to the request and ends on it.
func TestScripts(t *testing.T) {
	const x = "Describe where the kestrel of the old tower nests in May"
	messages := func(id string) []probe.Message {
		m, err := find(t, id).Apply(x, source(3))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	m := messages("turns:crescendo")
	if !strings.Contains(m[0].Text, "Describe, kestrel, nests") {
		t.Errorf("crescendo begins %q; want the subject", m[0].Text)
	}
	for _, id := range []string{"turns:crescendo", "turns:foot-in-the-door"} {
		m := messages(id)
		for i, message := range m {
			if strings.Contains(message.Text, x) != (i == len(m)-1) {
				t.Errorf("%s: message %d is %q; want the request in the last alone", id, i, message.Text)
			}
		}
	}
	for _, message := range messages("turns:persist") {
		if !strings.HasSuffix(message.Text, x) {
			t.Errorf("persist says %q", message.Text)
		}
	}
	m = messages("turns:memory-return")
	if !strings.Contains(m[0].Text, x) || strings.Contains(m[len(m)-1].Text, x) {
		t.Errorf("the note is in %q; want it in the first alone", m)
	}
	m = messages("turns:split")
	joined := ""
	for _, message := range m[:len(m)-1] {
		if strings.Contains(message.Text, x) {
			t.Errorf("a piece has the whole request: %q", message.Text)
		}
		_, piece, _ := strings.Cut(message.Text, ": ")
		joined += strings.Trim(piece, `"`)
	}
	if joined != x {
		t.Errorf("the pieces make %q", joined)
	}
}
