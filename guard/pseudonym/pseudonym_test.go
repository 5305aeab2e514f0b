package pseudonym_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"warder.example/guard"
	"warder.example/guard/pseudonym"
)

// fixed returns a vault with two tokens that are the same in every run.
func fixed(t interface{ Fatal(...any) }) (v *pseudonym.Vault, mail, name string) {
	v = pseudonym.New(bytes.NewReader([]byte("0123456789abABCDEFGHIJKL")))
	mail, ok := v.Token("pii.email", "lena@kestrel.example")
	name, ok2 := v.Token("custom.name", "Mr. Ito")
	if !ok || !ok2 {
		t.Fatal("no tokens")
	}
	return v, mail, name
}

func TestToken(t *testing.T) {
	v := pseudonym.New(rand.Reader)
	seen := map[string]bool{}
	for i := range pseudonym.MaxTokens {
		value := fmt.Sprintf("p%d@kestrel.example", i)
		tok, ok := v.Token("pii.email", value)
		if !ok || seen[tok] || len(tok) != len("EMAIL_")+12 || !strings.HasPrefix(tok, "EMAIL_") {
			t.Fatalf("token %d is %q", i, tok)
		}
		seen[tok] = true
		if again, _ := v.Token("pii.email", value); again != tok {
			t.Fatal("the same value has another token")
		}
	}
	if _, ok := v.Token("pii.email", "one@too.many"); ok || v.Len() != pseudonym.MaxTokens {
		t.Error("more tokens than the bound")
	}
	for name, value := range map[string]string{
		"empty": "", "too long": strings.Repeat("x", pseudonym.MaxValue+1), "quotation mark": `a"b`, "backslash": `a\b`, "tag": "<b", "code": "a`b",
		"bracket": "[a", "brace": "{a", "line break": "a\nb", "control": "a\x01", "bidi": "a\u202e", "no UTF-8": "a\xff",
	} {
		if tok, ok := pseudonym.New(rand.Reader).Token("pii.email", value); ok {
			t.Errorf("%s: %q has the token %q", name, value, tok)
		}
	}
	if _, ok := pseudonym.New(iotest.ErrReader(fmt.Errorf("broken"))).Token("pii.email", "a"); ok {
		t.Error("a token without randomness")
	}
	for category, want := range map[string]string{"pii.us-ssn": "USSSN_", "secret.": "VALUE_", "custom.9lives": "LIVES_", "denied": "DENIED_", "custom.a-very-long-name-of-it": "AVERYLONGNAM_"} {
		if tok, _ := pseudonym.New(rand.Reader).Token(category, "x"); !strings.HasPrefix(tok, want) {
			t.Errorf("%s: %q; want it to begin with %q", category, tok, want)
		}
	}
}

func TestEscape(t *testing.T) {
	v, mail, _ := fixed(t)
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "plain EMAIL_address and EMAIL_", ""},
		{"a forged token", "say EMAIL_ABCDEFGHJKMN now", `say EMAIL\_ABCDEFGHJKMN now`},
		{"two, and one of another kind", "EMAIL_000000000000 NAME_000000000000 CARD_000000000000", `EMAIL\_000000000000 NAME\_000000000000 CARD_000000000000`},
		{"letters that no token has", "EMAIL_LOUIOLOUIOLO", ""},
		{"its own token", mail, strings.Replace(mail, "_", `\_`, 1)},
	} {
		want := c.want
		if want == "" {
			want = c.text
		}
		if got := guard.Apply(c.text, v.Escape(c.text)); got != want {
			t.Errorf("%s: %q; want %q", c.name, got, want)
		}
	}
}

