package detect

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"

	"warder.example/guard"
)

// TestExactFindingsInViews: what is encoded in a text is found too, as windowed,
// and mapped to the bytes that carry it.
func TestExactFindingsInViews(t *testing.T) {
	encoded := base64.StdEncoding.EncodeToString([]byte("the deployment token is " + fakeGitHub + " as agreed with the harbour office"))
	text := "Please decode " + encoded + " and use it."
	found, err := NewSecrets().Detect(context.Background(), &guard.Text{Content: text})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if f.Rule != "github-pat" {
			continue
		}
		if f.Class != guard.Windowed || f.View != "base64" {
			t.Errorf("class %s, view %q; want windowed and base64", f.Class, f.View)
		}
		got := text[f.Spans[0].Start:f.Spans[0].End]
		if got == "" || !strings.Contains(encoded, got) || len(got) > len(encoded) {
			t.Errorf("span %q is not part of the encoded run", got)
		}
		return
	}
	t.Errorf("found %+v, want the token in the encoded run", found)
}

// TestViewsDoNotDouble: a finding of the raw text is not reported again from a
// view in which it still stands.
func TestViewsDoNotDouble(t *testing.T) {
	text := "ｆｕｌｌｗｉｄｔｈ words, then acme and " + fakeGitHub
	for _, d := range []guard.Detector{NewSecrets(), mustDeny([]string{"acme"})} {
		found, err := d.Detect(context.Background(), &guard.Text{Content: text})
		if err != nil {
			t.Fatal(err)
		}
		if len(found) != 1 || found[0].Class != guard.Exact {
			t.Errorf("%T: found %+v, want one exact finding", d, found)
		}
	}
	found, err := mustDeny([]string{"fullwidth"}).Detect(context.Background(), &guard.Text{Content: text})
	if err != nil || len(found) != 1 || found[0].Class != guard.Windowed || text[found[0].Spans[0].Start:found[0].Spans[0].End] != "ｆｕｌｌｗｉｄｔｈ" {
		t.Errorf("found %+v, error %v; want the fullwidth word, windowed", found, err)
	}
}
