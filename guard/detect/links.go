package detect

import (
	"context"
	"strings"

	"warder.example/guard"
)

// Links recognises links and images that can carry data out of a conversation.
// A client that renders an answer fetches every image in it: an address whose
// path, query or host name holds encoded text is a message to whoever runs that
// server. It reports
//
//	exfiltration.image  what a renderer fetches by itself (Markdown images, HTML
//	                    elements, CSS url()), with text, encoded or opaque data
//	                    in its address
//	exfiltration.link   what a person may follow: encoded text in the address,
//	                    script and data schemes, names hidden by user info,
//	                    numbers for hosts, addresses beyond 2048 bytes
//
// Entities, percent signs, back slashes, line breaks inside an address and
// addresses without a scheme are undone first. Plain links, and hash digests and
// ids in links, pass. Addresses of allowed domains pass whatever they hold, but
// for script and data schemes.
//
// It reads what a model writes, tool arguments included. In text given to a
// model it reports only addresses with a blank to be filled with the
// conversation. Links is exact, and safe for concurrent use.
type Links struct {
	allowed map[string]bool
}

var _ guard.StreamDetector = (*Links)(nil)

const (
	// urlBytes is the longest address that is judged; a longer one is a
	// finding in itself.
	urlBytes = 2048
	// altBytes is the longest text of an image that is waited for.
	altBytes = 512
)

// NewLinks returns a detector that lets addresses of the allowed domains, and of
// their subdomains, carry anything. Domains are host names without scheme, port
// or path; case and a point before them do not matter.
func NewLinks(allowed []string) *Links {
	d := &Links{allowed: map[string]bool{}}
	for _, a := range allowed {
		if a = strings.Trim(strings.ToLower(strings.TrimSpace(a)), "."); a != "" {
			d.allowed[a] = true
		}
	}
	return d
}

// Detect implements [guard.Detector].
func (d *Links) Detect(ctx context.Context, t *guard.Text) ([]guard.Finding, error) {
	return detectExact(ctx, d, t)
}

// Longest implements [guard.StreamDetector].
func (d *Links) Longest() int { return urlBytes + altBytes + 64 }

// Scanner implements [guard.StreamDetector]. It is nil for operator text and
// for names.
func (d *Links) Scanner(_ *guard.Exchange, o guard.Origin, k guard.Kind) guard.Scanner {
	if o == guard.OriginOperator || k == guard.Name {
		return nil
	}
	return newScanner("links", func(text string, from int, end bool) (match, int, bool) {
		s := linkScan{d: d, text: text, end: end, blanks: o != guard.OriginModel}
		return s.find(from)
	})
}

// allows reports whether host is an allowed domain or under one.
func (d *Links) allows(host string) bool {
	for host != "" {
		if d.allowed[host] {
			return true
		}
		dot := strings.IndexByte(host, '.')
		if dot < 0 {
			return false
		}
		host = host[dot+1:]
	}
	return false
}
