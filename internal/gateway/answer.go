package gateway

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"time"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// maxErrorBody bounds an upstream's error answer.
const maxErrorBody = 64 << 10

// answer passes an upstream's answer to the caller.
func (t *talk) answer(res *http.Response) *failure {
	streams := isStream(res.Header.Get("Content-Type"))
	switch {
	case res.StatusCode >= 400:
		return t.upstreamError(res)
	case res.StatusCode != http.StatusOK:
		return failUpGarbage.because(fmt.Errorf("status %d; expected 200", res.StatusCode))
	case streams && t.req.Stream:
		return t.stream(res)
	case streams:
		return failUpGarbage.because(errors.New("a stream came where none was asked for"))
	}
	return t.whole(res)
}

// isStream reports whether a content type is that of server-sent events.
func isStream(contentType string) bool {
	if contentType == "application/json" {
		return false // what most answers are needs no parsing
	}
	kind, _, _ := mime.ParseMediaType(contentType)
	return kind == "text/event-stream"
}

// whole inspects and sends an answer that is not a stream.
func (t *talk) whole(res *http.Response) *failure {
	t.spent.lost = true // until it was read
	l := t.state.cfg.Limits
	body, err := readBody(res.Body, res.ContentLength, int64(l.Answer))
	if err == nil {
		body, err = inflate(body, res.Header.Get("Content-Encoding"), int64(l.Answer))
	}
	if err != nil {
		return t.unreadable(err)
	}
	t.call.LastByte()
	began := time.Now()
	a, err := t.route.protocol.ParseAnswer(body, t.answerLimits())
	if err != nil {
		return failUpGarbage.because(err)
	}
	t.looked = began
	t.said(a.Model, a.Choices, a.Usage)
	t.spent.lost = false
	t.spent.whole(a)
	texts := make([]guard.Text, len(a.Leaves))
	for i := range a.Leaves {
		le := &a.Leaves[i]
		texts[i] = guard.Text{Content: le.Text, Origin: le.Origin, Kind: le.Kind, Direction: guard.Answer, Exchange: t.about}
	}
	readings := t.pseudonyms.readings(a, texts)
	f := t.facts
	f.Direction = guard.Answer
	all, joined := joinParts(a.Leaves, texts, sequels(a)...)
	found, err := t.guard.Find(t.r.Context(), all)
	if err != nil {
		return failGuard.because(err)
	}
	found, _ = joined.fold(found)
	v := returningGuard(t.guard, func(f *guard.Finding) bool { return readings[f.Text].cameBack(f) }).Decide(f, found)
	t.inspected("inspect_answer", began)
	var edits []dialect.Edit
	c := &t.closing
	for i := range texts {
		ms := v.Masks(i)
		placed := ms
		if readings[i] != nil {
			_, placed = readings[i].release(len(texts[i].Content), ms)
		}
		if len(placed) > 0 {
			edits = append(edits, dialect.Edit{Leaf: i, Masks: placed})
		}
		if a.Leaves[i].Inner {
			continue // a second reading of bytes already counted
		}
		n := len(texts[i].Content)
		c.Account.Received += n
		for _, m := range ms {
			c.Account.Masked += m.End - m.Start
		}
	}
	c.Account.Exact, c.Account.Windowed = c.Account.Received, c.Account.Received
	if v.Action.Stops() {
		c.Account.Masked = 0 // nothing leaves, masked or not
	} else {
		c.Account.Released = c.Account.Received - c.Account.Masked
	}
	t.verdict(&v, func(i int) string { return a.Leaves[i].Path() })
	if v.Action.Stops() {
		return t.refuse(&v)
	}
	out := a.Body(edits)
	c.Status, c.End, c.Bytes = http.StatusOK, "complete", int64(len(out))
	if err := t.close(); err != nil {
		return failLedger.because(err)
	}
	t.keep(a, &v, edits, out)
	_ = t.out.whole(http.StatusOK, "application/json", t.tell(t.answerHeader(res.Header)), scanned(out))
	return nil
}

// verdict notes the verdict on an answer in the closing record.
func (t *talk) verdict(v *guard.Verdict, path func(int) string) {
	t.server.metrics.found(v, guard.Answer)
	t.answered(v, path)
	c := &t.closing
	c.Action, c.Would, c.Rule, c.Code = v.Action, v.Would, v.Rule, v.Code
	if t.pseudonyms != nil {
		c.Restored = t.pseudonyms.back
	}
	c.Count, c.Findings = len(v.Findings), findingRecords(v.Findings, path)
	for _, s := range []struct {
		name string
		n    int
	}{{"received", c.Account.Received}, {"released", c.Account.Released}, {"masked", c.Account.Masked}, {"exposed", c.Account.Exposed}} {
		if s.n > 0 {
			t.server.metrics.states[s.name].Add(float64(s.n))
		}
	}
}

