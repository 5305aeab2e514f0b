package target

import (
	"context"
	"net/url"

	"warder.example/internal/redteam/probe"
)

// modelTarget is a model behind an API, or an application behind a gateway.
type modelTarget struct {
	file     *File
	client   *client
	url      *url.URL
	protocol protocol
	gateway  bool // a filtered answer is the gateway's doing
}

// newModel returns the target of a kind that answers as a model does.
func newModel(f *File, guard *Guard) (Target, error) {
	base, err := url.Parse(f.Address)
	if err != nil {
		return nil, err
	}
	t := &modelTarget{file: f, client: newClient(f, base), gateway: guard != nil}
	header, value := "Authorization", "Bearer "+f.Key.Reveal()
	switch {
	case f.Kind == KindAnthropic:
		t.protocol, t.url = messages{}, base.JoinPath("v1", "messages")
		t.client = t.client.with("anthropic-version", "2023-06-01")
		header, value = "X-Api-Key", f.Key.Reveal()
	case f.Kind == KindGemini:
		t.protocol, t.url = generate{}, base.JoinPath("models", url.PathEscape(f.Model)+":generateContent")
		header, value = "X-Goog-Api-Key", f.Key.Reveal()
	case f.API == "responses":
		t.protocol, t.url = responses{}, base.JoinPath("responses")
	default:
		t.protocol, t.url = chat{}, base.JoinPath("chat", "completions")
	}
	switch {
	case guard != nil && guard.Header != "":
		t.client = t.client.with(guard.Header, guard.Key.Reveal())
	case guard != nil:
		t.client = t.client.with("Authorization", "Bearer "+guard.Key.Reveal())
	case !f.Key.IsZero():
		t.client = t.client.with(header, value)
	}
	return t, nil
}

// Open implements [Target].
func (t *modelTarget) Open(context.Context) (Session, error) {
	c := newConversation(t.file)
	return &session{timeout: t.file.Limits.Timeout, send: func(ctx context.Context, messages []probe.Message) (reply probe.Reply, err error) {
		c, reply, err = say(ctx, c, t.protocol, t.file, t.ask, messages)
		if t.gateway && reply.Refused && reply.Finish == "content_filter" {
			reply.Blocked, reply.Refused = "content_filter", false
		}
		return reply, err
	}}, nil
}

// ask sends a request; what is no answer is a failure, unless a guard stopped it.
func (t *modelTarget) ask(ctx context.Context, body any) (*answer, error) {
	a, err := t.client.post(ctx, t.url, body)
	if err != nil {
		return nil, err
	}
	if blockedBy(a) != "" {
		return a, nil
	}
	return a, t.client.failure(a)
}
