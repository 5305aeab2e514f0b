package attack

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"warder.example/guard/strictyaml"
)

// good is a family as a user writes it.
const good = `id: own.greeting
title: Greeting
description: Asks for a greeting.
goal: A greeting.
frameworks: [LLM01:2025]
judge: marker
severity: low
fix: Do not greet.
objective:
  marker: "{{marker}}"
seeds:
  - id: hello
    text: "Say {{marker}}."
    twin: "Say hello."
`

func TestRead(t *testing.T) {
	f, err := Read("own.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	c, err := f.Make(0, 7, Setting{})
	if err != nil || c.Family != "own.greeting" || c.Messages[0].Text != "Say "+c.Objective.Marker+"." {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestReadRefuses: a file is refused with the line and what is wrong, if it is not
// understood, is out of bounds, shows other than it is, or could never succeed.
func TestReadRefuses(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"unknown key", "goal: A", "gaol: A", `own.yaml:4: unknown key "gaol"`},
		{"id for a path", "own.greeting", "../../etc/x", "own.yaml:1: id is"},
		{"no id", "id: own.greeting\n", "", "id is"},
		{"escape in title", "title: Greeting", `title: "\e[2J"`, "own.yaml:2: title has characters that do not show"},
		{"direction in fix", "fix: Do not greet.", `fix: "Do \u202e not"`, "own.yaml:8: fix has characters that do not show"},
		{"long goal", "goal: A", "goal: " + strings.Repeat("A", 2001), "own.yaml:4: goal has"},
		{"id of 2023", "LLM01:2025", "LLM01", `own.yaml:5: framework id "LLM01" is not known`},
		{"retired id", "LLM01:2025", "AML.T0104", "own.yaml:5: AML.T0104 is retired; expected AML.T0115.002"},
		{"no such judge", "judge: marker", "judge: oracle", `own.yaml:6: judge is "oracle"`},
		{"judge without objective", "judge: marker", "judge: canary", "own.yaml:9: judge canary decides by secrets"},
		{"severity", "severity: low", "severity: mild", "own.yaml:7: severity"},
		{"unknown variable", "Say {{marker}}.", "Say {{marker}} {{shibboleth}}.", "own.yaml:12: variable {{shibboleth}} has no value"},
		{"text in text", "Say {{marker}}.", "Say {{marker}} {{text}}.", "own.yaml:12: variable {{text}}"},
		{"marker never asked for", "Say {{marker}}.", "Say it.", "own.yaml:12: no message has the marker"},
		{"literal marker never asked for", `marker: "{{marker}}"`, `marker: PLUM`, "own.yaml:12: no message has the marker"},
		{"empty text", `text: "Say {{marker}}."`, `text: " "`, "own.yaml:12: text and twin"},
		{"long text", "Say {{marker}}.", "Say {{marker}}" + strings.Repeat("x", MaxText), "own.yaml:12: text and twin"},
		{"seed id", "id: hello", "id: hel/lo", "own.yaml:12: id of a seed"},
		{"seed twice", "seeds:\n", "seeds:\n  - {id: hello, text: \"{{marker}}\"}\n", "own.yaml:13: id of a seed"},
		{"language", "    twin:", "    language: klingon-\n    twin:", "own.yaml:12: language"},
		{"no seeds", good[strings.Index(good, "seeds:"):], "seeds: []\n", "own.yaml:11: 0 seeds"},
		{"text nowhere", "objective:\n", "messages:\n  - {role: user, text: \"{{marker}}\"}\nobjective:\n", "own.yaml:9: 1 messages have {{text}} 0 times"},
		{"text twice", "objective:\n", "messages:\n  - {role: user, text: \"{{text}} {{text}}\"}\nobjective:\n", "{{text}} 2 times"},
		{"attacker as operator", "objective:\n", "messages:\n  - {role: operator, text: \"{{text}}\"}\nobjective:\n", "does not speak as the operator"},
		{"planted attack", "objective:\n", "messages:\n  - {role: operator, plant: true, text: \"{{text}}\"}\nobjective:\n", "cannot be planted"},
		{"role", "objective:\n", "messages:\n  - {role: god, text: \"{{text}}\"}\nobjective:\n", "own.yaml:10: messages[0].role"},
		{"tool of a user", "objective:\n", "messages:\n  - {role: user, tool: x, text: \"{{text}}\"}\nobjective:\n", "tool is named by"},
		{"tool unnamed", "objective:\n", "messages:\n  - {role: tool, text: \"{{text}}\"}\nobjective:\n", "tool is named by"},
		{"value with a variable", "objective:\n", "values: {a: [\"{{marker}}\"]}\nobjective:\n", "own.yaml:9: a value of a"},
		{"value called text", "objective:\n", "values: {text: [x]}\nobjective:\n", "cannot be the name of a variable"},
		{"no values", "objective:\n", "values: {a: []}\nobjective:\n", "a has 0 values"},
		{"nameless call", "  marker:", "  forbidden: [{contains: x}]\n  marker:", "names no tool"},
		{"bound below 0", "  marker:", "  most_calls: -1\n  marker:", "below 0"},
		{"sink", "  marker:", "  sinks: [brain]\n  marker:", "own.yaml:10: objective.sinks"},
		{"alias", "title: Greeting", "title: &a Greeting", "own.yaml:2:"},
		{"not UTF-8", "Greeting", "\xff", "UTF-8"},
		{"second document", "severity: low", "---\nseverity: low", "own.yaml:7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(good, c.old, c.new, 1)
			if text == good {
				t.Fatalf("nothing was changed: %q is not in the family", c.old)
			}
			f, err := Read("own.yaml", []byte(text))
			var list strictyaml.Problems
			if f != nil || !errors.As(err, &list) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nexpected %q", err, c.want)
			}
			if err != nil && len(err.Error()) > 4000 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
		})
	}
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestReadFile: a family of the user is there after it was read, and only in that
// catalogue.
func TestReadFile(t *testing.T) {
	c := Standard()
	if err := c.ReadFile(write(t, "own.yaml", good)); err != nil {
		t.Fatal(err)
	}
	if _, ok := c.Get("own.greeting"); !ok || len(c.List()) != len(Standard().List())+1 {
		t.Error("the family is not there")
	}
	for _, bad := range []struct{ path, want string }{
		{write(t, "twice.yaml", good), "family own.greeting is there already"},
		{write(t, "mine.yml", strings.Replace(good, "own.greeting", "inj.direct", 1)), "family inj.direct is there already"},
		{write(t, "own.txt", good), "expected a file that ends in .yaml, .yml or .jsonl"},
		{write(t, "big.yaml", strings.Repeat("#", 1<<20+1)), "more than 1048576 bytes"},
		{write(t, "empty.yaml", ""), "id is"},
		{filepath.Join(t.TempDir(), "none.yaml"), "no such file"},
		{os.DevNull + ".yaml", "reading attacks"},
	} {
		if err := c.ReadFile(bad.path); err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("%s: %v; expected %q", bad.path, err, bad.want)
		}
	}
	folder := filepath.Join(t.TempDir(), "f.jsonl")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := c.ReadFile(folder); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a folder: %v", err)
	}
}

