package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"warder.example/guard"
	"warder.example/guard/strictyaml"
)

const least = "upstreams: [{name: a, url: 'http://127.0.0.1:1/v1'}]\n"

// write puts files into a new folder and returns it.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func environment(m map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := m[name]; return v, ok }
}

func TestLeast(t *testing.T) {
	c, err := Parse("w.yaml", []byte(least))
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Upstreams = []Upstream{Upstream{Name: "a", URL: "http://127.0.0.1:1/v1", Models: []string{"*"}}.WithDefaults(want.Limits)}
	if d := cmp.Diff(want, c, cmpopts.EquateComparable(Secret{}), cmpopts.IgnoreUnexported(Config{})); d != "" {
		t.Error(d)
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
}

func TestDefaultLacksOnlyUpstreams(t *testing.T) {
	err := Default().Validate()
	if err == nil || err.Error() != "invalid configuration: 0 upstreams; expected 1 to 64, each with name and url" {
		t.Errorf("error %v; expected one about upstreams only", err)
	}
}

func TestLoad(t *testing.T) {
	dir := write(t, map[string]string{
		"warder.yaml": `listen: "[::1]:0"
admin: 0.0.0.0:0
admin_public: true
data: state
store: env:STORE
tls: {cert: c.pem, key: /keys/k.pem}
policy: base.yaml
policies: {strict: strict.yaml}
ledger: {checkpoint: {file: ../marks, every: 5s}, sync: each, segment_bytes: 8MiB}
limits: {body: 1MiB, concurrent: 7, total: 90s}
applications:
  chat: {subject_header: X-User, canaries: true, regions: [{start: "<d>", end: "</d>", origin: document}]}
  other: {unknown_fields: strip}
upstreams:
  - {name: one, url: https://one.example/v1, models: ["a*", b], key: file:key.txt, ca_file: ca.pem}
  - {name: two, url: http://two.internal/v1, allow_private: true, key: env:TWO}
guard: {detectors: "off", cache: 0}
log: {level: debug, format: json}
drain: 0s
`,
		"key.txt": "hunter-two\n",
	})
	c, err := load(filepath.Join(dir, "warder.yaml"), environment(map[string]string{"STORE": "postgres://u:p@db/w", "TWO": "second"}))
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Listen, want.Admin, want.AdminPublic = "[::1]:0", "0.0.0.0:0", true
	want.Data = filepath.Join(dir, "state")
	want.Store = Secret{ref: "env:STORE", value: "postgres://u:p@db/w"}
	want.TLS = TLS{Cert: filepath.Join(dir, "c.pem"), Key: "/keys/k.pem"}
	want.Policy, want.Policies = filepath.Join(dir, "base.yaml"), map[string]string{"strict": filepath.Join(dir, "strict.yaml")}
	want.Ledger = Ledger{Sync: SyncEach, Reserve: 64 << 20, SegmentBytes: 8 << 20, Checkpoint: Checkpoint{File: filepath.Join(dir, "../marks"), Every: 5 * time.Second}}
	want.Limits.Body, want.Limits.Concurrent, want.Limits.Total = 1<<20, 7, 90*time.Second
	want.Applications = map[string]Application{
		"chat":  {SubjectHeader: "X-User", Canaries: true, UnknownFields: UnknownInspect, Class: "interactive", Regions: []Region{{"<d>", "</d>", guard.OriginDocument}}},
		"other": {UnknownFields: UnknownStrip, Class: "interactive"},
	}
	want.Upstreams = []Upstream{
		{Name: "one", URL: "https://one.example/v1", Models: []string{"a*", "b"}, Key: Secret{"file:key.txt", "hunter-two", filepath.Join(dir, "key.txt")}, CAFile: filepath.Join(dir, "ca.pem")},
		{Name: "two", URL: "http://two.internal/v1", Models: []string{"*"}, Key: Secret{ref: "env:TWO", value: "second"}, AllowPrivate: true},
	}
	for i, u := range want.Upstreams {
		want.Upstreams[i] = u.WithDefaults(want.Limits)
	}
	want.Guard = Guard{Detectors: DetectorsOff}
	want.Log = Log{"debug", "json"}
	want.Drain = 0
	if d := cmp.Diff(want, c, cmpopts.EquateComparable(Secret{}), cmpopts.IgnoreUnexported(Config{})); d != "" {
		t.Error(d)
	}
	if got := c.Upstreams[0].Key.Reveal(); got != "hunter-two" {
		t.Errorf("the key is not what the file holds: %d bytes", len(got))
	}
	if notes := strings.Join(c.Notes(), "\n"); !strings.Contains(notes, "admin_public") || !strings.Contains(notes, "detectors is off") || strings.Contains(notes, "checkpoint") {
		t.Errorf("notes:\n%s", notes)
	}
}

func TestRefuses(t *testing.T) {
	up := func(fields string) string {
		return "upstreams:\n  - {name: a, url: 'https://a.example/v1', " + fields + "}\n"
	}
	tests := []struct {
		name, src string
		want      []string
	}{
		{"nothing", "", []string{"w:1: 0 upstreams; expected 1 to 64"}},
		{"unknown key", least + "polices: {}\n", []string{`w:2: unknown key "polices"; did you mean "policies"`}},
		{"unknown nested key", least + "limits:\n  bdoy: 1MiB\n", []string{`w:3: unknown key "bdoy"; did you mean "body"`}},
		{"bad size", least + "limits: {body: 4MB}\n", []string{`w:2: limits.body: cannot read "4MB" as a size; expected a whole number with B, KiB, MiB or GiB`}},
		{"size out of bounds", least + "limits: {body: 12, header: 2MiB}\n", []string{"w:2: limits.body is 12B; expected 1KiB to 1GiB", "w:2: limits.header is 2MiB; expected 1KiB to 1MiB"}},
		{"decompressed under body", least + "limits: {body: 8MiB, decompressed: 4MiB}\n", []string{"w:2: limits.decompressed is 4MiB, less than limits.body (8MiB)"}},
		{"count out of bounds", least + "limits:\n  concurrent: 0\n  depth: 2\n", []string{"w:3: limits.concurrent is 0; expected 1 to 1000000", "w:4: limits.depth is 2; expected 4 to 1000"}},
		{"negative cache", least + "guard: {cache: -1}\n", []string{"w:2: guard.cache is -1; expected 0 to 10000000"}},
		{"time out of bounds", least + "drain: 2h\nlimits: {total: 0s}\n", []string{"w:2: drain is 2h0m0s; expected 0s to 1h0m0s", "w:3: limits.total is 0s"}},
		{"unknown choice", least + "ledger: {sync: never}\n", []string{`w:2: ledger.sync is "never"; expected group, each, os`}},
		{"detectors not a boolean", least + "guard: {detectors: false}\n", []string{`w:2: guard.detectors is "false"; expected text`}},
		{"address without port", least + "listen: localhost\n", []string{`w:2: listen is "localhost"; expected host:port`}},
		{"address with a name for a port", least + "listen: localhost:http\n", []string{`w:2: listen is "localhost:http"; expected host:port`}},
		{"address with a large port", least + "listen: 127.0.0.1:70000\n", []string{`w:2: listen is "127.0.0.1:70000"`}},
		{"public admin", least + "admin: 0.0.0.0:9090\n", []string{`w:2: admin is "0.0.0.0:9090", not a loopback address; expected one such as 127.0.0.1:9090, or admin_public: true`}},
		{"admin everywhere", least + "admin: ':9090'\n", []string{`w:2: admin is ":9090", not a loopback address`}},
		{"admin by name", least + "admin: ops.example:9090\n", []string{`not a loopback address`}},
		{"one address for both", least + "listen: 127.0.0.1:9090\n", []string{`w:1: admin and listen are both "127.0.0.1:9090"`}},
		{"empty data", least + "data: ''\n", []string{"w:2: data is empty"}},
		{"half of TLS", least + "tls: {cert: c.pem}\n", []string{"w:2: tls needs both cert and key"}},
		{"store of another kind", least + "store: mysql://db\n", []string{"w:2: store is not a postgres:// address"}},
		{"store with a password", least + "store: postgres://u:tops3cret@db/w\n", []string{"w:2: store holds a password; give the address as env:NAME or file:PATH"}},
		{"store with a password in the query", least + "store: postgres://db/w?password=tops3cret\n", []string{"w:2: store holds a password"}},
		{"key in the file", up("key: sk-tops3cret"), []string{`w:2: the key of upstream "a" is written in the file; give it as env:NAME or file:PATH`}},
		{"key reference without name", up("key: 'env:'"), []string{`w:2: the key of upstream "a" is written in the file`}},
		{"upstream name", "upstreams: [{name: A b, url: 'https://a.example'}]\n", []string{`w:1: upstream name "A b"; expected lower-case`}},
		{"upstream twice", "upstreams:\n  - {name: a, url: 'https://a.example', models: [x]}\n  - {name: a, url: 'https://b.example'}\n", []string{`w:3: upstream "a" is there twice`}},
		{"upstream never reached", least[:len(least)-2] + ", {name: b, url: 'https://b.example'}]\n", []string{`w:1: upstream "b" serves nothing: "a" before it serves every model`}},
		{"upstream without url", "upstreams: [{name: a}]\n", []string{`w:1: the url of upstream "a"; expected one such as`}},
		{"upstream scheme", "upstreams: [{name: a, url: 'ftp://a.example'}]\n", []string{`the url of upstream "a"; expected one such as`}},
		{"upstream opaque url", "upstreams: [{name: a, url: 'https:a.example'}]\n", []string{`expected one such as`}},
		{"upstream user", "upstreams: [{name: a, url: 'https://u:tops3cret@a.example'}]\n", []string{`w:1: the url of upstream "a" holds a user name or password; use key`}},
		{"upstream query", "upstreams: [{name: a, url: 'https://a.example/v1?key=tops3cret'}]\n", []string{`holds a query or fragment`}},
		{"upstream in the clear", "upstreams: [{name: a, url: 'http://a.example/v1'}]\n", []string{`would carry texts in the clear; expected https, or allow_private: true`}},
		{"upstream in the clear, public address", "upstreams: [{name: a, url: 'http://203.0.113.7/v1'}]\n", []string{`would carry texts in the clear`}},
		{"models", up("models: [x, '', x, 'a b']"), []string{`w:2: model ""; expected a name`, `w:2: model "x" is listed twice`, `w:2: model "a b"; expected a name`}},
		{"policy names", least + "policies: {Strict: a.yaml, b: ''}\n", []string{`w:2: policy name "Strict"`, `w:2: policy "b" has no path`}},
		{"application name", least + "applications: {'my app': {}}\n", []string{`w:2: application name "my app"`}},
		{"reserved header", least + "applications: {a: {subject_header: authorization}}\n", []string{`w:2: subject_header is "authorization"; expected the name of a header of your own`}},
		{"no header", least + "applications: {a: {session_header: 'X User'}}\n", []string{`w:2: session_header is "X User"`}},
		{"region without start", least + "applications: {a: {regions: [{end: x, origin: tool}]}}\n", []string{`w:2: region 1; expected start`}},
		{"region that raises trust", least + "applications:\n  a:\n    regions:\n      - {start: x, origin: operator}\n", []string{`w:5: origin of region 1 is operator; expected document, tool, email or user`}},
		{"region without origin", least + "applications: {a: {regions: [{start: x}]}}\n", []string{`w:2: origin of region 1 is unknown`}},
		{"regions alike", least + "applications: {a: {regions: [{start: x, origin: tool}, {start: x, origin: email}]}}\n", []string{`w:2: two regions begin with the same delimiter`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("w", []byte(tt.src))
			var ps strictyaml.Problems
			if !errors.As(err, &ps) {
				t.Fatalf("error %v; expected Problems", err)
			}
			seen := map[string]bool{}
			for _, w := range tt.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("error\n%v\nexpected in it %q", err, w)
				}
				seen[w] = true
			}
			if len(ps) != len(seen) {
				t.Errorf("%d problems; expected %d:\n%v", len(ps), len(seen), err)
			}
			if strings.Contains(err.Error(), "tops3cret") {
				t.Errorf("the error holds the secret: %v", err)
			}
		})
	}
}

