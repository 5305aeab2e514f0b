package config

import (
	"strings"
	"testing"
)

func TestTelemetry(t *testing.T) {
	const good = least + `telemetry:
  endpoint: https://collector.example:4318/otlp
  headers: {Api-Key: 'env:OTLP_KEY', X-Scope: 'file:scope'}
  sample: 0.25
  trust_callers: true
  every: 10s
  resource: {deployment.environment.name: test}
`
	dir := write(t, map[string]string{"w.yaml": good, "scope": "gate\n"})
	c, err := load(dir+"/w.yaml", environment(map[string]string{"OTLP_KEY": "hush"}))
	if err != nil {
		t.Fatal(err)
	}
	tel := &c.Telemetry
	if tel.Headers["Api-Key"].Reveal() != "hush" || tel.Headers["X-Scope"].Reveal() != "gate" || tel.Sample != 0.25 || tel.Base().Host != "collector.example:4318" {
		t.Errorf("%+v", tel)
	}
	if d := Default().Telemetry; d.Endpoint != "" || d.Sample != 1 || d.TrustCallers {
		t.Errorf("the default is %+v; expected none", d)
	}
	for name, s := range map[string]struct{ more, want string }{
		"not a URL":           {"endpoint: collector:4318", "expected http(s)://host"},
		"query":               {"endpoint: 'https://c.example/?key=hush'", "without user, query"},
		"credential":          {"endpoint: 'https://u:hush@c.example/'", "without user, query"},
		"no endpoint":         {"trust_callers: true", "telemetry has no endpoint"},
		"sample over one":     {"sample: 1.5", "telemetry.sample is 1.5"},
		"sample not a number": {"sample: .nan", "expected a number"},
		"interval":            {"every: 1ms", "telemetry.every is 1ms"},
		"key in the file":     {"endpoint: 'https://c.example', headers: {Api-Key: hush}", "give it as env:NAME or file:PATH"},
		"own header":          {"endpoint: 'https://c.example', headers: {content-type: 'env:A'}", "does not write itself"},
		"header twice":        {"endpoint: 'https://c.example', headers: {Api-Key: 'env:A', api-key: 'env:A'}", "once"},
		"attribute":           {"endpoint: 'https://c.example', resource: {'a b': x}", "expected a name such as"},
		"control character":   {`endpoint: 'https://c.example', resource: {a: "x\u001b[2J"}`, "expected a name such as"},
		"key in the clear":    {"endpoint: 'http://c.example:4318', headers: {Api-Key: 'env:A'}", "in the clear; expected https"},
		"key, public address": {"endpoint: 'http://203.0.113.7:4318', headers: {Api-Key: 'env:A'}", "in the clear; expected https"},
		"unknown key":         {"endpont: x", "endpont"},
	} {
		_, err := Parse("w.yaml", []byte(least+"telemetry: {"+s.more+"}\n"))
		if err == nil || !strings.Contains(err.Error(), s.want) || strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%s: %v; expected %q in it", name, err, s.want)
		}
	}
}

// TestTelemetryInTheClear: plain http is for names without a key, and for one's own
// network.
func TestTelemetryInTheClear(t *testing.T) {
	const headers = ", headers: {Api-Key: 'env:A'}"
	for _, s := range []string{"endpoint: 'http://c.example:4318'", "endpoint: 'http://10.1.2.3:4318'" + headers, "endpoint: 'http://localhost:4318'" + headers,
		"endpoint: 'http://c.example:4318', allow_private: true" + headers} {
		if _, err := Parse("w.yaml", []byte(least+"telemetry: {"+s+"}\n")); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
}

func TestTelemetrySameAndNote(t *testing.T) {
	a := Telemetry{Endpoint: "http://collector.example", Headers: map[string]Secret{"A": NewSecret("1")}, Resource: map[string]string{"a": "b"}}
	b, c := a, a
	b.Headers = map[string]Secret{"A": NewSecret("2")}
	c.Resource = map[string]string{"a": "c"}
	if !a.Same(a) || a.Same(b) || a.Same(c) {
		t.Error("a section is the same as itself and no other")
	}
	if n := a.note(); len(n) != 1 {
		t.Errorf("notes %q; expected one about plain http", n)
	}
	for _, e := range []string{"", "https://collector.example", "http://127.0.0.1:4318", "http://localhost:4318"} {
		a.Endpoint = e
		if n := a.note(); len(n) != 0 {
			t.Errorf("%q: %q; expected none", e, n)
		}
	}
}
