package gateway

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"warder.example/internal/dialect"
)

// openAIRig is a gateway before an upstream that answers the calls of OpenAI's
// family with a body. It keeps what the upstream was sent.
type openAIRig struct {
	*rig
	mu   sync.Mutex
	path []string
	sent []string
}

func newOpenAIRig(t *testing.T, status int, contentType, body string) *openAIRig {
	t.Helper()
	o := &openAIRig{}
	up := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		o.mu.Lock()
		o.path, o.sent = append(o.path, r.URL.String()), append(o.sent, string(b))
		o.mu.Unlock()
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
	o.rig = newRig(t, up, rigOptions{})
	return o
}

// call sends a request to a path.
func (o *openAIRig) call(app, path, body string) reply {
	o.t.Helper()
	req, err := http.NewRequestWithContext(o.t.Context(), "POST", o.front.URL+path, strings.NewReader(body))
	if err != nil {
		o.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+o.keys[app])
	return o.do(req)
}

const (
	responsesHi       = `{"model":"m1","input":"hi"}`
	responsesStreamed = `{"model":"m1","input":"hi","stream":true}`
	leakedKey         = "AKIAQ3EGRZPYWEK5N2LV"
)

func responsesMessage(text string) string {
	b, _ := json.Marshal(text)
	return `{"id":"msg_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":` + string(b) + `,"annotations":[],"logprobs":[]}]}`
}

func responsesAnswer(text string) string {
	return `{"id":"resp_1","object":"response","created_at":1,"status":"completed","error":null,"incomplete_details":null,"instructions":null,"model":"m1","output":[` +
		responsesMessage(text) + `],"tools":[],"usage":{"input_tokens":3,"output_tokens":4.0e0,"total_tokens":7}}`
}

// responsesStream is a streamed answer of one message in pieces, which says its text
// four times more.
func responsesStream(pieces ...string) string {
	out, n := "", 0
	event := func(kind, more string) {
		out += fmt.Sprintf("event: %s\ndata: {\"type\":\"%s\",\"sequence_number\":%d,%s}\n\n", kind, kind, n, more)
		n++
	}
	begun := `"response":{"id":"resp_1","object":"response","created_at":1,"status":"in_progress","model":"m1","output":[]}`
	event("response.created", begun)
	event("response.in_progress", begun)
	event("response.output_item.added", `"output_index":0,"item":{"id":"msg_1","type":"message","status":"in_progress","role":"assistant","content":[]}`)
	const at = `"item_id":"msg_1","output_index":0,"content_index":0,`
	event("response.content_part.added", at+`"part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}`)
	text := strings.Join(pieces, "")
	for _, p := range pieces {
		b, _ := json.Marshal(p)
		event("response.output_text.delta", at+`"delta":`+string(b)+`,"logprobs":[]`)
	}
	b, _ := json.Marshal(text)
	event("response.output_text.done", at+`"text":`+string(b)+`,"logprobs":[]`)
	event("response.content_part.done", at+`"part":{"type":"output_text","text":`+string(b)+`,"annotations":[],"logprobs":[]}`)
	event("response.output_item.done", `"output_index":0,"item":`+responsesMessage(text))
	event("response.completed", `"response":`+responsesAnswer(text))
	return out
}

func textCompletion(pieces ...string) (whole, stream string) {
	text, _ := json.Marshal(strings.Join(pieces, ""))
	whole = `{"id":"cmpl-1","object":"text_completion","created":1,"model":"m1","choices":[{"index":0,"text":` + string(text) + `,"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}`
	for _, p := range pieces {
		b, _ := json.Marshal(p)
		stream += `data: {"id":"cmpl-1","object":"text_completion","created":1,"model":"m1","choices":[{"index":0,"text":` + string(b) + `,"logprobs":null,"finish_reason":null}]}` + "\n\n"
	}
	return whole, stream + "data: {\"id\":\"cmpl-1\",\"object\":\"text_completion\",\"created\":1,\"model\":\"m1\",\"choices\":[{\"index\":0,\"text\":\"\",\"logprobs\":null,\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"
}