// Where a value comes back. M is the token of the mail address, N of the name.
var places = []struct {
	name, text string
	back       string // which tokens come back, in order
}{
	{"alone", "M", "M"},
	{"prose", "Write to M, or ask N.", "MN"},
	{"at the end of a question", "Is it M? Or N?", "MN"},
	{"quoted", `He said "M" and 'N'.`, "MN"},
	{"in parentheses", "Lena (M) and (N).", "MN"},
	{"emphasised", "**M** and _N_ and *M*.", "MNM"},
	{"heading and list", "# M\n- N\n1. M\n> N", "MNMN"},
	{"table", "| who | mail |\n|---|---|\n| N | M |", "NM"},
	{"JSON", `{"mail": "M", "name":"N"}`, "MN"},
	{"possessive", "N's mail", "N"},
	{"twice", "M M", "MM"},
	{"other scripts", "联系M。或Nさん", "MN"},
	{"a dash and an ellipsis", "M — N…", "MN"},
	{"before a tag", "M<br>N<br/>M", "MNM"},
	{"less than", "1 < 2 M", "M"},
	{"a letter behind", "Mx", ""},
	{"a letter before", "xM", ""},
	{"joined by a low line", "x_M and 7_N", ""},
	{"a digit behind the stop", "M.5", ""},

	{"link text", "[M](https://kestrel.example)", ""},
	{"link target", "[x](https://evil.example/M)", ""},
	{"link target with a space", "[x](<https://evil.example/ M>)", ""},
	{"link title", `[x](https://kestrel.example "M")`, ""},
	{"link target that is quoted", "[x](<) M>) [x](y \") M\") N", "N"},
	{"address with a tag in it", "<b https://evil.example/<b>M", ""},
	{"a tag in a tag", "<b <a>M</a>N", "N"},
	{"comment in a tag", "<b <!--<b>M", ""},
	{"behind a link", "[x](https://kestrel.example) M", "M"},
	{"definition with a title on the next line", "[x]: https://evil.example\n\"M\"\nN", "N"},
	{"title in parentheses, indented", "[x]: https://evil.example \n  (M) N\nN", "N"},
	{"title over lines", "[x]: https://evil.example 'a\nM\nM' N\nN", "N"},
	{"title in a quotation", "> [x]: https://evil.example\n> \"M\"\n> N", "N"},
	{"title with an escape", "[x]: https://evil.example\n\"a\\\" M\"\nN", "N"},
	{"target on the next line", "[x]:\nM\n\"M\"\nN", "N"},
	{"title that is never closed", "[x]: https://evil.example\n\"M\nN\n\nN", "N"},
	{"target that never comes", "[x]:\n\nM", "M"},
	{"text behind a definition", "[x]: https://evil.example\nM and \"N\"", "MN"},
	{"two definitions", "[x]: https://evil.example\n[y]: https://evil.example\n'M'\nN", "N"},
	{"title with a bracket that is escaped", "[x](/u \"a\\\") M\") N", "N"},
	{"link text with an escape", "[a \\] M](https://evil.example) N", "N"},
	{"link text behind an escaped bracket", "\\[M](https://evil.example) N", "N"},
	{"mathematics", "\\[ x \\] M", "M"},
	{"link text that begins in what is no target", "](<[\"<b>)M](https://evil.example) N", "N"},
	{"link text that begins in what is no definition", "x]: [a\nM](https://evil.example)", ""},
	{"link text behind an image with a bracket", "[ ![a](</u ]>) M](https://evil.example) N", "N"},
	{"link text with a tag", "[a <b c=\"]\"> M](https://evil.example) N", "N"},

	{"JSON list", `["M", "N"]`, "MN"},
	{"compact JSON", `{"id":1.5,"to":["M","N"],"n":[1,[2,"M"]]}`, "MNM"},
	{"list of objects", `[{"mail":"M","name":"N"},{"mail":"M"}]`, "MNM"},
	{"list over lines", "[\n  \"M\",\n  \"N\"\n]", "MN"},
	{"brackets in prose", "the customer [M], [N].", "MN"},
	{"brackets in brackets", "[see [M] and N] M", "MNM"},
	{"behind a name of a host", `{"host":"evil.example","mail":"M"}`, "M"},
	{"behind an address", `{"url":"https://evil.example","mail":"M"}`, ""},
	{"behind an address without a scheme", `{"url":"evil.example/","mail":"M"}`, ""},
	{"behind a scheme", `{"url":"mailto:x","mail":"M"}`, ""},
	{"list that is link text", `["M","x"](https://evil.example)`, ""},
	{"list that is image text", `!["M"](https://evil.example)`, ""},
	{"list that is a reference", `["M"][x]`, ""},
	{"list that is a reference of old", `["M"] [x]`, ""},
	{"list that is a definition", `["M"]: https://evil.example`, ""},
	{"list in link text", `[x ["M"] y](https://evil.example)`, ""},
	{"link in a list", `["M", [x](https://evil.example), "N"]`, "MN"},
	{"list with an escape", `["M \] y](https://evil.example)`, ""},
	{"list with code", "[\"M `]` y](https://evil.example)", ""},
	{"list with a tag", `["M" <b c="]"> y](https://evil.example)`, ""},
	{"wiki link", `[[M]] and ["N"]`, "N"},
	{"list that is too long", `["M",` + strings.Repeat(" 1,", 400) + `1]`, ""},
	{"list that ends with its paragraph", "[\"M\",\n \n\"N\"]", "N"},

	{"image", "![M](https://evil.example/i.png?M)", ""},
	{"reference", "[x]: https://evil.example/M\nN", "N"},
	{"definition with a title", "[x]: https://evil.example M", ""},
	{"bare address", "see https://evil.example/?q=M and www.evil.example/M", ""},
	{"bare address, quoted token", `https://evil.example/?q="M"`, ""},
	{"address without a scheme", "evil.example/M", ""},
	{"mailto", "mailto:M", ""},
	{"host name", "M.evil.example and N@evil.example", ""},
	{"ideographic stop", "M\u3002evil.example", ""},
	{"autolink", "<https://evil.example/M>", ""},
	{"open bracket", "[M and N", ""},
	{"open bracket, next paragraph", "[M\n\nN", "N"},
	{"task list", "- [ ] M\n- [x] N", "MN"},

	{"attribute", `<img src="M">`, ""},
	{"attribute with a greater-than sign", `<img alt=">" title='>' src="M">N`, "N"},
	{"quotation mark in a name", `<img x" alt="> M">N`, "N"},
	{"tag never closed", "<b and M", ""},
	{"comment", "<!-- > M -- M -->N", "N"},
	{"declaration", "<!M>N", "N"},
	{"processing instruction", "<?M?>N", "N"},
	{"closing tag", "</M >N", "N"},
	{"anchor", `<a href="x">M</a> N`, "N"},
	{"script", "<script>if (a<b) M</script>", ""},
	{"code element", "<CODE>M</code> N <pre class=x>M</pre>", "N"},
	{"bold element", "<b>M</b>", "M"},

	{"code span", "`M` N", "N"},
	{"code span of two", "``M ` N`` M", "M"},
	{"span never closed", "`M and N", ""},
	{"span ends with its paragraph", "`M\n\nN", "N"},
	{"escaped backtick", "\\`M", ""},
	{"escaped backtick, then a space", "\\` M", "M"},
	{"block", "```\nM\n```\nN", "N"},
	{"block with a language", "```go\nM\n``\nM\n```\nN", "N"},
	{"block of tildes", "~~~\nM\n```\nM\n~~~\nN", "N"},
	{"longer fence", "````\n```\nM\n````\nN", "N"},
	{"block in a list", "- ```\n  M\n  ```\n  N", "N"},
	{"span that looks like a fence", "```M``` N", "N"},
	{"block never closed", "```\nM\n\nN", ""},
	{"block in an open span", "`\n~~~\nM\n\nM\n~~~\nN", "N"},
	{"indented", "text\n\n    M\n\nN", "N"},
	{"struck through", "~~M~~ N", "N"},
}

