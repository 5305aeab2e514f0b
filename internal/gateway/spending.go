package gateway

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"

	"warder.example/guard"
	"warder.example/internal/budget"
	"warder.example/internal/config"
	"warder.example/internal/dialect"
	"warder.example/internal/price"
	"warder.example/internal/tokens"
	"warder.example/internal/upstream"
)

// spending is what an exchange holds of its budgets and what it is known to have used.
// The zero value holds nothing.
type spending struct {
	held    *budget.Reservation // nil: nothing
	asked   bool                // a model server may have worked on it
	free    bool                // and has said that it did not
	lost    bool                // what it made of it is not known at all
	silent  bool                // the model writes nothing, so that its usage is of input alone
	unasked bool                // that the stream tells its usage is Warder's own wish
	pinned  bool                // only the first upstream's model is paid for
	model   string              // what the upstream that was asked last calls the model; empty if nobody was
	usage   dialect.Usage       // what the answer said so far
	last    bool                // a count of all came with or after the last text
	final   bool                // it was all
	most    int64               // output tokens, by the cap; 0 if it is not known
	read    func() int64        // estimates the tokens of the request
	wrote   tokens.Estimate     // of what came of the answer
	said    int64               // bytes of it that the model itself must have written
}

// count notes what the answer says of its usage. A stream says it several times, each
// time more of it.
func (s *spending) count(u dialect.Usage) {
	if s == nil {
		return
	}
	a := &s.usage
	a.Prompt, a.Completion = max(a.Prompt, u.Prompt), max(a.Completion, u.Completion)
	a.Cached, a.Written, a.Present = max(a.Cached, u.Cached), max(a.Written, u.Written), a.Present || u.Present
	s.last = s.last || u.Present && !u.Partial
}

// event counts an event of a stream: the texts that go on in it and what it says of
// usage. What was said before a text is no count of it.
func (s *spending) event(c *dialect.Chunk) {
	if s == nil {
		return
	}
	for i := range c.Leaves {
		if l := &c.Leaves[i]; l.Delta {
			s.add(&l.Leaf)
		}
	}
	s.count(c.Usage)
}

// add counts a text of the answer, for an answer that does not say its usage.
func (s *spending) add(l *dialect.Leaf) {
	if l.Inner || l.Text == "" {
		return
	}
	s.last = false
	s.wrote.Add(l.Text)
	s.own(l)
}

// own counts the bytes of a text that the model itself must have written.
func (s *spending) own(l *dialect.Leaf) {
	if !l.Inner && l.Known && l.Origin == guard.OriginModel && !l.IsKey() && slices.Contains(ownWords, l.Rule().Name) {
		s.said += int64(len(l.Text))
	}
}

// ownWords are the texts of an answer that the model wrote token by token: no quotes,
// no results of tools, and nothing twice.
var ownWords = []string{dialect.FieldContent, dialect.FieldRefusal, dialect.FieldArguments}

// mostBytes is how many bytes a token has at most, on average over an answer: about ten
// times what is usual.
const mostBytes = 40

// plausible reports whether the provider's count can be one of this exchange: something
// was read, and the model's own words fit into what it is said to have written.
func (s *spending) plausible() bool {
	return s.silent || s.usage.Prompt > 0 && s.said <= int64(s.usage.Completion)*mostBytes
}

// whole counts a whole answer.
func (s *spending) whole(a *dialect.Answer) {
	s.count(a.Usage)
	s.final = s.usage.Present || s.silent && s.usage.Prompt > 0
	for i := range a.Leaves {
		s.own(&a.Leaves[i])
	}
	if s.final && s.plausible() {
		return // this will be charged, and no estimate
	}
	for i := range a.Leaves {
		if l := &a.Leaves[i]; !l.Inner && l.Kind != guard.Name { // an id is not what the model wrote
			s.wrote.Add(l.Text)
		}
	}
}

// used returns what is to be charged: the provider's count, or where it is missing or
// cannot be true an estimate that is not less than what it has counted so far.
func (s *spending) used() budget.Usage {
	t := price.Tokens{Input: int64(s.usage.Prompt), Cached: int64(s.usage.Cached), Write: int64(s.usage.Written), Output: int64(s.usage.Completion)}
	if s.free || s.read == nil || s.final && s.plausible() {
		return budget.Usage{Tokens: t, Model: s.model}
	}
	if t.Input == 0 {
		t.Input = s.read()
	}
	t.Output = max(t.Output, s.wrote.Tokens())
	if s.lost {
		t.Output = max(t.Output, s.most)
	}
	return budget.Usage{Tokens: t, Estimated: true, Model: s.model}
}

// reserve takes what an exchange may use from its budgets. The id and whose it is are
// filled in.
func (x *exchange) reserve(e budget.Exchange) *failure {
	app := &x.grant.Application
	e.ID, e.Key, e.Application, e.ApplicationName, e.Subject = x.id, x.grant.Key.ID, app.ID, app.Name, x.subject
	var err error
	if x.spent.held, err = x.server.budgets.Reserve(x.r.Context(), e); err != nil {
		return budgetFailure(err)
	}
	return nil
}

