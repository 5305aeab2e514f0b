package gateway

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"
)

var (
	errTooLarge = errors.New("body is larger than the limit")
	errEncoding = errors.New("content encoding is not supported; expected identity, gzip or deflate")
)

// readBody reads at most limit bytes. declared is the content length if known,
// -1 otherwise. A body of exactly limit bytes is fine.
func readBody(r io.Reader, declared, limit int64) ([]byte, error) {
	if declared > limit {
		return nil, errTooLarge
	}
	if declared >= 0 {
		// A sender that lies low is cut by the HTTP layer at declared.
		return readDeclared(r, declared)
	}
	var buf bytes.Buffer
	n, err := io.Copy(&buf, io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("reading a body after %d bytes: %w", n, err)
	}
	if n > limit {
		return nil, errTooLarge
	}
	return buf.Bytes(), nil
}

// bodyAhead is how much memory a body gets before any of it has come.
const bodyAhead = 256 << 10

// readDeclared reads exactly declared bytes. A length is a claim: a body gets memory
// as it comes, else a few callers that announce much and send nothing take it all.
func readDeclared(r io.Reader, declared int64) ([]byte, error) {
	b := make([]byte, min(declared, bodyAhead))
	for n := 0; ; b = append(b, make([]byte, min(declared-int64(n), int64(n)))...) {
		k, err := io.ReadFull(r, b[n:])
		if n += k; err == io.EOF && n > 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, fmt.Errorf("reading a body of %d bytes: %w", declared, err)
		}
		if int64(n) == declared {
			return b, nil
		}
	}
}

// inflate undoes a content encoding under a limit on what comes out.
func inflate(body []byte, encoding string, limit int64) ([]byte, error) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return body, nil
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, fmt.Errorf("reading a gzip body: %w", err)
		}
		return drain(z, "gzip", limit)
	case "deflate":
		// RFC 9110 means zlib; some senders mean raw deflate.
		if z, err := zlib.NewReader(bytes.NewReader(body)); err == nil {
			return drain(z, "deflate", limit)
		}
		return drain(flate.NewReader(bytes.NewReader(body)), "deflate", limit)
	}
	return nil, errEncoding
}

func drain(r io.Reader, name string, limit int64) ([]byte, error) {
	out, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("reading a %s body after %d bytes: %w", name, len(out), err)
	}
	if int64(len(out)) > limit {
		return nil, errTooLarge
	}
	return out, nil
}

// isJSON reports whether a content type is JSON in UTF-8. An absent one is
// taken for JSON, as many clients leave it out.
func isJSON(contentType string) bool {
	if contentType == "" || contentType == "application/json" {
		return true
	}
	t, params, err := mime.ParseMediaType(contentType)
	if err != nil || t != "application/json" {
		return false
	}
	cs, ok := params["charset"]
	return !ok || strings.EqualFold(cs, "utf-8") || strings.EqualFold(cs, "utf8")
}
