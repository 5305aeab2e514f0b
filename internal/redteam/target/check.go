package target

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"warder.example/guard/strictyaml"
	"warder.example/internal/egress"
)

// model are the keys of what answers as a model.
var model = []string{"model", "parameters"}

// web are the keys of what is reached over HTTP.
var web = []string{"address", "headers", "secret_headers", "allow_private"}

// keys are what the kinds need, and what else of the keys that are not for all of them
// they may have.
var keys = map[string]struct{ need, may []string }{
	KindOpenAI:    {[]string{"address", "model"}, slices.Concat(web, model, []string{"key", "api"})},
	KindAnthropic: {[]string{"address", "model"}, slices.Concat(web, model, []string{"key"})},
	KindGemini:    {[]string{"address", "model"}, slices.Concat(web, model, []string{"key"})},
	KindHTTP:      {[]string{"address", "application"}, append([]string{"key"}, web...)},
	KindCommand:   {[]string{"command"}, []string{"env"}},
	KindMCP:       {[]string{"mcp"}, append([]string{"key", "command", "env"}, web...)},
	KindWarder:    {[]string{"address", "model", "guards"}, slices.Concat(web, model, []string{"api"})},
	KindPractice:  {[]string{"level"}, nil},
}

// special are the keys that are not for all kinds.
var special = []string{"address", "api", "model", "key", "headers", "secret_headers", "allow_private", "parameters", "application", "command", "env", "mcp", "guards", "level"}

// check reports what is wrong with values, at the lines where they stand.
func (f *File) check(at *strictyaml.File) {
	if f.Version != 1 {
		at.Errorf("version", "version is %d; expected 1", f.Version)
	}
	if f.Name == "" || len(f.Name) > 80 || strings.ContainsFunc(f.Name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		at.Errorf("name", "name is empty, over 80 bytes, or has characters that cannot be printed")
	}
	k, known := keys[f.Kind]
	if !known {
		if f.Kind == "" {
			at.Errorf("kind", "kind is missing; expected openai, anthropic, gemini, http, command, mcp, warder or practice")
		}
		return
	}
	for _, key := range k.need {
		if !at.Has(key) {
			at.Errorf("kind", "a target of kind %s needs %s", f.Kind, key)
		}
	}
	for _, key := range special {
		if at.Has(key) && !slices.Contains(k.need, key) && !slices.Contains(k.may, key) {
			at.Errorf(key, "%s is not for targets of kind %s", key, f.Kind)
		}
	}
	f.checkReach(at)
	f.checkTools(at)
	f.checkCanaries(at)
	f.checkLimits(at)
	if f.Kind == KindHTTP {
		_, err := newTemplate(f)
		f.report(at, err)
	}
}

// misplaced is an error about a value of the file.
type misplaced struct{ path, text string }

func (m *misplaced) Error() string { return m.path + ": " + m.text }

func (f *File) report(at *strictyaml.File, err error) {
	if m, ok := err.(*misplaced); ok {
		at.Errorf(m.path, "%s", m.Error())
	}
}

// checkReach checks how the target is reached.
func (f *File) checkReach(at *strictyaml.File) {
	if f.Kind == KindMCP {
		if at.Has("address") == at.Has("command") {
			at.Errorf("kind", "a target of kind mcp needs address or command, and not both")
		}
		if f.MCP.Tool == "" || f.MCP.Argument == "" {
			at.Errorf("mcp", "mcp needs tool and argument")
		}
	}
	if at.Has("command") && (len(f.Command) == 0 || f.Command[0] == "") {
		at.Errorf("command", "command is empty; expected a program and its arguments")
	}
	for name := range f.Env {
		if name == "" || strings.ContainsAny(name, "=\x00") {
			at.Errorf("env", "env: %.60q is no name of a variable", name)
		}
	}
	if f.Kind == KindPractice && (f.Level < 1 || f.Level > 5) {
		at.Errorf("level", "level is %d; expected 1 to 5", f.Level)
	}
	if f.Kind == KindWarder && f.Guards == (Guards{}) {
		at.Errorf("guards", "guards is empty; expected the keys of off, observe or block")
	}
	f.checkHeaders(at)
	if at.Has("address") {
		f.checkAddress(at)
	}
	if _, err := f.parameters(); err != nil {
		at.Errorf("parameters", "parameters: %v", err)
	}
}

// checkAddress checks the URL. A credential goes in the clear to this machine alone.
func (f *File) checkAddress(at *strictyaml.File) {
	u, err := url.Parse(f.Address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		at.Errorf("address", "address is not usable; expected a URL like https://host/path, without a user and #")
		return
	}
	secret := at.Has("key") || len(f.SecretHeaders) > 0 || at.Has("guards")
	if u.Scheme == "http" && secret && !egress.LocalName(u.Hostname()) {
		at.Errorf("address", "address: credentials would travel in the clear to %.100q; expected https", u.Hostname())
	}
}

