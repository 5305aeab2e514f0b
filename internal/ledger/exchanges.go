package ledger

import (
	"cmp"
	"slices"
)

// maxFollowed bounds the exchanges that verification follows at a time.
const maxFollowed = 1 << 17

// exchanges follows opened and closed records in bounded memory.
type exchanges struct {
	open map[string]int64 // request: sequence of its opened record
	over bool             // more were open at a time than are followed
}

func (x *exchanges) see(kind, request string, seq int64) {
	switch kind {
	case KindOpened:
		if x.open == nil {
			x.open = make(map[string]int64)
		}
		if len(x.open) >= maxFollowed {
			x.over = true
			return
		}
		x.open[request] = seq
	case KindClosed:
		delete(x.open, request)
	}
}

func (x *exchanges) unclosed() Unclosed {
	u := Unclosed{Count: int64(len(x.open)), AtLeast: x.over}
	for request := range x.open {
		u.Requests = append(u.Requests, request)
	}
	slices.SortFunc(u.Requests, func(a, b string) int { return cmp.Compare(x.open[a], x.open[b]) })
	u.Requests = u.Requests[:min(len(u.Requests), MaxListed)]
	return u
}
