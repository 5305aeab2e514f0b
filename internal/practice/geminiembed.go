package practice

import (
	"encoding/json"
	"net/http"

	"warder.example/internal/jsonerr"
)

// embedding asks for one in the dialect of Google's Gemini API.
type embedding struct {
	Content geminiContent `json:"content"`
}

// geminiEmbeddings serves vectors as OpenAI's embeddings are: of one content, or of
// several.
func geminiEmbeddings(w http.ResponseWriter, r *http.Request, model string, one bool) {
	var req struct {
		embedding
		Requests []embedding `json:"requests"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&req); err != nil {
		failGemini(w, http.StatusBadRequest, "INVALID_ARGUMENT", "the body is not a request: "+jsonerr.Plain(err, &req).Error())
		return
	}
	if _, ok := ParseModel(model); !ok {
		failGemini(w, http.StatusNotFound, "NOT_FOUND", "no such model; expected practice-1 to practice-5")
		return
	}
	if one {
		write(w, map[string]any{"embedding": req.vector()})
		return
	}
	vectors := []any{}
	for i := range req.Requests {
		vectors = append(vectors, req.Requests[i].vector())
	}
	write(w, map[string]any{"embeddings": vectors})
}

func (e *embedding) vector() any {
	text := ""
	for _, p := range e.Content.Parts {
		text += p.Text
	}
	return map[string]any{"values": embed(text)}
}
