package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExtProc(t *testing.T) {
	t.Setenv("WARDER_CONFIG_TEST_ENVOY", "wk_secret")
	for _, c := range []struct{ name, section, problem string }{
		{"off", "", ""},
		{"loopback", "{listen: '127.0.0.1:9191'}", ""},
		{"for one application", "{listen: 'localhost:9191', key: 'env:WARDER_CONFIG_TEST_ENVOY'}", ""},
		{"public with tls", "{listen: '0.0.0.0:9191', tls: {cert: a.pem, key: b.pem}}", ""},
		{"public without", "{listen: '0.0.0.0:9191'}", "not a loopback address"},
		{"public with a key", "{listen: ':9191', tls: {cert: a.pem, key: b.pem}, key: 'env:WARDER_CONFIG_TEST_ENVOY'}", "anybody could use it"},
		{"half of tls", "{listen: '127.0.0.1:9191', tls: {cert: a.pem}}", "both cert and key"},
		{"key in the file", "{listen: '127.0.0.1:9191', key: wk_secret}", "env:NAME"},
		{"key that is not there", "{listen: '127.0.0.1:9191', key: 'env:WARDER_CONFIG_TEST_NOTHING'}", "ext_proc.key"},
		{"address of the data plane", "{listen: '127.0.0.1:8080'}", "address of its own"},
		{"no address", "{listen: '9191'}", "host:port"},
		{"key without an address", "{key: 'env:WARDER_CONFIG_TEST_ENVOY'}", "no listen"},
		{"unknown member", "{address: '127.0.0.1:9191'}", "address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "warder.yaml")
			text := "upstreams: [{name: a, url: 'https://models.example/v1'}]\n"
			if c.section != "" {
				text += "ext_proc: " + c.section + "\n"
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			cfg, err := Load(path)
			switch {
			case c.problem == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem) || strings.Contains(err.Error(), "wk_secret")):
				t.Errorf("got %v; want %q", err, c.problem)
			case err == nil && strings.Contains(c.section, "key: 'env") && cfg.ExtProc.Key.Reveal() != "wk_secret":
				t.Error("the key was not resolved")
			case err == nil && cfg.ExtProc.TLS.Cert != "" && !filepath.IsAbs(cfg.ExtProc.TLS.Cert):
				t.Errorf("certificate at %q", cfg.ExtProc.TLS.Cert)
			}
		})
	}
}

// TestExtProcBuilt: a configuration that this build would not start with is not right.
func TestExtProcBuilt(t *testing.T) {
	dir := write(t, map[string]string{"w.yaml": least + "ext_proc: {listen: '127.0.0.1:9191'}\n"})
	c, err := Load(filepath.Join(dir, "w.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	errs := c.CheckFiles()
	if servesEnvoy != (len(errs) == 0) || !servesEnvoy && !strings.Contains(errs[0].Error(), "w.yaml:2: ext_proc: ext_proc is configured and this build cannot") {
		t.Errorf("checking files: %v", errs)
	}
}
