package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"time"

	"warder.example/internal/jsonerr"
)

// Bounds of bodies.
const (
	maxObject = 4 << 20         // bytes of a JSON object
	maxLines  = 64 << 20        // bytes of JSON Lines
	linesTime = 5 * time.Minute // for reading them and working on them
)

// decode reads the body, one JSON object, into v.
func (c *call) decode(v any) *failure {
	if !c.holds("application/json") {
		return failMedia.with("Send application/json, not encoded otherwise.")
	}
	b := &body{r: http.MaxBytesReader(c.w, c.Body, maxObject)}
	data, err := io.ReadAll(b)
	if err != nil {
		return b.failure()
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	err = dec.Decode(v)
	if err == nil {
		if _, err = dec.Token(); err == io.EOF {
			return nil
		}
		err = errors.New("something follows the object")
	}
	return failJSON.with("The request body was refused: " + jsonerr.Plain(err, v).Error() + ".")
}

// lines returns the body, JSON Lines to be read as they come. It may take longer than
// other requests.
func (c *call) lines() (*body, *failure) {
	if !c.holds(jsonLines...) {
		return nil, failMedia.with("Send honest texts as JSON Lines, with the content type application/x-ndjson, not encoded otherwise.")
	}
	rc, late := http.NewResponseController(c.w), time.Now().Add(linesTime)
	_, _ = rc.SetReadDeadline(late), rc.SetWriteDeadline(late) // not supported by test recorders
	return &body{r: http.MaxBytesReader(c.w, c.Body, maxLines)}, nil
}

// jsonLines are the content types of JSON Lines; none is registered.
var jsonLines = []string{"application/x-ndjson", "application/jsonl", "application/x-jsonlines", "application/jsonlines"}

// holds reports whether the body is declared to be of one of these types.
func (c *call) holds(types ...string) bool {
	t, params, err := mime.ParseMediaType(c.Header.Get("Content-Type"))
	charset := params["charset"]
	return err == nil && slices.Contains(types, t) && c.Header.Get("Content-Encoding") == "" && (charset == "" || charset == "utf-8" || charset == "UTF-8")
}

// body remembers how reading failed, whatever becomes of the error.
type body struct {
	r   io.Reader
	err error
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}

// failure returns how reading failed, nil if it did not.
func (b *body) failure() *failure {
	var large *http.MaxBytesError
	switch {
	case b.err == nil:
		return nil
	case errors.As(b.err, &large):
		return &failTooLarge
	}
	return &failBody
}
