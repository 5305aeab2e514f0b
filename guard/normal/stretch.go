package normal

// stretch is a part of a text whose letters may have been exchanged.
type stretch struct{ start, end int }

// wholeWords widens a stretch to whole words.
func (s stretch) wholeWords(text string, after int) stretch {
	for s.start > after && symbol[text[s.start-1]] != boundary {
		s.start--
	}
	for s.start < s.end && symbol[text[s.start]] == boundary {
		s.start++
	}
	for s.end < len(text) && symbol[text[s.end]] != boundary {
		s.end++
	}
	for s.end > s.start && symbol[text[s.end-1]] == boundary {
		s.end--
	}
	return s
}

// together reports whether what stands between two stretches lets them be one.
func together(gap string) bool {
	if len(gap) > 24 {
		return false
	}
	for i := range len(gap) {
		if apart[gap[i]] {
			return false
		}
	}
	return true
}

// merged widens stretches to words and joins those that stand close together.
func merged(text string, found []stretch) []stretch {
	var out []stretch
	after := 0
	for _, s := range found {
		if s.end <= after {
			continue
		}
		s.start = max(s.start, after)
		s = s.wholeWords(text, after)
		after = max(after, s.end)
		if s.end <= s.start {
			continue
		}
		if n := len(out); n > 0 && together(text[out[n-1].end:s.start]) {
			out[n-1].end = max(out[n-1].end, s.end)
		} else {
			out = append(out, s)
		}
	}
	return out
}

// between returns the bounds within which s may grow: what is settled, and the
// stretches, in order, that are explained. Of these it also returns those that do
// not come before s.
func (s stretch) between(text string, settled int, explained []stretch) (after, before int, _ []stretch) {
	after, before = settled, len(text)
	for len(explained) > 0 && explained[0].end <= s.start {
		after = max(after, explained[0].end)
		explained = explained[1:]
	}
	for _, x := range explained {
		if x.start >= s.end {
			return after, x.start, explained
		}
	}
	return after, before, explained
}

// grown widens a stretch, within text[after:before], by the words at its ends
// that read better once changed.
func (s stretch) grown(text string, after, before int, change func(word []byte)) stretch {
	text = text[:before]
	var buf [24]byte
	better := func(start, end int) bool {
		word := text[start:end]
		if len(word) > len(buf) || known(word) {
			return false
		}
		changed := append(buf[:0], word...)
		change(changed)
		now, _ := english(word)
		then, _ := english(string(changed))
		return known(changed) || then < now
	}
	for {
		end := s.start
		for end > after && s.start-end < 4 && symbol[text[end-1]] == boundary {
			end--
		}
		start := end
		for start > after && end-start <= len(buf) && symbol[text[start-1]] != boundary {
			start--
		}
		if start == end || !better(start, end) {
			break
		}
		s.start = start
	}
	for {
		start := s.end
		for start < len(text) && start-s.end < 4 && symbol[text[start]] == boundary {
			start++
		}
		end := start
		for end < len(text) && end-start <= len(buf) && symbol[text[end]] != boundary {
			end++
		}
		if start == end || !better(start, end) {
			break
		}
		s.end = end
	}
	return s
}
