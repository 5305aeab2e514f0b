package detect

import (
	"context"
	"strings"
	"testing"

	"warder.example/guard"
)

func TestStandard(t *testing.T) {
	all, err := Standard(Config{Deny: []string{"blue heron"}, Custom: []CustomPattern{{Name: "ticket", Pattern: `HL-\d{4}`}}, AllowedDomains: []string{"example.com", "bücher.example"}})
	if err != nil {
		t.Fatal(err)
	}
	less, err := Standard(Config{DisableModel: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != len(less)+3 {
		t.Errorf("%d detectors with deny list, pattern and model, %d without; want 3 more", len(all), len(less))
	}
	text := &guard.Text{Content: "Blue heron, HL-1234, " + fakeGitHub + " for ann@harbour.test", Origin: guard.OriginUser}
	want := map[string]bool{"denied": false, "custom.ticket": false, "secret.github-pat": false, "pii.email": false}
	for _, d := range all {
		found, err := d.Detect(context.Background(), text)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			if _, ok := want[f.Category]; ok {
				want[f.Category] = true
			}
			if _, ok := guard.LookupCategory(f.Category); !ok {
				t.Errorf("category %q is not one that policies may name", f.Category)
			}
		}
	}
	for c, ok := range want {
		if !ok {
			t.Errorf("no finding of %s", c)
		}
	}
}

func TestStandardNamesWhatIsWrong(t *testing.T) {
	for want, cfg := range map[string]Config{
		"deny list entry 1": {Deny: []string{""}},
		`"Bad Name"`:        {Custom: []CustomPattern{{Name: "Bad Name", Pattern: "a"}}},
		`"http://x"`:        {AllowedDomains: []string{"http://x"}},
		`"a..b"`:            {AllowedDomains: []string{"a..b"}},
	} {
		if _, err := Standard(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %s", err, want)
		}
	}
}