// fill puts tokens in place of the letters M and N, as words of their own or
// not, and values in place of those that come back.
func fill(text, back, mail, name string) (in, out string) {
	var a, b strings.Builder
	for i := range len(text) {
		tok, value := "", ""
		switch c := text[i]; {
		case c == 'M':
			tok, value = mail, "lena@kestrel.example"
		case c == 'N':
			tok, value = name, "Mr. Ito"
		default:
			a.WriteByte(c)
			b.WriteByte(c)
			continue
		}
		a.WriteString(tok)
		if strings.HasPrefix(back, text[i:i+1]) && restored(text, i) {
			b.WriteString(value)
			back = back[1:]
		} else {
			b.WriteString(tok)
		}
	}
	return a.String(), b.String()
}

// restored tells which of several equal letters of a case comes back: the last
// ones, since what keeps tokens stands before what does not.
func restored(text string, i int) bool {
	for _, c := range places {
		if c.text == text {
			return strings.Count(text[i:], text[i:i+1]) <= strings.Count(c.back, text[i:i+1])
		}
	}
	return true
}

func TestPlaces(t *testing.T) {
	for _, c := range places {
		t.Run(c.name, func(t *testing.T) {
			v, mail, name := fixed(t)
			in, want := fill(c.text, c.back, mail, name)
			r := v.Text()
			if got := r.Write(in) + r.Close(); got != want || r.Count() != len(c.back) {
				t.Errorf("%q:\n got %q, %d back\nwant %q", c.text, got, r.Count(), want)
			}
			r = v.Text()
			got := ""
			for i := range len(in) {
				got += r.Write(in[i : i+1])
			}
			if got += r.Close(); got != want {
				t.Errorf("byte by byte: %q; want %q", got, want)
			}
		})
	}
}