// TestOpenAIFamilyPasses: whole and streamed, byte for byte, at their paths.
func TestOpenAIFamilyPasses(t *testing.T) {
	whole, stream := textCompletion("Once upon ", "a time")
	const vectors = `{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.10,-0.2e0]},{"object":"embedding","index":1,"embedding":"zczMPc3MTL4="}],"model":"m1","usage":{"prompt_tokens":8,"total_tokens":8}}`
	for _, c := range []struct{ path, request, contentType, answer string }{
		{"/v1/responses", responsesHi, "application/json", responsesAnswer("Good morning.")},
		{"/v1/responses", responsesStreamed, "text/event-stream", responsesStream("Good ", "morn", "ing.")},
		{"/v1/completions", `{"model":"m1","prompt":["Once","Twice"],"echo":true,"suffix":"end"}`, "application/json", whole},
		{"/v1/completions", `{"model":"m1","prompt":"Once","stream":true,"stream_options":{"include_usage":true}}`, "text/event-stream", stream},
		{"/v1/embeddings", `{"model":"m1","input":["The food was delicious","and the waiter..."],"encoding_format":"float","dimensions":2}`, "application/json", vectors},
	} {
		o := newOpenAIRig(t, 200, c.contentType, c.answer)
		p := o.call("app", c.path, c.request)
		if p.status != 200 || p.body != c.answer || p.err != nil {
			t.Fatalf("%s: %d %q %v", c.path, p.status, p.body, p.err)
		}
		if o.path[0] != c.path || o.sent[0] != c.request {
			t.Errorf("the upstream was sent %s %s", o.path[0], o.sent[0])
		}
		if cl := o.ledger.closed(p.request()); cl == nil || cl.End != "complete" {
			t.Errorf("%s: record %+v", c.path, cl)
		}
	}
}

// TestResponsesExamples: every stream of the dialect's own tests passes as it came.
func TestResponsesExamples(t *testing.T) {
	var streams []struct{ Name, Stream string }
	b, err := os.ReadFile("../dialect/responses/testdata/streams.json")
	if err == nil {
		err = json.Unmarshal(b, &streams)
	}
	if err != nil || len(streams) < 6 {
		t.Fatal(err, len(streams))
	}
	for _, s := range streams {
		o := newOpenAIRig(t, 200, "text/event-stream", s.Stream)
		if p := o.call("app", "/v1/responses", responsesStreamed); p.body != s.Stream || p.err != nil {
			t.Errorf("%s: %d %v\n%s\nwant\n%s", s.Name, p.status, p.err, p.body, s.Stream)
		}
	}
}

// responsesSaid returns the text that the deltas of a stream of responses make, and every
// repetition of it.
func responsesSaid(t *testing.T, body string) (deltas string, repeats []string, kinds []string) {
	t.Helper()
	events := dialect.NewEventReader(strings.NewReader(body), 0)
	type item struct{ Content []struct{ Text string } }
	for {
		e, err := events.Next()
		if err == io.EOF {
			return deltas, repeats, kinds
		}
		var p struct {
			Type, Delta, Text string
			Part              struct{ Text string }
			Item              item
			Response          struct{ Output []item }
		}
		if err == nil {
			err = json.Unmarshal(e.Data, &p)
		}
		if err != nil {
			t.Fatalf("%s: %v", e.Raw, err)
		}
		kinds, deltas = append(kinds, p.Type), deltas+p.Delta
		for _, text := range []string{p.Text, p.Part.Text} {
			if text != "" {
				repeats = append(repeats, text)
			}
		}
		for _, i := range append([]item{p.Item}, p.Response.Output...) {
			for _, c := range i.Content {
				repeats = append(repeats, c.Text)
			}
		}
	}
}

// TestResponsesMasks: personal data in the request, in the answer, over the deltas
// of a stream and in each repetition.
func TestResponsesMasks(t *testing.T) {
	o := newOpenAIRig(t, 200, "application/json", responsesAnswer("Write to anna@museum.example today."))
	const request = `{"model":"m1","instructions":"Be kind.","input":[{"role":"user","content":[{"type":"input_text","text":"I am %s"}]},{"type":"function_call_output","call_id":"c","output":"mail %s"}]}`
	p := o.call("app", "/v1/responses", fmt.Sprintf(request, "bert@museum.example", "eve@museum.example"))
	if want := strings.Replace(responsesAnswer("Write to [EMAIL] today."), `"logprobs":[]`, `"logprobs":null`, 1); p.body != want {
		t.Errorf("answered %d %s", p.status, p.body)
	}
	if want := fmt.Sprintf(request, "[EMAIL]", "[EMAIL]"); o.sent[0] != want {
		t.Errorf("sent %s", o.sent[0])
	}
	const text = "Write to anna@museum.example today."
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		var pieces []string
		for rest := text; rest != ""; {
			n := 1 + rnd.IntN(min(9, len(rest)))
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		o := newOpenAIRig(t, 200, "text/event-stream", responsesStream(pieces...))
		deltas, repeats, kinds := responsesSaid(t, o.call("app", "/v1/responses", responsesStreamed).body)
		const want = "Write to [EMAIL] today."
		if deltas != want || len(repeats) != 4 || kinds[len(kinds)-1] != "response.completed" {
			t.Fatalf("%q: %q, %q, %v", pieces, deltas, repeats, kinds)
		}
		for _, r := range repeats {
			if r != want {
				t.Errorf("%q: repeated as %q", pieces, r)
			}
		}
	}
}

