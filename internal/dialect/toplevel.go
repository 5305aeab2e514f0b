package dialect

import "iter"

// Members returns the members at the top of the body as it came, each name and value
// as they are written there: a string with its quotes, an object with its braces. They
// alias the body.
func (r *Request) Members() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		d := r.doc
		at := gap(d.body, 0) + 1 // behind the brace
		for {
			at = gap(d.body, at)
			if at >= len(d.body) || d.body[at] != '"' {
				return
			}
			end := behind(d.body, at)
			name := d.src[at+1 : end-1]
			at = gap(d.body, end)
			end = behind(d.body, at)
			if !yield(name, d.src[at:end]) {
				return
			}
			at = end
		}
	}
}

// gap returns the index of the first byte from i on that is neither white space nor
// stands between values.
func gap(body []byte, i int) int {
	for i < len(body) {
		switch body[i] {
		case ' ', '\t', '\r', '\n', ',', ':':
			i++
		default:
			return i
		}
	}
	return i
}

// behind returns the index behind the value that begins at i. The body has been read
// before and is JSON.
func behind(body []byte, i int) int {
	for depth := 0; i < len(body); {
		switch body[i] {
		case '"':
			i = behindString(body, i)
		case '{', '[':
			depth++
			i++
			continue
		case '}', ']':
			depth--
			i++
		case ' ', '\t', '\r', '\n', ',', ':':
			i++
			continue
		default:
			i = behindScalar(body, i)
		}
		if depth == 0 {
			return i
		}
	}
	return i
}

// behindString returns the index behind the string whose opening quote is at i.
func behindString(body []byte, i int) int {
	for i = plain(body, i+1); i < len(body) && body[i] == '\\'; {
		i = plain(body, min(i+2, len(body)))
	}
	return min(i+1, len(body))
}

// behindScalar returns the index behind the number or word that begins at i.
func behindScalar(body []byte, i int) int {
	for i++; i < len(body); i++ {
		switch body[i] {
		case ',', ']', '}', ' ', '\t', '\r', '\n':
			return i
		}
	}
	return i
}

// Opaque returns how many files that are no text, or links to such, stand in the
// answer, and how many bytes of its body they take.
func (a *Answer) Opaque() (files, bytes int) { return a.doc.files, a.doc.opaque }
