package gateway

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// Faults of other gateways that were published, as tests of the data plane. Those that
// need a database are in package node; docs/trouble.md lists them all.

// forged are credentials that say of themselves that they are good.
func forged() map[string]string {
	raw := base64.RawURLEncoding
	token := func(header, claims string) string {
		return raw.EncodeToString([]byte(header)) + "." + raw.EncodeToString([]byte(claims)) + "."
	}
	admin := `{"sub":"app_1","scope":"admin","exp":99999999999,"iss":"https://warder.example"}`
	return map[string]string{
		"nothing":            "",
		"a token unsigned":   token(`{"alg":"none","typ":"JWT"}`, admin),
		"a token signed ill": token(`{"alg":"HS256","typ":"JWT"}`, admin) + raw.EncodeToString([]byte("signature")),
		"a token with a key": token(`{"alg":"RS256","jwk":{"kty":"RSA","n":"AQAB","e":"AQAB"}}`, admin) + "c2ln",
		"an id of a key":     "app_1",
		"a name":             "app",
		"a master key":       "sk-1234",
		"null":               "null",
		"all":                "*",
	}
}

// trusting are headers by which some gateways believe that a caller is known.
var trusting = map[string]string{
	"X-Forwarded-For": "127.0.0.1", "X-Real-Ip": "127.0.0.1", "X-Forwarded-User": "admin", "X-Remote-User": "admin", "X-Auth-Request-Email": "admin@warder.example",
	"X-Original-Url": "/healthz", "X-Rewrite-Url": "/healthz", "X-Http-Method-Override": "OPTIONS", "X-Internal-Request": "true", "X-Warder-Application": "app_1",
	"X-Mcp-Auth": "none", "Mcp-Session-Id": "1", "Cookie": "token=admin; session=1", "X-Ms-Client-Principal": "e30=", "X-Amzn-Oidc-Data": "e30.e30.e30",
}

// TestCVE202659822NoRouteWithoutKey: a route answered without a key, and unverified tokens
// were believed. Here every route that is served wants a key of its own, whatever else a
// caller says of itself.
func TestCVE202659822NoRouteWithoutKey(t *testing.T) {
	asked := atomic.Int64{}
	r := newRig(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }), rigOptions{})
	routes := r.server.routes()
	for _, route := range routes {
		path := strings.Replace(route.path, "{model}", "m1", 1)
		if strings.HasSuffix(path, ":streamGenerateContent") {
			path += "?alt=sse"
		}
		for name, credential := range forged() {
			for _, k := range route.family.keys {
				q, err := http.NewRequestWithContext(t.Context(), route.method, r.front.URL+path, strings.NewReader(chatBody("hi")))
				if err != nil {
					t.Fatal(err)
				}
				q.Header.Set("Content-Type", "application/json")
				for h, v := range trusting {
					q.Header.Set(h, v)
				}
				if credential != "" {
					q.Header.Set(k.name, strings.TrimSpace(k.scheme+" "+credential))
				}
				if p := r.do(q); p.status != 401 || !strings.Contains(p.body, "_api_key") {
					t.Errorf("%s %s with %s in %s: %d %s", route.method, path, name, k.name, p.status, p.body)
				}
			}
		}
	}
	if asked.Load() > 0 || len(routes) < 15 {
		t.Errorf("the upstream was asked %d times over %d routes", asked.Load(), len(routes))
	}
}

// TestCVE202659822UnlistedRoutes: what is no route is none with a good key either: no
// protocol, version or file that a model server may have beside.
func TestCVE202659822UnlistedRoutes(t *testing.T) {
	asked := atomic.Int64{}
	r := newRig(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }), rigOptions{})
	for _, path := range []string{
		"/mcp", "/mcp/", "/mcp/tools/call", "/v1/mcp", "/sse", "/v1/realtime", "/v1/proxy/chat/completions", "/v1/files", "/v1/batches", "/v1/assistants", "/v1/threads",
		"/v1/fine_tuning/jobs", "/v1/uploads", "/v1/images/generations", "/v1/audio/speech", "/key/generate", "/config/update", "/health", "/metrics", "/admin", "/debug/pprof/heap",
		"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration", "/.env", "/v1/chat/completions/..;/models", "/v1/chat/completions;x=1", "/v1/chat/completions%00",
		"/v1/chat/completions%2e", "/v1/./chat/completions", "/v1/chat/completions%20", "/V1/chat/completions", "/v1/chat//completions", "/%2e%2e/v1/chat/completions",
	} {
		for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
			got, _ := (&rawRig{rig: r, addr: r.front.Listener.Addr().String()}).rawAnswers(t,
				method+" "+path+" HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer "+r.keys["app"]+"\r\nContent-Type: application/json\r\nContent-Length: 0\r\n\r\n", false)
			if fmt.Sprint(got) != "[404 unknown_route]" {
				t.Errorf("%s %s: %v", method, path, got)
			}
		}
	}
	if asked.Load() > 0 {
		t.Errorf("the upstream was asked %d times", asked.Load())
	}
}

