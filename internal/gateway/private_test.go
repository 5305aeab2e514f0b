package gateway

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"testing"
)

// TestCauseNamesTheUpstream: the log says which upstream failed.
func TestCauseNamesTheUpstream(t *testing.T) {
	strange := httptest.NewTLSServer(nil) // its authority is not trusted
	t.Cleanup(strange.Close)
	r := newRig(t, nil, rigOptions{})
	r.configure(strange.URL, "")
	if err := r.server.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p := r.post("app", chatBody("hi")); p.status != 502 || strings.Contains(p.body, "certificate") {
		t.Errorf("%d %s; want 502, and no word of the certificate", p.status, p.body)
	}
	if want := `cause="upstream test: no TLS connection: its certificate is signed by an authority that is not trusted; name that in ca_file"`; !strings.Contains(r.log.String(), want) {
		t.Errorf("the log does not hold %s:\n%s", want, r.log)
	}
}

func TestUnquoted(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"messages[0].content", "messages[0].content"},
		{`metadata."ann@example.com"#key`, `metadata.?#key`},
		{`x."a\"b"."a long key tha"...[3]`, `x.?.?[3]`},
		{`malformed HTTP response "SSH-2.0"`, `malformed HTTP response ?`},
		{`an open quote: "abc`, `an open quote: ?`},
		{`a raw line in one: "ab` + "\n" + `c" d`, `a raw line in one: ?`},
	} {
		if got := unquoted(c.in); got != c.want {
			t.Errorf("unquoted(%q) is %q; want %q", c.in, got, c.want)
		}
	}
}

func TestCause(t *testing.T) {
	bare := textproto.ProtocolError("malformed MIME header line: the words of a model")
	for _, c := range []struct {
		in   error
		want string
	}{
		{errors.New("unexpected EOF"), "unexpected EOF"},
		{fmt.Errorf("reading %q: %w", "words", errors.New("EOF")), "reading ?: EOF"},
		{fmt.Errorf("connection broken: %w", bare), "connection broken: malformed header"},
	} {
		if got := cause(c.in).Value.String(); got != c.want {
			t.Errorf("%v is logged as %q; want %q", c.in, got, c.want)
		}
	}
	if a := cause(nil); a.Key != "" {
		t.Errorf("no cause is logged as %v", a)
	}
}
