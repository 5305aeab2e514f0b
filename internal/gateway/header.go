package gateway

import (
	"net/http"
	"strings"
)

// upstreamHeader returns the header of a request to an upstream, without the credential:
// package upstream adds that. Nothing in it is
// the caller's own text: an idempotency key is passed on as a hash that is
// different for each application, so that one cannot be given the answer of
// another, and beta flags only as plain words.
func (x *exchange) upstreamHeader() http.Header {
	v := [...]string{"application/json", "application/json, text/event-stream", "identity"}
	h := http.Header{"Content-Type": v[0:1:1], "Accept": v[1:2:2], "Accept-Encoding": v[2:3:3]}
	if k := x.r.Header.Get("Idempotency-Key"); k != "" {
		h.Set("Idempotency-Key", x.server.committer.Commit(x.grant.Application.ID, "idempotency\x00", k))
	}
	x.route.family.ask(x.r.Header, h)
	return h
}

// askOpenAI passes beta flags on.
func askOpenAI(from, to http.Header) {
	if beta := from.Get("Openai-Beta"); len(beta) <= 128 && plainWords(beta) {
		to.Set("Openai-Beta", beta)
	}
}

// plainWords reports whether s is not empty and holds lower-case words, digits
// and what joins them.
func plainWords(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789=,-_ ") == ""
}
