package jsonerr_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"warder.example/internal/jsonerr"
)

type label string

type inner struct {
	Label label `json:"label"`
	Count uint8 `json:"count"`
}

type outer struct {
	inner
	Text   *string           `json:"text"`
	Scores []float64         `json:"scores"`
	Deep   struct{ Ok bool } `json:"deep"`
	Names  map[string]inner  `json:"names"`
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		`{"text":5}`:               `key "text" is a number; expected a string`,
		`{"label":["x"]}`:          `key "label" is an array; expected a string`,
		`{"count":300}`:            `key "count" is the number 300; expected a whole number within bounds, not negative`,
		`{"count":1.5}`:            `key "count" is the number 1.5; expected a whole number within bounds, not negative`,
		`{"scores":{"a":1}}`:       `key "scores" is an object; expected an array`,
		`{"scores":["a"]}`:         `key "scores" is a string; expected a number`,
		`{"deep":{"Ok":"yes"}}`:    `key "deep.Ok" is a string; expected true or false`,
		`{"names":{"a":true}}`:     `key "names" is true or false; expected an object`,
		`["text"]`:                 `an array; expected an object`,
		`{"other":1}`:              `unknown key "other"`,
		`{"text":"a`:               `unexpected end of JSON`,
		``:                         `unexpected end of JSON`,
		`{"text":tru`:              `unexpected end of JSON`,
		`text: hello`:              `invalid JSON at byte 2: invalid character 'e' in literal true (expecting 'r')`,
		`{"text":"a",}`:            `invalid JSON at byte 13: invalid character '}' looking for beginning of object key string`,
		"{\"text\":\"a\x1b[2Jb\"}": `invalid JSON at byte 11: invalid character '\x1b' in string literal`,
	} {
		dec := json.NewDecoder(strings.NewReader(in))
		dec.DisallowUnknownFields()
		into := new(outer)
		err := dec.Decode(into)
		if err == nil {
			t.Errorf("%s: no error", in)
			continue
		}
		if got := jsonerr.Plain(err, into).Error(); got != want {
			t.Errorf("%s: %q; expected %q (encoding/json says %q)", in, got, want, err)
		}
	}
}

func TestOthers(t *testing.T) {
	if jsonerr.Plain(nil, nil) != nil {
		t.Error("nil became an error")
	}
	broken := errors.New("the disk is broken")
	if got := jsonerr.Plain(broken, nil); got != broken {
		t.Errorf("another error became %v", got)
	}
	if got := jsonerr.Plain(errors.New("json: "+strings.Repeat("é", 500)), nil).Error(); len(got) > 210 {
		t.Errorf("%d bytes of an error", len(got))
	}
}