func (t *talk) answerLimits() dialect.Limits {
	return dialect.Limits{MaxDepth: t.state.cfg.Limits.Depth, MaxBytes: int(t.state.cfg.Limits.Answer)}
}

// unreadable names what went wrong while an answer was read.
func (t *talk) unreadable(err error) *failure {
	switch {
	case t.gone():
		return failUpCut.because(err)
	case errors.Is(err, errTooLarge), errors.Is(err, dialect.ErrEventTooLarge):
		return failUpTooLarge.because(err)
	case errors.Is(err, errEncoding):
		return failUpGarbage.because(err)
	}
	if f := upstreamFailure(err); f.Code == failUpTimeout.Code {
		return f
	}
	return failUpCut.because(err)
}

// stream guards and sends a streamed answer.
func (t *talk) stream(res *http.Response) *failure {
	body, err := decoded(res)
	if err != nil {
		return failUpGarbage.because(err)
	}
	l := t.state.cfg.Limits
	events := dialect.NewEventReader(&flushing{r: io.LimitReader(body, int64(l.Answer)+1), left: int64(l.Answer), out: t.out}, int(l.Event))
	limits := t.answerLimits()
	limits.Unasked = t.spent.unasked
	r := newRelay(t.r.Context(), t.guard, t.facts, t.about, t.route.protocol.Chunks(limits))
	r.pseudonyms, r.observation, r.spent = t.pseudonyms, &t.observation, &t.spent
	t.server.metrics.streams.Inc()
	defer t.server.metrics.streams.Dec()
	header := t.tell(t.answerHeader(res.Header))
	for {
		ev, err := events.Next()
		if errors.Is(err, io.ErrUnexpectedEOF) && r.parser.Ends(ev.Data) {
			// The dialect's own clients take it without its line ends for the
			// end; it leaves with them, so that clients by the standard do, too.
			ev, err = dialect.Event{Raw: dialect.AppendEvent(nil, "", ev.Data), Data: ev.Data, Pure: true}, nil
		}
		if err != nil {
			return t.streamEnded(r, header, err)
		}
		t.call.FirstByte()
		began := time.Now()
		err = r.add(ev)
		if t.guarding += time.Since(began); err != nil {
			return t.broken(r, failUpGarbage.because(err))
		}
		ended, f := t.pass(r, header)
		if ended || f != nil {
			return f
		}
		if began.Sub(t.began) > lightAfter {
			t.lighten()
		}
	}
}

// decoded undoes a content encoding that was not asked for.
func decoded(res *http.Response) (io.Reader, error) {
	switch e := strings.ToLower(res.Header.Get("Content-Encoding")); e {
	case "", "identity":
		return res.Body, nil
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(res.Body)
		if err != nil {
			return nil, fmt.Errorf("reading a gzip stream: %w", err)
		}
		return z, nil
	}
	return nil, errEncoding
}

// flushing sends what was written on its way before it waits for more, and
// bounds what is read.
type flushing struct {
	r    io.Reader
	left int64
	out  *outlet
}

func (f *flushing) Read(p []byte) (int, error) {
	if err := f.out.flush(); err != nil {
		return 0, err
	}
	n, err := f.r.Read(p)
	if f.left -= int64(n); f.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}

// pass sends what the relay has released. ended says that the answer is over.
func (t *talk) pass(r *relay, h http.Header) (ended bool, f *failure) {
	for {
		b, terminal, ok := r.next()
		if !ok {
			break
		}
		if terminal && r.failed {
			return true, t.brokenBy(r, &failUpReported, scanned(b))
		}
		if terminal {
			return true, t.finish(r, h, "complete", b)
		}
		if len(b) > 0 {
			t.out.stream(http.StatusOK, h)
			t.seen.FirstByte()
			if err := t.out.write(scanned(b)); err != nil {
				return true, t.broken(r, failUpCut.because(err))
			}
		}
	}
	if r.cut == nil {
		return false, nil
	}
	if !t.out.begun {
		v, a := r.result()
		a.Released, a.Masked, a.Exposed = 0, 0, 0 // nothing leaves
		t.closing.Account = a
		t.verdict(&v, r.path)
		return true, t.refuse(&v)
	}
	if r.failed { // an error was the end, and nothing is added behind it
		return true, t.finish(r, h, "cut", nil)
	}
	_ = t.out.write(scanned(r.last()))
	return true, t.finish(r, h, "cut", t.route.protocol.RefusalTail(t.refusalSaying(""), r.told()))
}

// finish keeps the closed record and sends the last bytes.
func (t *talk) finish(r *relay, h http.Header, end string, last []byte) *failure {
	t.spent.final = t.spent.last && end == "complete"
	v, a := r.result()
	t.closing.Account, t.closing.Status, t.closing.End, t.closing.Bytes = a, http.StatusOK, end, int64(len(last))
	t.verdict(&v, r.path)
	if err := t.close(); err != nil {
		if !t.out.begun {
			return failLedger.because(err)
		}
		t.out.abort() // without a record the answer must not look complete
	}
	t.out.stream(http.StatusOK, h)
	_ = t.out.write(scanned(last))
	_ = t.out.flush()
	return nil
}

