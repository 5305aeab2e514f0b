package detect

import "strings"

// loadingElements fetch what their attributes name, by themselves; the values
// say whether a person must act first.
var loadingElements = map[string]bool{
	"img": true, "image": true, "iframe": true, "frame": true, "script": true, "link": true, "video": true, "audio": true, "source": true, "track": true,
	"embed": true, "object": true, "input": true, "svg": true, "use": true, "body": true, "table": true, "td": true, "th": true, "div": true, "span": true, "p": true,
	"meta": true, "base": true, "style": true, "section": true, "a": false, "area": false, "form": false, "button": false,
}

const elementName = 8 // bytes of the longest name above

// element reads an HTML element and judges the addresses in its attributes.
func (s *linkScan) element(i int) (match, int, outcome) {
	j := i + 1
	for j < len(s.text) && j <= i+1+elementName && classes[s.text[j]]&classLetter != 0 {
		j++
	}
	if j == len(s.text) && !s.end && j <= i+1+elementName {
		return match{}, i, outMore
	}
	loads, known := loadingElements[strings.ToLower(s.text[i+1:j])]
	if !known || j == len(s.text) || classes[s.text[j]]&classSpace == 0 && s.text[j] != '/' {
		return match{}, i + 1, outNone
	}
	quote, nested := byte(0), 0
	stop, out := s.upto(j, func(b byte) bool {
		switch {
		case quote != 0:
			if b == quote {
				quote = 0
			}
		case b == '"' || b == '\'':
			quote = b
		case b == '<':
			nested++
			return nested > nestedTags
		case b == '>':
			return true
		}
		return false
	})
	if out == outMore {
		return match{}, i, outMore
	}
	end := stop
	if stop < len(s.text) && s.text[stop] == '>' {
		end++
	}
	for _, a := range attributes(s.text[j:stop]) {
		if m, _, out := s.verdict(j+a.from, j+a.to, i, end, loads); out == outHit {
			return m, 0, outHit
		}
	}
	return match{}, j, outNone
}

// span of an attribute's value.
type attribute struct{ from, to int }

// addressAttributes hold an address, or text with one.
var addressAttributes = map[string]bool{"src": true, "href": true, "srcset": true, "poster": true, "data": true, "background": true, "action": true, "formaction": true, "content": true}

// attributes returns where the values with addresses stand in the inside of a
// tag; of srcset only the first address.
func attributes(tag string) (out []attribute) {
	for i := 0; i < len(tag); {
		eq := strings.IndexByte(tag[i:], '=')
		if eq < 0 {
			break
		}
		eq += i
		name := strings.TrimRight(tag[i:eq], " \t\n\r")
		if k := strings.LastIndexAny(name, " \t\n\r/\"':"); k >= 0 {
			name = name[k+1:]
		}
		from := eq + 1
		for from < len(tag) && classes[tag[from]]&classSpace != 0 {
			from++
		}
		to := from
		if from < len(tag) && (tag[from] == '"' || tag[from] == '\'') {
			from++
			to = from
			for to < len(tag) && tag[to] != tag[from-1] {
				to++
			}
		} else {
			for to < len(tag) && classes[tag[to]]&classSpace == 0 {
				to++
			}
		}
		if addressAttributes[strings.ToLower(name)] {
			at := from
			if strings.EqualFold(name, "content") {
				if k := strings.Index(strings.ToLower(tag[from:to]), "url="); k >= 0 {
					at += k + 4
				}
			}
			if strings.EqualFold(name, "srcset") {
				if k := strings.IndexAny(tag[from:to], ", "); k > 0 {
					to = from + k
				}
			}
			out = append(out, attribute{at, to})
		}
		i = max(to, eq+1)
	}
	return out
}
