package upstream_test

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"warder.example/internal/config"
	"warder.example/internal/upstream"
)

// TestAttempting: whoever calls is told of each attempt and can give it a header of its own.
func TestAttempting(t *testing.T) {
	var traces []string
	note := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			traces = append(traces, r.Header.Get("Traceparent"))
			w.WriteHeader(status)
		}
	}
	first, second := serve(t, note(503)), serve(t, note(200))
	p := pool(t, upstream.Options{}, group(nil, config.Upstream{URL: nobody(t)}, config.Upstream{URL: first.URL}, config.Upstream{URL: second.URL})...)
	h := http.Header{}
	var told []upstream.Attempt
	s := do(t, p, upstream.Call{Model: "m", Header: h, Attempting: func(a upstream.Attempt) {
		told = append(told, a)
		h.Set("Traceparent", "to "+a.Upstream)
	}})
	if s.status != 200 || !slices.Equal(traces, []string{"to b", "to c"}) {
		t.Fatalf("status %d, headers %q; expected 200 and one for each", s.status, traces)
	}
	for i, want := range []struct {
		name, url string
		before    upstream.Kind
	}{{"a", "", upstream.Unknown}, {"b", first.URL, upstream.Unreachable}, {"c", second.URL, upstream.Refused}} {
		got := told[i]
		if got.Upstream != want.name || got.Before != want.before {
			t.Errorf("attempt %d is %+v; expected %+v", i, got, want)
		}
		if u, err := url.Parse(want.url); err != nil || want.url != "" && (got.Host != u.Hostname() || got.Port != u.Port()) {
			t.Errorf("attempt %d goes to %s:%s; expected %s", i, got.Host, got.Port, want.url)
		}
	}
}

// TestRetryAfterOpenCircuits: the error tells when the first of the circuits lets a request
// through, a minute at most.
func TestRetryAfterOpenCircuits(t *testing.T) {
	m := serve(t, answers(503, "no"))
	for _, c := range []struct{ first, second, want time.Duration }{
		{30 * time.Second, 30 * time.Second, 30 * time.Second}, {20 * time.Second, time.Hour, 20 * time.Second}, {time.Hour, 40 * time.Second, 40 * time.Second}, {time.Hour, time.Hour, time.Minute},
	} {
		list := group(func(u *config.Upstream) {
			u.Retry, u.Circuit = config.Retry{Attempts: 2}, config.Circuit{Minimum: 1, Open: c.first}
		}, config.Upstream{URL: m.URL}, config.Upstream{URL: m.URL})
		list[1].Circuit.Open = c.second
		p := pool(t, upstream.Options{}, list...)
		do(t, p, upstream.Call{Model: "m"}) // opens both
		s := do(t, p, upstream.Call{Model: "m"})
		e, ok := errors.AsType[*upstream.Error](s.err)
		if !ok || e.Kind != upstream.CircuitOpen || e.Retry > c.want || e.Retry < c.want-10*time.Second {
			t.Errorf("open for %v and %v: %+v; expected to come back after %v", c.first, c.second, s.err, c.want)
		}
	}
}

// TestCalled: the names for which callers get a model are those that lead to it there.
func TestCalled(t *testing.T) {
	p := pool(t, upstream.Options{},
		config.Upstream{Name: "a", URL: "http://127.0.0.1:1", Models: []string{"x*"}, Aliases: map[string]string{"small": "x1", "x2": "x3", "mine": "y"}},
		config.Upstream{Name: "b", URL: "http://127.0.0.1:1", Aliases: map[string]string{"small": "z", "other": "x1"}})
	for _, c := range []struct {
		at, model string
		want      []string
	}{
		{"a", "x1", []string{"small", "x1"}}, {"a", "x2", nil}, {"a", "x3", []string{"x2", "x3"}}, {"a", "y", []string{"mine"}}, {"a", "small", nil}, {"a", "q", nil},
		{"b", "x1", []string{"other"}}, {"b", "z", []string{"z"}}, {"c", "x1", nil},
	} {
		if got := p.Called(c.at, "", c.model); !slices.Equal(got, c.want) {
			t.Errorf("%s at %s is called %q; expected %q", c.model, c.at, got, c.want)
		}
	}
	if got := p.Called("a", config.FamilyGemini, "x1"); got != nil {
		t.Errorf("in another family: %q", got)
	}
}
