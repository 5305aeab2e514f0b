package dialecttest

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"warder.example/internal/dialect"
)

// extension: it is read at the top of a request and cut out, wherever it stands,
// and what is no claim is refused.
func extension(t *testing.T, s *Suite) {
	ran := 0
	for _, e := range s.Requests {
		if bytes.Contains(e.Body, []byte(`"warder"`)) {
			if r, err := s.request(e.Body, dialect.Limits{}); err != nil || bytes.Contains(r.out(nil), []byte("warder")) {
				t.Errorf("%s: the extension leaves (%v)", e.Name, err)
			}
			continue
		}
		last := bytes.LastIndexByte(e.Body, '}')
		for _, body := range []string{
			`{"warder":{"subject":"visitor 9","session":"s-1"},` + string(e.Body[1:]),
			string(e.Body[:last]) + `,"warder":{"session":"s-1","subject":"visitor 9"}` + string(e.Body[last:]),
		} {
			ran++
			r, err := s.Protocol.ParseRequest([]byte(body), dialect.Limits{Unknown: dialect.RefuseUnknown})
			if err != nil {
				t.Fatalf("%s: %v", body, err)
			}
			if r.Subject != "visitor 9" || r.Session != "s-1" {
				t.Errorf("%s: subject %q, session %q", e.Name, r.Subject, r.Session)
			}
			if got := r.Body(nil); strings.TrimSpace(string(got[1:])) != strings.TrimSpace(string(e.Body[1:])) {
				t.Errorf("%s: with the extension cut out there is %s", e.Name, got)
			}
		}
		for _, bad := range []string{
			`{"subjects":"x"}`, `{"subject":1}`, `{"subject":"a\nb"}`, `{"session":"` + strings.Repeat("x", dialect.MaxClaim+1) + `"}`, `[]`, `"x"`,
			`{"subject":"a","subject":"b"}`, `{"s\u0075bject":"a"}`, `{"Subject":"a"}`,
		} {
			if _, err := s.Protocol.ParseRequest([]byte(`{"warder":`+bad+`,`+string(e.Body[1:])), dialect.Limits{}); err == nil {
				t.Errorf("the extension %s is accepted", bad)
			} else {
				Problem(t, err)
			}
		}
	}
	if ran < 2 {
		t.Errorf("ran %d requests", ran)
	}
}

