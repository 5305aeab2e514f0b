package gateway

import (
	"math"

	"warder.example/guard"
	"warder.example/internal/dialect/moderation"
)

// moderations serves POST /v1/moderations.
func (s *Server) moderations(x *exchange) *failure {
	body, f := x.readRequest()
	if f != nil {
		return f
	}
	req, err := moderation.ParseRequest(body, x.limits())
	if err != nil {
		return problem(err)
	}
	e, f := x.examine("")
	if f != nil {
		return f
	}
	for i := range req.Leaves {
		if req.Result(i) >= 0 {
			e.add(&req.Leaves[i], i, guard.Request)
		}
	}
	if req.Results == 1 { // a text, or the parts of one
		one := make([]int, len(e.texts))
		for i := range one {
			one[i] = i
		}
		e.together = [][]int{one}
	}
	if f := e.judge(len(body), nil); f != nil {
		return f
	}
	results := make([]moderation.Result, req.Results)
	for i := range e.verdict.Findings {
		f := &e.verdict.Findings[i]
		c, ok := moderation.CategoryOf(f.Category)
		if !ok {
			continue
		}
		r := &results[req.Result(e.index[f.Text])]
		r.Scores[c] = max(r.Scores[c], e.rounded(f.Score))
		if e.actions[i] != guard.Allow {
			r.Categories[c], r.Flagged = true, true
		}
	}
	a := &moderation.Answer{ID: "modr-" + x.id[len("req_"):], Model: moderation.Model, Results: results}
	return e.reply(a.Body(), nil)
}

// rounded returns a score as the caller may know it: to tenths where a finer one
// would let an attacker feel the way.
func (e *examination) rounded(score float64) float64 {
	if e.explains() {
		return score
	}
	return math.Round(score*10) / 10
}