func TestTooMany(t *testing.T) {
	var models, regions, ups strings.Builder
	for i := range 300 {
		fmt.Fprintf(&models, "m%d,", i)
		fmt.Fprintf(&regions, "{start: s%d, origin: tool},", i)
		fmt.Fprintf(&ups, "{name: u%d, url: 'https://u.example', models: [m%d]},", i, i)
	}
	for src, want := range map[string]string{
		"upstreams: [" + ups.String() + "]\n":                                           "300 upstreams; expected 1 to 64",
		"upstreams: [{name: a, url: 'https://a', models: [" + models.String() + "]}]\n": "300 models; expected at most 256",
		least + "applications: {a: {regions: [" + regions.String() + "]}}\n":            "300 regions; expected at most 32",
	} {
		if _, err := Parse("w", []byte(src)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; expected %q in it", err, want)
		}
	}
}

func TestAcceptsPrivateUpstreams(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "10.1.2.3", "192.168.0.9:8000", "[fd00::1]", "169.254.10.1"} {
		if _, err := Parse("w", []byte("upstreams: [{name: a, url: 'http://"+host+"/v1'}]\n")); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func TestSecretsThatCannotBeHad(t *testing.T) {
	env := environment(map[string]string{"EMPTY": "", "LINES": "tops3cret\nX: y", "RUBBISH": "tops3cret\xff", "STORE": "tops3cret"})
	key := func(ref string) string {
		return "upstreams:\n  - {name: a, url: 'https://a.example/v1', key: '" + ref + "'}\n"
	}
	for src, want := range map[string]string{
		key("env:NONE"):              "w.yaml:2: upstreams[0].key: the environment variable \"NONE\" is not set",
		key("env:EMPTY"):             "the environment variable \"EMPTY\" is not set",
		key("env:LINES"):             "the value of env:LINES is empty, over 65536 bytes, or holds control characters",
		key("env:RUBBISH"):           "holds control characters",
		key("file:none.txt"):         "w.yaml:2: upstreams[0].key: reading \"none.txt\": no such file or directory",
		key("file:empty.txt"):        "the value of file:empty.txt is empty",
		key("file:large.txt"):        "over 65536 bytes",
		key("file:/"):                "is a directory",
		least + "store: env:STORE\n": "w.yaml:2: store is not a postgres:// address",
	} {
		t.Run(want, func(t *testing.T) {
			dir := write(t, map[string]string{"w.yaml": src, "empty.txt": "\n", "large.txt": strings.Repeat("x", 70000)})
			_, err := load(filepath.Join(dir, "w.yaml"), env)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v; expected %q in it", err, want)
			}
			if err != nil && strings.Contains(err.Error(), "tops3cret") {
				t.Errorf("the error holds the secret: %v", err)
			}
		})
	}
}

