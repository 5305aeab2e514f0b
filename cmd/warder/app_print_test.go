package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
)

// hostileText is what somebody with a hand on the database could write.
const hostileText = "a\x1b[2J\x1b]0;title\a\r\n\tb\u0085\u009b31m\u202egnp.exe\u2066\u200b\ufeff\U000e0041\xff\"\\<z>é漢"

// acts returns the characters of s that could act on a terminal.
func acts(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
}

func TestPrintedTextIsHarmless(t *testing.T) {
	var table, fields, object bytes.Buffer
	if err := printTable(&table, [][]string{{"NAME", "OWNER"}, {hostileText, hostileText}}); err != nil {
		t.Fatal(err)
	}
	if err := printFields(&fields, [][]string{{"owner", hostileText}, {"empty", ""}}); err != nil {
		t.Fatal(err)
	}
	if err := printJSON(&object, map[string]string{"owner": hostileText}); err != nil {
		t.Fatal(err)
	}
	for name, out := range map[string]string{
		"table": table.String(), "fields": fields.String(), "json": object.String(), "hint": quoteArg(hostileText) + "\n",
	} {
		if bad := acts(out); bad != "" {
			t.Errorf("%s: holds %q", name, bad)
		}
		if !strings.Contains(out, "é漢") || !strings.Contains(out, `\u202e`) {
			t.Errorf("%s: lost what is harmless or hid what is not: %s", name, out)
		}
	}
	for name, lines := range map[string][2]int{"table": {strings.Count(table.String(), "\n"), 2}, "fields": {strings.Count(fields.String(), "\n"), 1}} {
		if lines[0] != lines[1] {
			t.Errorf("%s: %d lines; expected %d", name, lines[0], lines[1])
		}
	}
	var back map[string]string
	if err := json.Unmarshal(object.Bytes(), &back); err != nil || back["owner"] != strings.ToValidUTF8(hostileText, "\ufffd") {
		t.Errorf("JSON reads back as %q, %v", back["owner"], err)
	}
}

// FuzzPrintJSON: what is printed cannot act on a terminal and reads back.
func FuzzPrintJSON(f *testing.F) {
	f.Add(hostileText)
	f.Fuzz(func(t *testing.T, s string) {
		var b bytes.Buffer
		if err := printJSON(&b, []string{s}); err != nil {
			t.Fatal(err)
		}
		var back []string
		if err := json.Unmarshal(b.Bytes(), &back); err != nil || len(back) != 1 || back[0] != string([]rune(s)) {
			t.Errorf("%q reads back as %q, %v", s, back, err)
		}
		if bad := acts(b.String()); bad != "" {
			t.Errorf("%q: output holds %q", s, bad)
		}
	})
}
