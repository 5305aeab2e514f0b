package normal

// runeTable leads from characters to small values, like a map and faster; the
// zero value stands for none. It is filled before it is shared.
type runeTable[T any] struct{ pages [0x20000 >> 8]*[256]T }

// tableOf returns a table of what m holds, which is nothing above U+1FFFF.
func tableOf[T any](m map[rune]T) *runeTable[T] {
	t := new(runeTable[T])
	for r, v := range m {
		if t.pages[r>>8] == nil {
			t.pages[r>>8] = new([256]T)
		}
		t.pages[r>>8][r&0xFF] = v
	}
	return t
}

// at returns what r leads to.
func (t *runeTable[T]) at(r rune) (v T) {
	if uint32(r) >= uint32(len(t.pages))<<8 {
		return v
	}
	if page := t.pages[r>>8]; page != nil {
		return page[r&0xFF]
	}
	return v
}