func TestLoadCannotRead(t *testing.T) {
	if _, err := Load(filepath.Join(t.TempDir(), "none.yaml")); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "none.yaml") {
		t.Errorf("error %v; expected one that names a missing file", err)
	}
}

// TestEnvironmentIsNotExpanded: only a secret field looks at the environment.
func TestEnvironmentIsNotExpanded(t *testing.T) {
	t.Setenv("HOME_OF_DATA", "/elsewhere")
	c, err := Parse("w", []byte(least+"data: $HOME_OF_DATA/env:HOME_OF_DATA\n"))
	if err != nil || c.Data != "$HOME_OF_DATA/env:HOME_OF_DATA" {
		t.Errorf("data %q, error %v", c.Data, err)
	}
}

// TestSecretIsNeverPrinted tries the ways in which values are printed.
func TestSecretIsNeverPrinted(t *testing.T) {
	const value = "tops3cret-value"
	for _, s := range []Secret{NewSecret(value), {ref: "env:KEY", value: value}, {ref: "postgres://u:" + value, value: "postgres://u:" + value}} {
		c := Default()
		c.Store = s
		c.Upstreams = []Upstream{{Name: "a", Key: s}}
		asYAML, err := yaml.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		asJSON, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var log strings.Builder
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "config", c, "secret", s)
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "config", c, "secret", s)
		for i, out := range []string{
			fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q %x %X %d", s, s, s, s, s, s, s, s), fmt.Sprintf("%v %+v %#v", c, c, c),
			fmt.Sprintf("%v %+v", c.Upstreams, &c.Upstreams[0]), string(asYAML), string(asJSON), log.String(), fmt.Errorf("x: %v", s).Error(),
		} {
			if strings.Contains(out, value) || strings.Contains(out, fmt.Sprintf("%x", value)) {
				t.Errorf("way %d prints the secret", i)
			}
			if i < 2 && !strings.Contains(out, "sha256 ") {
				t.Errorf("way %d prints no fingerprint: %s", i, out)
			}
		}
	}
	if s := (Secret{}); !s.IsZero() || s.String() != "" {
		t.Error("an empty secret prints something")
	}
}

