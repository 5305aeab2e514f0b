package target

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"warder.example/internal/redteam/probe"
)

// A turn is a message as models are told it.
type turn struct {
	role  probe.Role // RoleOperator, RoleUser, RoleModel, or RoleTool
	text  string
	files []probe.File
	calls []call // of the model
	call  call   // whose result this is
}

// call is a call of a tool with the id by which its result is matched.
type call struct{ id, tool, arguments string }

// conversation is what was said to a model so far: it is told all of it each time.
type conversation struct {
	tools []Tool // that the model is told of
	turns []turn
	ids   int
}

// newConversation begins as the file says.
func newConversation(f *File) *conversation {
	c := &conversation{}
	if !f.Installed {
		c.tools = f.Tools
		if f.Prompt != "" {
			c.turns = append(c.turns, turn{role: probe.RoleOperator, text: f.Prompt})
		}
	}
	return c
}

// with returns the conversation with further messages. The receiver is not changed: a
// failed exchange leaves no trace.
func (c *conversation) with(messages []probe.Message) *conversation {
	out := *c
	out.turns = slices.Clone(c.turns)
	for _, m := range messages {
		switch m.Role {
		case probe.RoleTool:
			out.result(m)
		case probe.RoleOperator, probe.RoleModel:
			out.turns = append(out.turns, turn{role: m.Role, text: m.Text, files: m.Files})
		default:
			out.turns = append(out.turns, turn{role: probe.RoleUser, text: asUser(m), files: m.Files})
		}
	}
	return &out
}

// result takes the result of a tool: of a call that the model made, or of one that the
// attack pretends. A tool that the model does not know has no place of its own.
func (c *conversation) result(m probe.Message) {
	if !slices.ContainsFunc(c.tools, func(t Tool) bool { return t.Name == m.Tool }) {
		c.turns = append(c.turns, turn{role: probe.RoleUser, text: asUser(m), files: m.Files})
		return
	}
	of, ok := c.waiting(m.Tool)
	if !ok {
		of = call{id: c.id(), tool: m.Tool, arguments: "{}"}
		c.turns = append(c.turns, turn{role: probe.RoleModel, calls: []call{of}})
	}
	c.turns = append(c.turns, turn{role: probe.RoleTool, text: m.Text, files: m.Files, call: of})
}

// waiting returns the first call of a tool in the last answer that has no result.
func (c *conversation) waiting(tool string) (call, bool) {
	done := map[string]bool{}
	for _, t := range slices.Backward(c.turns) {
		switch t.role {
		case probe.RoleTool:
			done[t.call.id] = true
			continue
		case probe.RoleModel:
			for _, of := range t.calls {
				if of.tool == tool && !done[of.id] {
					return of, true
				}
			}
		}
		break
	}
	return call{}, false
}

func (c *conversation) id() string {
	c.ids++
	return "call_" + strconv.Itoa(c.ids)
}

// answered takes the model's answer.
func (c *conversation) answered(r probe.Reply) {
	t := turn{role: probe.RoleModel, text: r.Text}
	for _, of := range r.Calls {
		t.calls = append(t.calls, call{id: c.id(), tool: of.Tool, arguments: of.Arguments})
	}
	if t.text != "" || len(t.calls) > 0 {
		c.turns = append(c.turns, t)
	}
}

// told returns the turns as they are sent: model servers refuse calls without a
// result, so that these are told as text.
func (c *conversation) told() []turn {
	done := map[string]bool{}
	for _, t := range c.turns {
		if t.role == probe.RoleTool {
			done[t.call.id] = true
		}
	}
	out := slices.Clone(c.turns)
	for i := range out {
		t := &out[i]
		var kept []call
		for _, of := range t.calls {
			if done[of.id] {
				kept = append(kept, of)
			} else {
				t.text = strings.TrimPrefix(t.text+"\n[called "+of.tool+" with "+of.arguments+"]", "\n")
			}
		}
		t.calls = kept
	}
	return out
}

// asUser returns a text as a user's message says it where its role has no place.
func asUser(m probe.Message) string {
	switch m.Role {
	case probe.RoleDocument:
		return "<document>\n" + m.Text + "\n</document>"
	case probe.RoleTool:
		return fmt.Sprintf("Result of the tool %s:\n%s", m.Tool, m.Text)
	}
	return m.Text
}

// protocol is how one API is asked.
type protocol interface {
	// request returns the members of the body.
	request(c *conversation, f *File) (map[string]any, error)
	// answer reads a whole answer of status 200. An error is a [*Failure].
	answer(body []byte) (probe.Reply, error)
}

// parameters returns the further members of requests.
func (f *File) parameters() (map[string]any, error) {
	out := map[string]any{}
	if f.Parameters == "" {
		return out, nil
	}
	if err := json.Unmarshal([]byte(f.Parameters), &out); err != nil {
		return nil, fmt.Errorf("not a JSON object: %s", plain(err.Error()))
	}
	for _, taken := range []string{"model", "messages", "input", "contents", "system", "systemInstruction", "instructions", "tools", "stream", "n"} {
		if _, ok := out[taken]; ok {
			return nil, fmt.Errorf("%q is set by what is tested; expected other members", taken)
		}
	}
	return out, nil
}

// say tells a model the conversation with further messages.
func say(ctx context.Context, c *conversation, p protocol, f *File, ask func(ctx context.Context, body any) (*answer, error), messages []probe.Message) (*conversation, probe.Reply, error) {
	next := c.with(messages)
	members, err := p.request(next, f)
	if err != nil {
		return c, probe.Reply{}, err
	}
	more, err := f.parameters()
	if err != nil {
		return c, probe.Reply{}, err
	}
	for k, v := range more {
		members[k] = v
	}
	a, err := ask(ctx, members)
	if err != nil {
		return c, probe.Reply{}, err
	}
	if code := blockedBy(a); code != "" {
		return next, probe.Reply{Blocked: code}, nil
	}
	reply, err := p.answer(a.body)
	if err != nil {
		return c, probe.Reply{}, err
	}
	bound(&reply)
	next.answered(reply)
	return next, reply, nil
}

// decode reads JSON of an answer.
func decode(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return failed(Malformed, err, "the answer is not what this API answers: %s", plain(err.Error()))
	}
	return nil
}

// base64Of is a file as JSON carries it.
func base64Of(f probe.File) string { return base64.StdEncoding.EncodeToString(f.Data) }

// dataURL is a file as a URL (RFC 2397).
func dataURL(f probe.File) string { return "data:" + f.Media + ";base64," + base64Of(f) }

// isImage and isPDF are the files that the APIs have a place for.
func isImage(f probe.File) bool { return strings.HasPrefix(f.Media, "image/") }
func isPDF(f probe.File) bool   { return f.Media == "application/pdf" }

// noPlace is the failure of a file that an API has no place for.
func noPlace(f probe.File, kind string) error {
	return failed(Unsupported, nil, "%s has no place for a file of type %.60q; expected a picture or PDF of the user's", kind, f.Media)
}

// arguments returns the arguments of a call as JSON that an API takes.
func arguments(s string) json.RawMessage {
	if json.Unmarshal([]byte(s), &map[string]any{}) != nil {
		return json.RawMessage("{}")
	}
	return json.RawMessage(s)
}

// parametersOf returns the schema of a tool's arguments.
func parametersOf(t Tool) json.RawMessage {
	if t.Schema == "" {
		return json.RawMessage(`{"type":"object","properties":{}}`)
	}
	return json.RawMessage(t.Schema)
}
