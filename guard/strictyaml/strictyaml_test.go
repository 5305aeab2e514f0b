package strictyaml_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"warder.example/guard/strictyaml"
)

type house struct {
	Name   string            `yaml:"name"`
	Floors int               `yaml:"floors"`
	Area   float64           `yaml:"area"`
	Sold   bool              `yaml:"sold"`
	Notice time.Duration     `yaml:"notice"`
	Roof   string            `yaml:"roof" enum:"flat,gable"`
	Addr   netip.Addr        `yaml:"address"`
	Tags   []string          `yaml:"tags,oneormany" enum:"old,new,loud"`
	Rooms  []room            `yaml:"rooms"`
	Rates  map[string]int64  `yaml:"rates"`
	Wings  map[string]room   `yaml:"wings"`
	Garden *room             `yaml:"garden"`
	Notes  map[string]string `yaml:"notes"`
	hidden string
}

type room struct {
	Label string `yaml:"label"`
	Beds  int    `yaml:"beds"`
}

func TestDecode(t *testing.T) {
	const src = `# a house
name: "7"
floors: 2
area: 81
sold: true
notice: 90s
roof: gable
address: 192.0.2.7
tags: old
rooms:
  - label: kitchen
  - {label: attic, beds: 3}
rates: {water: 12}
wings:
  east: {label: study}
garden: {beds: 4}
`
	got := house{hidden: "kept", Notes: map[string]string{"kept": "too"}}
	f, err := strictyaml.Decode("house.yaml", []byte(src), &got)
	if err != nil {
		t.Fatal(err)
	}
	want := house{
		Name: "7", Floors: 2, Area: 81, Sold: true, Notice: 90 * time.Second, Roof: "gable", Addr: netip.MustParseAddr("192.0.2.7"),
		Tags: []string{"old"}, Rooms: []room{{Label: "kitchen"}, {"attic", 3}},
		Rates: map[string]int64{"water": 12}, Wings: map[string]room{"east": {Label: "study"}},
		Garden: &room{Beds: 4}, Notes: map[string]string{"kept": "too"}, hidden: "kept",
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(house{}), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); d != "" {
		t.Error(d)
	}
	for path, line := range map[string]int{
		"": 1, "name": 2, "tags": 9, "tags[0]": 9, "rooms[2]": 10, "rooms[x]": 10, "rooms[-1]": 10, "nam": 1, "wings.a.b": 14, "wings.a.b[0]": 14, "rooms": 10, "rooms[0]": 11, "rooms[1].beds": 12,
		"rooms[1].nothing.here[3]": 12, "wings.east.label": 15, "wings.west": 14, "absent": 1,
	} {
		if got := f.Line(path); got != line {
			t.Errorf("Line(%q) = %d, want %d", path, got, line)
		}
	}
	if !f.Has("rooms[1].beds") || f.Has("rooms[0].beds") || f.Has("absent") || f.Has("") {
		t.Error("Has does not tell given values from absent ones")
	}
}

func TestPathsOfOddKeys(t *testing.T) {
	f, err := strictyaml.Decode("o.yaml", []byte("rates:\n  a: 1\n  a.b: 2\n  a[0]: 3\n  \"\": 4\n"), &house{})
	if err != nil {
		t.Fatal(err)
	}
	for key, line := range map[string]int{"a": 2, "a.b": 3, "a[0]": 4, "a.c": 2} {
		if got := f.Line(strictyaml.Join("rates", key)); got != line {
			t.Errorf("Line of key %q = %d, want %d", key, got, line)
		}
	}
}

func TestSaysNothing(t *testing.T) {
	for _, src := range []string{"", "\n\n", "# only a comment\n", "---\n", "--- # nothing\n...\n"} {
		got := house{Name: "as before"}
		if _, err := strictyaml.Decode("empty.yaml", []byte(src), &got); err != nil {
			t.Errorf("%q: %v", src, err)
		}
		if got.Name != "as before" {
			t.Errorf("%q: changed what it does not mention", src)
		}
	}
}

