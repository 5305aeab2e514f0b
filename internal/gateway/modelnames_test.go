package gateway

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"warder.example/internal/access"
)

// get asks for a path with a key in a header of one family's clients.
func (r *rig) get(path, app string, edit func(key string, h http.Header)) reply {
	r.t.Helper()
	q, err := http.NewRequestWithContext(r.t.Context(), "GET", r.front.URL+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	edit(r.keys[app], q.Header)
	return r.do(q)
}

// How clients of each family send their keys.
func asOpenAI(key string, h http.Header) { h.Set("Authorization", "Bearer "+key) }

func asAnthropic(key string, h http.Header) {
	h.Set("X-Api-Key", key)
	h.Set("Anthropic-Version", "2023-06-01")
}

func asAnthropicToken(key string, h http.Header) {
	h.Set("Authorization", "Bearer "+key)
	h.Set("Anthropic-Version", "2023-06-01")
}

func asGemini(key string, h http.Header) { h.Set("X-Goog-Api-Key", key) }

// modelsRig has one upstream a family, that fails the test when it is asked by another
// path than OpenAI's list.
func modelsRig(t *testing.T) *rig {
	up := http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Method != "GET" || q.URL.Path != "/v1/models" || q.Header.Get("X-Upstream") != "openai" {
			t.Errorf("the upstream was asked for %s %s", q.Method, q.URL)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"object":"list","data":[{"id":"m1","object":"model","created":1},{"id":"m1","object":"model","created":2},{"id":"secret","object":"model"}]}`)
	})
	more := "    headers: {X-Upstream: openai}\n"
	for _, family := range []string{"anthropic", "gemini"} {
		more += "  - name: " + family + "\n    url: http://127.0.0.1:1\n    family: " + family + "\n    models: [" + family + "-1, m-shared, n-hidden, m-*, M-Upper]\n    aliases: {m-alias: " + family + "-1}\n"
	}
	return newRig(t, up, rigOptions{config: more, apps: []access.Application{
		{ID: "app_3", Name: "few", Environment: access.Prod, DataClass: access.Internal, Refusal: access.RefusalError, Mode: access.ModeEnforce, Models: []string{"m-named", "gemini-1", "elsewhere"}},
	}})
}

// TestModelNames: each family's clients get a list in their own form, of the models that
// the configuration or the application names, that the application may use and that an
// upstream of the family serves; one model also where only a pattern has it.
func TestModelNames(t *testing.T) {
	r := modelsRig(t)
	claude := func(id string) string {
		return `{"type":"model","id":"` + id + `","display_name":"` + id + `","created_at":"1970-01-01T00:00:00Z"}`
	}
	google := func(id string) string { return `{"name":"models/` + id + `","displayName":"` + id + `"}` }
	for _, c := range []struct {
		path, app string
		as        func(string, http.Header)
		status    int
		want      string
	}{
		{"/v1/models", "app", asAnthropic, 200, `{"data":[` + claude("m-alias") + "," + claude("m-shared") + `],"has_more":false,"first_id":"m-alias","last_id":"m-shared"}`},
		{"/v1/models?limit=1000", "app", asAnthropicToken, 200, `{"data":[` + claude("m-alias") + "," + claude("m-shared") + `],"has_more":false,"first_id":"m-alias","last_id":"m-shared"}`},
		{"/v1/models", "few", asAnthropic, 200, `{"data":[` + claude("m-named") + `],"has_more":false,"first_id":"m-named","last_id":"m-named"}`},
		{"/v1beta/models?pageSize=50", "app", asGemini, 200, `{"models":[` + google("m-alias") + "," + google("m-shared") + `]}`},
		{"/v1/models", "few", asGemini, 200, `{"models":[` + google("gemini-1") + "," + google("m-named") + `]}`},
		{"/v1beta/models", "soft", asGemini, 200, `{"models":[` + google("gemini-1") + "," + google("m-alias") + "," + google("m-shared") + "," + google("n-hidden") + `]}`},

		{"/v1/models/m-pattern", "app", asAnthropic, 200, claude("m-pattern")},
		{"/v1beta/models/m-pattern", "app", asGemini, 200, google("m-pattern")},
		{"/v1/models/m-pattern?alt=json", "app", asGemini, 200, google("m-pattern")},
		{"/v1/models/m1", "app", asOpenAI, 200, `{"id":"m1","object":"model","created":1}`},
		{"/v1/models/secret", "app", asOpenAI, 404, "model_not_found"},
		{"/v1/models/m-gone", "app", asOpenAI, 404, "model_not_found"},
		{"/v1/models/ft:m:org::1", "app", asOpenAI, 404, "model_not_found"},
		{"/v1/models/n-hidden", "app", asAnthropic, 404, "model_not_found"},
		{"/v1/models/m1", "app", asAnthropic, 404, "model_not_found"},
		{"/v1beta/models/n-hidden", "app", asGemini, 404, "model_not_found"},
		{"/v1beta/models/M-Upper", "soft", asGemini, 404, "model_not_found"},

		{"/v1beta/models?key=x", "app", asGemini, 400, "key_in_url"},
		{"/v1beta/models/m-1?key=x", "app", asGemini, 400, "key_in_url"},
		{"/v1beta/models?pageToken=x", "app", asGemini, 400, "unknown_parameter"},
		{"/v1beta/models?pageSize=all", "app", asGemini, 400, "unknown_parameter"},
		{"/v1beta/models?pageSize=9&pageSize=9", "app", asGemini, 400, "unknown_parameter"},
		{"/v1beta/models", "nobody", asGemini, 401, "invalid_api_key"},
		{"/v1/models", "nobody", asAnthropic, 401, "invalid_api_key"},
	} {
		if c.app == "nobody" {
			r.keys[c.app] = "wk_nobody"
		}
		p := r.get(c.path, c.app, c.as)
		if p.status != c.status || p.status == 200 && p.body != c.want || !strings.Contains(p.body, c.want) {
			t.Errorf("%s for %s: %d %s\nwant %d %s", c.path, c.app, p.status, p.body, c.status, c.want)
		}
		if cl := r.ledger.closed(p.request()); p.status == 200 && (cl == nil || cl.End != "complete" || cl.Attempts != 0) {
			t.Errorf("%s: recorded %+v", c.path, cl)
		}
	}
}
