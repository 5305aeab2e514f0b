package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"warder.example/internal/config"
)

// maxToken is the longest token in bytes that is looked at.
const maxToken = 1024

// authorize finds the token of a request and whether it may use a scope.
func (a *API) authorize(r *http.Request, scope string) (*config.AdminToken, *failure) {
	from := network(r.RemoteAddr)
	if wait := a.wrong.wait(from, a.now()); wait > 0 {
		f := failGuessing
		f.retry = wait
		return nil, &f
	}
	given, f := bearer(r)
	if f != nil {
		return nil, f
	}
	t := match(a.tokens(), given)
	if t == nil {
		a.wrong.add(from, a.now())
		a.log.Warn("an admin token was refused", "from", from.String())
		return nil, &failToken
	}
	if !t.Allows(scope) {
		return nil, failScope.with("This token has no scope " + scope + ".")
	}
	return t, nil
}

// bearer returns what stands in the Authorization header.
func bearer(r *http.Request) (string, *failure) {
	values := r.Header.Values("Authorization")
	if len(values) == 0 {
		return "", &failNoToken
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	token = strings.TrimSpace(token)
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > maxToken {
		return "", &failNoToken
	}
	return token, nil
}

// match returns the token with that text, nil for none. It compares with all of them,
// so that the time tells neither whether nor which.
func match(tokens []config.AdminToken, given string) *config.AdminToken {
	sum := sha256.Sum256([]byte(given))
	found := -1
	for i := range tokens {
		d := tokens[i].Digest()
		found = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(sum[:], d[:]), i, found)
	}
	if found < 0 {
		return nil
	}
	return &tokens[found]
}

// How often an address may be wrong: so often at once, and then once an interval.
const (
	maxWrong      = 10
	wrongInterval = 6 * time.Second
	maxAddresses  = 1024 // that are told apart; others count as one
)

// guesses counts wrong tokens by address. The zero value has counted none.
type guesses struct {
	mu sync.Mutex
	// free is when the wrong tokens of an address are forgotten.
	free map[netip.Prefix]time.Time
}

// wait returns how long an address has to wait before its next request is looked at,
// 0 when it may ask.
func (g *guesses) wait(from netip.Prefix, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	free, ok := g.free[g.counted(from, now)]
	if !ok {
		return 0
	}
	return max(0, free.Sub(now)-(maxWrong-1)*wrongInterval)
}

func (g *guesses) add(from netip.Prefix, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.free == nil {
		g.free = map[netip.Prefix]time.Time{}
	}
	from = g.counted(from, now)
	free := g.free[from]
	if free.Before(now) {
		free = now
	}
	g.free[from] = free.Add(wrongInterval)
}

// counted returns under which address one is counted.
func (g *guesses) counted(from netip.Prefix, now time.Time) netip.Prefix {
	if _, ok := g.free[from]; ok || len(g.free) < maxAddresses {
		return from
	}
	for a, free := range g.free {
		if !free.After(now) {
			delete(g.free, a)
		}
	}
	if len(g.free) < maxAddresses {
		return from
	}
	return netip.Prefix{}
}

// network returns the address that a request comes from, of IPv6 the network, since
// one caller has as many addresses of it as it likes.
func network(remote string) netip.Prefix {
	a, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Prefix{}
	}
	ip, bits := a.Addr().Unmap().WithZone(""), 64
	if ip.Is4() {
		bits = 32
	}
	p, _ := ip.Prefix(bits)
	return p
}