func TestRefuses(t *testing.T) {
	tests := []struct {
		name, src string
		want      []string // every problem, in order
	}{
		{"unknown key with a near one", "nmae: x\n", []string{`h.yaml:1: unknown key "nmae"; did you mean "name"`}},
		{"unknown key, case", "Floors: 2\n", []string{`h.yaml:1: unknown key "Floors"; did you mean "floors"`}},
		{"unknown key with none near", "rooms:\n  - windows: 1\n", []string{`h.yaml:2: unknown key "windows"; expected one of beds, label`}},
		{"unknown nested key with a struct under it", "cellar:\n  - {wine: 3}\n", []string{`h.yaml:1: unknown key "cellar"; expected one of address, area,`}},
		{"duplicate key", "name: a\nfloors: 1\nname: b\n", []string{`h.yaml:3: key "name" is given twice; first on line 1`}},
		{"duplicate in a map", "rates: {a: 1, a: 2}\n", []string{`h.yaml:1: key "a" is given twice`}},
		{"duplicate under an unknown key", "x: {a: 1, a: 2}\n", []string{`h.yaml:1: key "a" is given twice`}},
		{"number for text", "name: 7\n", []string{`h.yaml:1: name is "7"; expected text (quote it)`}},
		{"date for text", "name: 2026-11-22\n", []string{`expected text (quote it)`}},
		{"bool for text", "name: true\n", []string{`expected text (quote it)`}},
		{"text for number", "floors: two\n", []string{`h.yaml:1: floors is "two"; expected a whole number`}},
		{"quoted number", "floors: '2'\n", []string{`expected a whole number`}},
		{"hexadecimal number", "floors: 0x10\n", []string{`expected a whole number`}},
		{"octal number", "floors: 0o7\n", []string{`expected a whole number`}},
		{"underscored number", "floors: 1_000\n", []string{`expected a whole number`}},
		{"too large a number", "floors: 99999999999999999999\n", []string{`expected a whole number`}},
		{"fraction for whole number", "floors: 1.5\n", []string{`expected a whole number`}},
		{"not a number", "area: .nan\n", []string{`h.yaml:1: area is ".nan"; expected a number`}},
		{"infinite", "area: .inf\n", []string{`expected a number`}},
		{"old boolean", "sold: yes\n", []string{`h.yaml:1: sold is "yes"; expected true or false`}},
		{"capital boolean", "sold: True\n", []string{`expected true or false`}},
		{"bare duration", "notice: 30\n", []string{`h.yaml:1: notice is "30"; expected a duration such as 500ms, 30s or 5m`}},
		{"duration list", "notice: [1s]\n", []string{`h.yaml:1: notice is a list; expected a single value`}},
		{"outside the enum", "roof: dome\n", []string{`h.yaml:1: roof is "dome"; expected flat, gable`}},
		{"outside the enum of a list", "tags:\n  - old\n  - odl\n", []string{`h.yaml:3: tags[1] is "odl"; expected old, new, loud`}},
		{"text type refuses", "address: nowhere\n", []string{`h.yaml:1: address: ParseAddr("nowhere")`}},
		{"null", "name:\n", []string{`h.yaml:1: name has no value; give one or remove the key`}},
		{"tilde", "floors: ~\n", []string{`floors has no value`}},
		{"null element", "tags: [old, ]\nrooms:\n  -\n", []string{`h.yaml:3: rooms[0] has no value`}},
		{"mapping for list", "rooms: {label: x}\n", []string{`h.yaml:1: rooms is keys and values; expected a list`}},
		{"one for many where not allowed", "rooms: kitchen\n", []string{`h.yaml:1: rooms is "kitchen"; expected a list`}},
		{"list for mapping", "garden: [1]\n", []string{`h.yaml:1: garden is a list; expected keys and values`}},
		{"list for map", "rates: [1]\n", []string{`h.yaml:1: rates is a list; expected keys and values`}},
		{"scalar root", "hello\n", []string{`h.yaml:1: the file is "hello"; expected keys and values`}},
		{"list root", "- a\n", []string{`h.yaml:1: the file is a list; expected keys and values`}},
		{"alias", "name: &n x\nroof: *n\n", []string{"h.yaml:1: anchors (&n) are not allowed", "h.yaml:2: aliases (*n) are not allowed"}},
		{"merge", "garden: &g {beds: 1}\nwings: {east: {<<: *g}}\n", []string{"h.yaml:1: anchors (&g)", "h.yaml:2: merge keys (<<) are not allowed"}},
		{"own merge", "garden: {<<: {beds: 1}}\n", []string{"h.yaml:1: merge keys"}},
		{"tag", "name: !!str 7\n", []string{"h.yaml:1: tags (!!str) are not allowed"}},
		{"own tag", "rooms: !boxes []\n", []string{"h.yaml:1: tags (!boxes) are not allowed"}},
		{"tagged key", "!!str name: x\n", []string{"tags (!!str) are not allowed"}},
		{"number key", "rates: {7: 1}\n", []string{"h.yaml:1: a key is not text; quote it"}},
		{"mapping key", "? {a: b}\n: x\n", []string{"a key is not text"}},
		{"second document", "name: a\n---\nname: b\n", []string{"h.yaml:2: a second document begins; expected one"}},
		{"broken second document", "name: a\n---\n\"\n", []string{"not YAML"}},
		{"syntax", "name: a\n  floors: [1\n", []string{"h.yaml:2: not YAML: "}},
		{"tab", "rooms:\n\t- label: x\n", []string{"h.yaml:2: not YAML: "}},
		{"not UTF-8", "name: a\nroof: \xff\n", []string{"h.yaml:2: text is not UTF-8"}},
		{"zero byte", "name: a\n\n\x00", []string{"h.yaml:3: text is not UTF-8"}},
		{"UTF-16", "\xfe\xff\x00n\x00:\x00 \x00x", []string{"h.yaml:1: text is not UTF-8"}},
		{"long key", "? " + strings.Repeat("k", 200) + "\n: 1\n", []string{`" has 200 bytes; expected at most 128`[1:]}},
		{"too deep", "wings: " + strings.Repeat("[", 40) + strings.Repeat("]", 40), []string{"h.yaml:1: nested deeper than 32 levels"}},
		{"too long", strings.Repeat("#\n", strictyaml.MaxBytes), []string{"h.yaml:1: file has 2097152 bytes; expected at most 1048576"}},
		{"all at once, by line", "floors: x\nnaem: y\nsold: 3\n", []string{"h.yaml:1: floors", "h.yaml:2: unknown", "h.yaml:3: sold"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := strictyaml.Decode("h.yaml", []byte(tt.src), &house{})
			var ps strictyaml.Problems
			if !errors.As(err, &ps) {
				t.Fatalf("error %v; expected Problems", err)
			}
			if len(ps) != len(tt.want) {
				t.Fatalf("%d problems; expected %d:\n%v", len(ps), len(tt.want), err)
			}
			for i, w := range tt.want {
				if !strings.Contains(ps[i].Error(), w) {
					t.Errorf("problem %q; expected %q in it", ps[i], w)
				}
			}
			var one strictyaml.Problem
			if !errors.As(err, &one) || one != ps[0] {
				t.Errorf("errors.As does not find the first problem: %v", one)
			}
		})
	}
}