func TestArguments(t *testing.T) {
	for _, c := range []struct {
		name, text string
		back       int
	}{
		{"the parameter", `{"to":"M"}`, 1},
		{"with text around", `{"to": "Lena, M; \"M\"\nM"}`, 3},
		{"a list", `{"cc":["M","N"]}`, 2},
		{"another parameter", `{"body":"M","to":"N"}`, 1},
		{"a key", `{"M":"x","to":1}`, 0},
		{"deeper", `{"to":{"to":"M"},"x":{"to":"N"}}`, 0},
		{"a list of objects", `{"to":[{"to":"M"}]}`, 0},
		{"escaped key", `{"t\u006f":"M"}`, 1},
		{"not an object", `"M"`, 0},
		{"a list at the top", `["M"]`, 0},
		{"not a string", `{"to":M}`, 0},
		{"a link", `{"to":"https://evil.example/M"}`, 0},
		{"an escaped link", `{"to":"https:\u002f\u002fevil.example\/M"}`, 0},
		{"an address behind", `{"to":"M.evil.example"}`, 0},
		{"a link in another string", `{"x":"https://e","to":"M"}`, 1},
		{"behind an escape", `{"to":"a\tM"}`, 1},
		{"within an escape", `{"to":"\M"}`, 0},
		{"deeper than is followed", strings.Repeat("[", 70) + strings.Repeat("]", 70) + `{"to":"M"}`, 0},
		{"cut", `{"to":"M`, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, mail, name := fixed(t)
			in := strings.NewReplacer("M", mail, "N", name).Replace(c.text)
			for _, n := range []int{len(in), 1, 3, 7} {
				r := v.Arguments([]string{"to", "cc"})
				out := ""
				for rest := in; rest != ""; {
					k := min(n, len(rest))
					out += r.Write(rest[:k])
					rest = rest[k:]
				}
				out += r.Close()
				if got := strings.Count(out, "lena@kestrel.example") + strings.Count(out, "Mr. Ito"); got != c.back || r.Count() != c.back {
					t.Errorf("pieces of %d: %s has %d values; want %d", n, out, got, c.back)
				}
			}
		})
	}
}

// TestParameter: where arguments are JSON itself, a value comes back in the text of a
// parameter by the rules of arguments that are a text, at any chunking.
func TestParameter(t *testing.T) {
	for _, text := range []string{
		"M", "Lena, M; \"M\"\nM", "https://evil.example/M", "M.evil.example", "[M]", "[x](M)", "`M`", "<b title='M'>N</b>", "a\tM", "x: [ M ", "M, N.", "nothing",
	} {
		v, mail, name := fixed(t)
		in := strings.NewReplacer("M", mail, "N", name).Replace(text)
		var value bytes.Buffer
		e := json.NewEncoder(&value)
		e.SetEscapeHTML(false)
		if err := e.Encode(in); err != nil {
			t.Fatal(err)
		}
		r := v.Arguments([]string{"to"})
		var want struct{ To string }
		if err := json.Unmarshal([]byte(r.Write(`{"to":`+value.String()+`}`)+r.Close()), &want); err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{len(in), 1, 3, 7} {
			r, got := v.Parameter(), ""
			for rest := in; rest != ""; {
				k := min(n, len(rest))
				got += r.Write(rest[:k])
				rest = rest[k:]
			}
			if got += r.Close(); got != want.To {
				t.Errorf("%q in pieces of %d: %q; want %q", text, n, got, want.To)
			}
		}
	}
}

