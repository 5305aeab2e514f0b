package upstream

import (
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"strings"
)

// Call is a request to an upstream. The pool changes nothing of it, and its slices may be
// read until the answer's body is closed.
type Call struct {
	// Method is the HTTP method; empty is POST.
	Method string
	// Path is appended to the upstream's base address: printable ASCII, not
	// escaped, without . and .. as segments.
	Path string
	// Query is the query, escaped; it must come from the gateway, not from a caller.
	Query string
	// Header is sent but for headers of one connection and those that could carry
	// a caller's credentials.
	Header http.Header
	// Body is sent as it is.
	Body []byte
	// Family is the wire format; empty is openai.
	Family string
	// Model is what the caller asks for; it chooses the upstream.
	Model string
	// Upstream, if not empty, is the only one that may be asked. It need not serve
	// a model if Model is empty.
	Upstream string
	// Rename returns the path and body of the call for an upstream that calls the
	// model otherwise. Without it the call fails there. It may be called more than
	// once.
	Rename func(model string) (path string, body []byte)
	// Attempting, if not nil, is called before each attempt by the goroutine that
	// called Do. It may change Header, which is read afterwards.
	Attempting func(Attempt)
}

// Attempt is one try to have an upstream answer.
type Attempt struct {
	Upstream string
	Host     string // of its configured address, without port
	Port     string
	Before   Kind // what was wrong with the attempt before; Unknown of the first
}

// Route is the way that a call went.
type Route struct {
	// Upstream is who was asked last; empty if nobody was.
	Upstream string
	// Model is what that upstream calls the model.
	Model string
	// Attempts is how often the request was tried.
	Attempts int
}

const maxPath = 2048

var errPath = errors.New("the path is not one below the upstream's address; expected /, then printable ASCII without . and .. as segments")

// checkPath keeps a path, in which a dialect may have put a model's name, from
// leaving the base address or beginning a query.
func checkPath(p string) error {
	if !strings.HasPrefix(p, "/") || len(p) > maxPath {
		return errPath
	}
	for i := range len(p) {
		if c := p[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`\?#%;"<>`, c) >= 0 {
			return errPath
		}
	}
	for rest := p[1:]; ; {
		segment, more, found := strings.Cut(rest, "/")
		if segment == "." || segment == ".." || segment == "" && found {
			return errPath
		}
		if !found {
			return nil
		}
		rest = more
	}
}

// checkQuery keeps a query on one line of the request.
func checkQuery(q string) error {
	for i := range len(q) {
		if c := q[i]; c <= ' ' || c >= 0x7f || c == '#' {
			return fmt.Errorf("the query holds byte %#x; expected an escaped query", c)
		}
	}
	return nil
}

// dropped reports whether a header, its name in canonical form, is not passed on: those
// of one connection (RFC 9110, section 7.6.1), those that the transport writes, and
// those in which callers send credentials.
func dropped(name string) bool {
	switch name {
	case "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Http2-Settings",
		"Host", "Content-Length", "Expect", "Authorization", "X-Api-Key", "Api-Key", "X-Goog-Api-Key", "Cookie":
		return true
	}
	return false
}

// header returns what is sent to an upstream: the call's header, what the
// configuration adds, and the credential. Values are shared, not copied.
func (s *server) header(from http.Header, t *token) http.Header {
	out := make(http.Header, len(from)+len(s.extra)+2)
	for k, v := range from {
		if k = textproto.CanonicalMIMEHeaderKey(k); !dropped(k) {
			out[k] = v
		}
	}
	for _, v := range from["Connection"] {
		for name := range strings.SplitSeq(v, ",") {
			delete(out, textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name)))
		}
	}
	if _, ok := out["User-Agent"]; !ok {
		out["User-Agent"] = userAgent
	}
	for k, v := range s.extra {
		out[k] = v
	}
	if t != nil {
		out[s.credentials.header] = t.header
	}
	return out
}

var userAgent = []string{"warder"}
