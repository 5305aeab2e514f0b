package demo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"warder.example/internal/jsonerr"
)

// message is one message of a request.
type message struct {
	Role       string     `json:"role"`
	Content    string     `json:"content"`
	ToolCallID string     `json:"tool_call_id,omitempty"`
	ToolCalls  []toolCall `json:"tool_calls,omitempty"`
}

type toolCall struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Function struct {
		Name      string `json:"name"`
		Arguments string `json:"arguments"`
	} `json:"function"`
}

// heard is what a caller got.
type heard struct {
	status  int
	text    string // of the answer, or the error's message
	code    string // of an error
	finish  string
	request string // Warder's id of the request
}

// stopped reports whether the caller was refused or cut off.
func (h heard) stopped() bool { return h.status != http.StatusOK || h.finish == "content_filter" }

// ask sends a scene's request to base and returns what came back. show, if not
// nil, is given the pieces of a stream as they come.
func (s *stage) ask(ctx context.Context, base, key string, sc scene, show func(string)) (heard, error) {
	model := sc.model
	if s.Upstream != "" {
		model = s.Model
	}
	body, err := json.Marshal(map[string]any{"model": model, "messages": sc.messages, "stream": sc.stream})
	if err != nil {
		return heard{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/chat/completions", bytes.NewReader(body))
	if err != nil {
		return heard{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return heard{}, err
	}
	defer res.Body.Close()
	h := heard{status: res.StatusCode, request: res.Header.Get("X-Request-Id")}
	if sc.stream && res.StatusCode == http.StatusOK {
		return h, h.readStream(res.Body, show)
	}
	return h, h.readWhole(res.Body)
}

func (h *heard) readWhole(r io.Reader) error {
	b, err := io.ReadAll(io.LimitReader(r, 1<<20))
	if err != nil {
		return err
	}
	var a struct {
		Choices []struct {
			Message      message
			FinishReason string `json:"finish_reason"`
		}
		Error struct{ Code, Message string }
	}
	if err := json.Unmarshal(b, &a); err != nil {
		return fmt.Errorf("reading the answer: %w", jsonerr.Plain(err, nil))
	}
	h.text, h.code = a.Error.Message, a.Error.Code
	if len(a.Choices) > 0 {
		m := a.Choices[0].Message
		h.text, h.finish = m.Content, a.Choices[0].FinishReason
		for _, c := range m.ToolCalls {
			h.text += "[calls " + c.Function.Name + " " + c.Function.Arguments + "]"
		}
	}
	return nil
}

func (h *heard) readStream(r io.Reader, show func(string)) error {
	in := bufio.NewScanner(r)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		d, ok := strings.CutPrefix(in.Text(), "data: ")
		if !ok || d == "[DONE]" {
			continue
		}
		var c struct {
			Choices []struct {
				Delta        message
				FinishReason string `json:"finish_reason"`
			}
			Error struct{ Code, Message string }
		}
		if err := json.Unmarshal([]byte(d), &c); err != nil {
			return fmt.Errorf("reading a chunk: %w", jsonerr.Plain(err, nil))
		}
		if c.Error.Code != "" {
			h.code, h.finish = c.Error.Code, "error"
		}
		for _, ch := range c.Choices {
			h.text += ch.Delta.Content
			if show != nil {
				show(ch.Delta.Content)
			}
			if ch.FinishReason != "" {
				h.finish = ch.FinishReason
			}
		}
	}
	return in.Err()
}