// streamEnded deals with the end of the upstream's stream.
func (t *talk) streamEnded(r *relay, h http.Header, err error) *failure {
	if r.done {
		// The last event waits behind a held text: it was closed with it, so
		// this cannot happen; fail closed all the same.
		return t.broken(r, failInternal.because(err))
	}
	complete, cerr := r.end()
	if cerr != nil {
		return t.broken(r, failGuard.because(cerr))
	}
	if ended, f := t.pass(r, h); ended || f != nil {
		return f
	}
	if errors.Is(err, io.EOF) && complete && !r.failed {
		return t.finish(r, h, "complete", nil)
	}
	return t.broken(r, t.unreadable(err))
}

// failUpReported is an error that the model server reported amid a stream. Its own
// event tells the caller.
var failUpReported = failure{Status: http.StatusBadGateway, Code: "upstream_error", Message: "The model server reported an error."}

// broken ends a stream that failed: as an error answer if nothing was sent, as
// an error event and a record otherwise. An upstream that had reported an error
// had ended its answer: whatever comes behind it, no second error does.
func (t *talk) broken(r *relay, f *failure) *failure {
	if r.failed {
		return t.brokenBy(r, failUpReported.because(f), made(nil))
	}
	return t.brokenBy(r, f, made(t.route.protocol.FailureEvent(dialect.Failure{Status: f.Status, Code: f.Code, Message: f.Message, Request: t.id}, r.told())))
}

// brokenBy records why a stream broke and sends its last bytes.
func (t *talk) brokenBy(r *relay, f *failure, last cleared) *failure {
	v, a := r.result()
	t.closing.Account = a
	t.verdict(&v, r.path)
	if !t.out.begun {
		return f
	}
	c := &t.closing
	c.End = "upstream"
	if t.gone() {
		c.End = "caller_gone"
	}
	c.Status, c.Code = http.StatusOK, f.Code
	level := slog.LevelWarn
	if c.End == "caller_gone" {
		level, c.Code = slog.LevelInfo, ""
	}
	t.server.log.Log(t.r.Context(), level, "stream broke", "end", c.End, "request", t.id, "application", t.grant.Application.Name, "code", f.Code, cause(f.cause))
	if c.End == "upstream" {
		c.Bytes = int64(len(last.b))
	}
	if err := t.close(); err != nil || c.End == "caller_gone" {
		t.out.abort()
	}
	t.server.metrics.refusals.WithLabelValues(t.grant.Application.Name, f.Code).Inc()
	_ = t.out.write(last)
	_ = t.out.flush()
	return nil
}

// upstreamError passes an upstream's refusal on: its body if it is JSON in which
// nothing is found, the gateway's own words otherwise. What concerns the
// gateway's own credentials is not the caller's business.
func (t *talk) upstreamError(res *http.Response) *failure {
	t.spent.free = true // providers do not charge for it
	f := failure{Status: res.StatusCode, Code: "upstream_error", Message: "The model server answered with status " + http.StatusText(res.StatusCode) + "."}
	switch res.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		return failUpstream.because(fmt.Errorf("upstream refuses the gateway's credentials: status %d", res.StatusCode))
	case http.StatusTooManyRequests:
		f.Code = "upstream_rate_limited"
	}
	body, err := readBody(res.Body, res.ContentLength, maxErrorBody)
	if err == nil {
		body, err = inflate(body, res.Header.Get("Content-Encoding"), maxErrorBody)
	}
	if err != nil || !t.harmless(body) {
		if ra := res.Header.Get("Retry-After"); ra != "" {
			if d, perr := time.ParseDuration(ra + "s"); perr == nil && d > 0 && d <= time.Hour {
				f.Retry = d
			}
		}
		return f.because(err)
	}
	t.closing.Status, t.closing.End, t.closing.Code, t.closing.Bytes = res.StatusCode, "upstream", f.Code, int64(len(body))
	t.server.metrics.refusals.WithLabelValues(t.grant.Application.Name, f.Code).Inc()
	if err := t.close(); err != nil {
		return failLedger.because(err)
	}
	_ = t.out.whole(res.StatusCode, "application/json", t.answerHeader(res.Header), scanned(body))
	return nil
}

// harmless reports whether a body is an error in the dialect whose texts the
// policy lets pass unchanged.
func (t *talk) harmless(body []byte) bool {
	leaves, err := t.route.protocol.ParseError(body, t.answerLimits())
	if err != nil {
		return false
	}
	f := t.facts
	f.Direction = guard.Answer
	found, err := t.guard.Find(t.r.Context(), answerTexts(leaves, t.about))
	if err != nil {
		return false
	}
	v := t.guard.Decide(f, found)
	return v.Action == guard.Allow || v.Action == guard.Flag
}
