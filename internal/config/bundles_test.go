package config

import (
	"strings"
	"testing"
)

func TestTrustedKeys(t *testing.T) {
	const (
		good  = "acme+d94ac76b+Af0XJDhaoMdbZPt4zWAvodmR/ev3axPFjtcC6sg16fYY"
		rest  = "upstreams: [{name: a, url: 'http://127.0.0.1:1/v1'}]\n"
		other = "PRIVATE+KEY+acme+d1fafc05+AWhr"
	)
	for name, c := range map[string]struct{ keys, want string }{
		"none":        {"[]", ""},
		"one":         {"['" + good + "']", ""},
		"not a key":   {"[acme]", "is not a public key"},
		"private key": {"['" + other + "']", "is not a public key"},
		"twice":       {"['" + good + "', '" + good + "']", "is there twice"},
		"too many":    {"[" + strings.Repeat("'x', ", maxTrustedKeys+1) + "]", "17 trusted keys; expected at most 16"},
	} {
		_, err := Parse("warder.yaml", []byte(rest+"bundles: {trusted_keys: "+c.keys+"}\n"))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: error is %v; expected %q", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "PRIVATE") {
			t.Errorf("%s: the error quotes a private key: %v", name, err)
		}
	}
}