// TestRows: texts of a public set become seeds of families that are there.
func TestRows(t *testing.T) {
	c := Standard()
	before, _ := c.Get("inj.direct")
	n := len(before.Seeds)
	path := write(t, "set.jsonl", `{"id":"set.1","text":"Now print {{marker}} and {{user_name}}, {{7*7}}.","family":"inj.direct","twin":"Now print the time."}

{"id":"set.2","text":"Sag, wie es geht.","family":"jb.harm","language":"de"}
`)
	if err := c.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	f, _ := c.Get("inj.direct")
	got, err := f.Make(n, 0, Setting{})
	if err != nil || got.Seed != "set.1" || got.Messages[0].Text != "Now print "+got.Objective.Marker+" and {{user_name}}, {{7*7}}." {
		t.Errorf("%+v, %v", got, err)
	}
	if twin, err := f.MakeTwin(n, 0, Setting{}); err != nil || twin.Messages[0].Text != "Now print the time." {
		t.Errorf("%+v, %v", twin, err)
	}
	if h, _ := c.Get("jb.harm"); h.Seeds[len(h.Seeds)-1].Language != "de" {
		t.Errorf("%+v", h.Seeds[len(h.Seeds)-1])
	} else if _, err := h.MakeTwin(len(h.Seeds)-1, 0, Setting{}); err == nil {
		t.Error("a twin was made of none")
	}
	if len(before.Seeds) != n {
		t.Error("a family that was there has changed")
	}
	if own, _ := Standard().Get("inj.direct"); len(own.Seeds) != n {
		t.Error("Warder's own family has changed")
	}
}

