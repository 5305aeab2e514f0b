package practice

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"warder.example/internal/jsonerr"
)

// read reads a request whose model is a level of the target, or answers why not.
func read(w http.ResponseWriter, r *http.Request, req any, model *string) (Level, bool) {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(req); err != nil {
		fail(w, http.StatusBadRequest, "the body is not such a request: "+jsonerr.Plain(err, req).Error())
		return 0, false
	}
	level, ok := ParseModel(*model)
	if !ok {
		fail(w, http.StatusNotFound, "no such model; expected practice-1 to practice-5")
	}
	return level, ok
}

// identity is the same for equal conversations.
func identity(turns []Turn) string {
	hash := sha256.New()
	for _, t := range turns {
		fmt.Fprintf(hash, "%s\x00%s\x00", t.Role, t.Text)
	}
	return hex.EncodeToString(hash.Sum(nil)[:12])
}

func write(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}

// events begins a stream and returns what sends one event, which has a name or
// none. It returns false when the caller is gone.
func (o Options) events(w http.ResponseWriter, r *http.Request) func(name string, body map[string]any) bool {
	w.Header().Set("Content-Type", "text/event-stream")
	rc := http.NewResponseController(w)
	return func(name string, body map[string]any) bool {
		b, err := json.Marshal(body)
		if err != nil {
			return false
		}
		if name != "" {
			name = "event: " + name + "\n"
		}
		if _, err := fmt.Fprintf(w, "%sdata: %s\n\n", name, b); err != nil || rc.Flush() != nil {
			return false
		}
		if o.ChunkDelay > 0 {
			select {
			case <-time.After(o.ChunkDelay):
			case <-r.Context().Done():
				return false
			}
		}
		return true
	}
}