// reserveRequest is reserve for a call that asks no model: it counts as a request.
func (x *exchange) reserveRequest() *failure {
	x.spent.asked = true
	return x.reserve(budget.Exchange{Alone: true})
}

// reserve takes what the request may use, whose edits are to be sent along, and writes
// into it what the budgets need: a cap of its answer, and the wish to be told its usage.
func (t *talk) reserve(size int, edits []dialect.Edit) *failure {
	for _, e := range edits {
		for _, m := range e.Masks {
			size += len(m.With)
		}
	}
	u := t.state.upstream(t.upstream)
	files, opaque := t.req.Opaque()
	e := budget.Exchange{
		Asked:  t.req.Model,
		Model:  cmp.Or(u.Aliases[t.req.Model], t.req.Model),
		Input:  tokens.Input{Bytes: int64(size - opaque), Messages: int64(t.req.Turns), Files: int64(files)},
		Output: int64(t.req.MaxTokens), Choices: int64(max(t.req.N, t.req.Drafts)),
	}
	if t.model == hidden {
		e.Counted = t.server.committer.Commit(t.grant.Application.ID, "model\x00", t.req.Model)
	}
	if t.spent.silent = !t.req.Writes(); t.spent.silent {
		e.Output, e.Choices = 1, 1 // 0 would be no cap
	}
	s := &t.spent
	if t.upstream != carriedUpstream {
		e.Others = t.state.pool.Others(t.route.family.name, t.req.Model)
	}
	f := t.exchange.reserve(e)
	if f != nil && f.full() && len(e.Others) > 0 {
		e.Others, s.pinned = nil, true // there may be room for the first one's model alone
		f = t.exchange.reserve(e)
	}
	if f != nil {
		return f
	}
	s.read, s.most = t.readTokens, e.Output
	if n := s.held.WriteCap(); n > 0 && t.req.Cap(n, u.OutputCap == config.CapOlder) {
		s.most = n
	}
	s.most = min(s.most, maxCounted) * e.Choices
	s.unasked = t.req.Stream && !t.req.IncludeUsage && s.held.Metered() && t.req.AskUsage()
	return nil
}

// perTurn is how many tokens to expect around a message, for its role and separators.
const perTurn = 4

// readTokens estimates the tokens of the request.
func (t *talk) readTokens() int64 {
	files, _ := t.req.Opaque()
	var e tokens.Estimate
	for i := range t.req.Leaves {
		if !t.req.Leaves[i].Inner {
			e.Add(t.req.Leaves[i].Text)
		}
	}
	return e.Tokens() + int64(t.req.Turns)*perTurn + int64(files)*tokens.PerFile
}

// sent notes what came of asking a model server.
func (s *spending) sent(err error) {
	e, ok := errors.AsType[*upstream.Error](err)
	s.asked = err == nil || !ok || e.Sent()
	s.lost = err != nil
}

// charge ends the reservation with what was used, for the closed record. It comes
// before that, so that a record never says less than was charged.
func (x *exchange) charge() {
	s := &x.spent
	if s.held == nil {
		return
	}
	ctx := patient(x.r.Context(), recordTime)
	defer ctx.stop()
	if !s.asked {
		x.charged(ctx, s.held.Release(ctx))
		return
	}
	c, err := s.held.Settle(ctx, s.used())
	x.charged(ctx, err)
	x.closing.Used = Used{Input: c.Input, Cached: c.Cached, Write: c.Write, Output: c.Output, Cost: int64(c.Cost), Estimated: c.Estimated}
	for _, m := range slices.Sorted(maps.Keys(c.Over)) {
		x.closing.Over = append(x.closing.Over, Excess{string(m), c.Over[m]})
	}
}

// charged tells the operator that a reservation could not be ended: it stays charged.
func (x *exchange) charged(ctx context.Context, err error) {
	if err != nil {
		x.server.log.LogAttrs(ctx, slog.LevelError, "a reservation was not settled and stays charged", slog.String("request", x.id), cause(err))
	}
}

// budgetFailure names why nothing could be reserved.
func budgetFailure(err error) *failure {
	if l, ok := errors.AsType[*budget.LimitError](err); ok {
		if l.Never {
			return failTooMuch.because(err)
		}
		f := failBudget.because(err)
		f.Retry = l.Retry
		return f
	}
	if errors.Is(err, budget.ErrNoPrice) {
		return failNoPrice.because(err)
	}
	return failCounters.because(err)
}

// full reports whether a budget has no room.
func (f *failure) full() bool {
	_, ok := errors.AsType[*budget.LimitError](f)
	return ok
}

// budgetOf is the attribute of a log line that names the budget that refused, if one
// did: its name is the configuration's.
func budgetOf(err error) slog.Attr {
	if l, ok := errors.AsType[*budget.LimitError](err); ok {
		return slog.String("budget", l.Limit.Name)
	}
	return slog.Attr{}
}

// upstream returns what the configuration says of an upstream.
func (s *state) upstream(name string) *config.Upstream {
	for i := range s.cfg.Upstreams {
		if u := &s.cfg.Upstreams[i]; u.Name == name {
			return u
		}
	}
	return &config.Upstream{}
}

// Budgets returns what is counted of the server's exchanges.
func (s *Server) Budgets() *budget.Budgets { return s.budgets }
