package target

import (
	"context"
	"encoding/json"

	"warder.example/internal/practice"
	"warder.example/internal/redteam/probe"
)

// practiceTarget is the practice target, in this process.
type practiceTarget struct{ file *File }

// Open implements [Target].
func (t practiceTarget) Open(context.Context) (Session, error) {
	c := newConversation(t.file)
	level := practice.Level(t.file.Level)
	tools := practiceTools(c.tools)
	return &session{timeout: t.file.Limits.Timeout, send: func(_ context.Context, messages []probe.Message) (probe.Reply, error) {
		for _, m := range messages {
			if len(m.Files) > 0 {
				return probe.Reply{}, failed(Unsupported, nil, "the practice target reads texts only; the message has a file")
			}
		}
		c = c.with(messages)
		var turns []practice.Turn
		for _, t := range c.told() {
			turns = append(turns, practice.Turn{Role: chatRoles[t.role], Text: t.text})
		}
		said := practice.Answer(level, turns, tools)
		reply := probe.Reply{Text: said.Text, Model: level.Model(), Backend: "fp_practice", Finish: "stop"}
		for _, of := range said.Calls {
			args, err := json.Marshal(of.Arguments)
			if err != nil {
				return probe.Reply{}, failed(Malformed, err, "a call has no JSON: %v", err)
			}
			reply.Calls = append(reply.Calls, probe.Call{Tool: of.Name, Arguments: string(args)})
			reply.Finish = "tool_calls"
		}
		c.answered(reply)
		return reply, nil
	}}, nil
}

// practiceTools describes tools as the practice target takes them.
func practiceTools(tools []Tool) []practice.Tool {
	var out []practice.Tool
	for _, t := range tools {
		var schema struct {
			Required []string `json:"required"`
		}
		_ = json.Unmarshal([]byte(t.Schema), &schema) // no schema: nothing is required
		out = append(out, practice.Tool{Name: t.Name, Description: t.Description, Parameters: schema.Required})
	}
	return out
}
