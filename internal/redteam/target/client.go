package target

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"warder.example/internal/egress"
)

// client calls one host. It is safe for concurrent use.
type client struct {
	http   *http.Client
	secret map[string]string // headers that are credentials
	header map[string]string // other headers
	max    int64             // bytes of an answer
	now    func() time.Time
	worked *atomic.Bool // the credentials were taken once
}

// newClient returns a client for the host of u.
func newClient(f *File, u *url.URL) *client {
	limit := int64(f.Limits.Answer)
	var reach http.RoundTripper = &http.Transport{
		DialContext:            egress.For(u, f.AllowPrivate).DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           f.Limits.Parallel,
		MaxIdleConnsPerHost:    f.Limits.Parallel,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
	secret := map[string]string{}
	for name, s := range f.SecretHeaders {
		secret[name] = s.Reveal()
	}
	return &client{secret: secret, header: f.Headers, max: limit, now: time.Now, worked: new(atomic.Bool), http: &http.Client{
		Transport: reach,
		// What is sent holds attacks and credentials: it goes where the file says.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// with returns the client with one more credential.
func (c *client) with(header, value string) *client {
	out := *c
	out.secret = map[string]string{header: value}
	for k, v := range c.secret {
		out.secret[k] = v
	}
	return &out
}

// answer is what came over HTTP.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// do sends a request and reads the whole answer, whatever its status.
func (c *client) do(req *http.Request) (*answer, error) {
	for k, v := range c.header {
		req.Header.Set(k, v)
	}
	for k, v := range c.secret {
		req.Header.Set(k, v)
	}
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", "warder-redteam")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, withoutURL(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, c.max+1))
	switch {
	case int64(len(body)) > c.max:
		return nil, &Failure{Kind: TooLong, Status: res.StatusCode, Reason: "the answer has more than " + strconv.FormatInt(c.max, 10) + " bytes; limits.answer allows no more"}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, &Failure{Kind: Malformed, Status: res.StatusCode, Reason: "the answer was cut off", err: err}
	case err != nil:
		return nil, withoutURL(err)
	}
	return &answer{status: res.StatusCode, header: res.Header, body: body}, nil
}

// withoutURL takes the URL out of an error of the HTTP client: it may hold a message.
func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// post sends JSON and returns the answer, whatever its status.
func (c *client) post(ctx context.Context, u *url.URL, body any) (*answer, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		return nil, failed(Rejected, err, "writing the request: %v", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), &b)
	if err != nil {
		return nil, failed(Rejected, err, "making the request: %s", plain(err.Error()))
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	return c.do(req)
}

// failure returns why a status is no answer, nil if it is one.
func (c *client) failure(a *answer) error {
	said := ""
	if text := errorText(a.body); text != "" {
		said = `; it says "` + plain(text) + `"`
	}
	f := &Failure{Status: a.status, After: c.after(a.header.Get("Retry-After")), Reason: "status " + strconv.Itoa(a.status) + said}
	switch {
	case a.status >= 200 && a.status < 300:
		c.worked.Store(true)
		return nil
	case a.status >= 300 && a.status < 400:
		f.Kind, f.Reason = Rejected, redirected(a)
	case a.status == http.StatusForbidden && c.worked.Load():
		// A filter in front of the target answers hostile texts so, and others not.
		f.Kind = Rejected
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden, a.status == http.StatusPaymentRequired, a.status == http.StatusProxyAuthRequired,
		errorCode(a.body) == "insufficient_quota": // waiting does not help
		f.Kind = Credentials
	case a.status == http.StatusTooManyRequests:
		f.Kind = RateLimited
	case a.status == http.StatusRequestTimeout, a.status == http.StatusGatewayTimeout:
		f.Kind = TimedOut
	case a.status >= 500:
		f.Kind = Unavailable
	default:
		f.Kind = Rejected
	}
	return f
}

// redirected says where a redirect would lead.
func redirected(a *answer) string {
	where := "nowhere"
	if u, err := url.Parse(a.header.Get("Location")); err == nil && u.Host != "" {
		where = "to the host " + strconv.Quote(plain(u.Host))
	} else if err == nil && u.Path != "" {
		where = "to " + strconv.Quote(plain(u.Path))
	}
	return "status " + strconv.Itoa(a.status) + ", a redirect " + where + ", is not followed; give the address that answers itself"
}

// maxAfter bounds how long a target may ask to wait.
const maxAfter = time.Hour

// after reads a Retry-After header (RFC 9110, section 10.2.3).
func (c *client) after(header string) time.Duration {
	if n, err := strconv.Atoi(strings.TrimSpace(header)); err == nil {
		return min(time.Duration(max(0, min(n, int(maxAfter/time.Second))))*time.Second, maxAfter)
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(0, min(at.Sub(c.now()), maxAfter))
	}
	return 0
}
