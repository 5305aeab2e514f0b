package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.yaml.in/yaml/v3"

	"warder.example/guard/strictyaml"
)

// TestUpstreamLoads: every key of an upstream, with what it refers to.
func TestUpstreamLoads(t *testing.T) {
	dir := write(t, map[string]string{"key": "one\n", "more": "two", "warder.yaml": `upstreams:
  - name: a
    url: https://a.example/v1
    family: anthropic
    models: ["claude-*"]
    aliases: {fast: claude-small}
    group: claude
    priority: 1
    weight: 3
    key: file:key
    keys: [file:more, env:THIRD]
    ca_file: ca.pem
    client_cert: c.pem
    client_key: k.pem
    min_tls: "1.3"
    server_name: inner.example
    proxy: env:PROXY
    headers: {X-Team: guard, Azure-Key: env:THIRD}
    deadlines: {connect: 1s, tls: 2s, first_byte: 3s, idle: 4s, total: 5s}
    retry: {attempts: 2, budget: 10, floor: 5, max_wait: 1s, on_timeout: true}
    circuit: {failures: 60, minimum: 30, window: 20s, open: 10s, probes: 2}
    health: {path: /models, every: 30s}
`})
	c, err := load(filepath.Join(dir, "warder.yaml"), environment(map[string]string{"THIRD": "three", "PROXY": "http://u:tops3cret@proxy.example:3128"}))
	if err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	third := Secret{ref: "env:THIRD", value: "three"}
	want := Upstream{
		Name: "a", URL: "https://a.example/v1", Family: FamilyAnthropic, Models: []string{"claude-*"}, Aliases: map[string]string{"fast": "claude-small"},
		Group: "claude", Priority: 1, Weight: 3, Key: Secret{"file:key", "one", in("key")}, Keys: []Secret{{"file:more", "two", in("more")}, third},
		CAFile: in("ca.pem"), ClientCert: in("c.pem"), ClientKey: in("k.pem"), MinTLS: "1.3", ServerName: "inner.example",
		Proxy:     Secret{ref: "env:PROXY", value: "http://u:tops3cret@proxy.example:3128"},
		Headers:   map[string]Secret{"X-Team": {ref: "guard", value: "guard"}, "Azure-Key": third},
		OutputCap: CapCompletion,
		Deadlines: Deadlines{time.Second, 2 * time.Second, 3 * time.Second, 4 * time.Second, 5 * time.Second},
		Retry:     Retry{2, 10, 5, time.Second, true},
		Circuit:   Circuit{60, 30, 20 * time.Second, 10 * time.Second, 2},
		Health:    HealthCheck{"/models", 30 * time.Second},
	}
	if d := cmp.Diff(want, c.Upstreams[0], cmpopts.EquateComparable(Secret{})); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(want, want.WithDefaults(c.Limits), cmpopts.EquateComparable(Secret{})); d != "" {
		t.Errorf("defaults change what is set:\n%s", d)
	}
	if n := len(want.Credentials()); n != 3 {
		t.Errorf("%d credentials; expected 3", n)
	}
	if errs := c.CheckFiles(); len(errs) != 2 || !strings.Contains(errors.Join(errs...).Error(), "client certificate of upstream a") {
		t.Errorf("files: %v", errs)
	}
}

// TestUpstreamDefaults: what is left out comes from limits, or is as the reference says.
func TestUpstreamDefaults(t *testing.T) {
	l := Default().Limits
	l.UpstreamIdle = 7 * time.Second
	got := Upstream{}.WithDefaults(l)
	want := Upstream{
		Family: FamilyOpenAI, OutputCap: CapCompletion, Weight: 1, MinTLS: "1.2", Deadlines: Deadlines{10 * time.Second, 10 * time.Second, 2 * time.Minute, 7 * time.Second, 10 * time.Minute},
		Retry: Retry{3, 20, 1, 2 * time.Second, false}, Circuit: Circuit{50, 20, 10 * time.Second, 5 * time.Second, 3}, Health: HealthCheck{Every: 10 * time.Second},
	}
	if d := cmp.Diff(want, got, cmpopts.EquateComparable(Secret{})); d != "" {
		t.Error(d)
	}
}

