package anthropic_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"warder.example/internal/dialect"
	"warder.example/internal/dialect/anthropic"
	"warder.example/internal/dialect/dialecttest"
)

// hostile is a text that must not break out of what Warder writes.
const hostile = "no \"}\n\ndata: {\u2028\\ é"

var refusal = dialect.Refusal{Request: "req_0123456789abcdef0123456789abcdef", Model: "claude \"x\"\n", Text: hostile, Created: 5, N: 1}

// reference is a client of the documented wire format: it puts a stream together
// as official SDKs do, and is strict about the order of events.
type reference struct {
	ID, Model, Stop, Why string
	Text                 []string
	Open                 map[int]bool
	Started, Ended       bool
	Output               int
	Err                  string
}

func (r *reference) take(e dialecttest.Event) error {
	var m struct {
		Type    string
		Index   int
		Message struct {
			ID, Type, Role, Model string
			Content               []any
			Usage                 struct{ Input, Output *int }
		}
		Block *struct{ Type, Text string } `json:"content_block"`
		Delta *struct {
			Type, Text string
			Stop       string                              `json:"stop_reason"`
			Details    *struct{ Type, Explanation string } `json:"stop_details"`
		}
		Usage *struct {
			Output int `json:"output_tokens"`
		}
		Error *struct {
			Type, Message string
			Details       struct {
				Code string `json:"error_code"`
			}
		}
		Request string `json:"request_id"`
	}
	if err := json.Unmarshal(e.Data, &m); err != nil {
		return err
	}
	switch {
	case e.Name != m.Type:
		return fmt.Errorf("name %q, type %q", e.Name, m.Type)
	case r.Ended || r.Err != "":
		return fmt.Errorf("%s after the end", m.Type)
	case r.Started == (m.Type == "message_start") && m.Type != "error":
		return fmt.Errorf("%s out of order", m.Type)
	}
	switch m.Type {
	case "message_start":
		r.Started, r.ID, r.Model, r.Open = true, m.Message.ID, m.Message.Model, map[int]bool{}
		if m.Message.Type != "message" || m.Message.Role != "assistant" || m.Message.Content == nil {
			return fmt.Errorf("no message in %s", e.Data)
		}
	case "content_block_start":
		if m.Index != len(r.Text) || m.Block == nil {
			return fmt.Errorf("block %d begins after %d", m.Index, len(r.Text))
		}
		r.Text, r.Open[m.Index] = append(r.Text, m.Block.Text), true
	case "content_block_delta":
		if !r.Open[m.Index] || m.Delta == nil {
			return fmt.Errorf("delta of block %d, which is not open", m.Index)
		}
		r.Text[m.Index] += m.Delta.Text
	case "content_block_stop":
		if !r.Open[m.Index] {
			return fmt.Errorf("block %d ends and is not open", m.Index)
		}
		delete(r.Open, m.Index)
	case "message_delta":
		if len(r.Open) > 0 || m.Delta == nil || m.Usage == nil {
			return fmt.Errorf("the message ends with %d open blocks: %s", len(r.Open), e.Data)
		}
		r.Stop, r.Output = m.Delta.Stop, m.Usage.Output
		if m.Delta.Details != nil {
			r.Why = m.Delta.Details.Explanation
		}
	case "message_stop":
		r.Ended = true
	case "error":
		r.Err = m.Error.Type + " " + m.Error.Details.Code + " " + m.Error.Message + " " + m.Request
	case "ping":
	default:
		return fmt.Errorf("unknown %s", m.Type)
	}
	return nil
}

// play has the reference client read a stream.
func play(t testing.TB, stream []byte) *reference {
	t.Helper()
	r := &reference{}
	for _, e := range dialecttest.Events(t, stream) {
		if err := r.take(e); err != nil {
			t.Fatalf("%v in\n%s", err, stream)
		}
	}
	return r
}

func TestRefusalAnswer(t *testing.T) {
	body := anthropic.Messages.Refusal(refusal)
	a, err := anthropic.Messages.ParseAnswer(body, dialect.Limits{Unknown: dialect.RefuseUnknown})
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	if a.ID != "msg_"+refusal.Request || a.Model != refusal.Model || len(a.Choices) != 1 || a.Choices[0].Finish != "refusal" || !a.Usage.Present || a.Usage.Total != 0 {
		t.Errorf("%+v", a)
	}
	var m struct {
		Type, Role, Stop_reason string
		Content                 []struct{ Type, Text string }
		Stop_details            struct{ Type, Explanation string }
	}
	if err := json.Unmarshal(body, &m); err != nil || m.Type != "message" || m.Role != "assistant" || m.Content[0].Type != "text" || m.Content[0].Text != hostile ||
		m.Stop_details.Type != "refusal" || m.Stop_details.Explanation != hostile {
		t.Errorf("%+v, %v", m, err)
	}
	if a, err := anthropic.CountTokens.ParseAnswer(anthropic.CountTokens.Refusal(refusal), dialect.Limits{Unknown: dialect.RefuseUnknown}); err != nil || len(a.Choices) != 1 {
		t.Errorf("count: %+v, %v", a, err)
	}
}

