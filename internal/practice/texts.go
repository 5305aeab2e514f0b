package practice

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/fnv"
	"math"
	"net/http"
	"strings"
)

// texts is a text or a list of them.
type texts []string

func (t *texts) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*t = texts{s}
		return nil
	}
	var list []string
	if err := json.Unmarshal(b, &list); err != nil {
		return errors.New("expected a string or a list of strings")
	}
	*t = list
	return nil
}

// completions serves the older call that continues a text: each prompt is answered
// like a message of a user.
func (o Options) completions(w http.ResponseWriter, r *http.Request) {
	var req struct {
		Model  string `json:"model"`
		Prompt texts  `json:"prompt"`
		Stream bool   `json:"stream"`
	}
	level, ok := read(w, r, &req, &req.Model)
	if !ok {
		return
	}
	if len(req.Prompt) == 0 || len(req.Prompt) > 8 {
		fail(w, http.StatusBadRequest, "expected 1 to 8 prompts")
		return
	}
	id, in, out := "", 0, 0
	body := func(choices []any) map[string]any {
		return map[string]any{"id": "cmpl-" + id, "object": "text_completion", "created": created, "model": req.Model, "choices": choices}
	}
	choice := func(i int, text string, finish any) map[string]any {
		return map[string]any{"index": i, "text": text, "logprobs": nil, "finish_reason": finish}
	}
	var replies []Reply
	var choices []any
	for i, p := range req.Prompt {
		turns := []Turn{{Role: "user", Text: p}}
		reply := Answer(level, turns, nil)
		if o.Log != nil && reply.Obeyed != "" {
			o.Log(req.Model, reply.Obeyed)
		}
		u := usage(turns, reply, 1)
		id, in, out = identity(turns), in+u["prompt_tokens"], out+u["completion_tokens"]
		replies, choices = append(replies, reply), append(choices, choice(i, reply.Text, "stop"))
	}
	if !req.Stream {
		b := body(choices)
		b["usage"] = map[string]int{"prompt_tokens": in, "completion_tokens": out, "total_tokens": in + out}
		write(w, b)
		return
	}
	send := o.events(w, r)
	for i, reply := range replies {
		for _, p := range pieces(reply.Text) {
			if !send("", body([]any{choice(i, p, nil)})) {
				return
			}
		}
		if !send("", body([]any{choice(i, "", "stop")})) {
			return
		}
	}
	_, _ = w.Write([]byte("data: [DONE]\n\n"))
}

// dimensions of the target's embeddings.
const dimensions = 8

// embeddings serves vectors that say nothing of a text but whether it is the same.
func (o Options) embeddings(w http.ResponseWriter, r *http.Request) {
	var req struct {
		Model  string `json:"model"`
		Input  texts  `json:"input"`
		Format string `json:"encoding_format"`
	}
	if _, ok := read(w, r, &req, &req.Model); !ok {
		return
	}
	words, data := 0, []any{}
	for i, text := range req.Input {
		words += len(strings.Fields(text))
		var vector any = embed(text)
		if req.Format == "base64" {
			raw, _ := binary.Append(nil, binary.LittleEndian, embed(text)) // numbers of one size cannot fail
			vector = base64.StdEncoding.EncodeToString(raw)
		}
		data = append(data, map[string]any{"object": "embedding", "index": i, "embedding": vector})
	}
	write(w, map[string]any{"object": "list", "model": req.Model, "data": data, "usage": map[string]int{"prompt_tokens": words, "total_tokens": words}})
}

// embed returns a vector of length 1.
func embed(text string) []float32 {
	h := fnv.New64a()
	h.Write([]byte(text))
	v, sum := make([]float32, dimensions), 0.0
	for i := range v {
		h.Write([]byte{byte(i)})
		x := float64(h.Sum64()>>40)/(1<<23) - 1 // the upper 24 bits, from -1 to 1
		v[i], sum = float32(x), sum+x*x
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(sum))
	}
	return v
}
