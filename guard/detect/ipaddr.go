package detect

import (
	"net/netip"
	"strings"
)

// ipv4 recognises an IPv4 address of a host. Not reported: what
// [personalAddress] refuses, networks (ending in .0), and what the words before
// call a version; addresses of small numbers, which versions have, need a word
// such as "ip" or "host".
func ipv4(r *numberRun) (match, bool) {
	if r.ng < 4 || r.g[1].sep != '.' || r.g[2].sep != '.' || r.g[3].sep != '.' || !r.bounded(3) {
		return match{}, false
	}
	end := r.g[3].end
	if end-r.start > 15 {
		return match{}, false
	}
	h := r.hint()
	if h&hintVersion != 0 && h&hintAddress == 0 {
		return match{}, false
	}
	a, err := netip.ParseAddr(r.text[r.start:end])
	if err != nil || !personalAddress(a) {
		return match{}, false
	}
	if end < len(r.text) && r.text[end] == '-' && end+1 < len(r.text) && classes[r.text[end+1]]&classLetter != 0 {
		return match{}, false // a pre-release
	}
	b := a.As4()
	if b[3] == 0 || h&hintAddress == 0 && max(b[0], b[1], b[2], b[3]) < 32 {
		return match{}, false
	}
	return hit("pii.ip_address", "ipv4", r.start, end, "an IPv4 address of a host"), true
}

// documentation networks of RFC 5737 and RFC 3849.
var documentationNets = []netip.Prefix{
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("3fff::/20"),
}

// personalAddress reports whether a can tell of a person. Loopback, multicast,
// documentation, link-local and private addresses (RFC 1918, RFC 4193) are those
// of millions of hosts at once.
func personalAddress(a netip.Addr) bool {
	if a.IsPrivate() || a.IsLoopback() || a.IsUnspecified() || a.IsMulticast() || a.IsLinkLocalUnicast() {
		return false
	}
	for _, p := range documentationNets {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// addressBytes is the longest IPv6 address with an embedded IPv4 one.
const addressBytes = 45

// hexAddress recognises the IPv6 or MAC address whose first group is the word
// text[w:we].
func hexAddress(text string, w, we int, end bool) (match, outcome) {
	if we-w > 4 || we == len(text) || !isHex(text[w:we]) {
		return match{}, outNone
	}
	if text[we] != ':' && (text[we] != '-' || we-w != 2) || w > 0 && (text[w-1] == ':' || text[w-1] == '-' && classes[text[max(0, w-2)]]&classAlnum != 0) {
		return match{}, outNone
	}
	i := we
	for i < len(text) && i-w < addressBytes && (text[i] == ':' || text[i] == '.' || text[i] == '-' || hexDigit(text[i])) {
		i++
	}
	if i == len(text) && !end {
		return match{}, outMore
	}
	for !hexDigit(text[i-1]) && text[i-1] != ':' || text[i-1] == ':' && text[i-2] != ':' {
		i--
	}
	s := text[w:i]
	if i < len(text) && classes[text[i]]&classWord != 0 {
		return match{}, outNone
	}
	if isMAC(s) {
		return hit("pii.mac_address", "mac", w, i, "a hardware address of a network interface"), outHit
	}
	if text[we] != ':' || !hasDigit(s) || !likeIPv6(s) {
		return match{}, outNone
	}
	a, err := netip.ParseAddr(s)
	if err != nil || !personalAddress(a) || a.Is4() {
		return match{}, outNone
	}
	return hit("pii.ip_address", "ipv6", w, i, "an IPv6 address of a host"), outHit
}

// likeIPv6 is a cheap look before parsing: eight groups, or one "::", with four
// digits a group at most.
func likeIPv6(s string) bool {
	groups, double, run := 1, 0, 0
	for i := range len(s) {
		switch {
		case s[i] == ':':
			if i > 0 && s[i-1] == ':' {
				double++
			}
			groups, run = groups+1, 0
		case s[i] == '-':
			return false
		case s[i] == '.':
			run = 0
		default:
			if run++; run > 4 {
				return false
			}
		}
	}
	return double == 1 && groups >= 4 || double == 0 && groups == 8
}

func hexDigit(b byte) bool {
	return classes[b]&classDigit != 0 || foldByte(b) >= 'a' && foldByte(b) <= 'f'
}

func isHex(s string) bool {
	for i := range len(s) {
		if !hexDigit(s[i]) {
			return false
		}
	}
	return true
}

// isMAC reports whether s is six pairs of hexadecimal digits, with one
// separator throughout, neither all zero nor broadcast.
func isMAC(s string) bool {
	if len(s) != 17 {
		return false
	}
	for i := range len(s) {
		if i%3 == 2 {
			if s[i] != s[2] || s[i] != ':' && s[i] != '-' {
				return false
			}
		} else if !hexDigit(s[i]) {
			return false
		}
	}
	switch strings.ToLower(s) {
	case "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "00-00-00-00-00-00", "ff-ff-ff-ff-ff-ff":
		return false
	}
	return hasDigit(s)
}