// TestCVE202566405NoFieldNamesAHost: callers made a gateway call hosts inside. Here an
// address in any field of any dialect, where links, files, tools and hosts are named or
// where nothing is known, makes Warder connect to nobody but its upstream.
func TestCVE202566405NoFieldNamesAHost(t *testing.T) {
	inside := make(chan string, 1024)
	trap := "http://" + serveTrap(t, inside) + "/latest/meta-data"
	fields := ""
	for _, name := range []string{"base_url", "api_base", "custom_host", "endpoint", "url", "webhook", "callback_url", "proxy", "x_upstream"} {
		fields += fmt.Sprintf(`%q:%q,`, name, trap)
	}
	const parts = `[{"role":"user","content":[%s,{"type":"text","text":"hi"}]}]`
	for name, bodies := range map[string][]string{
		"openai.chat": {
			`{"model":"m1","messages":` + fmt.Sprintf(parts, `{"type":"image_url","image_url":{"url":"`+trap+`"}}`) + `}`,
			`{"model":"m1","messages":` + fmt.Sprintf(parts, `{"type":"file","file":{"file_id":"`+trap+`","filename":"`+trap+`"}}`) + `}`,
			`{"model":"m1","web_search_options":{"user_location":{"url":"` + trap + `"}},"messages":[{"role":"user","content":"hi"}]}`,
			`{"model":"m1","metadata":{"base_url":"` + trap + `"},"messages":[{"role":"user","content":"see ![a](` + trap + `)"}]}`,
			`{"model":"` + trap + `","messages":[{"role":"user","content":"hi"}]}`,
			`{"model":"m1@` + trap + `","messages":[{"role":"user","content":"hi"}]}`,
		},
		"openai.responses": {
			`{"model":"m1","input":[{"role":"user","content":[{"type":"input_image","image_url":"` + trap + `"},{"type":"input_file","file_url":"` + trap + `"}]}]}`,
			`{"model":"m1","tools":[{"type":"mcp","server_label":"a","server_url":"` + trap + `","require_approval":"never"}],"input":"hi"}`,
			`{"model":"m1","tools":[{"type":"web_search"}],"input":"look at ` + trap + `"}`,
			`{"model":"m1","conversation":"` + trap + `","input":"hi"}`,
		},
		"anthropic.messages": {
			`{"model":"m1","max_tokens":9,"messages":` + fmt.Sprintf(parts, `{"type":"image","source":{"type":"url","url":"`+trap+`"}}`) + `}`,
			`{"model":"m1","max_tokens":9,"messages":` + fmt.Sprintf(parts, `{"type":"document","source":{"type":"url","url":"`+trap+`"}}`) + `}`,
			`{"model":"m1","max_tokens":9,"mcp_servers":[{"type":"url","url":"` + trap + `","name":"a"}],"messages":[{"role":"user","content":"hi"}]}`,
		},
		"gemini.generate": {
			`{"contents":[{"role":"user","parts":[{"fileData":{"fileUri":"` + trap + `","mimeType":"text/plain"}},{"text":"hi"}]}]}`,
			`{"cachedContent":"` + trap + `","contents":[{"role":"user","parts":[{"text":"hi"}]}]}`,
			`{"tools":[{"urlContext":{}},{"googleSearch":{}}],"contents":[{"role":"user","parts":[{"text":"` + trap + `"}]}]}`,
		},
		"litellm":      {`{"input_type":"request","texts":["hi"],"images":["` + trap + `"]}`},
		"moderations":  {`{"input":[{"type":"image_url","image_url":{"url":"` + trap + `"}},{"type":"text","text":"b"}]}`},
		"shieldPrompt": {`{"userPrompt":"` + trap + `","documents":["` + trap + `"]}`},
		"lakera":       {`{"messages":[{"role":"user","content":"` + trap + `"}],"project_id":"` + trap + `"}`},
	} {
		for _, a := range askers() {
			if a.name != name {
				continue
			}
			reached := atomic.Int64{}
			r := a.rig(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				reached.Add(1)
				_, _ = io.Copy(io.Discard, q.Body)
				w.Header().Set("Location", trap)
				w.Header().Set("Content-Location", trap)
				w.Header().Set("Refresh", "0; url="+trap)
				w.WriteHeader(http.StatusFound)
			}), "")
			for _, body := range append(bodies, "{"+fields+a.body[1:]) {
				if p := a.send(r, body); p.status == 0 || p.status == 302 {
					t.Errorf("%s: %d %v", body, p.status, p.err)
				}
			}
			if reached.Load() == 0 && a.name != "litellm" && a.name != "moderations" && a.name != "shieldPrompt" && a.name != "lakera" {
				t.Errorf("%s: no request reached the upstream; nothing was tested", name)
			}
		}
	}
	// Names in paths and queries.
	g := complaintRig(t, &wire{family: "gemini"}, answers("application/json", geminiAnswer("Fine.")), "")
	host := strings.TrimSuffix(strings.TrimPrefix(trap, "http://"), "/latest/meta-data")
	for _, path := range []string{"/v1beta/models/m1@" + host + ":generateContent", "/v1beta/models/" + host + "%2fx:generateContent", "/v1beta/models/..%2f..%2f@" + host + ":generateContent",
		"/v1beta/models/m1?x=@" + host + ":generateContent", "/v1beta/models/m1%23:generateContent", "/v1beta/models/m1%3f:generateContent", geminiWhole + "?url=" + trap} {
		for _, a := range askers() {
			if a.name == "gemini.generate" {
				a.path = path
				if p := a.send(g, a.body); p.status == 200 && !strings.Contains(path, "?url=") {
					t.Errorf("%s: %d %s", path, p.status, p.body)
				}
			}
		}
	}
	if len(inside) > 0 {
		t.Errorf("a caller reached a host of its choice %d times", len(inside))
	}
}
