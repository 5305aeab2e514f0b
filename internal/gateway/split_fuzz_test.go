package gateway

import (
	"strings"
	"testing"
)

// FuzzSplit: a text that is masked or denied, cut anywhere into pieces that come
// in one place of events with others between them, cannot be put together by who
// receives them, nor can what stands beside it be lost.
func FuzzSplit(f *testing.F) {
	for i := range splitPlaces {
		f.Add(uint8(i), uint8(i), uint8(3), uint8(7), uint8(i%3), false)
		f.Add(uint8(i), uint8(i+1), uint8(1), uint8(9), uint8(0), true)
	}
	s := newSplitRig(f)
	f.Fuzz(func(t *testing.T, at, which, one, two, gap uint8, escape bool) {
		s.t = t
		place := splitPlaces[int(at)%len(splitPlaces)]
		text := []string{"xyzzyplugh", "TCK-123456"}[which%2]
		if strings.Contains(place, "%b") {
			text = "TCK-123456"
		}
		i := 1 + int(one)%(len(text)-1)
		j := i + int(two)%(len(text)-i)
		pieces := []string{text[:i], text[i:j], text[j:]}
		if i == j {
			pieces = []string{text[:i], text[j:]}
		}
		var events []string
		for k, p := range pieces {
			for range int(gap) % 4 {
				if k > 0 {
					events = append(events, `{"id":"c1","choices":[{"index":0,"delta":{"content":" so "}}]}`)
				}
			}
			e := planted(place, p)
			if escape && strings.Contains(place, `"%w"`) {
				e = strings.Replace(e, `"`+p+`"`, `"`+escaped(p)+`"`, 1)
			}
			events = append(events, e)
		}
		p := s.play(append(events, `{"id":"c1","choices":[{"index":0,"delta":{"content":" end "}}]}`, "[DONE]")...)
		if at := whole(t, p.body, text); at != "" {
			t.Fatalf("%q: together again at %s:\n%s", events, at, p.body)
		}
		if gap%4 == 0 {
			begun := text[:3]
			if own(place) {
				begun = text[:telltale]
			}
			if at := whole(t, p.body, begun); at != "" && i >= len(begun) {
				t.Fatalf("%q: begun at %s:\n%s", events, at, p.body)
			}
		}
	})
}

// escaped writes the first character of a text as an escape.
func escaped(s string) string {
	const hex = "0123456789abcdef"
	return `\u00` + string(hex[s[0]>>4]) + string(hex[s[0]&15]) + s[1:]
}
