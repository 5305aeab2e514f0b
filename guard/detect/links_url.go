package detect

import (
	"html"
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// linkVerdict says what is wrong with an address; the zero value: nothing.
type linkVerdict struct {
	rule, why string
	score     float64
}

// address is an address taken apart.
type address struct {
	scheme, user, host, path, query, fragment string
}

// How much data an address must hold to be reported.
const (
	linkText   = 24  // decoded bytes of text in a link
	imageText  = 12  // decoded bytes of text in what a renderer fetches
	imageBlob  = 40  // opaque bytes in one part of such an address
	imageQuery = 160 // bytes of query and fragment of such an address
	linkQuery  = 400 // bytes of one parameter of a link
	labelBytes = 24  // bytes of encoded data in a part of a host name
)

// judge says what is wrong with an address. loads: a renderer fetches it by
// itself. blanks: only addresses with blanks to fill matter.
func (d *Links) judge(raw string, loads, blanks bool) linkVerdict {
	if len(raw) < 8 {
		return linkVerdict{}
	}
	a, ok := splitAddress(raw)
	if blanks {
		if ok && a.host != "" && !d.allows(a.host) && hasBlank(a.path+"?"+a.query+"#"+a.fragment, loads) {
			return linkVerdict{"blank", "an address with a blank to be filled with the conversation", 1}
		}
		return linkVerdict{}
	}
	switch {
	case !ok:
		return linkVerdict{}
	case a.scheme == "javascript" || a.scheme == "vbscript":
		return linkVerdict{"script-scheme", "an address that runs a script when followed", 1}
	case a.scheme == "data":
		if strings.HasPrefix(a.path, "text/html") || strings.HasPrefix(a.path, "image/svg") || strings.HasPrefix(a.path, "application/xhtml") || strings.HasPrefix(a.path, "text/xml") {
			return linkVerdict{"data-scheme", "an address that holds a page of its own", 1}
		}
		return linkVerdict{}
	case a.host == "" || d.allows(a.host):
		return linkVerdict{}
	case len(raw) > urlBytes:
		return linkVerdict{"too-long", "an address beyond 2048 bytes", 1}
	}
	if v := judgeHost(a, loads); v.rule != "" {
		return v
	}
	if hasBlank(a.path+"?"+a.query+"#"+a.fragment, loads) {
		return linkVerdict{"blank", "an address with a blank to be filled with data", 0.9}
	}
	return judgePayload(a, loads)
}

// splitAddress undoes obfuscation and takes an address apart. It reports
// whether it is one with a scheme that matters.
func splitAddress(raw string) (a address, ok bool) {
	s := strings.TrimSpace(raw)
	if strings.IndexByte(s, '&') >= 0 {
		s = html.UnescapeString(s)
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r' || r == '\u200b' || r == '\ufeff' || r == '\u00ad':
			return -1
		case r == '\\':
			return '/'
		}
		return r
	}, strings.Trim(s, " <>\"'"))
	if colon := strings.IndexByte(s, ':'); colon > 0 && colon < 12 && !strings.ContainsAny(s[:colon], "/?#. ") {
		a.scheme, s = strings.ToLower(s[:colon]), s[colon+1:]
	}
	switch a.scheme {
	case "javascript", "vbscript", "data":
		a.path = strings.ToLower(strings.TrimSpace(s))
		return a, true
	case "http", "https", "ftp", "ws", "wss":
		s = strings.TrimLeft(s, "/")
	case "":
		if !strings.HasPrefix(s, "//") {
			return a, false
		}
		s = strings.TrimLeft(s, "/")
	default:
		return a, false
	}
	s, a.fragment, _ = strings.Cut(s, "#")
	s, a.query, _ = strings.Cut(s, "?")
	a.host, a.path, _ = strings.Cut(s, "/")
	if at := strings.LastIndexByte(a.host, '@'); at >= 0 {
		a.user, a.host = a.host[:at], a.host[at+1:]
	}
	if h, err := url.PathUnescape(a.host); err == nil {
		a.host = h
	}
	if colon := strings.LastIndexByte(a.host, ':'); colon > 0 && !strings.HasSuffix(a.host, "]") {
		a.host = a.host[:colon]
	}
	a.host = strings.Trim(strings.ToLower(a.host), "[].")
	return a, true
}

// judgeHost looks at who would receive the data.
func judgeHost(a address, loads bool) linkVerdict {
	carries := loads || a.query != "" || a.fragment != ""
	if strings.Contains(a.user, ".") {
		return linkVerdict{"user-info", "an address whose user part passes for its host", 1}
	}
	if ip, err := netip.ParseAddr(a.host); err == nil {
		if carries && personalAddress(ip) && !ip.IsPrivate() {
			return linkVerdict{"numeric-host", "an address that names its host by number and carries data", 0.9}
		}
		return linkVerdict{}
	}
	if isNumber(a.host) {
		return linkVerdict{"numeric-host", "an address that hides its host in a number", 1}
	}
	if strings.Contains(a.host, "xn--") && carries && a.query != "" {
		return linkVerdict{"punycode-host", "an address in a foreign script that carries data", 0.9}
	}
	sub := subdomain(a.host)
	for label := range strings.SplitSeq(sub, ".") {
		if len(label) >= labelBytes && (decodesToText(label, imageText) || opaque(label)) {
			return linkVerdict{"data-in-host", "an address whose host name holds encoded data", 1}
		}
	}
	if joined := strings.ReplaceAll(sub, ".", ""); len(joined) >= 2*labelBytes && decodesToText(joined, linkText) {
		return linkVerdict{"data-in-host", "an address whose host name holds encoded data", 1}
	}
	return linkVerdict{}
}

// isNumber reports whether host is one number in decimal, octal or hexadecimal,
// which browsers take for an address.
func isNumber(host string) bool {
	if host == "" || strings.IndexByte(host, '.') >= 0 {
		return false
	}
	if len(host) > 2 && host[0] == '0' && host[1] == 'x' {
		return isHex(host[2:])
	}
	for i := range len(host) {
		if classes[host[i]]&classDigit == 0 {
			return false
		}
	}
	return len(host) > 3
}

// subdomain returns the labels before the registered domain.
func subdomain(host string) string {
	if strings.Count(host, ".") < 2 {
		return ""
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil || len(domain) >= len(host) {
		return ""
	}
	return host[:len(host)-len(domain)-1]
}