func TestMeaningIsReportedTheSameWay(t *testing.T) {
	var h house
	f, err := strictyaml.Decode("h.yaml", []byte("rooms:\n  - label: a\n  - label: a\nname: x\n"), &h)
	if err != nil {
		t.Fatal(err)
	}
	f.Errorf("name", "name %q is taken", h.Name)
	f.Errorf(strictyaml.Join(strictyaml.Index("rooms", 1), "label"), "label is used twice")
	const want = "h.yaml:3: label is used twice\nh.yaml:4: name \"x\" is taken"
	if got := f.Err().Error(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if f.Name() != "h.yaml" {
		t.Errorf("Name() = %q", f.Name())
	}
}

func TestErrorsAreBounded(t *testing.T) {
	var b strings.Builder
	for i := range 500 {
		fmt.Fprintf(&b, "%s%d: 1\n", strings.Repeat("k", 120), i)
	}
	_, err := strictyaml.Decode("h.yaml", []byte(b.String()), &house{})
	if n := len(err.Error()); n > 8000 {
		t.Errorf("error has %d bytes", n)
	}
	if !strings.Contains(err.Error(), "more problems") {
		t.Error("error does not say that there are more problems")
	}
}

func TestNearest(t *testing.T) {
	known := []string{"policies", "policy", "upstreams"}
	for word, want := range map[string]string{
		"polices": "policies", "polcy": "policy", "upstraems": "upstreams", "UPSTREAMS": "upstreams",
		"listen": "", "": "", "x": "", strings.Repeat("policy", 20): "",
	} {
		if got := strictyaml.Nearest(word, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestProgrammingErrorsPanic(t *testing.T) {
	for name, into := range map[string]any{
		"not a pointer": house{},
		"not a struct":  new(int),
		"unsupported type": &struct {
			X chan int `yaml:"x"`
		}{},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			_, _ = strictyaml.Decode("x", []byte("x: 1\n"), into)
		})
	}
}

// FuzzDecode: any bytes give a value or Problems that stand on lines of the
// file, in a bounded error.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		"name: x\nrooms: [{label: a}]\n", "a: &a [*a]\n", "? - x\n: y\n", "name: |\n  text\n", "--- !t\n...\n---\n", "<<: {}\n", "x: {x: {x: 1}}\n", "\ufeffname: x\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		file, err := strictyaml.Decode("f", src, &house{})
		if err == nil {
			return
		}
		var ps strictyaml.Problems
		if !errors.As(err, &ps) || len(ps) == 0 {
			t.Fatalf("error %T; expected Problems", err)
		}
		lines := strings.Count(string(src), "\n") + strings.Count(string(src), "\r") + strings.Count(string(src), "\u2028") + strings.Count(string(src), "\u2029") + strings.Count(string(src), "\u0085") + 2
		for _, p := range ps {
			if p.Line < 1 || p.Line > lines {
				t.Fatalf("line %d of %d: %v", p.Line, lines, p)
			}
		}
		if len(err.Error()) > 20_000 {
			t.Fatalf("error has %d bytes", len(err.Error()))
		}
		_ = file.Line("rooms[0].label")
	})
}
