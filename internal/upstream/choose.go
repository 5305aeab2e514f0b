package upstream

import (
	"math/bits"
	"time"
)

// lowest returns the first upstream of a set.
func lowest(set uint64) int { return bits.TrailingZeros64(set) }

// candidates returns the set of upstreams that may be asked: bit i stands for the
// i-th. It is empty if nobody serves the model.
func (p *Pool) candidates(c *Call) (set uint64) {
	if c.Model == "" && c.Upstream != "" {
		return p.named(c)
	}
	first := -1
	for i, s := range p.servers {
		if !s.serves(c) {
			continue
		}
		if first < 0 {
			first = i
		}
		if f := p.servers[first]; i == first || f.group != "" && s.group == f.group {
			if c.Upstream == "" || c.Upstream == s.name {
				set |= 1 << i
			}
		}
	}
	return set
}

// named returns the upstream of a call that is about no model.
func (p *Pool) named(c *Call) uint64 {
	for i, s := range p.servers {
		if s.name == c.Upstream && s.family == familyOr(c.Family) {
			return 1 << i
		}
	}
	return 0
}

// pick is who is asked, with the permission of its circuit.
type pick struct {
	server *server
	index  int
	ticket ticket
}

// pick chooses an upstream of a set that its circuit lets through; its server is nil
// if there is none.
func (p *Pool) pick(set uint64, now time.Time) pick {
	for set != 0 {
		i := p.choose(set, now)
		if t, ok := p.servers[i].circuit.admit(now); ok {
			return pick{p.servers[i], i, t}
		}
		set &^= 1 << i
	}
	return pick{}
}

// choose returns an upstream of a set that is not empty: of those not resting, else of
// all, the lowest priority, at random by weight.
func (p *Pool) choose(set uint64, now time.Time) int {
	if set&(set-1) == 0 {
		return lowest(set)
	}
	tier, best, weight := uint64(0), 0, 0
	for rest := set; rest != 0; rest &= rest - 1 {
		i := lowest(rest)
		s := p.servers[i]
		rank := s.priority
		if s.resting(now) {
			rank += 1000 // behind every priority
		}
		if tier == 0 || rank < best {
			tier, best, weight = 0, rank, 0
		}
		if rank == best {
			tier |= 1 << i
			weight += s.weight
		}
	}
	if tier&(tier-1) == 0 {
		return lowest(tier)
	}
	n := p.options.Random(weight)
	for ; ; tier &= tier - 1 {
		i := lowest(tier)
		if n -= p.servers[i].weight; n < 0 || tier&(tier-1) == 0 {
			return i
		}
	}
}