func TestByteSize(t *testing.T) {
	for text, want := range map[string]ByteSize{"0": 0, "17": 17, "17B": 17, "4KiB": 4096, "4 MiB": 4 << 20, "1GiB": 1 << 30, "1536B": 1536} {
		var b ByteSize
		if err := b.UnmarshalText([]byte(text)); err != nil || b != want {
			t.Errorf("%q is %d, %v; expected %d", text, b, err, want)
		}
		var again ByteSize
		if err := again.UnmarshalText([]byte(b.String())); err != nil || again != b {
			t.Errorf("%q is written %q, read as %d, %v", text, b, again, err)
		}
	}
	for _, text := range []string{"", "-1", "1KB", "1.5MiB", "MiB", "9999999999GiB", "1 0", "0x10", "4mib"} {
		var b ByteSize
		if err := b.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is accepted as %d", text, b)
		}
	}
}

func TestPolicies(t *testing.T) {
	dir := write(t, map[string]string{
		"w.yaml":    least + "policies: {good: good.yaml, bad: bad.yaml}\ntls: {cert: c.pem, key: k.pem}\n",
		"good.yaml": "version: 1\nmode: observe\n", "bad.yaml": "version: 7\n", "ca.pem": "none",
	})
	c, err := load(filepath.Join(dir, "w.yaml"), environment(nil))
	if err != nil {
		t.Fatal(err)
	}
	c.Upstreams[0].CAFile = filepath.Join(dir, "ca.pem")
	if p, err := c.LoadPolicy(""); err != nil || p.Name() != "default" {
		t.Errorf("the default policy: %v", err)
	}
	if p, err := c.LoadPolicy("good"); err != nil || p.Mode().String() != "observe" {
		t.Errorf("policy good: %v", err)
	}
	if _, err := c.LoadPolicy("other"); err == nil || !strings.Contains(err.Error(), `unknown policy "other"; expected one of policies in the configuration: ["bad" "good"]`) {
		t.Errorf("policy other: %v", err)
	}
	errs := c.CheckFiles()
	if len(errs) != 3 {
		t.Fatalf("%d errors, %v; expected one each of policy, tls and ca_file", len(errs), errs)
	}
	for i, want := range []string{"bad.yaml:1: version is 7", "tls: ", "holds no certificate; expected PEM"} {
		if !strings.Contains(errs[i].Error(), want) {
			t.Errorf("error %v; expected %q in it", errs[i], want)
		}
	}
	c.Upstreams[0].CAFile += "x"
	if _, err := c.Upstreams[0].Roots(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v; expected that the file is missing", err)
	}
}

