package detect

import "strings"

// Recognition of private key blocks (RFC 7468 and its relatives of OpenSSH and
// OpenPGP), by hand, since they are long and end at a marker.
const (
	pemRule  = -1
	pemBegin = "-----begin"
	// maxPEM is the longest block that is one finding. What goes on longer
	// is cut there: the finding stands.
	maxPEM = 16 << 10
	// maxPEMLabel bounds what stands between BEGIN and the dashes.
	maxPEMLabel = 112
	// minPEMBody is how many characters of base64 make a header a block and
	// not a mention.
	minPEMBody = 24
)

// tryPEM looks for a private key block at text[at:], which begins with pemBegin.
func tryPEM(text string, at int, end bool) (c candidate) {
	c.Start = at
	head, live := pemHeader(text, at+len(pemBegin))
	if head < 0 {
		c.live = live && !end
		return c
	}
	limit := min(len(text), at+maxPEM)
	body, stop := 0, head // base64 seen, and the end of the last of it
	i := head
	for ; i < limit; i++ {
		switch b := text[i]; {
		case is(b, classAlnum), b == '+', b == '/', b == '=', b == '_':
			body++
			stop = i + 1
		case is(b, classSpace), b == '\\', b == ':', b == ',', b == '.', b == '(', b == ')', b == '"', b == '\'':
		case b == '-':
			if strings.HasPrefix(text[i:], "-----") {
				dashes, live := pemLabel(text[:limit], i+5)
				if dashes < 0 {
					dashes = i
				}
				return c.pem(body, dashes+5, live && limit < at+maxPEM && !end)
			}
		default:
			return c.pem(body, stop, false)
		}
	}
	return c.pem(body, stop, i < at+maxPEM && !end)
}

// pem completes a candidate whose block ends at stop; live says that more text
// could move the end.
func (c candidate) pem(body, stop int, live bool) candidate {
	if live {
		c.live = true
	} else if body >= minPEMBody {
		c.ok, c.End = true, stop
	}
	return c
}

// pemHeader returns the end of the header of a private key whose label begins at
// text[i:], or -1; live says that the text ended before that was certain.
func pemHeader(text string, i int) (end int, live bool) {
	dashes, live := pemLabel(text, i)
	if dashes < 0 {
		return -1, live
	}
	name := strings.ToUpper(text[i:dashes])
	if !strings.HasSuffix(name, "PRIVATE KEY") && !strings.HasSuffix(name, "PRIVATE KEY BLOCK") {
		return -1, false
	}
	return dashes + 5, false
}

// pemLabel returns where the five dashes stand that end the label at text[i:],
// or -1; live says that the text ended before that was certain.
func pemLabel(text string, i int) (dashes int, live bool) {
	for label := i; i < label+maxPEMLabel; i++ {
		if i == len(text) {
			return -1, true
		}
		switch b := text[i]; {
		case is(b, classAlnum|classUnder), b == ' ':
		case b == '-':
			if strings.HasPrefix(text[i:], "-----") {
				return i, false
			}
			if len(text)-i < 5 && strings.Trim(text[i:], "-") == "" {
				return -1, true
			}
		default:
			return -1, false
		}
	}
	return -1, false
}
