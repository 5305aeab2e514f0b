package gateway

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"warder.example/guard"
)

// proxyCall is what a LiteLLM proxy sends about a call: every member of its
// documented request, whether it has something for it or not.
type proxyCall struct {
	InputType          string            `json:"input_type"`
	LiteLLMCallID      *string           `json:"litellm_call_id"`
	LiteLLMTraceID     *string           `json:"litellm_trace_id"`
	LiteLLMVersion     string            `json:"litellm_version"`
	StructuredMessages []map[string]any  `json:"structured_messages"`
	Images             []string          `json:"images"`
	Tools              []map[string]any  `json:"tools"`
	ToolCalls          []map[string]any  `json:"tool_calls"`
	Texts              []string          `json:"texts"`
	RequestData        map[string]string `json:"request_data"`
	RequestHeaders     map[string]string `json:"request_headers"`
	Params             map[string]any    `json:"additional_provider_specific_params"`
}

// apply does what the proxy's guardrail hook does with an answer, as its
// documentation ("Generic Guardrail API") and its source say: BLOCKED raises; texts
// that come take the place of those sent; anything but 200 is an error, which
// blocks.
func (r *rig) apply(app string, c proxyCall) ([]string, error) {
	r.t.Helper()
	id := "7f1c"
	c.LiteLLMCallID, c.LiteLLMVersion = &id, "1.80.0"
	c.RequestData = map[string]string{"user_api_key_hash": "88dc28", "user_api_key_user_email": "ops@kestrel-mills.com", "user_api_key_end_user_id": "u-1"}
	c.RequestHeaders = map[string]string{"User-Agent": "OpenAI/Python 2.17.0", "Authorization": "[present]"}
	c.Params = map[string]any{"threshold": 0.8, "language": "en"}
	body, err := json.Marshal(c)
	if err != nil {
		r.t.Fatal(err)
	}
	p := r.ask(app, "/beta/litellm_basic_guardrail_api", string(body), func(q *http.Request) {
		q.Header.Del("Authorization")
		q.Header.Set("X-Api-Key", r.keys[app])
	})
	if p.status != 200 {
		return nil, errors.New("guardrail failed: " + p.body)
	}
	var a struct {
		Action        string
		BlockedReason *string `json:"blocked_reason"`
		Texts         []string
	}
	if err := json.Unmarshal([]byte(p.body), &a); err != nil {
		r.t.Fatal(err)
	}
	switch {
	case a.Action == "BLOCKED" && a.BlockedReason != nil:
		return nil, errors.New("blocked: " + *a.BlockedReason)
	case a.Action == "NONE" && a.Texts == nil:
		return c.Texts, nil
	case a.Action == "GUARDRAIL_INTERVENED" && len(a.Texts) == len(c.Texts):
		return a.Texts, nil
	}
	r.t.Fatalf("no answer of the contract: %s", p.body)
	return nil, nil
}

func message(role string, content any) map[string]any {
	return map[string]any{"role": role, "content": content}
}

func toolCall(arguments string) map[string]any {
	return map[string]any{"id": "call_1", "type": "function", "function": map[string]string{"name": "mail", "arguments": arguments}}
}

