package gateway

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func writeFile(path, text string) error { return os.WriteFile(path, []byte(text), 0o600) }

// lakeraClient is a client as those of Lakera's service are written: it knows
// exactly the documented members, and masks by slicing characters.
type lakeraClient struct{ *rig }

type lakeraAnswer struct {
	Flagged bool `json:"flagged"`
	Payload []struct {
		Start, End   int
		Text         string
		DetectorType string `json:"detector_type"`
		Labels       []string
		MessageID    int `json:"message_id"`
	} `json:"payload"`
	Breakdown []struct {
		lakeraDetectorNames
		Detected bool `json:"detected"`
	} `json:"breakdown"`
	DevInfo *struct {
		GitRevision  *string `json:"git_revision"`
		GitTimestamp *string `json:"git_timestamp"`
		ModelVersion string  `json:"model_version"`
		Version      string  `json:"version"`
	} `json:"dev_info"`
	Metadata struct {
		RequestUUID string `json:"request_uuid"`
	} `json:"metadata"`
}

type lakeraDetectorNames struct {
	ProjectID    string `json:"project_id"`
	PolicyID     string `json:"policy_id"`
	DetectorID   string `json:"detector_id"`
	DetectorType string `json:"detector_type"`
	MessageID    int    `json:"message_id"`
}

type lakeraMessage struct {
	Role    string `json:"role"`
	Content any    `json:"content"`
}

// guard asks /v2/guard for all there is.
func (c lakeraClient) guard(app string, messages ...lakeraMessage) *lakeraAnswer {
	c.t.Helper()
	body, err := json.Marshal(map[string]any{"messages": messages, "project_id": "project-8541012967", "payload": true, "breakdown": true, "dev_info": true,
		"metadata": map[string]string{"user_id": "u-1", "session_id": "s-1", "ip_address": "192.0.2.7"}})
	if err != nil {
		c.t.Fatal(err)
	}
	p := c.ask(app, "/v2/guard", string(body))
	d := json.NewDecoder(strings.NewReader(p.body))
	d.DisallowUnknownFields()
	var a lakeraAnswer
	if err := d.Decode(&a); p.status != 200 || err != nil {
		c.t.Fatalf("%d %v: %s", p.status, err, p.body)
	}
	return &a
}

// masked does what proxies do with an answer: it takes the personal data out.
func (a *lakeraAnswer) masked(message int, content string) string {
	runes := []rune(content)
	for _, m := range slices.Backward(a.Payload) {
		if m.MessageID == message && strings.HasPrefix(m.DetectorType, "pii/") {
			runes = slices.Concat(runes[:m.Start], []rune("#"), runes[m.End:])
		}
	}
	return string(runes)
}

// detected returns the types that were detected, each with its message.
func (a *lakeraAnswer) detected() (out []string) {
	for _, b := range a.Breakdown {
		if b.Detected {
			out = append(out, b.DetectorType+"@"+string(rune('0'+b.MessageID)))
		}
	}
	return out
}

func TestLakeraMasking(t *testing.T) {
	c := lakeraClient{guardRig(t, "")}
	for _, v := range []struct {
		name, content, want string
		types               []string
	}{
		{"ascii", "Mail lena.hofmann@kestrel-mills.com now", "Mail # now", []string{"pii/email"}},
		{"umlauts and emoji", "Grüße 👩‍👧 an lena.hofmann@kestrel-mills.com, 日本", "Grüße 👩‍👧 an #, 日本", []string{"pii/email"}},
		{"card and address", "Karte 4111 1111 1111 1111 für 🎉 lena.hofmann@kestrel-mills.com", "Karte # für 🎉 #", []string{"pii/credit_card", "pii/email"}},
		{"iban", "Überweise auf DE89 3704 0044 0532 0130 00 bitte", "Überweise auf # bitte", []string{"pii/iban_code"}},
		{"credential", "Nimm ghp_" + "R7kQ2vX9mB4nL8zT1cW5yH0dJ3fG6sP2aK9u für heute", "Nimm # für heute", []string{"pii/custom"}},
		{"clean", "Guten Morgen 🌞", "Guten Morgen 🌞", nil},
	} {
		t.Run(v.name, func(t *testing.T) {
			a := c.guard("app", lakeraMessage{"user", v.content})
			if got := a.masked(0, v.content); got != v.want {
				t.Errorf("masked to %q; want %q", got, v.want)
			}
			var types []string
			for _, m := range a.Payload {
				types = append(types, m.DetectorType)
				if s := string([]rune(v.content)[m.Start:m.End]); s != m.Text {
					t.Errorf("%d to %d is %q; said to be %q", m.Start, m.End, s, m.Text)
				}
			}
			if slices.Sort(types); !slices.Equal(types, v.types) {
				t.Errorf("types %v; want %v", types, v.types)
			}
			if a.Flagged != (v.types != nil) || a.Payload == nil {
				t.Errorf("flagged %v, payload %v", a.Flagged, a.Payload)
			}
		})
	}
}