func TestRefusalStream(t *testing.T) {
	stream := anthropic.Messages.RefusalStream(refusal)
	r := play(t, stream)
	if r.ID != "msg_"+refusal.Request || r.Model != refusal.Model || !r.Ended || r.Stop != "refusal" || r.Why != hostile {
		t.Errorf("%+v", r)
	}
	if diff := cmp.Diff([]string{hostile}, r.Text); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if texts, finished, done, _ := hear(t, stream); texts["0 delta.content"] != hostile || len(finished) != 2 || !done {
		t.Errorf("%v %v %v", texts, finished, done)
	}
}

// TestRefusalTail: wherever a stream is cut, what left and the tail are a stream
// that a strict client takes, and that ends as a refusal.
func TestRefusalTail(t *testing.T) {
	ran := 0
	for _, stream := range dialecttest.Files(t, "stream_*.txt") {
		name, events := stream.Name, dialecttest.Events(t, stream.Body)
		for n := range events {
			ran++
			chunks := anthropic.Messages.Chunks(dialect.Limits{})
			client := &reference{}
			told := chunks.Told()
			ended := false
			for _, e := range events[:n] {
				c, err := chunks.Parse(e.Name, e.Data)
				if err != nil {
					t.Fatal(err)
				}
				if ended = c.Done || c.Error; ended {
					break // nothing is added behind it
				}
				chunks.Left(c, nil)
				if c.ID != "" {
					told.ID, told.Model = c.ID, c.Model
				}
				if err := client.take(e); err != nil {
					t.Fatal(err)
				}
				chunks.Recycle(c)
			}
			if ended {
				continue
			}
			tail := anthropic.Messages.RefusalTail(refusal, told)
			for _, e := range dialecttest.Events(t, tail) {
				if err := client.take(e); err != nil {
					t.Fatalf("%s cut before event %d: %v in\n%s", name, n, err, tail)
				}
			}
			if !client.Ended || client.Stop != "refusal" || client.Why != "" || n > 0 && client.Output < 1 {
				t.Errorf("%s cut before event %d: %+v", name, n, client)
			}
			failed := &reference{Started: client.Started}
			for _, e := range dialecttest.Events(t, anthropic.Messages.FailureEvent(dialect.Failure{Status: 502, Code: "upstream_cut", Message: hostile, Request: "req_1"}, told)) {
				if err := failed.take(e); err != nil {
					t.Fatal(err)
				}
			}
			if failed.Err != "api_error upstream_cut "+hostile+" req_1" {
				t.Errorf("error event: %q", failed.Err)
			}
		}
	}
	if ran < 50 {
		t.Errorf("cut at %d places, want at least 50", ran)
	}
}

func TestFailures(t *testing.T) {
	for status, kind := range map[int]string{
		400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error", 404: "not_found_error", 405: "invalid_request_error",
		413: "request_too_large", 429: "rate_limit_error", 500: "api_error", 502: "api_error", 503: "overloaded_error", 504: "timeout_error",
	} {
		for _, p := range []dialect.Protocol{anthropic.Messages, anthropic.CountTokens} {
			body := p.Failure(dialect.Failure{Status: status, Code: "a_code", Message: hostile, Param: "messages[0].\"x\"", Request: "req_1"})
			var f struct {
				Type  string
				Error struct {
					Type, Message string
					Details       struct{ Error_code, Param string }
				}
				Request_id string
			}
			if err := json.Unmarshal(body, &f); err != nil {
				t.Fatalf("%s: %v", body, err)
			}
			if f.Type != "error" || f.Error.Type != kind || f.Error.Message != hostile || f.Error.Details.Error_code != "a_code" ||
				f.Error.Details.Param != "messages[0].\"x\"" || f.Request_id != "req_1" {
				t.Errorf("%d: %s", status, body)
			}
			if _, err := p.ParseError(body, dialect.Limits{}); err != nil {
				t.Errorf("%d: %v", status, err)
			}
		}
	}
}