func TestUpstreamRefuses(t *testing.T) {
	up := func(fields string) string {
		return "upstreams:\n  - {name: a, url: 'https://a.example/v1', " + fields + "}\n"
	}
	two := func(first, second string) string {
		return "upstreams:\n  - {name: a, url: 'https://a.example', " + first + "}\n  - {name: b, url: 'https://b.example', " + second + "}\n"
	}
	ran := 0
	for src, want := range map[string]string{
		up("family: cohere"):                                `w:2: upstreams[0].family is "cohere"; expected openai, anthropic, gemini`,
		up("min_tls: '1.1'"):                                `w:2: upstreams[0].min_tls is "1.1"; expected 1.2, 1.3`,
		up("group: A"):                                      `w:2: group of upstream "a" is "A"; expected lower-case letters`,
		two("group: g, family: gemini", "group: g"):         `w:3: upstream "b" speaks openai, and "a" of the same group gemini; expected one family a group`,
		two("group: g", "group: h"):                         `w:3: upstream "b" serves nothing: "a" before it serves every model`,
		two("family: gemini", "models: [x]"):                "",
		two("group: g", "group: g"):                         "",
		two("group: g, output_cap: max_tokens", "group: g"): `w:3: upstream "b" calls the cap of an answer max_completion_tokens, and "a" of the same group max_tokens; expected one name a group`,
		up("aliases: {'a b': x}"):                           `w:2: alias "a b" for model "x"; expected names without spaces and *`,
		up("aliases: {a: 'x*'}"):                            `w:2: alias "a" for model "x*"`,
		up("weight: 1001"):                                  `w:2: weight of upstream "a" is 1001; expected at most 1000`,
		up("priority: -1"):                                  `w:2: priority of upstream "a" is -1`,
		up("keys: [tops3cret]"):                             `w:2: the key of upstream "a" is written in the file`,
		up("client_cert: c.pem"):                            `w:2: upstream "a" needs both client_cert and client_key`,
		up("server_name: 'a b'"):                            `w:2: server_name of upstream "a" is "a b"`,
		up("proxy: 'socks5://x'"):                           `w:2: the proxy of upstream "a"; expected http://host:port`,
		up("proxy: 'http://u:tops3cret@x:1'"):               `w:2: the proxy of upstream "a" holds a user or password; give it as env:NAME or file:PATH`,
		up("headers: {Authorization: tops3cret}"):           `w:2: header "Authorization" of upstream "a"; expected one that the gateway does not write itself`,
		up("headers: {transfer-encoding: chunked}"):         `w:2: header "transfer-encoding"`,
		up("headers: {'X Y': z}"):                           `w:2: header "X Y"`,
		up("headers: {X-Y: 1, x-y: 2}"):                     `is there twice`,
		up(`headers: {X-Y: "tops3cret\r\nHost: b"}`):        `w:2: the value of header "X-Y" of upstream "a"; expected printable ASCII`,
		up("deadlines: {idle: 2h}"):                         `w:2: deadlines.idle of upstream "a" is 2h0m0s; expected 1ms to 1h0m0s`,
		up("retry: {attempts: 11}"):                         `w:2: retry.attempts of upstream "a" is 11; expected at most 10`,
		up("retry: {budget: 101}"):                          `retry.budget of upstream "a" is 101`,
		up("circuit: {window: 1ms}"):                        `w:2: circuit.window of upstream "a" is 1ms; expected 1s to 10m0s`,
		up("health: {path: '../admin'}"):                    `w:2: health.path of upstream "a" is "../admin"; expected one such as /models`,
		up("health: {path: '/a/../b'}"):                     `health.path of upstream "a"`,
		up("health: {path: /h, evry: 1s}"):                  `w:2: unknown key "evry"; did you mean "every"`,
	} {
		ran++
		_, err := Parse("w", []byte(src))
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", src, err)
		case want != "" && (!errors.As(err, new(strictyaml.Problems)) || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: error %v; expected %q", src, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "tops3cret") {
			t.Errorf("the error holds a secret: %v", err)
		}
	}
	if ran < 25 {
		t.Errorf("%d cases; expected 25 or more", ran)
	}
}

// TestProxyIsCheckedOnceKnown: what a reference leads to is checked, too, and not
// quoted.
func TestProxyIsCheckedOnceKnown(t *testing.T) {
	dir := write(t, map[string]string{"w.yaml": "upstreams:\n  - {name: a, url: 'https://a.example', proxy: 'env:P', headers: {X-Y: 'file:none'}}\n"})
	_, err := load(filepath.Join(dir, "w.yaml"), environment(map[string]string{"P": "http://tops3cret/path"}))
	if err == nil || !strings.Contains(err.Error(), `w.yaml:2: the proxy of upstream "a"`) || !strings.Contains(err.Error(), `headers`) || strings.Contains(err.Error(), "tops3cret") {
		t.Errorf("error %v", err)
	}
}

// TestReread: a secret of a file can be read again, others stay what they are.
func TestReread(t *testing.T) {
	s := NewSecret("fixed")
	if again, err := s.Reread(); err != nil || again.Reveal() != "fixed" || s.File() != "" {
		t.Errorf("%v, %v", again, err)
	}
	file := filepath.Join(t.TempDir(), "key")
	s = Secret{ref: "file:key", value: "old", path: file}
	if _, err := s.Reread(); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("error %v", err)
	}
	if err := os.WriteFile(file, []byte("new\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if again, err := s.Reread(); err != nil || again.Reveal() != "new" || again.String() == s.String() || !strings.HasPrefix(again.String(), "file:key ") {
		t.Errorf("%v, %v", again, err)
	}
}

// TestShownUpstreamLoads: a configuration with every default written out means the same.
func TestShownUpstreamLoads(t *testing.T) {
	want, err := Parse("w", []byte("upstreams: [{name: a, url: 'https://a.example', retry: {attempts: 1}}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := yaml.Marshal(map[string]any{"upstreams": want.Upstreams})
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse("again", text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if d := cmp.Diff(want.Upstreams, got.Upstreams, cmpopts.EquateComparable(Secret{}), cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}
}
