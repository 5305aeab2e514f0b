package gateway

import (
	"net/http"
	"strings"
	"sync"
	"testing"
)

// spentCall is a call of a route, and the answer of the model server to it.
type spentCall struct{ config, body, kind, answer string }

// spentCalls has a call for each route, by its path.
func spentCalls() map[string]spentCall {
	const anthropic, gemini = "    family: anthropic\n", "    family: gemini\n"
	usage, count := `{"prompt_tokens":11,"completion_tokens":200,"total_tokens":211}`, `{"input_tokens":11,"output_tokens":200}`
	counted := `{"promptTokenCount":11,"candidatesTokenCount":200,"totalTokenCount":211}`
	whole := func(c claimed, u string) spentCall {
		return spentCall{c.config, `{"model":"m1",` + c.body + `}`, "application/json", c.whole(u)}
	}
	all := map[string]spentCall{
		"/v1/chat/completions":      whole(claimedChat, usage),
		"/v1/messages":              whole(claimedMessages, count),
		"/v1/messages/count_tokens": {anthropic, `{"model":"m1","messages":[{"role":"user","content":"hi"}]}`, "application/json", `{"input_tokens":9}`},
		"/v1/responses":             whole(claimedResponses, count),
		"/v1/completions":           {"", `{"model":"m1","prompt":"hi"}`, "application/json", `{"id":"c","object":"text_completion","created":1,"model":"m1","choices":[{"index":0,"text":"hello","logprobs":null,"finish_reason":"stop"}],"usage":` + usage + `}`},
		"/v1/embeddings":            {"", `{"model":"m1","input":"hi"}`, "application/json", `{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5]}],"model":"m1","usage":{"prompt_tokens":10,"total_tokens":10}}`},
		"/v1/models":                {"", "", "application/json", listedModel},
		"/v1/guard":                 {"", `{"texts":[{"text":"hi"}]}`, "", ""},
		"/v1/moderations":           {"", `{"input":"hi"}`, "", ""},
		"/v2/guard":                 {"", `{"messages":[{"role":"user","content":"hi"}]}`, "", ""},
		"/v2/guard/results":         {"", `{"messages":[{"role":"user","content":"hi"}]}`, "", ""},

		"/contentsafety/text:shieldPrompt":  {"", `{"userPrompt":"hi"}`, "", ""},
		"/beta/litellm_basic_guardrail_api": {"", `{"input_type":"request","texts":["hi"]}`, "", ""},
	}
	all["/v1/models/{model}"] = all["/v1/models"]
	for _, list := range []string{"/v1/models", "/v1/models/{model}"} {
		all[list+" of anthropic"] = spentCall{anthropic, "", "", ""}
		all[list+" of gemini"], all[strings.Replace(list, "v1", "v1beta", 1)] = spentCall{gemini, "", "", ""}, spentCall{gemini, "", "", ""}
	}
	for _, base := range []string{"/v1beta", "/v1"} {
		all[base+"/models/{model}:embedContent"] = spentCall{gemini, `{"content":{"parts":[{"text":"hi"}]}}`, "application/json", `{"embedding":{"values":[0.5]}}`}
		all[base+"/models/{model}:batchEmbedContents"] = spentCall{gemini, `{"requests":[{"content":{"parts":[{"text":"hi"}]}}]}`, "application/json", `{"embeddings":[{"values":[0.5]}]}`}
		all[base+"/models/{model}:generateContent"] = spentCall{gemini, "{" + claimedGemini.body + "}", "application/json", claimedGemini.whole(counted)}
		all[base+"/models/{model}:streamGenerateContent"] = spentCall{gemini, "{" + claimedGemini.body + "}", "text/event-stream", claimedGemini.streamed(counted, counted)}
		all[base+"/models/{model}:countTokens"] = spentCall{gemini, `{"contents":[{"parts":[{"text":"hi"}]}]}`, "application/json", `{"totalTokens":3}`}
	}
	return all
}

// TestOneOfMany: of twenty requests at once against a budget for one exactly one is
// answered, on every route that there is; the others are told when to come back.
func TestOneOfMany(t *testing.T) {
	calls := spentCalls()
	for _, r := range newSpentRig(t, answers("", ""), "").server.routes() {
		name := r.path
		if _, taken := calls[name]; !taken {
			name += " of " + r.family.name // another family has this path, too
		}
		c, ok := calls[name]
		if !ok {
			t.Errorf("no call of the route %s", name)
			continue
		}
		delete(calls, name)
		t.Run(strings.NewReplacer("/", "_", ":", "_").Replace(name), func(t *testing.T) {
			t.Parallel()
			path := strings.Replace(r.path, "{model}", "m1", 1)
			if strings.Contains(path, ":stream") {
				path += "?alt=sse"
			}
			oneOfMany(t, r.method, path, c, r.family.keys[0])
		})
	}
	for path := range calls {
		t.Errorf("%s is no route", path)
	}
	t.Run("streamed", func(t *testing.T) {
		t.Parallel()
		oneOfMany(t, http.MethodPost, "/v1/chat/completions", spentCall{"", streamRequest("hi"), "text/event-stream", streamBody("hello")}, openAI.keys[0])
	})
}

func oneOfMany(t *testing.T, method, path string, c spentCall, key keyHeader) {
	s := newSpentRig(t, answers(c.kind, c.answer), c.config+oneRequest)
	got := make([]reply, 20)
	var all sync.WaitGroup
	for i := range got {
		all.Go(func() {
			got[i] = s.call(method, path, c.body, func(r *http.Request) {
				r.Header.Del("Authorization")
				r.Header.Set(key.name, strings.TrimSpace(key.scheme+" "+s.keys["app"]))
			})
		})
	}
	all.Wait()
	passed := 0
	for _, p := range got {
		switch {
		case p.status == 200:
			passed++
		case p.status != 429 || p.header.Get("Retry-After") == "":
			t.Errorf("%d %s", p.status, p.body)
		}
	}
	if passed != 1 {
		t.Errorf("%d of %d passed a budget for one", passed, len(got))
	}
}