func TestLiteLLM(t *testing.T) {
	r := guardRig(t, "")
	const masked = "Please write to [EMAIL] about the invoice."
	for _, c := range []struct {
		name, app string
		call      proxyCall
		want      []string // nil: blocked
		reason    string
	}{
		{"clean", "app", proxyCall{InputType: "request", Texts: []string{"Good morning.", ""}}, []string{"Good morning.", ""}, ""},
		{"attack", "app", proxyCall{InputType: "request", Texts: []string{"Hi", attackText}}, nil, "(prompt_attack)"},
		{"attack, observed", "observe", proxyCall{InputType: "request", Texts: []string{attackText}}, []string{attackText}, ""},
		{"mail, observed", "observe", proxyCall{InputType: "request", Texts: []string{mailText}}, []string{mailText}, ""},
		{"masked where it stands", "app", proxyCall{InputType: "request", Texts: []string{"Grüße 🎉", mailText, "x", mailText}}, []string{"Grüße 🎉", masked, "x", masked}, ""},
		{"masked as its message", "app", proxyCall{InputType: "request", Texts: []string{"Be kind.", mailText},
			StructuredMessages: []map[string]any{message("system", "Be kind."), message("user", mailText)}}, []string{"Be kind.", masked}, ""},
		{"masked in a part", "app", proxyCall{InputType: "request", Texts: []string{"Sum up:", mailText},
			StructuredMessages: []map[string]any{message("user", []map[string]string{{"type": "text", "text": "Sum up:"}, {"type": "text", "text": mailText}})}}, []string{"Sum up:", masked}, ""},
		{"cut over two texts", "app", proxyCall{InputType: "request", Texts: []string{attackText[:24], attackText[24:]}}, nil, "(prompt_attack)"},
		{"message of which no text was sent", "app", proxyCall{InputType: "request", Texts: []string{"Hi"},
			StructuredMessages: []map[string]any{message("user", mailText)}}, nil, "cannot be masked"},
		{"attack in a message only", "app", proxyCall{InputType: "request", Texts: []string{"Hi"},
			StructuredMessages: []map[string]any{message("tool", attackText)}}, nil, "(prompt_attack)"},
		{"attack in a tool's description", "app", proxyCall{InputType: "request", Texts: []string{"Hi"},
			Tools: []map[string]any{{"type": "function", "function": map[string]string{"name": "f", "description": keyText}}}}, nil, "policy"},
		{"answer", "app", proxyCall{InputType: "response", Texts: []string{mailText}}, []string{masked}, ""},
		{"credential in an answer", "app", proxyCall{InputType: "response", Texts: []string{keyText}}, nil, "policy"},
		{"address in the arguments of an answer", "app", proxyCall{InputType: "response", ToolCalls: []map[string]any{toolCall(`{"to":"lena.hofmann@kestrel-mills.com"}`)}}, nil, "cannot be masked"},
		{"harmless call", "app", proxyCall{InputType: "response", ToolCalls: []map[string]any{toolCall(`{"to":"support"}`)}}, []string{}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := r.apply(c.app, c.call)
			if c.want == nil {
				if err == nil || !strings.Contains(err.Error(), c.reason) || strings.Contains(err.Error(), "failed") {
					t.Errorf("got %q, %v; want a block for %s", got, err, c.reason)
				}
				return
			}
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

// TestLiteLLMRecords: whose call it is, which verdict is of which way, and why a
// call that is only to be masked was blocked.
func TestLiteLLMRecords(t *testing.T) {
	r := guardRig(t, "")
	ask := func(body string) (*Opened, *Closed, string) {
		p := r.ask("app", "/beta/litellm_basic_guardrail_api", body)
		if p.status != 200 {
			t.Fatalf("%d %s", p.status, p.body)
		}
		return r.records(p.request())
	}
	o, c, subject := ask(`{"input_type":"response","texts":[` + quoted(mailText) + `],"request_data":{"user_api_key_end_user_id":"u-1"}}`)
	if o.Action != guard.Allow || c.Action != guard.Redact || c.Code != "" || subject == "" {
		t.Errorf("opened %+v, closed %+v, subject %q", o, c, subject)
	}
	_, _, other := ask(`{"input_type":"request","texts":["hi"],"request_data":{"user_api_key_end_user_id":"u-2"}}`)
	if other == subject {
		t.Error("two end users are one subject")
	}
	o, c, _ = ask(`{"input_type":"request","images":[` + quoted(mailText) + `]}`)
	if o.Action != guard.Redact || c.Code != "unmaskable" {
		t.Errorf("opened %+v, closed %+v", o, c)
	}
}

// TestLiteLLMNovelty: members that the contract does not name are inspected; an
// address in them stops nothing, an attack does.
func TestLiteLLMNovelty(t *testing.T) {
	r := guardRig(t, "")
	for text, want := range map[string]string{mailText: `{"action":"NONE"}`, attackText: `{"action":"BLOCKED"`} {
		p := r.ask("app", "/beta/litellm_basic_guardrail_api", `{"input_type":"request","texts":["Hi"],"novelty":{"about":`+quoted(text)+`}}`)
		if p.status != 200 || !strings.HasPrefix(p.body, want) {
			t.Errorf("got %d %s; want %s", p.status, p.body, want)
		}
	}
}
