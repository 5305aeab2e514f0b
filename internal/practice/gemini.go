package practice

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"warder.example/internal/jsonerr"
)

// geminiRequest is a request in the dialect of Google's Gemini API, as far as the
// target looks at it.
type geminiRequest struct {
	System   geminiContent   `json:"systemInstruction"`
	Contents []geminiContent `json:"contents"`
	Tools    []struct {
		Functions []struct {
			Name        string `json:"name"`
			Description string `json:"description"`
			Parameters  schema `json:"parameters"`
			JSON        schema `json:"parametersJsonSchema"`
		} `json:"functionDeclarations"`
	} `json:"tools"`
}

type schema struct {
	Required []string `json:"required"`
}

type geminiContent struct {
	Role  string `json:"role"`
	Parts []struct {
		Text     string `json:"text"`
		Response *struct {
			Response map[string]any `json:"response"`
		} `json:"functionResponse"`
	} `json:"parts"`
}

// turns returns what a content says, and what functions returned.
func (c *geminiContent) turns(role string) (out []Turn) {
	text := ""
	for _, p := range c.Parts {
		if text += p.Text; p.Response != nil {
			var said []string
			for _, name := range slices.Sorted(maps.Keys(p.Response.Response)) {
				if s, ok := p.Response.Response[name].(string); ok {
					said = append(said, s)
				}
			}
			out = append(out, Turn{Role: "tool", Text: strings.Join(said, "\n")})
		}
	}
	if text != "" {
		out = append([]Turn{{Role: role, Text: text}}, out...)
	}
	return out
}

func (r *geminiRequest) turns() []Turn {
	out := r.System.turns("system")
	for i := range r.Contents {
		role := "user"
		if r.Contents[i].Role == "model" {
			role = "assistant"
		}
		out = append(out, r.Contents[i].turns(role)...)
	}
	return out
}

func (r *geminiRequest) tools() (out []Tool) {
	for _, t := range r.Tools {
		for _, f := range t.Functions {
			out = append(out, Tool{Name: f.Name, Description: f.Description, Parameters: append(f.Parameters.Required, f.JSON.Required...)})
		}
	}
	return out
}

// gemini serves the calls to a model, which the path names.
func (o Options) gemini(w http.ResponseWriter, r *http.Request) {
	model, verb, _ := strings.Cut(r.PathValue("call"), ":")
	if verb == "embedContent" || verb == "batchEmbedContents" {
		geminiEmbeddings(w, r, model, verb == "embedContent")
		return
	}
	if verb != "generateContent" && verb != "countTokens" && (verb != "streamGenerateContent" || r.URL.RawQuery != "alt=sse") {
		failGemini(w, http.StatusNotFound, "NOT_FOUND", "no such call")
		return
	}
	var req geminiRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&req); err != nil {
		failGemini(w, http.StatusBadRequest, "INVALID_ARGUMENT", "the body is not a request: "+jsonerr.Plain(err, &req).Error())
		return
	}
	level, ok := ParseModel(model)
	if !ok {
		failGemini(w, http.StatusNotFound, "NOT_FOUND", "no such model; expected practice-1 to practice-5")
		return
	}
	turns := req.turns()
	if len(turns) == 0 {
		failGemini(w, http.StatusBadRequest, "INVALID_ARGUMENT", "contents is not specified")
		return
	}
	if verb == "countTokens" {
		write(w, map[string]any{"totalTokens": usage(turns, Reply{}, 1)["prompt_tokens"]})
		return
	}
	reply := Answer(level, turns, req.tools())
	if o.Log != nil && reply.Obeyed != "" {
		o.Log(model, reply.Obeyed)
	}
	a := geminiAnswer{model, identity(turns), usage(turns, reply, 1)}
	if verb == "generateContent" {
		write(w, a.saying(geminiParts([]string{reply.Text}, reply), "STOP"))
		return
	}
	event := o.events(w, r)
	for _, part := range geminiParts(pieces(reply.Text), reply) {
		if !event("", a.saying([]any{part}, "")) {
			return
		}
	}
	event("", a.saying([]any{map[string]any{"text": ""}}, "STOP"))
}

// geminiParts are the texts and the calls of a reply.
func geminiParts(texts []string, reply Reply) (out []any) {
	for _, t := range texts {
		if t != "" {
			out = append(out, map[string]any{"text": t})
		}
	}
	for _, c := range reply.Calls {
		out = append(out, map[string]any{"functionCall": map[string]any{"name": c.Name, "args": c.Arguments}})
	}
	return out
}

// geminiAnswer is what all events of an answer have in common.
type geminiAnswer struct {
	model, id string
	usage     map[string]int
}

func (a geminiAnswer) saying(parts []any, finish string) map[string]any {
	candidate := map[string]any{"index": 0, "content": map[string]any{"role": "model", "parts": parts}}
	if finish != "" {
		candidate["finishReason"] = finish
	}
	return map[string]any{"candidates": []any{candidate}, "modelVersion": a.model, "responseId": a.id, "usageMetadata": map[string]any{
		"promptTokenCount": a.usage["prompt_tokens"], "candidatesTokenCount": a.usage["completion_tokens"], "totalTokenCount": a.usage["total_tokens"],
	}}
}

func failGemini(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"code": status, "message": message, "status": code}})
}
