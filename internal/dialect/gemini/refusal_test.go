package gemini_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"warder.example/internal/dialect"
	"warder.example/internal/dialect/dialecttest"
	"warder.example/internal/dialect/gemini"
)

// hostile is a text that must not break out of what Warder writes.
const hostile = "no \"}\n\ndata: {\u2028\\ é"

var refusal = dialect.Refusal{Request: "req_0123456789abcdef0123456789abcdef", Model: "gemini \"x\"\n", Text: hostile, Created: 5, N: 2}

// answer is what a client of the documented wire format reads.
type answer struct {
	Candidates []struct {
		Index        int
		FinishReason string
		Content      *struct {
			Role  string
			Parts []struct{ Text string }
		}
	}
	PromptFeedback *struct{ BlockReason, BlockReasonMessage string }
	UsageMetadata  *struct{ TotalTokenCount *int }
	ModelVersion   string
	ResponseID     string `json:"responseId"`
	Error          *struct {
		Code            int
		Message, Status string
		Details         []struct {
			Type      string `json:"@type"`
			Reason    string
			Domain    string
			Metadata  map[string]string
			RequestID string `json:"requestId"`
		}
	}
}

func client(t testing.TB, body []byte) (a answer) {
	t.Helper()
	if err := json.Unmarshal(body, &a); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return a
}

func TestRefusals(t *testing.T) {
	for _, prompt := range []bool{false, true} {
		r := refusal
		r.Prompt = prompt
		body := gemini.Generate.Refusal(r)
		a, err := gemini.Generate.ParseAnswer(body, dialect.Limits{Unknown: dialect.RefuseUnknown})
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if a.ID != r.Request || a.Model != r.Model || a.Choices[0].Finish != "SAFETY" || !a.Usage.Present || a.Usage.Total != 0 {
			t.Errorf("%+v", a)
		}
		stream := dialecttest.Events(t, gemini.Generate.RefusalStream(r))
		if len(stream) != 1 || string(stream[0].Data) != string(body) {
			t.Errorf("streamed %q", stream)
		}
		c := client(t, body)
		if len(c.Candidates) != 2 || (c.PromptFeedback != nil) != prompt {
			t.Fatalf("%s", body)
		}
		for i, one := range c.Candidates {
			if one.Index != i || one.FinishReason != "SAFETY" || one.Content.Role != "model" || one.Content.Parts[0].Text != hostile {
				t.Errorf("%s", body)
			}
		}
		if prompt && (c.PromptFeedback.BlockReason != "SAFETY" || c.PromptFeedback.BlockReasonMessage != hostile) {
			t.Errorf("%s", body)
		}
		_, finished, complete, failed := hear(t, gemini.Generate.RefusalStream(r))
		if !complete || failed || len(finished) < 2 {
			t.Errorf("finished %v, complete %v", finished, complete)
		}
	}
	if got := string(gemini.CountTokens.Refusal(refusal)); got != `{"totalTokens":0}` {
		t.Errorf("%s", got)
	}
	if a, err := gemini.CountTokens.ParseAnswer(gemini.CountTokens.Refusal(refusal), dialect.Limits{}); err != nil || len(a.Choices) != 1 {
		t.Errorf("%+v, %v", a, err)
	}
}

// TestRefusalTail: wherever a stream is cut, each candidate that is open ends once.
func TestRefusalTail(t *testing.T) {
	for _, c := range []struct {
		told dialect.Told
		want []string
	}{
		{dialect.Told{}, []string{"0 SAFETY"}},
		{dialect.Told{ID: "r1", Model: "m", Open: []int{1, 0}}, []string{"1 SAFETY", "0 SAFETY"}},
	} {
		out := gemini.Generate.RefusalTail(refusal, &c.told)
		_, finished, complete, failed := hear(t, out)
		if diff := cmp.Diff(c.want, finished); diff != "" || !complete || failed {
			t.Errorf("complete %v (-want +got):\n%s", complete, diff)
		}
		a := client(t, dialecttest.Events(t, out)[0].Data)
		if want := map[bool]string{true: "r1 m", false: refusal.Request + " " + refusal.Model}[c.told.ID != ""]; a.ResponseID+" "+a.ModelVersion != want {
			t.Errorf("%s %s, want %s", a.ResponseID, a.ModelVersion, want)
		}
	}
}

// TestFailures: errors are the documented ones, as bodies and amid streams.
func TestFailures(t *testing.T) {
	for status, want := range map[int]string{400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 408: "DEADLINE_EXCEEDED",
		409: "ABORTED", 413: "INVALID_ARGUMENT", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 501: "UNIMPLEMENTED", 502: "UNAVAILABLE", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED"} {
		f := dialect.Failure{Status: status, Code: "some_code", Message: hostile, Param: "a\"b", Request: "req_1"}
		body := gemini.Generate.Failure(f)
		if _, err := gemini.Generate.ParseError(body, dialect.Limits{}); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		e := client(t, body).Error
		if e == nil || e.Code != status || e.Status != want || e.Message != hostile || len(e.Details) != 2 {
			t.Fatalf("%s", body)
		}
		info := e.Details[0]
		if info.Type != "type.googleapis.com/google.rpc.ErrorInfo" || info.Reason != "SOME_CODE" || info.Domain != "warder" ||
			fmt.Sprint(info.Metadata) != `map[code:some_code param:a"b]` || e.Details[1].RequestID != "req_1" {
			t.Errorf("%s", body)
		}
		events := dialecttest.Events(t, gemini.Generate.FailureEvent(f, &dialect.Told{}))
		if len(events) != 1 || string(events[0].Data) != string(body) {
			t.Errorf("%q", events)
		}
	}
	if _, _, complete, failed := hear(t, gemini.Generate.FailureEvent(dialect.Failure{Status: 502}, &dialect.Told{})); complete || !failed {
		t.Errorf("complete %v, failed %v", complete, failed)
	}
}