// TestLakeraParts: in a content of parts, offsets count in the texts joined.
func TestLakeraParts(t *testing.T) {
	c := lakeraClient{guardRig(t, "")}
	parts := []map[string]string{{"type": "text", "text": "Grüße 🎉 "}, {"type": "text", "text": "an lena.hofmann@kestrel-mills.com"}}
	a := c.guard("app", lakeraMessage{"system", "Be kind."}, lakeraMessage{"user", parts})
	if got := a.masked(1, "Grüße 🎉 an lena.hofmann@kestrel-mills.com"); got != "Grüße 🎉 an #" {
		t.Errorf("masked to %q, payload %+v", got, a.Payload)
	}
}

// TestLakeraDecides: on what an answer depends, and in which message it is seen.
func TestLakeraDecides(t *testing.T) {
	c := lakeraClient{guardRig(t, "")}
	sys := func(s string) lakeraMessage { return lakeraMessage{"system", s} }
	user := func(s string) lakeraMessage { return lakeraMessage{"user", s} }
	model := func(s string) lakeraMessage { return lakeraMessage{"assistant", s} }
	for _, v := range []struct {
		name, app string
		messages  []lakeraMessage
		detected  []string
	}{
		{"attack", "app", []lakeraMessage{user(attackText)}, []string{"prompt_attack@0"}},
		{"attack in the turn before", "app", []lakeraMessage{user(attackText), model("No."), user("Good morning")}, nil},
		{"attack in a tool's result", "app", []lakeraMessage{user("Look it up"), model("ok"), {"tool", attackText}}, []string{"prompt_attack@2"}},
		{"attack in a tool's result before the user", "app", []lakeraMessage{user("Look it up"), model("ok"), {"tool", attackText}, user("And?")}, []string{"prompt_attack@2"}},
		{"attack in the system text", "app", []lakeraMessage{sys(attackText), user("Good morning")}, nil},
		{"address in the system text", "app", []lakeraMessage{sys(mailText), user("Good morning")}, nil},
		{"credential in the system text", "app", []lakeraMessage{sys(keyText), user("Good morning")}, []string{"pii/custom@0"}},
		{"address in the answer", "app", []lakeraMessage{user("Who?"), model(mailText)}, []string{"pii/email@1"}},
		{"two messages", "app", []lakeraMessage{user(attackText), model(mailText)}, []string{"prompt_attack@0", "pii/email@1"}},
		{"observed", "observe", []lakeraMessage{user(attackText), model(mailText)}, nil},
	} {
		t.Run(v.name, func(t *testing.T) {
			a := c.guard(v.app, v.messages...)
			if got := a.detected(); !slices.Equal(got, v.detected) || a.Flagged != (v.detected != nil) {
				t.Errorf("detected %v, flagged %v; want %v", got, a.Flagged, v.detected)
			}
			for _, m := range a.Payload {
				if m.DetectorType == "prompt_attack" {
					t.Error("the payload says where an attack was seen")
				}
			}
		})
	}
}

