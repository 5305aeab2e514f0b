package target

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"

	"warder.example/internal/redteam/probe"
)

// Media types of bodies, by which what is filled in is escaped.
const (
	typeJSON = "application/json"
	typeForm = "application/x-www-form-urlencoded"
)

// template is how an application is asked, read from a file and checked.
type template struct {
	f       *File
	url     string
	answer  place          // nil: the whole body
	calls   place          // nil: none
	tool    place          // in a call
	args    place          // in a call
	session place          // nil: not from the answer
	pattern *regexp.Regexp // nil: none
	blocked *regexp.Regexp // nil: none
}

// filled is what is filled in.
type filled struct {
	message  string
	messages []probe.Message // all so far
	session  string
}

var holder = regexp.MustCompile(`\{\{\s*([^{}]{0,40}?)\s*\}\}`)

// newTemplate checks how an application is asked. An error is a *misplaced.
func newTemplate(f *File) (*template, error) {
	a := &f.Application
	t := &template{f: f, url: f.Address}
	for _, p := range []struct {
		key, path string
		into      *place
	}{{"answer", a.Answer, &t.answer}, {"calls", a.Calls, &t.calls}, {"call_tool", a.CallTool, &t.tool},
		{"call_arguments", a.CallArguments, &t.args}, {"session_path", a.SessionPath, &t.session}} {
		var err error
		if *p.into, err = parsePlace(p.path); err != nil {
			return nil, &misplaced{"application." + p.key, err.Error()}
		}
	}
	for _, p := range []struct {
		key, text string
		into      **regexp.Regexp
	}{{"answer_pattern", a.AnswerPattern, &t.pattern}, {"blocked", a.Blocked, &t.blocked}} {
		if p.text == "" {
			continue
		}
		var err error
		if *p.into, err = regexp.Compile(p.text); err != nil {
			return nil, &misplaced{"application." + p.key, plain(err.Error())}
		}
	}
	return t, t.check()
}

// check looks for what would fail with each request.
func (t *template) check() error {
	a := &t.f.Application
	switch {
	case a.Answer != "" && a.AnswerPattern != "":
		return &misplaced{"application.answer_pattern", "the file gives answer, too; expected one of them"}
	case (a.Calls != "") != (a.CallTool != ""):
		return &misplaced{"application.calls", "expected call_tool with it: where a call has its tool"}
	case (a.Session == "answer") != (a.SessionPath != ""):
		return &misplaced{"application.session_path", "expected it with session: answer, and only there"}
	case a.Method == "GET" && a.Body != "":
		return &misplaced{"application.body", "a GET has no body; expected {{message}} in the address"}
	case !t.says("message") && !t.says("messages"):
		return &misplaced{"application.body", "nothing says the message; expected {{message}} in the body or in the query of the address"}
	case (a.Session == "made" || a.Session == "answer") && !t.says("session"):
		return &misplaced{"application.session", "nothing says the session; expected {{session}} in the body, the address or a header, or session: cookie or none"}
	}
	if err := t.checkHolders(); err != nil {
		return err
	}
	odd := filled{message: "a\"\\\n", session: "a\"b", messages: []probe.Message{{Role: probe.RoleUser, Text: "a\""}}}
	if body := t.body(odd); a.Type == typeJSON && body != "" && !json.Valid([]byte(body)) {
		return &misplaced{"application.body", `is not JSON when it is filled in; expected "{{message}}" and "{{session}}" within quotation marks and {{messages}} without`}
	}
	return nil
}

// says reports whether something is filled in anywhere.
func (t *template) says(name string) bool {
	in := []string{t.url, t.f.Application.Body}
	for _, v := range t.f.Headers {
		if name == "session" {
			in = append(in, v)
		}
	}
	for _, s := range in {
		for _, m := range holder.FindAllStringSubmatch(s, -1) {
			if m[1] == name {
				return true
			}
		}
	}
	return false
}

// checkHolders refuses what is not known, and what would let a text choose where it is
// sent to.
func (t *template) checkHolders() error {
	query := strings.IndexByte(t.url, '?')
	_, rest, _ := strings.Cut(t.url, "://")
	host := len(t.url) - len(rest) + max(0, strings.IndexAny(rest+"/", "/?"))
	for _, m := range holder.FindAllStringSubmatchIndex(t.url, -1) {
		switch name := t.url[m[2]:m[3]]; {
		case m[0] < host || name == "messages" || name == "message" && (query < 0 || m[0] < query):
			return &misplaced{"address", "{{message}} may stand in the query and {{session}} behind the host; nothing else is filled in there"}
		case name != "message" && name != "session":
			return &misplaced{"address", "{{" + plain(name) + "}} is not known; expected {{message}} or {{session}}"}
		}
	}
	for _, m := range holder.FindAllStringSubmatch(t.f.Application.Body, -1) {
		switch {
		case m[1] == "messages" && t.f.Application.Type != typeJSON:
			return &misplaced{"application.body", "{{messages}} is JSON; expected type: application/json"}
		case m[1] != "message" && m[1] != "messages" && m[1] != "session":
			return &misplaced{"application.body", "{{" + plain(m[1]) + "}} is not known; expected {{message}}, {{messages}} or {{session}}"}
		}
	}
	return nil
}

// body returns the body of a request.
func (t *template) body(with filled) string {
	escape := func(s string) string { return s }
	switch t.f.Application.Type {
	case typeJSON:
		escape = func(s string) string { q := asText(quoted(s)); return q[1 : len(q)-1] }
	case typeForm:
		escape = url.QueryEscape
	}
	return fill(t.f.Application.Body, func(name string) string {
		switch name {
		case "messages":
			return asText(told(with.messages))
		case "session":
			return escape(with.session)
		}
		return escape(with.message)
	})
}

// quoted is a text that [asText] writes as JSON, in quotation marks.
type quoted string

// told is the conversation as applications are told it.
func told(messages []probe.Message) []any {
	out := []any{}
	for _, m := range messages {
		role := "user"
		if m.Role == probe.RoleModel || m.Role == probe.RoleOperator {
			role = chatRoles[m.Role]
		}
		out = append(out, object{"role": role, "content": asUser(m)})
	}
	return out
}

// address returns the URL of a request. The host is that of the file whatever is
// filled in.
func (t *template) address(with filled) (*url.URL, error) {
	path, query, asked := strings.Cut(t.url, "?")
	raw := fill(path, func(string) string { return url.PathEscape(with.session) })
	if asked {
		raw += "?" + fill(query, func(name string) string {
			if name == "session" {
				return url.QueryEscape(with.session)
			}
			return url.QueryEscape(with.message)
		})
	}
	if s := with.session; path != fill(path, func(string) string { return "" }) && (s == "." || s == "..") {
		return nil, failed(Malformed, nil, "the session %q would change the path", s)
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, failed(Rejected, err, "making the address: it is not usable")
	}
	return u, nil
}

// fill replaces what is to be filled in.
func fill(s string, with func(name string) string) string {
	return holder.ReplaceAllStringFunc(s, func(m string) string { return with(holder.FindStringSubmatch(m)[1]) })
}