// ours are headers that Warder or HTTP itself sets.
var ours = []string{"Host", "Content-Length", "Transfer-Encoding", "Connection", "Te", "Trailer", "Upgrade", "Accept-Encoding"}

// token is the grammar of a header's name (RFC 9110, section 5.6.2).
var token = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$")

// credential are headers whose values are credentials by their names.
var credential = regexp.MustCompile(`(?i)^(proxy-)?authorization$|^cookie$|api-?key|token|secret`)

func (f *File) checkHeaders(at *strictyaml.File) {
	name := func(path, n string) {
		if !token.MatchString(n) || slices.Contains(ours, http.CanonicalHeaderKey(n)) {
			at.Errorf(path, "%s: the header %.60q cannot be set", path, n)
		}
	}
	for n, v := range f.Headers {
		path := strictyaml.Join("headers", n)
		if name(path, n); strings.ContainsFunc(v, unicode.IsControl) {
			at.Errorf(path, "%s has control characters", path)
		}
		if credential.MatchString(n) && v != "{{session}}" {
			at.Errorf(path, "%s looks like a credential; expected it in secret_headers", path)
		}
	}
	for n := range f.SecretHeaders {
		name(strictyaml.Join("secret_headers", n), n)
	}
	for n, g := range map[string]Guard{"off": f.Guards.Off, "observe": f.Guards.Observe, "block": f.Guards.Block} {
		path := strictyaml.Join("guards", n)
		if !at.Has(path) {
			continue
		}
		if g.Key.IsZero() {
			at.Errorf(path, "%s needs key", path)
		}
		if g.Header != "" {
			name(path, g.Header)
		}
	}
}

func (f *File) checkTools(at *strictyaml.File) {
	if len(f.Tools) > MaxCalls {
		at.Errorf("tools", "%d tools; expected at most %d", len(f.Tools), MaxCalls)
	}
	seen := map[string]bool{}
	for i, t := range f.Tools {
		path := strictyaml.Index("tools", i)
		if t.Name == "" || len(t.Name) > 128 || seen[t.Name] {
			at.Errorf(path, "%s: the name is empty, over 128 bytes, or given twice", path)
		}
		seen[t.Name] = true
		if t.Schema != "" && json.Unmarshal([]byte(t.Schema), &map[string]any{}) != nil {
			at.Errorf(strictyaml.Join(path, "schema"), "%s.schema is not a JSON object", path)
		}
	}
	for key, rules := range map[string][]CallRule{"allowed": f.Allowed, "forbidden": f.Forbidden} {
		for i, r := range rules {
			if path := strictyaml.Index(key, i); r.Tool == "" {
				at.Errorf(path, "%s needs tool, a name or *", path)
			} else if len(seen) > 0 && r.Tool != "*" && !seen[r.Tool] {
				at.Errorf(path, "%s: %.60q is none of tools", path, r.Tool)
			}
		}
	}
}

var canaryName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)

// minCanary is how many bytes a planted value needs, so that nobody says it by chance.
const minCanary = 8

func (f *File) checkCanaries(at *strictyaml.File) {
	seen := map[string]bool{}
	for i, c := range f.Canaries {
		path := strictyaml.Index("canaries", i)
		switch {
		case !canaryName.MatchString(c.Name) || seen[c.Name]:
			at.Errorf(path, "%s: the name %.60q is not of small letters, digits, - and _, or given twice", path, c.Name)
		case c.Made == (c.Value != ""):
			at.Errorf(path, "%s: expected either value or made: true", path)
		case !c.Made && (len(c.Value) < minCanary || len(c.Value) > 1024):
			at.Errorf(path, "%s: the value has %d bytes; expected %d to 1024, so that it is not said by chance", path, len(c.Value), minCanary)
		}
		seen[c.Name] = true
	}
}

func (f *File) checkLimits(at *strictyaml.File) {
	l := &f.Limits
	within := func(key string, ok bool, expected string) {
		if !ok {
			at.Errorf("limits."+key, "limits.%s is out of range; expected %s", key, expected)
		}
	}
	within("parallel", l.Parallel >= 1 && l.Parallel <= 1024, "1 to 1024")
	within("per_minute", l.PerMinute >= 0, "a number from 0")
	within("requests", l.Requests >= 0, "a number from 0")
	within("tokens", l.Tokens >= 0, "a number from 0")
	within("input_price", l.InputPrice >= 0, "an amount from 0")
	within("output_price", l.OutputPrice >= 0, "an amount from 0")
	within("time", l.Time >= 0, "a duration from 0")
	within("timeout", l.Timeout > 0 && l.Timeout <= maxAfter, "a duration up to 1h")
	within("answer", l.Answer >= 1<<10 && l.Answer <= 64<<20, "1KiB to 64MiB")
	if within("money", l.Money >= 0, "an amount from 0"); l.Money > 0 && l.InputPrice == 0 && l.OutputPrice == 0 {
		at.Errorf("limits.money", "limits.money is given and no price; expected input_price and output_price")
	}
}
