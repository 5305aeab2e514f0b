package detect

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/publicsuffix"
)

// domainBytes is the longest domain name (RFC 1035, 2.3.4); a longer one is
// reported up to there.
const domainBytes = 253

// email tries the address whose "@" stands at text[at]; its local part begins
// no earlier than lo. While the answer needs more text, m.Start says where the
// address would begin.
//
// Quoted local parts are not recognised. Not an address: the user of an scp-like
// remote (git@host:path) or of a URL (https://user@host), and whatever does not
// end in a known top-level domain, as in package@1.2.3.
func email(text string, lo, at int, end bool) (m match, out outcome) {
	start := localStart(text, max(lo, at-localBytes), at)
	m.Start = start
	if start == at {
		return m, outNone
	}
	stop, open := domainEnd(text, at+1)
	if open && !end {
		return m, outMore
	}
	stop = domainTrim(text, at+1, stop)
	if !domainKnown(text[at+1:stop]) || text[at-1] == '.' {
		return m, outNone
	}
	if stop < len(text) && text[stop] == ':' && (stop+1 == len(text) && !end) {
		return m, outMore
	}
	if isRemote(text, start, at, stop) {
		return m, outNone
	}
	return hit("pii.email", "email", start, stop, "an e-mail address with a registered top-level domain"), outHit
}

// unspacedLocal is how many characters of a script without spaces a local part
// has at most: names in such scripts are short, and where the word before "@"
// began nobody can tell. Of a longer run the last ones are the address, so that a
// stream of such text holds no more than these.
const unspacedLocal = 4

// localStart returns where the local part that ends at "@" begins. A script
// written without spaces ends where the ASCII part begins. If text ends at "at",
// no text that comes makes it begin earlier.
func localStart(text string, lo, at int) int {
	start := at
	ascii, unspaced := false, 0
	for start > lo {
		b := text[start-1]
		if b < 0x80 {
			if b == '(' || !piiToken[b] {
				break
			}
			ascii = true
			start--
			continue
		}
		r, size := utf8.DecodeLastRuneInString(text[lo:start])
		if !unicode.In(r, unicode.L, unicode.M, unicode.N) {
			break
		}
		if spaceless(r) {
			if unspaced++; ascii || unspaced > unspacedLocal {
				break
			}
		}
		start -= size
	}
	for start < at && strings.IndexByte(".-'(%", text[start]) >= 0 {
		start++
	}
	return start
}

// spaceless reports whether r belongs to a script that puts no spaces between
// words.
func spaceless(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// domainEnd returns the end of the run of domain characters at i; open says
// that it reaches the end of the text.
func domainEnd(text string, i int) (end int, open bool) {
	limit := min(len(text), i+domainBytes)
	ascii := i < limit && text[i] < 0x80
	for i < limit {
		b := text[i]
		if b < 0x80 {
			if classes[b]&classAlnum == 0 && b != '-' && b != '.' {
				return i, false
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if i+size > limit || !unicode.In(r, unicode.L, unicode.M, unicode.N) || ascii && spaceless(r) {
			return i, false
		}
		i += size
	}
	return i, i == len(text)
}

// domainTrim cuts a domain before whatever cannot belong to one: the point that
// ends a sentence, empty labels.
func domainTrim(text string, start, end int) int {
	if i := strings.Index(text[start:end], ".."); i >= 0 {
		end = start + i
	}
	for end > start && (text[end-1] == '.' || text[end-1] == '-') {
		end--
	}
	return end
}

// privateDomains are top-level domains that are not registered but used inside
// organisations, and those reserved for examples, in which people show theirs.
var privateDomains = map[string]bool{
	"local": true, "internal": true, "corp": true, "lan": true, "intra": true, "intranet": true, "home": true, "test": true, "example": true, "invalid": true,
}

// domainKnown reports whether d has at least two labels, none empty or longer
// than 63 bytes, and ends in a top-level domain that exists.
func domainKnown(d string) bool {
	dot := strings.LastIndexByte(d, '.')
	if dot <= 0 || d[0] == '-' || d[0] == '.' {
		return false
	}
	for label := range strings.SplitSeq(d, ".") {
		if len(label) == 0 || len(label) > 63 && label[0] < 0x80 {
			return false
		}
	}
	tld := d[dot+1:]
	if tld[0] >= 0x80 {
		return utf8.RuneCountInString(tld) >= 2
	}
	for i := range len(tld) {
		if classes[tld[i]]&classDigit != 0 && !strings.HasPrefix(tld, "xn--") && !strings.HasPrefix(tld, "XN--") {
			return false
		}
	}
	if len(tld) < 2 {
		return false
	}
	tld = strings.ToLower(tld)
	if privateDomains[tld] {
		return true
	}
	if _, ok := knownTLDs.Load(tld); ok {
		return true
	}
	_, icann := publicsuffix.PublicSuffix(tld)
	if icann {
		knownTLDs.Store(strings.Clone(tld), true)
	}
	return icann
}

// knownTLDs remembers top-level domains that the public suffix list has; there
// are some 1,500.
var knownTLDs sync.Map

// remoteUsers are the users of scp-like remotes: git@host:path.
var remoteUsers = map[string]bool{"git": true, "hg": true, "svn": true, "ssh": true}

// isRemote reports whether the candidate is the user and host of a remote or of
// a URL rather than a mailbox.
func isRemote(text string, start, at, stop int) bool {
	before := text[max(0, start-contextBytes):start]
	if i := strings.LastIndex(before, "://"); i >= 0 && !strings.ContainsAny(before[i+3:], " \t\n\"'<>()/?") {
		return true
	}
	return remoteUsers[text[start:at]] && stop < len(text) && (text[stop] == ':' || text[stop] == '/')
}
