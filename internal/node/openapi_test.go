package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"warder.example/docs"
	"warder.example/internal/config"
)

// description is docs/openapi.yaml, and what is asked of a running server by it.
type description struct {
	t        *testing.T
	root     map[string]any
	order    []string // paths as they stand in the file
	compiler *jsonschema.Compiler
}

func describe(t *testing.T) *description {
	t.Helper()
	d := &description{t: t, compiler: jsonschema.NewCompiler()}
	var node yaml.Node
	if err := yaml.Unmarshal(docs.OpenAPI(), &node); err != nil {
		t.Fatal(err)
	}
	if err := node.Decode(&d.root); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(node.Content[0].Content); i += 2 {
		if paths := node.Content[0].Content[i+1]; node.Content[0].Content[i].Value == "paths" {
			for j := 0; j < len(paths.Content); j += 2 {
				d.order = append(d.order, paths.Content[j].Value)
			}
		}
	}
	text, err := json.Marshal(d.root)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.compiler.AddResource("mem:///openapi.json", doc); err != nil {
		t.Fatal(err)
	}
	return d
}

// at follows keys, and references on the way. It returns where it came to.
func (d *description) at(keys ...string) (any, []string) {
	var v any = d.root
	var path []string
	for _, k := range append(keys, "") {
		for {
			m, _ := v.(map[string]any)
			ref, ok := m["$ref"].(string)
			if !ok {
				break
			}
			v, path = d.at(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
		}
		if k == "" {
			continue
		}
		m, _ := v.(map[string]any)
		v, path = m[k], append(slices.Clone(path), k)
	}
	return v, path
}

// operation is one method of one path.
type operation struct{ path, method string }

func (o operation) keys(more ...string) []string {
	return append([]string{"paths", o.path, strings.ToLower(o.method)}, more...)
}

var methods = []string{"GET", "POST", "PUT", "PATCH", "DELETE"}

// operations returns all in the order of the file, of a path by method as in methods,
// but POST first, which makes what others ask for.
func (d *description) operations() (out []operation) {
	for _, p := range d.order {
		for _, m := range []string{"POST", "GET", "PUT", "PATCH", "DELETE"} {
			if v, _ := d.at(operation{p, m}.keys()...); v != nil {
				out = append(out, operation{p, m})
			}
		}
	}
	return out
}

// admin reports whether the admin listener serves a path.
func (d *description) admin(path string) bool {
	v, _ := d.at("paths", path, "servers")
	return v != nil
}

// answered checks an answer against what the document says of its status.
func (d *description) answered(o operation, res *http.Response, body string) {
	d.t.Helper()
	status := strconv.Itoa(res.StatusCode)
	if v, _ := d.at(o.keys("responses", status)...); v == nil {
		status = "default"
	}
	kind, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	content, _ := d.at(o.keys("responses", status, "content", kind)...)
	if err != nil || content == nil {
		d.t.Errorf("%s %s: status %d with %q is not described: %.300s", o.method, o.path, res.StatusCode, kind, body)
		return
	}
	if h, _ := d.at(o.keys("responses", status, "headers", "X-Request-Id")...); h != nil && !strings.HasPrefix(res.Header.Get("X-Request-Id"), "req_") {
		d.t.Errorf("%s %s: no X-Request-Id", o.method, o.path)
	}
	if kind == "application/json" {
		if err := d.valid(body, o.keys("responses", status, "content", kind, "schema")...); err != nil {
			d.t.Errorf("%s %s: status %d: %v\n%s", o.method, o.path, res.StatusCode, err, body)
		}
	}
}

// valid validates a body against the schema at some place.
func (d *description) valid(body string, keys ...string) error {
	d.t.Helper()
	_, path := d.at(keys...)
	for i, k := range path {
		path[i] = strings.NewReplacer("~", "~0", "/", "~1").Replace(k)
	}
	schema, err := d.compiler.Compile("mem:///openapi.json#/" + strings.Join(path, "/"))
	if err != nil {
		d.t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
	if err != nil {
		return err
	}
	return schema.Validate(v)
}

// described is a running site whose endpoints are asked for.
type described struct {
	*site
	*description
	token  string
	threat string // id of the threat that an example added
}

func (s *described) ask(o operation, credential, kind, body string) (*http.Response, string) {
	s.description.t.Helper()
	base := s.base
	if s.description.admin(o.path) {
		base = s.site.admin
	}
	req, err := http.NewRequestWithContext(s.description.t.Context(), o.method, base+s.filled(o.path)+s.query(o), strings.NewReader(body))
	if err != nil {
		s.description.t.Fatal(err)
	}
	if credential != "" {
		s.present(o, req.Header, credential)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.description.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.description.t.Fatal(err)
	}
	return res, string(b)
}

var placeholder = regexp.MustCompile(`\{[a-z_]+\}`)

// filled is a path with values for what stands in braces: the threat that was added, and
// the name of a model.
func (s *described) filled(path string) string {
	return placeholder.ReplaceAllString(strings.ReplaceAll(path, "{id}", s.threat), "m1")
}

// query is what an operation must have behind its path: parameters with one value.
func (s *described) query(o operation) string {
	parameters, _ := s.at(o.keys("parameters")...)
	list, _ := parameters.([]any)
	q := ""
	for _, p := range list {
		p, _ := p.(map[string]any)
		if schema, _ := p["schema"].(map[string]any); p["in"] == "query" && p["required"] == true && schema["const"] != nil {
			q += fmt.Sprintf("&%s=%s", p["name"], schema["const"])
		}
	}
	return strings.Replace(q, "&", "?", 1)
}

// present puts a credential where the first security scheme of an operation wants it.
func (s *described) present(o operation, h http.Header, credential string) {
	security, _ := s.at(o.keys("security")...)
	if security == nil {
		security, _ = s.at("security")
	}
	if list, _ := security.([]any); len(list) > 0 {
		for name := range list[0].(map[string]any) {
			if header, _ := s.at("components", "securitySchemes", name, "name"); header != nil {
				h.Set(header.(string), credential)
				return
			}
		}
	}
	h.Set("Authorization", "Bearer "+credential)
}

func (s *described) credential(o operation) string {
	if s.description.admin(o.path) {
		return s.token
	}
	return s.key
}

// startDescribed starts a site with an upstream that streams, lists models, and answers.
func startDescribed(t *testing.T) *described {
	const token = "wat_a-token-for-the-test-of-the-description"
	t.Setenv("WARDER_NODE_TEST_ADMIN", token)
	up := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		switch {
		case strings.HasSuffix(r.URL.Path, "/responses"):
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"id":"resp_1","object":"response","status":"completed","model":"m1","output":[{"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"Hello.","annotations":[]}]}]}`)
		case strings.HasSuffix(r.URL.Path, "/embeddings"):
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"object":"list","model":"m1","data":[{"object":"embedding","index":0,"embedding":[0.5]}],"usage":{"prompt_tokens":1,"total_tokens":1}}`)
		case strings.HasSuffix(r.URL.Path, "/completions") && !strings.HasSuffix(r.URL.Path, "/chat/completions"):
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"id":"cmpl_1","object":"text_completion","created":1,"model":"m1","choices":[{"index":0,"text":"Hello.","logprobs":null,"finish_reason":"stop"}]}`)
		case strings.HasSuffix(r.URL.Path, "/count_tokens"):
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"input_tokens":3}`)
		case strings.HasSuffix(r.URL.Path, "/messages"):
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"id":"msg_1","type":"message","role":"assistant","model":"claude-1","content":[{"type":"text","text":"Hello."}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":2}}`)
		case strings.HasSuffix(r.URL.Path, ":embedContent"):
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"embedding":{"values":[0.5]}}`)
		case strings.HasSuffix(r.URL.Path, ":batchEmbedContents"):
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"embeddings":[{"values":[0.5]}]}`)
		case strings.HasSuffix(r.URL.Path, ":countTokens"):
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"totalTokens":3}`)
		case strings.HasSuffix(r.URL.Path, "enerateContent"):
			answer := `{"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"Hello."}]},"finishReason":"STOP"}],"modelVersion":"m1","responseId":"r1"}`
			w.Header().Set("Content-Type", "application/json")
			if r.URL.RawQuery == "alt=sse" {
				w.Header().Set("Content-Type", "text/event-stream")
				answer = "data: " + answer + "\n\n"
			}
			_, _ = io.WriteString(w, answer)
		case strings.HasSuffix(r.URL.Path, "/models"):
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"object":"list","data":[{"id":"m1","object":"model","created":1,"owned_by":"tests"}]}`)
		case strings.Contains(string(b), `"stream":true`):
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, firstEvent+lastEvents)
		default:
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, strings.Replace(jsonAnswer, "%s", "Hello.", 1))
		}
	})
	s := newSite(t, t.TempDir(), up, "admin_tokens: [{name: soc, token: 'env:WARDER_NODE_TEST_ADMIN', scopes: ['threats:write', 'threats:read']}]\n")
	s.alsoUpstream("claude", config.FamilyAnthropic, up)
	s.alsoUpstream("gemini", config.FamilyGemini, up)
	s.start()
	return &described{site: s, description: describe(t), token: token}
}

// alsoUpstream adds an upstream of another family to the end of the configuration. A new
// dialect whose examples are to be sent needs one, and its answers in startDescribed.
func (s *site) alsoUpstream(name, family, url string) {
	s.t.Helper()
	f, err := os.OpenFile(s.path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	_, err = fmt.Fprintf(f, "  - name: %s\n    url: %s/v1\n    family: %s\n", name, url, family)
	if err := errors.Join(err, f.Close()); err != nil {
		s.t.Fatal(err)
	}
}

// TestOpenAPIExamples: what the description gives as an example can be sent, and every
// answer, also to what is wrong, is as it says.
func TestOpenAPIExamples(t *testing.T) {
	s := startDescribed(t)
	sent := 0
	for _, o := range s.operations() {
		bodies, _ := s.at(o.keys("requestBody", "content")...)
		kinds, _ := bodies.(map[string]any)
		if kinds == nil {
			res, body := s.ask(o, s.credential(o), "", "")
			s.answered(o, res, body)
			want, _ := s.at(o.keys("x-status")...)
			if want == nil {
				want = "200"
			}
			if strconv.Itoa(res.StatusCode) != want {
				t.Errorf("%s %s: status %d; expected %v: %s", o.method, o.path, res.StatusCode, want, body)
			}
			sent++
		}
		for kind := range kinds {
			examples, _ := s.at(o.keys("requestBody", "content", kind, "examples")...)
			for _, name := range exampleOrder(examples) {
				s.example(o, kind, name)
				sent++
			}
		}
		s.wrong(o, kinds)
	}
	if sent < 25 {
		t.Errorf("%d examples were sent; expected at least 25", sent)
	}
}

// exampleOrder returns the names of examples: one that makes something comes first.
func exampleOrder(v any) []string {
	m, _ := v.(map[string]any)
	var out []string
	for name := range m {
		out = append(out, name)
	}
	slices.SortFunc(out, func(a, b string) int {
		if (a == "one") != (b == "one") {
			return map[bool]int{true: -1, false: 1}[a == "one"]
		}
		return strings.Compare(a, b)
	})
	return out
}

// example sends one.
func (s *described) example(o operation, kind, name string) {
	s.description.t.Helper()
	value, _ := s.at(o.keys("requestBody", "content", kind, "examples", name, "value")...)
	want, _ := s.at(o.keys("requestBody", "content", kind, "examples", name, "x-status")...)
	body, isText := value.(string)
	if !isText {
		text, err := json.Marshal(value)
		if err != nil {
			s.description.t.Fatal(err)
		}
		body = string(text)
	}
	if want == nil {
		want = "200"
		if !isText {
			if err := s.valid(body, o.keys("requestBody", "content", kind, "schema")...); err != nil {
				s.description.t.Errorf("%s %s: example %q is not valid: %v", o.method, o.path, name, err)
			}
		}
	}
	res, answer := s.ask(o, s.credential(o), kind, body)
	if strconv.Itoa(res.StatusCode) != want {
		s.description.t.Errorf("%s %s: example %q: status %d; expected %v: %.500s", o.method, o.path, name, res.StatusCode, want, answer)
	}
	s.answered(o, res, answer)
	if res.StatusCode == http.StatusCreated {
		var made struct{ Threats []struct{ ID string } }
		if err := json.Unmarshal([]byte(answer), &made); err != nil || len(made.Threats) == 0 {
			s.description.t.Fatalf("%v in %s", err, answer)
		}
		s.threat = made.Threats[0].ID
	}
}

// wrong sends what each operation refuses: no or a wrong credential, another content
// type, a body that is none, another method.
func (s *described) wrong(o operation, kinds map[string]any) {
	s.description.t.Helper()
	expect := func(status int, res *http.Response, body string) {
		s.description.t.Helper()
		if res.StatusCode != status {
			s.description.t.Errorf("%s %s: status %d; expected %d: %.300s", o.method, o.path, res.StatusCode, status, body)
		}
		s.answered(o, res, body)
	}
	if security, _ := s.at(o.keys("security")...); security == nil || len(security.([]any)) > 0 {
		res, body := s.ask(o, "", "", "")
		expect(http.StatusUnauthorized, res, body)
		res, body = s.ask(o, "nonsense", "", "")
		expect(http.StatusUnauthorized, res, body)
	} else if res, _ := s.ask(o, "", "", ""); res.StatusCode == http.StatusUnauthorized {
		s.description.t.Errorf("%s %s asks for a credential that is not described", o.method, o.path)
	}
	if kinds != nil {
		res, body := s.ask(o, s.credential(o), "text/html", "x")
		expect(http.StatusUnsupportedMediaType, res, body)
		for kind := range kinds {
			res, body = s.ask(o, s.credential(o), kind, "{")
			expect(http.StatusBadRequest, res, body)
		}
	}
}

// route is what may be a route: the literals of the source that look like one.
var routeLiteral = regexp.MustCompile(`^(?:(?:GET|POST|PUT|PATCH|DELETE) )?(/[A-Za-z0-9_{}:./-]+)$`)

// routeLiterals returns the paths that stand in the source of the listeners.
func routeLiterals(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, dir := range []string{"../gateway", "../admin"} {
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			src, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			f, err := parser.ParseFile(token.NewFileSet(), name, src, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
					if text, err := strconv.Unquote(l.Value); err == nil {
						if m := routeLiteral.FindStringSubmatch(text); m != nil {
							out = append(out, m[1])
						}
					}
				}
				return true
			})
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestOpenAPIRoutes: what a server answers is described, whatever looks like a route in
// its source; and what is described is served with no other method.
func TestOpenAPIRoutes(t *testing.T) {
	s := startDescribed(t)
	s.threat = "thr_none"
	known := map[operation]bool{}
	for _, o := range s.operations() {
		known[o] = true
	}
	candidates := append(routeLiterals(t), s.order...)
	slices.Sort(candidates)
	served := 0
	for _, p := range slices.Compact(candidates) {
		for _, base := range []string{s.base, s.site.admin} {
			for _, m := range methods {
				req, err := http.NewRequestWithContext(t.Context(), m, base+s.filled(p), nil)
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Authorization", "Bearer "+map[bool]string{true: s.key, false: s.token}[base == s.base])
				res, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				body, _ := io.ReadAll(res.Body)
				res.Body.Close()
				if res.StatusCode == http.StatusMethodNotAllowed || res.StatusCode == http.StatusNotFound && !strings.Contains(string(body), `"not_found"`) {
					continue
				}
				served++
				o := operation{p, m}
				if !known[o] || s.description.admin(p) != (base == s.site.admin) {
					t.Errorf("%s %s is served (status %d) and not described in docs/openapi.yaml", m, base+p, res.StatusCode)
				}
				delete(known, o)
			}
		}
	}
	for o := range known {
		t.Errorf("%s %s is described and not served", o.method, o.path)
	}
	if served < 17 {
		t.Errorf("%d operations were served; expected at least 17", served)
	}
}

// TestOpenAPICodes: the description and docs/errors.md know the same codes, with the same
// statuses.
func TestOpenAPICodes(t *testing.T) {
	d := describe(t)
	described := map[string]bool{}
	for _, o := range d.operations() {
		responses, _ := d.at(o.keys("responses")...)
		for status := range responses.(map[string]any) {
			if strings.HasPrefix(status, "2") {
				continue
			}
			schema, _ := d.at(o.keys("responses", status, "content", "application/json", "schema")...)
			for _, code := range enumerated(schema) {
				described[status+" "+code] = true
			}
		}
	}
	page, err := os.ReadFile("../../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`(?m)^\| (\d{3}|as sent) \| ([^|]+) \|`)
	code := regexp.MustCompile("`([a-z0-9_]+)`")
	listed := map[string]bool{}
	for _, m := range row.FindAllStringSubmatch(string(page), -1) {
		status := strings.Replace(m[1], "as sent", "default", 1)
		for _, c := range code.FindAllStringSubmatch(m[2], -1) {
			listed[status+" "+c[1]] = true
		}
	}
	for c := range listed {
		if !described[c] {
			t.Errorf("docs/errors.md has %s, which docs/openapi.yaml has not", c)
		}
	}
	for c := range described {
		if !listed[c] {
			t.Errorf("docs/openapi.yaml has %s, which docs/errors.md has not", c)
		}
	}
	if len(listed) < 50 {
		t.Errorf("%d codes listed; expected at least 50", len(listed))
	}
}

// enumerated returns the codes that a schema allows.
func enumerated(schema any) (out []string) {
	switch v := schema.(type) {
	case map[string]any:
		if list, ok := v["enum"].([]any); ok {
			for _, c := range list {
				out = append(out, c.(string))
			}
		}
		for _, sub := range v {
			out = append(out, enumerated(sub)...)
		}
	case []any:
		for _, sub := range v {
			out = append(out, enumerated(sub)...)
		}
	}
	return out
}

// TestOpenAPIIsServed: the admin listener serves the document as it is.
func TestOpenAPIIsServed(t *testing.T) {
	s := startDescribed(t)
	if r := s.get("/openapi.yaml"); r.status != http.StatusOK || r.body != string(docs.OpenAPI()) {
		t.Errorf("status %d, %d bytes", r.status, len(r.body))
	}
}
