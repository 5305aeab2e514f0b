package upstream

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"warder.example/internal/config"
)

// instant is a transport that answers at once, so that what remains is Do's own.
type instant struct{}

func (instant) CloseIdleConnections() {}
func (instant) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

var benchHeader = http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}, "Traceparent": {"00-1"}, "X-Request-Id": {"r"}}

func benchPool(b *testing.B, url string) *Pool {
	b.Helper()
	p, err := New([]config.Upstream{
		{Name: "a", URL: url, Models: []string{"gpt-*"}, Key: config.NewSecret("k"), Group: "g"},
		{Name: "b", URL: url, Key: config.NewSecret("k"), Group: "g"},
	}, config.Limits{}, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(p.Close)
	return p
}

func benchDo(b *testing.B, p *Pool) {
	body := []byte(strings.Repeat("x", 700))
	b.ReportAllocs()
	for b.Loop() {
		res, _, err := p.Do(b.Context(), &Call{Path: "/chat/completions", Model: "gpt-5", Header: benchHeader, Body: body})
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
}

func benchBare(b *testing.B, t http.RoundTripper, url string) {
	body := strings.Repeat("x", 700)
	b.ReportAllocs()
	for b.Loop() {
		r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, url+"/chat/completions", strings.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		r.Header = benchHeader
		res, err := t.RoundTrip(r)
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
}

// BenchmarkDo is a call whose transport costs nothing: choosing among two upstreams,
// header, credential, circuit, budget, deadlines.
func BenchmarkDo(b *testing.B) {
	p := benchPool(b, "http://127.0.0.1:1")
	for _, s := range p.servers {
		s.transport = instant{}
	}
	benchDo(b, p)
}

// BenchmarkBare is the same request made with nothing around it.
func BenchmarkBare(b *testing.B) { benchBare(b, instant{}, "http://127.0.0.1:1") }

func echo(b *testing.B) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }))
	b.Cleanup(s.Close)
	return s.URL
}

// BenchmarkDoSocket is BenchmarkDo over a real connection.
func BenchmarkDoSocket(b *testing.B) { benchDo(b, benchPool(b, echo(b))) }

// BenchmarkBareSocket is BenchmarkBare over a real connection.
func BenchmarkBareSocket(b *testing.B) {
	url := echo(b)
	p := benchPool(b, url)
	benchBare(b, p.servers[0].transport, url)
}