// TestResponsesKeepWhatIsEncrypted: of many blobs none is taken for a credential.
func TestResponsesKeepWhatIsEncrypted(t *testing.T) {
	rnd := rand.NewChaCha8([32]byte{9})
	var items []string
	for range 64 {
		blob := make([]byte, 1500)
		_, _ = rnd.Read(blob)
		items = append(items, `{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAAAAB`+base64.URLEncoding.EncodeToString(blob)+`"}`)
	}
	list := strings.Join(items, ",")
	request := `{"model":"m1","input":[` + list + `,{"role":"user","content":"hi"}]}`
	answer := strings.Replace(responsesAnswer("x"), `"output":[`, `"output":[`+list+`,`, 1)
	o := newOpenAIRig(t, 200, "application/json", answer)
	if p := o.call("app", "/v1/responses", request); p.status != 200 || p.body != answer || o.sent[0] != request {
		t.Errorf("%d %.300s", p.status, p.body)
	}
}

// TestOpenAIFamilyRefusals: as errors and, where an answer is text, as answers.
func TestOpenAIFamilyRefusals(t *testing.T) {
	o := newOpenAIRig(t, 200, "application/json", responsesAnswer("the key is "+leakedKey))
	calls := map[string]string{
		"/v1/responses":   `{"model":"m1","input":"my key is ` + leakedKey + `"}`,
		"/v1/completions": `{"model":"m1","prompt":["x","my key is ` + leakedKey + `"]}`,
		"/v1/embeddings":  `{"model":"m1","input":"my key is ` + leakedKey + `"}`,
	}
	for path, body := range calls {
		if p := o.call("app", path, body); p.status != 400 || p.code() != "blocked" {
			t.Errorf("%s: %d %s", path, p.status, p.body)
		}
	}
	for path, want := range map[string]string{"/v1/responses": `"incomplete_details":{"reason":"content_filter"}`, "/v1/completions": `"finish_reason":"content_filter"`} {
		if p := o.call("soft", path, calls[path]); p.status != 200 || !strings.Contains(p.body, want) || !strings.Contains(p.body, "safety policy") {
			t.Errorf("soft %s: %d %s", path, p.status, p.body)
		}
		p := o.call("soft", path, calls[path][:len(calls[path])-1]+`,"stream":true}`)
		if p.status != 200 || !strings.Contains(p.body, want) || !strings.Contains(p.header.Get("Content-Type"), "event-stream") {
			t.Errorf("soft stream %s: %d %s", path, p.status, p.body)
		}
	}
	if p := o.call("soft", "/v1/embeddings", calls["/v1/embeddings"]); p.status != 400 || p.code() != "blocked" {
		t.Errorf("soft embeddings: %d %s", p.status, p.body)
	}
	if len(o.sent) != 0 {
		t.Errorf("%d requests were sent on", len(o.sent))
	}
	if p := o.call("app", "/v1/responses", responsesHi); p.status != 400 || strings.Contains(p.body, leakedKey) {
		t.Errorf("answer: %d %s", p.status, p.body)
	}
}

// TestResponsesCut: a stream that is stopped after it began ends with one answer
// that is incomplete, and repeats nothing.
func TestResponsesCut(t *testing.T) {
	o := newOpenAIRig(t, 200, "text/event-stream", responsesStream("Good morning to you. ", "The key is AKIAQ3EG", "RZPYWEK5N2LV", " and more."))
	p := o.call("app", "/v1/responses", responsesStreamed)
	deltas, repeats, kinds := responsesSaid(t, p.body)
	if !strings.HasPrefix(deltas, "Good morning") || strings.Contains(p.body, "WEK5") || len(repeats) != 0 {
		t.Errorf("%q %q", deltas, repeats)
	}
	if kinds[len(kinds)-1] != "response.incomplete" || strings.Count(p.body, `"content_filter"`) != 1 || !strings.Contains(p.body, `"id":"resp_1"`) {
		t.Errorf("%v\n%s", kinds, p.body)
	}
	if cl := o.ledger.closed(p.request()); cl == nil || cl.End != "cut" {
		t.Errorf("record %+v", cl)
	}
}