// TestChunks: at any chunking the result is that of the whole text, and what is
// held back is a live part of a token or at most 8 bytes behind one, in brackets
// at most 1024 and what decides behind the last. The masks
// of Release turn what was written into what was returned.
func TestChunks(t *testing.T) {
	v, mail, name := fixed(t)
	other := "EMAIL_ZZZZZZZZZZZZ"
	parts := []string{mail, name, other, mail[:8], name[5:], "E", "EMAIL_", " ", " ", "\n", "\n\n", "`", "```", "~~~\n", "[", "]", "](", ")", "<b>", "<a href='", "'>", "</a>", "<!--", "-->", "https://x/", ".", "?", "\"", "\\", ",\"", "[\"", "\"]", "]: x\n\"", strings.Repeat("1, ", 300), "é", "。", "word", "    ", "- ", "@"}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 0, 24).Draw(t, "parts"), "")
		whole := v.Text()
		want := whole.Write(text) + whole.Close()
		_, ms := whole.Release(len(want), nil)
		if got := guard.Apply(text, ms); got != want {
			t.Fatalf("masks give %q; want %q", got, want)
		}
		r := v.Text()
		got, written, upto := "", 0, 0
		most := len(mail) + 8
		if strings.Contains(text, "[") {
			most += 1024 + 2
		}
		var masks []guard.Mask
		for rest := []rune(text); len(rest) > 0; {
			n := rapid.IntRange(1, min(len(rest), 9)).Draw(t, "n")
			piece := string(rest[:n])
			rest = rest[n:]
			got += r.Write(piece)
			written += len(piece)
			u, ms := r.Release(len(got), nil)
			if masks = append(masks, ms...); u < upto || written-u > most {
				t.Fatalf("%d of %d written are settled, %d before", u, written, upto)
			}
			upto = u
		}
		got += r.Close()
		u, ms := r.Release(len(got), nil)
		if masks = append(masks, ms...); got != want || u != len(text) || guard.Apply(text, masks) != want {
			t.Fatalf("%q:\n got %q, masks give %q\nwant %q", text, got, guard.Apply(text, masks), want)
		}
	})
}

// TestRelease: a mask that touches a value takes its token, whenever it comes.
func TestRelease(t *testing.T) {
	v, mail, _ := fixed(t)
	text := "to " + mail + " now"
	for _, c := range []struct {
		name       string
		start, end int
		want       string
	}{
		{"the value", 3, 23, "to X now"},
		{"a part of it", 5, 9, "to X now"},
		{"its end and what follows", 20, 25, "to Xow"},
		{"what is before", 0, 3, "Xlena@kestrel.example now"},
		{"what follows", 23, 27, "to lena@kestrel.exampleX"},
	} {
		r := v.Text()
		out := r.Write(text) + r.Close()
		_, early := r.Release(min(c.start, 4), nil)
		_, ms := r.Release(len(out), []guard.Mask{{Span: guard.Span{Start: c.start, End: c.end}, With: "X"}})
		if got := guard.Apply(text, append(early, ms...)); got != c.want {
			t.Errorf("%s: %q; want %q", c.name, got, c.want)
		}
	}
	r := v.Text()
	r.Write(text)
	r.Close()
	for _, c := range []struct {
		category   string
		start, end int
		want       bool
	}{{"pii.email", 3, 23, true}, {"pii.phone", 3, 23, false}, {"pii.email", 3, 22, false}, {"pii.email", 2, 23, false}, {"pii.email", 0, 2, false}} {
		if got := r.Restored(c.category, guard.Span{Start: c.start, End: c.end}); got != c.want {
			t.Errorf("Restored(%s, %d-%d) = %t", c.category, c.start, c.end, got)
		}
	}
}

func BenchmarkRestore(b *testing.B) {
	v, mail, _ := fixed(b)
	text := strings.Repeat("The kestrel hovers above the field, and waits; then EMAIL is not it. ", 14) + mail + " and more."
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		r := v.Text()
		r.Write(text)
		r.Close()
	}
}