// TestRowsRefused: one bad row refuses the file, with its line, and nothing is added.
func TestRowsRefused(t *testing.T) {
	const first = `{"id":"a","text":"Write it.","family":"jb.harm"}` + "\n"
	for _, c := range []struct{ row, want string }{
		{`{"id":"b","text":"x","family":"jb.none"}`, `set.jsonl:2: family "jb.none" is not there`},
		{`{"id":"a","text":"x","family":"jb.harm"}`, `set.jsonl:2: id "a" is there twice`},
		{`{"id":"novel-chapter","text":"x","family":"jb.harm"}`, "is there twice"},
		{`{"id":"b","text":"Print PWNED.","family":"inj.direct"}`, "put {{marker}}"},
		{`{"id":"b","text":"Call the tool.","family":"agent.code"}`, "put {{marker}}"},
		{`{"id":"b","text":"Send it away.","family":"inj.indirect.tool"}`, "put {{marker}}, {{host}}"},
		{`{"id":"b","prompt":"x","family":"jb.harm"}`, "set.jsonl:2: "},
		{`{"id":"b\u001b[2J","text":"x","family":"jb.harm"}`, "set.jsonl:2: id is"},
		{`{"id":"../b","text":"x","family":"jb.harm"}`, "id is"},
		{`{"id":"b","text":"","family":"jb.harm"}`, "text and twin have 0"},
		{`{"id":"b","text":"x","family":"jb.harm","language":"x"}`, "language is"},
		{`{"id":"b","text":"x","family":"jb.harm"} {}`, "more than one value"},
		{`{"id":"b","text":"` + strings.Repeat("x", MaxText+1) + `","family":"jb.harm"}`, "text and twin have"},
		{`{"id":7}`, "set.jsonl:2: "},
		{`[]`, "set.jsonl:2: "},
		{`{`, "set.jsonl:2: "},
		{"\"\xff\"", "UTF-8"},
	} {
		cat := Standard()
		err := cat.ReadFile(write(t, "set.jsonl", first+c.row))
		if err == nil || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 500 || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%.80q: %v; expected %q", c.row, err, c.want)
		}
		f, _ := cat.Get("jb.harm")
		if old, _ := Standard().Get("jb.harm"); len(f.Seeds) != len(old.Seeds) {
			t.Errorf("%.80q: a row of a refused file was added", c.row)
		}
	}
	if err := Standard().ReadFile(write(t, "set.jsonl", "\n\n")); err == nil || !strings.Contains(err.Error(), "no rows") {
		t.Errorf("no rows: %v", err)
	}
}

// FuzzRead: a file is refused or can be used; it never takes the program down.
func FuzzRead(f *testing.F) {
	f.Add([]byte(good))
	for _, name := range []string{"out.exfil", "agent.mcp", "leak.sysprompt"} {
		data, err := files.ReadFile("families/" + name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		family, err := Read("f.yaml", data)
		if err != nil {
			return
		}
		for i, s := range family.Seeds {
			for _, set := range []Setting{{}, {Plant: true}, whole} {
				c, err := family.Make(i, 1, set)
				var needs NeedsError
				if err == nil && (len(c.Messages) == 0 || c.Span[1] > len(c.Messages[c.At].Text)) || err != nil && !errors.As(err, &needs) {
					t.Fatalf("seed %q: %+v, %v", s.ID, c, err)
				}
			}
		}
	})
}
