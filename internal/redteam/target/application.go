package target

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"strings"
	"unicode"

	"warder.example/internal/redteam/probe"
)

// application is any application over HTTP.
type application struct {
	template *template
	client   *client
}

func newApplication(f *File) (Target, error) {
	t, err := newTemplate(f)
	if err != nil {
		return nil, err
	}
	u, err := t.address(filled{})
	if err != nil {
		return nil, err
	}
	c := newClient(f, u)
	if !f.Key.IsZero() {
		c = c.with("Authorization", "Bearer "+f.Key.Reveal())
	}
	return &application{template: t, client: c}, nil
}

// applicationSession is a conversation with it.
type applicationSession struct {
	template *template
	client   *client
	id       string
	said     []probe.Message // all so far, with the answers as the model's
}

// Open implements [Target].
func (a *application) Open(context.Context) (Session, error) {
	own, transport := *a.client, *a.client.http
	s := &applicationSession{template: a.template, client: &own}
	own.http = &transport
	switch a.template.f.Application.Session {
	case "made":
		s.id = rand.Text()
	case "cookie":
		jar, err := cookiejar.New(nil)
		if err != nil {
			return nil, failed(Unreachable, err, "making a jar for cookies: %v", err)
		}
		transport.Jar = jar
	}
	return &session{timeout: a.template.f.Limits.Timeout, send: s.send}, nil
}

func (s *applicationSession) send(ctx context.Context, messages []probe.Message) (probe.Reply, error) {
	texts := make([]string, len(messages))
	for i, m := range messages {
		if len(m.Files) > 0 {
			return probe.Reply{}, failed(Unsupported, nil, "targets of kind http are sent texts only; the message has a file")
		}
		texts[i] = asUser(m)
	}
	said := append(slices.Clone(s.said), messages...)
	req, err := s.request(ctx, filled{message: strings.Join(texts, "\n\n"), messages: said, session: s.id})
	if err != nil {
		return probe.Reply{}, err
	}
	a, err := s.client.do(req)
	if err != nil {
		return probe.Reply{}, err
	}
	reply, err := s.read(a)
	if err != nil {
		return probe.Reply{}, err
	}
	bound(&reply)
	s.said = append(said, probe.Message{Role: probe.RoleModel, Text: reply.Text})
	return reply, nil
}

// request makes a request with what is filled in.
func (s *applicationSession) request(ctx context.Context, with filled) (*http.Request, error) {
	t := s.template
	u, err := t.address(with)
	if err != nil {
		return nil, err
	}
	body := t.body(with)
	req, err := http.NewRequestWithContext(ctx, t.f.Application.Method, u.String(), strings.NewReader(body))
	if err != nil {
		return nil, failed(Rejected, err, "making the request: it is not usable")
	}
	if body != "" {
		req.Header.Set("Content-Type", t.f.Application.Type)
	}
	s.client.header = map[string]string{}
	for k, v := range t.f.Headers {
		s.client.header[k] = fill(v, func(string) string { return with.session })
	}
	return req, nil
}

// read reads an answer as the file says.
func (s *applicationSession) read(a *answer) (probe.Reply, error) {
	t := s.template
	if code, ok := t.blockedIn(a.body); ok {
		return probe.Reply{Blocked: code}, nil
	}
	if code := blockedBy(a); code != "" {
		return probe.Reply{Blocked: code}, nil
	}
	if err := s.client.failure(a); err != nil {
		return probe.Reply{}, err
	}
	if t.answer == nil && t.calls == nil && t.session == nil {
		return t.plain(a.body)
	}
	v, err := readJSON(a.body)
	if err != nil {
		return probe.Reply{}, err
	}
	if err := s.remember(v); err != nil {
		return probe.Reply{}, err
	}
	if t.answer == nil {
		r, err := t.plain(a.body)
		r.Calls = t.callsIn(v)
		return r, err
	}
	r := probe.Reply{Calls: t.callsIn(v)}
	var ok bool
	if r.Text, ok = t.answer.textIn(v); !ok && len(r.Calls) == 0 {
		return probe.Reply{}, failed(Malformed, nil, "the answer has nothing at %s", t.f.Application.Answer)
	}
	return r, nil
}

// blockedIn reports whether a body says that a guard stopped the exchange.
func (t *template) blockedIn(body []byte) (code string, ok bool) {
	if t.blocked == nil {
		return "", false
	}
	m := t.blocked.FindSubmatch(body)
	if m == nil {
		return "", false
	}
	if len(m) > 1 && len(m[1]) > 0 {
		return string(m[1]), true
	}
	return "blocked", true
}

// plain reads a body that is text.
func (t *template) plain(body []byte) (probe.Reply, error) {
	s := strings.ToValidUTF8(string(body), "\uFFFD")
	if t.pattern == nil {
		return probe.Reply{Text: s}, nil
	}
	m := t.pattern.FindStringSubmatch(s)
	if m == nil {
		return probe.Reply{}, failed(Malformed, nil, "nothing in the answer matches application.answer_pattern")
	}
	return probe.Reply{Text: m[min(1, len(m)-1)]}, nil
}

func (t *template) callsIn(v any) []probe.Call {
	if t.calls == nil {
		return nil
	}
	var out []probe.Call
	for _, list := range t.calls.in(v) {
		elements, _ := list.([]any)
		for _, e := range elements {
			tool, ok := t.tool.textIn(e)
			if !ok || len(out) == MaxCalls {
				continue
			}
			args := ""
			if t.args != nil {
				args, _ = t.args.textIn(e)
			}
			out = append(out, probe.Call{Tool: tool, Arguments: args})
		}
	}
	return out
}

// maxSession bounds a session that a target gives, in bytes.
const maxSession = 1024

// remember takes the session from the first answer.
func (s *applicationSession) remember(v any) error {
	if s.template.session == nil || s.id != "" {
		return nil
	}
	id, ok := s.template.session.textIn(v)
	if !ok || id == "" || len(id) > maxSession || strings.ContainsFunc(id, unicode.IsControl) {
		return failed(Malformed, nil, "the answer has no session at %s, or not one of 1 to %d bytes of text", s.template.f.Application.SessionPath, maxSession)
	}
	s.id = id
	return nil
}