// TestResponsesBroken: a stream without its last event is no answer, and one that
// the server ends with an error keeps its own.
func TestResponsesBroken(t *testing.T) {
	full := responsesStream("Good morning to you and to all of you.")
	half := full[:strings.Index(full, "event: response.output_item.done")]
	o := newOpenAIRig(t, 200, "text/event-stream", half)
	p := o.call("app", "/v1/responses", responsesStreamed)
	if _, _, kinds := responsesSaid(t, p.body); kinds[len(kinds)-1] != "error" || !strings.Contains(p.body, `"error":{`) {
		t.Errorf("cut: %s", p.body)
	}
	failed := half + "event: response.failed\ndata: {\"type\":\"response.failed\",\"sequence_number\":9,\"response\":{\"id\":\"resp_1\",\"status\":\"failed\",\"error\":{\"code\":\"server_error\",\"message\":\"It broke\"},\"output\":[]}}\n\n"
	o = newOpenAIRig(t, 200, "text/event-stream", failed)
	if p = o.call("app", "/v1/responses", responsesStreamed); p.body != failed {
		t.Errorf("failed: %s", p.body)
	}
	if cl := o.ledger.closed(p.request()); cl == nil || cl.End != "upstream" {
		t.Errorf("record %+v", cl)
	}
	differ := strings.Replace(full, "event: response.output_text.delta", "event: response.completed", 1)
	o = newOpenAIRig(t, 200, "text/event-stream", differ)
	if p = o.call("app", "/v1/responses", responsesStreamed); strings.Contains(p.body, "Good morning") {
		t.Errorf("an event of two kinds: %s", p.body)
	}
	const said404 = `{"error":{"message":"No such model","type":"invalid_request_error","param":"model","code":"model_not_found"}}`
	o = newOpenAIRig(t, 404, "application/json", said404)
	for _, path := range []string{"/v1/responses", "/v1/completions", "/v1/embeddings"} {
		body := map[string]string{"/v1/responses": responsesHi, "/v1/completions": `{"model":"m1","prompt":"x"}`, "/v1/embeddings": `{"model":"m1","input":"x"}`}[path]
		if p := o.call("app", path, body); p.status != 404 || p.body != said404 {
			t.Errorf("%s: error %d %s", path, p.status, p.body)
		}
	}
}

// TestTokensAreRefused: nobody can read text as token numbers.
func TestTokensAreRefused(t *testing.T) {
	o := newOpenAIRig(t, 200, "application/json", `{"object":"list","data":[],"model":"m1"}`)
	for _, c := range []struct{ path, body, code string }{
		{"/v1/embeddings", `{"model":"m1","input":[1212,318]}`, "token_input"},
		{"/v1/embeddings", `{"model":"m1","input":["a\"1",[1212]]}`, "token_input"},
		{"/v1/completions", `{"model":"m1","prompt":[[1,2],[3]]}`, "token_input"},
		{"/v1/embeddings", `{"model":"m1","input":[["x"]]}`, "wrong_type"},
		{"/v1/embeddings", `{"model":"m1","input":["a\"1","12"]}`, ""},
		{"/v1/responses", `{"model":"m1","input":"x","background":true}`, "invalid_value"},
	} {
		if p := o.call("app", c.path, c.body); p.code() != c.code || (p.status == 200) != (c.code == "") {
			t.Errorf("%s: %d %s", c.body, p.status, p.body)
		}
	}
	if len(o.sent) != 1 || !bytes.Contains([]byte(o.sent[0]), []byte(`"12"`)) {
		t.Errorf("sent %q", o.sent)
	}
}

// TestTokensAllowed: a setting lets them pass, and with them nothing else.
func TestTokensAllowed(t *testing.T) {
	sent := ""
	up := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		sent = string(b)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"object":"list","data":[],"model":"m1"}`)
	})
	o := &openAIRig{rig: newRig(t, up, rigOptions{config: "applications:\n  app: {token_input: true}\n"})}
	const tokens = `{"model":"m1","input":[[1212,318],[7]]}`
	if p := o.call("app", "/v1/embeddings", tokens); p.status != 200 || sent != tokens {
		t.Errorf("%d %s, sent %s", p.status, p.body, sent)
	}
	if p := o.call("soft", "/v1/embeddings", tokens); p.code() != "token_input" {
		t.Errorf("another application: %d %s", p.status, p.body)
	}
	if p := o.call("app", "/v1/embeddings", `{"model":"m1","input":[["x"]]}`); p.code() != "wrong_type" {
		t.Errorf("texts among them: %d %s", p.status, p.body)
	}
}