// TestSchema checks the generated JSON Schema against configurations, good and
// bad, and against what Default writes.
func TestSchema(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(Schema())))
	if err != nil {
		t.Fatal(err)
	}
	comp := jsonschema.NewCompiler()
	if err := comp.AddResource("config.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := comp.Compile("config.json")
	if err != nil {
		t.Fatal(err)
	}
	check := func(src string) error {
		var v any
		if err := yaml.Unmarshal([]byte(src), &v); err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		inst, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(inst)
	}
	example, err := os.ReadFile("../../docs/examples/warder.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, src := range map[string]string{"example": string(example), "least": least, "sizes": least + "limits: {body: 4096, event: 64KiB}\n"} {
		if err := check(src); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Parse(name, []byte(src)); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{
		"listen: x\n", "upstreams: [{name: a}]\n", least + "polices: {}\n", least + "ledger: {sync: never}\n", least + "drain: 5\n", least + "limits: {body: 4MB}\n",
		least + "applications: {a: {regions: [{start: x, origin: operator}]}}\n",
	} {
		if check(bad) == nil {
			t.Errorf("the schema accepts %q", bad)
		}
	}
}

// TestExampleLoads loads the example as a server would.
func TestExampleLoads(t *testing.T) {
	c, err := load("../../docs/examples/warder.yaml", environment(map[string]string{"HOSTED_MODELS_KEY": "x"}))
	if err != nil {
		t.Fatal(err)
	}
	if errs := c.CheckFiles(); errs != nil {
		t.Error(errs)
	}
	if notes := c.Notes(); len(notes) != 1 || !strings.HasPrefix(notes[0], "upstream cluster has allow_private") { // which the example shows
		t.Errorf("the example gives up other protections than allow_private of one upstream: %q", notes)
	}
}

// FuzzParse: any bytes give a configuration that is valid, or Problems.
func FuzzParse(f *testing.F) {
	example, err := os.ReadFile("../../docs/examples/warder.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	f.Add([]byte(least))
	f.Fuzz(func(t *testing.T, src []byte) {
		c, err := Parse("fuzz", src)
		var ps strictyaml.Problems
		switch {
		case err != nil && !errors.As(err, &ps):
			t.Fatalf("error %T; expected Problems", err)
		case err == nil && c.Validate() != nil:
			t.Fatalf("parsed, but %v", c.Validate())
		}
	})
}
