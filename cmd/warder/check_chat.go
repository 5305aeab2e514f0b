package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"warder.example/guard"
	"warder.example/guard/conversation"
	"warder.example/guard/explain"
	"warder.example/guard/segment"
	"warder.example/internal/dialect"
	"warder.example/internal/dialect/native"
	"warder.example/internal/dialect/openai"
)

// chat is a conversation to check, read as the gateway reads one.
type chat struct {
	leaves []dialect.Leaf
	texts  []guard.Text // of the leaves
}

// parseChat reads a chat request, or its list of messages alone.
func parseChat(data []byte) (*chat, error) {
	list := bytes.TrimSpace(data)
	if len(list) > 0 && list[0] == '{' {
		var body struct {
			Messages json.RawMessage `json:"messages"`
		}
		if err := json.Unmarshal(list, &body); err != nil || body.Messages == nil {
			return nil, errors.New(`not a chat request; expected a JSON object with "messages", or a list of messages`)
		}
		list = body.Messages
	}
	req, err := native.ParseRequest(slices.Concat([]byte(`{"messages":`), list, []byte(`}`)), dialect.Limits{})
	if err != nil {
		return nil, fmt.Errorf("reading the messages: %w", err)
	}
	c := &chat{leaves: req.Leaves}
	for _, l := range req.Leaves {
		c.texts = append(c.texts, guard.Text{Content: l.Text, Origin: l.Origin, Kind: l.Kind})
	}
	return c, nil
}

// turns returns what users and assistants say, and where it stands among the leaves.
func (c *chat) turns() (turns []conversation.Turn, at []int) {
	for i := range c.leaves {
		if l := &c.leaves[i]; l.Known && l.Kind == guard.Prose && l.Rule().Name == openai.ContentField {
			turns, at = append(turns, conversation.Turn{Text: c.texts[i], Message: l.Turn}), append(at, i)
		}
	}
	return turns, at
}

// inspect judges every text and the conversation as a whole.
func (c *chat) inspect(e *env, j *judge) (guard.Verdict, error) {
	for i := range c.texts {
		c.texts[i].Exchange = j.about
	}
	facts := j.facts(guard.Request)
	found, _, err := segment.Find(e.ctx, j.guard, facts, c.texts, nil)
	if err != nil {
		return guard.Verdict{Code: "guard_error"}, err
	}
	if d, ok := j.guard.Turns.(*conversation.Detector); ok {
		turns, at := c.turns()
		steps, err := d.Read(e.ctx, turns)
		if err != nil {
			return guard.Verdict{Code: "guard_error"}, err
		}
		for i, s := range steps {
			if s == nil {
				continue
			}
			for _, f := range s.Findings {
				f.Text = at[i]
				found = append(found, f)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b guard.Finding) int { return a.Text - b.Text })
	return j.guard.Decide(facts, found), nil
}

// messages returns the first text of each message, by its index.
func (c *chat) messages() []guard.Text {
	var out []guard.Text
	for i := len(c.leaves) - 1; i >= 0; i-- {
		if n := c.leaves[i].Turn; n >= 0 {
			out = append(out, make([]guard.Text, max(0, n+1-len(out)))...)
			out[n] = c.texts[i]
		}
	}
	return out
}

// checkedChat is what `warder check --chat --json` prints.
type checkedChat struct {
	guard.Verdict
	// Paths say where the texts stand that findings are of, in their order.
	Paths        []string            `json:"paths,omitempty"`
	Explanations [][]explain.Weighed `json:"explanations,omitempty"` // by finding, of whole conversations
}

// conversation judges a conversation and prints the verdict.
func (c *checkCmd) conversation(e *env, j *judge) error {
	text, err := c.read(e)
	if err != nil {
		return err
	}
	talk, err := parseChat([]byte(text))
	if err != nil {
		return err
	}
	v, err := talk.inspect(e, j)
	if err != nil {
		return err
	}
	out := checkedChat{Verdict: v}
	for i := range v.Findings {
		f := &v.Findings[i]
		out.Paths = append(out.Paths, talk.leaves[f.Text].Path())
		if c.Explain {
			out.Explanations = append(out.Explanations, explain.Turns(j.guard, f, talk.messages()))
		}
	}
	if c.JSON {
		err = json.NewEncoder(e.stdout).Encode(out)
	} else {
		err = talk.print(e.stdout, &out)
	}
	if err == nil && v.Would != guard.Allow {
		return exitStatus(1)
	}
	return err
}

// print writes the verdict for people.
func (c *chat) print(w io.Writer, out *checkedChat) error {
	if err := printFindings(w, &out.Verdict, func(i int) (string, string) { return c.texts[i].Content, out.path(i) }); err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	for i, ws := range out.Explanations {
		if len(ws) == 0 {
			continue
		}
		fmt.Fprintf(b, "\nexplained: %s by %s/%s: %s\n", safe(out.Findings[i].Category), out.Findings[i].Detector, safe(out.Findings[i].Rule), explain.InWords(ws))
		for _, m := range ws {
			fmt.Fprintf(b, "  messages[%d], %s: %s\n", m.Message, m.Says, safe(m.Text))
			for _, r := range m.Reasons {
				fmt.Fprintf(b, "    %+.2f  %s\n", r.Weight, safe(r.Says))
			}
		}
	}
	return b.Flush()
}

// path returns where text i stands.
func (o *checkedChat) path(i int) string {
	for k := range o.Findings {
		if o.Findings[k].Text == i {
			return o.Paths[k]
		}
	}
	return ""
}