// TestLakeraShape: members are there when asked for, and only then.
func TestLakeraShape(t *testing.T) {
	r := guardRig(t, "")
	p := r.ask("app", "/v2/guard", `{"messages":[{"role":"user","content":"hi"}]}`)
	if !regexp.MustCompile(`^\{"flagged":false,"metadata":\{"request_uuid":"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"\}\}$`).MatchString(p.body) {
		t.Errorf("got %s", p.body)
	}
	if uuid := strings.ReplaceAll(p.body[len(p.body)-39:len(p.body)-3], "-", ""); "req_"+uuid != p.request() {
		t.Errorf("uuid %s is not the request id %s", uuid, p.request())
	}
	p = r.ask("app", "/v2/guard", `{"messages":[{"role":"user","content":"hi"}],"payload":true,"breakdown":false,"dev_info":null}`)
	if !strings.HasPrefix(p.body, `{"flagged":false,"payload":[],"metadata":`) {
		t.Errorf("got %s", p.body)
	}
	a := lakeraClient{r}.guard("app", lakeraMessage{"user", "hi"})
	if d := a.DevInfo; d == nil || d.GitRevision == nil || d.GitTimestamp == nil || d.Version == "" || !strings.HasPrefix(d.ModelVersion, "warder-guard-") || len(d.ModelVersion) < 20 {
		t.Errorf("dev_info %+v", a.DevInfo)
	}
	var types []string
	for _, b := range a.Breakdown {
		types = append(types, b.DetectorType)
		if b.ProjectID != "project-app_1" || !strings.HasPrefix(b.PolicyID, "policy-") || len(b.PolicyID) < 20 || !strings.HasPrefix(b.DetectorID, "detector-warder-") {
			t.Errorf("breakdown has %+v", b)
		}
	}
	if want := []string{"moderated_content/crime", "moderated_content/custom", "pii/credit_card", "pii/custom", "pii/email", "pii/iban_code", "pii/ip_address",
		"pii/phone_number", "pii/us_social_security_number", "prompt_attack", "unknown_links"}; !slices.Equal(types, want) {
		t.Errorf("breakdown of %v; want %v", types, want)
	}
}

// TestLakeraResults: levels, for those who may know how sure a detector is and
// for those who may not.
func TestLakeraResults(t *testing.T) {
	r := guardRig(t, "").withHarm()
	for _, v := range []struct {
		name, app, text, detector string
		levels                    []string // allowed ones
	}{
		{"signature", "dev", attackText, "prompt_attack", []string{"l1_confident"}},
		{"clean", "dev", "Good morning", "prompt_attack", []string{"l5_unlikely"}},
		{"address", "app", mailText, "pii/email", []string{"l1_confident"}},
		{"attack in production", "app", attackText, "prompt_attack", []string{"l1_confident"}},
		{"attack, observed", "observe", attackText, "prompt_attack", []string{"l1_confident"}},
		{"harm", "dev", harmText, "moderated_content/crime", []string{"l3_likely"}},
		{"harm in production", "app", harmText, "moderated_content/crime", []string{"l3_likely"}},
		{"credential", "dev", keyText, "pii/custom", []string{"l1_confident"}},
	} {
		p := r.ask(v.app, "/v2/guard/results", `{"messages":[{"role":"user","content":`+quoted(v.text)+`}]}`)
		var a struct {
			Results []struct {
				lakeraDetectorNames
				Result        string `json:"result"`
				CustomMatched *bool  `json:"custom_matched"`
			} `json:"results"`
		}
		d := json.NewDecoder(strings.NewReader(p.body))
		d.DisallowUnknownFields()
		if err := d.Decode(&a); err != nil || len(a.Results) < 11 {
			t.Fatalf("%s: %v: %s", v.name, err, p.body)
		}
		for _, res := range a.Results {
			if res.DetectorType == v.detector && !slices.Contains(v.levels, res.Result) {
				t.Errorf("%s: %s is %s; want one of %v", v.name, v.detector, res.Result, v.levels)
			}
			custom := strings.HasSuffix(res.DetectorType, "/custom")
			if custom != (res.CustomMatched != nil) || custom && *res.CustomMatched != (res.Result != "l5_unlikely") {
				t.Errorf("%s: %s has custom_matched %v", v.name, res.DetectorType, res.CustomMatched)
			}
		}
	}
}