// capped: a cap of an answer's tokens is written where a request has a place for it
// and none yet, and read there; nothing else changes.
func capped(t *testing.T, s *Suite) {
	ran := 0
	for _, e := range s.Requests {
		for _, older := range []bool{false, true} {
			r, err := s.Protocol.ParseRequest(e.Body, dialect.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if r.MaxTokens > 0 {
				continue
			}
			ran++
			before := outline(t, r.Body(nil), nil, nil)
			if written := r.Cap(9, older); written != r.Writes() {
				t.Errorf("%s: a cap is written: %v; the model writes: %v", e.Name, written, r.Writes())
			}
			body := r.Body(nil)
			again, err := s.Protocol.ParseRequest(body, dialect.Limits{})
			if err != nil || r.Writes() && again.MaxTokens != 9 {
				t.Errorf("%s: with a cap %s: %v", e.Name, body, err)
			}
			if !r.Writes() && !reflect.DeepEqual(before, outline(t, body, nil, nil)) {
				t.Errorf("%s: without a place for a cap it became %s", e.Name, body)
			}
		}
	}
	if ran < 1 {
		t.Error("no request is without a cap")
	}
}

// differences: what parsers may read differently is refused: a key twice or in two
// spellings, half a character, bytes that are no UTF-8, more than one value.
func differences(t *testing.T, s *Suite) {
	ran := 0
	for _, k := range s.kinds(t) {
		refuse := func(e Example, body []byte, code string) {
			ran++
			_, err := k.parse(body, dialect.Limits{})
			if err == nil {
				t.Errorf("%s %s: accepted %.300q", k.name, e.Name, body)
			} else if p := Problem(t, err); code != "" && p.Code != code {
				t.Errorf("%s %s: %v; expected %s for %.300q", k.name, e.Name, p, code, body)
			}
		}
		for _, e := range k.examples {
			refuse(e, append(bytes.Clone(e.Body), "{}"...), dialect.CodeTrailingData)
			refuse(e, append([]byte("\ufeff"), e.Body...), dialect.CodeByteOrderMark)
			for i := range keys(e.Body, false) {
				refuse(e, replaced(e.Body, i[0], i[0], string(e.Body[i[0]:i[1]])+":0,"), "") // also a wrong type
			}
			for i := range keys(e.Body, true) {
				name := string(e.Body[i[0]+1 : i[1]-1])
				refuse(e, replaced(e.Body, i[0], i[0], `"`+strings.ToUpper(name[:1])+name[1:]+`":0,`), dialect.CodeCaseVariantKey)
				refuse(e, replaced(e.Body, i[0]+1, i[0]+2, escapeEvery(name[:1], 1)), dialect.CodeEscapedKey)
			}
			at := bytes.LastIndexByte(e.Body, '}')
			refuse(e, replaced(e.Body, at, at, ",\"x_new\":\"\xff\""), dialect.CodeInvalidUTF8)
			refuse(e, replaced(e.Body, at, at, `,"x_new":"`+"\n"+`"`), dialect.CodeInvalidJSON)
			refuse(e, replaced(e.Body, at, at, `,"x_new":01`), dialect.CodeInvalidNumber)
			if k.name == "request" {
				refuse(e, replaced(e.Body, at, at, `,"x_new":"\ud83d"`), dialect.CodeLoneSurrogate)
			}
		}
	}
	if ran < 60 {
		t.Errorf("ran %d bodies; expected at least 60", ran)
	}
	t.Logf("ran %d bodies", ran)
}

// keys yields where the keys of an example stand: of all its objects, or of the
// outermost one alone if the table knows it in full.
func keys(body []byte, top bool) func(func([2]int) bool) {
	return func(yield func([2]int) bool) {
		depth, plain := 0, blank(body)
		for i := 0; i < len(plain); i++ {
			switch plain[i] {
			case '{', '[':
				depth++
			case '}', ']':
				depth--
			case '"':
				end := i + 1 + bytes.IndexByte(plain[i+1:], '"') + 1
				name := string(body[i+1 : end-1])
				if isKey(plain, end) && (!top || depth == 1 && !strings.HasPrefix(name, "x_") && name[0] >= 'a' && name[0] <= 'z') && !yield([2]int{i, end}) {
					return
				}
				i = end - 1
			}
		}
	}
}

// limits: each holds exactly.
func limits(t *testing.T, s *Suite) {
	for _, k := range s.kinds(t) {
		for _, e := range k.examples {
			r, err := k.parse(e.Body, dialect.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range []struct {
				within, beyond dialect.Limits
				code           string
			}{
				{dialect.Limits{MaxBytes: len(e.Body)}, dialect.Limits{MaxBytes: len(e.Body) - 1}, dialect.CodeTooLarge},
				{dialect.Limits{MaxDepth: depth(e.Body)}, dialect.Limits{MaxDepth: depth(e.Body) - 1}, dialect.CodeTooDeep},
				{dialect.Limits{MaxLeaves: len(r.leaves)}, dialect.Limits{MaxLeaves: len(r.leaves) - 1}, dialect.CodeTooManyTexts},
			} {
				if c.beyond.MaxBytes+c.beyond.MaxDepth+c.beyond.MaxLeaves <= 0 {
					continue // would mean the default
				}
				if _, err := k.parse(e.Body, c.within); err != nil {
					t.Errorf("%s %s within %+v: %v", k.name, e.Name, c.within, err)
				}
				if _, err := k.parse(e.Body, c.beyond); err == nil || Problem(t, err).Code != c.code {
					t.Errorf("%s %s beyond %+v: %v; expected %s", k.name, e.Name, c.beyond, err, c.code)
				}
			}
		}
	}
}

// depth returns how many containers stand inside each other.
func depth(body []byte) (deepest int) {
	now := 0
	for _, c := range blank(body) {
		switch c {
		case '{', '[':
			now++
			deepest = max(deepest, now)
		case '}', ']':
			now--
		}
	}
	return deepest
}

// noAnswers: what tells nothing is no answer and no error, and an answer is no error.
func noAnswers(t *testing.T, s *Suite) {
	for _, body := range []string{`{}`, `[]`, ``, ` `, `null`, `1`, `"x"`, `busy`, `<html>busy</html>`, `{"id":"x"}`, `{"error":null}`, `{"x":{}}`, `[{"error":{}}]`} {
		if _, err := s.Protocol.ParseAnswer([]byte(body), dialect.Limits{}); err == nil {
			t.Errorf("%q is taken for an answer", body)
		} else {
			Problem(t, err)
		}
		if _, err := s.Protocol.ParseError([]byte(body), dialect.Limits{}); err == nil {
			t.Errorf("%q is taken for an error", body)
		} else {
			Problem(t, err)
		}
	}
	for _, e := range s.Answers {
		a, err := s.Protocol.ParseAnswer(e.Body, dialect.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Protocol.ParseError(e.Body, dialect.Limits{}); !a.Error && err == nil {
			t.Errorf("%s: an answer is taken for an error", e.Name)
		}
	}
	for _, e := range s.Errors {
		if a, err := s.Protocol.ParseAnswer(e.Body, dialect.Limits{}); err != nil || !a.Error {
			t.Errorf("%s is no error: %v", e.Name, err)
		}
	}
}
