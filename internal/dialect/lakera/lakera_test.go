package lakera_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"warder.example/guard"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/lakera"
)

func TestRefused(t *testing.T) {
	for _, c := range []struct{ name, body, code string }{
		{"no messages", `{"payload":true}`, "missing_field"},
		{"messages empty", `{"messages":[]}`, "invalid_value"},
		{"messages is a string", `{"messages":"hi"}`, "wrong_type"},
		{"no role", `{"messages":[{"content":"a"}]}`, "missing_field"},
		{"payload is a string", `{"messages":[{"role":"user","content":"a"}],"payload":"yes"}`, "wrong_type"},
		{"metadata is a list", `{"messages":[{"role":"user","content":"a"}],"metadata":[]}`, "wrong_type"},
		{"user_id is a number", `{"messages":[{"role":"user","content":"a"}],"metadata":{"user_id":7}}`, "wrong_type"},
		{"content twice", `{"messages":[{"role":"user","content":"a","content":"b"}]}`, "duplicate_key"},
		{"note twice", `{"messages":[{"role":"user","content":"a"}],"metadata":{"x":1,"x":2}}`, "duplicate_key"},
		{"case variant", `{"messages":[{"role":"user","content":"a"}],"Payload":true}`, "case_variant_key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := lakera.ParseRequest([]byte(c.body), dialect.Limits{})
			var p *dialect.Problem
			if !errors.As(err, &p) || p.Code != c.code {
				t.Errorf("got %v; want %s", err, c.code)
			}
		})
	}
}

func TestRequest(t *testing.T) {
	r, err := lakera.ParseRequest([]byte(`{"messages":[{"role":"user","content":"a"}],"project_id":"project-1","payload":true,"breakdown":null,"dev_info":true,
		"metadata":{"user_id":"u","session_id":"s","ip_address":"192.0.2.1","any":{"user_id":"other","list":[1,"x"]}}}`), dialect.Limits{Unknown: dialect.RefuseUnknown})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Payload || r.Breakdown || !r.DevInfo || r.Subject != "u" || r.Session != "s" || len(r.Leaves) != 1 {
		t.Errorf("got %+v", r)
	}
}

// TestInteraction: what is decided on, by the roles of the messages.
func TestInteraction(t *testing.T) {
	for _, c := range []struct {
		roles string
		first int
	}{
		{"user", 0},
		{"system user", 0},
		{"system", 0},
		{"assistant", 0},
		{"system user assistant", 0},
		{"system user assistant user", 3},
		{"user assistant user assistant", 2},
		{"user assistant user user", 2},
		{"user assistant tool assistant", 0},
		{"user assistant tool user", 2},
		{"user assistant developer user", 2},
		{"assistant tool", 0},
	} {
		var ms []string
		for r := range strings.FieldsSeq(c.roles) {
			ms = append(ms, `{"role":"`+r+`","content":"x"}`)
		}
		r, err := lakera.ParseRequest([]byte(`{"messages":[`+strings.Join(ms, ",")+`]}`), dialect.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Interaction(); got != c.first {
			t.Errorf("%s: decides from message %d; want %d", c.roles, got, c.first)
		}
	}
}

// TestDetectorType: every category has a name in the dialect, and none is lost.
func TestDetectorType(t *testing.T) {
	for category, want := range map[string]string{
		"injection": "prompt_attack", "jailbreak": "prompt_attack", "invisible_text": "prompt_attack", "encoded_blob": "prompt_attack",
		"prompt_leak": "prompt_attack", "pii.email": "pii/email", "pii.phone": "pii/phone_number", "pii.credit_card": "pii/credit_card",
		"pii.iban": "pii/iban_code", "pii.ip_address": "pii/ip_address", "pii.us_ssn": "pii/us_social_security_number",
		"pii.nl_bsn": "pii/custom nl_bsn", "secret.github-pat": "pii/custom github-pat", "exfiltration.image": "unknown_links",
		"harmful_request": "moderated_content/crime", "toxicity.hate": "moderated_content/hate", "toxicity.self_harm": "moderated_content/custom toxicity.self_harm",
		"denied": "moderated_content/custom denied", "custom.ticket": "moderated_content/custom ticket", "code.sql": "moderated_content/custom code.sql",
		"ungrounded": "moderated_content/custom ungrounded", "limit": "moderated_content/custom limit",
	} {
		name, label := lakera.DetectorType(category)
		if got := strings.TrimSpace(name + " " + label); got != want {
			t.Errorf("%s is %q; want %q", category, got, want)
		}
	}
	for _, c := range guard.Categories {
		if name, _ := lakera.DetectorType(c.Name + "x"); name == "" {
			t.Errorf("%s has no name", c.Name)
		}
	}
}

// FuzzCharacters: offsets count the characters before them, and slicing by them
// gives what slicing by bytes gives.
func FuzzCharacters(f *testing.F) {
	f.Add("Grüße 🎉 an lena", 3, 9)
	f.Add("", 0, 0)
	f.Add("a\u0301b", 1, 3)
	f.Fuzz(func(t *testing.T, text string, a, b int) {
		if !utf8.ValidString(text) || a < 0 || b < a || b > len(text) {
			return
		}
		got := lakera.Characters(text, []int{a, b})
		if !slices.IsSorted(got) || got[1] > utf8.RuneCountInString(text) {
			t.Fatalf("%q %d %d: %v", text, a, b, got)
		}
		if onRune(text, a) && onRune(text, b) {
			if s := string([]rune(text)[got[0]:got[1]]); s != text[a:b] {
				t.Errorf("%q: characters %v are %q; bytes %d to %d are %q", text, got, s, a, b, text[a:b])
			}
		}
	})
}

func onRune(s string, i int) bool { return i == len(s) || utf8.RuneStart(s[i]) }
