// Package remote asks guards over HTTP, so that they can be measured beside each
// other: Warder itself, Lakera Guard and what is compatible with it, and OpenAI's
// moderation.
//
// Texts of the corpus leave the machine for the address that was given, one
// request a text, and for no other: redirects are not followed. A key is sent
// over TLS or to this machine only. What cannot be read as a judgement is
// [evaluate.Unanswered], never "not flagged".
package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"warder.example/internal/corpus"
	"warder.example/internal/evaluate"
)

// Options says which guard to ask.
type Options struct {
	Kind string // one of [Kinds]
	// URL is where the guard is, with or without the endpoint's own path.
	URL string
	// Key, if not empty, is sent as a bearer token.
	Key string
	// Timeout bounds one attempt, with reading the answer; it must be above 0.
	Timeout time.Duration
	// Jobs is how many requests are under way at a time, at least 1.
	Jobs int
	// Wait sleeps between attempts; nil sleeps by the clock.
	Wait func(context.Context, time.Duration) error
}

// form is a wire format.
type form struct {
	path    string
	request func(row *corpus.Row) any
	read    func(body []byte) (evaluate.Judgement, error)
}

var forms = map[string]form{
	"lakera": {"/v2/guard", lakeraRequest, readLakera},
	"openai": {"/v1/moderations", openAIRequest, readOpenAI},
	"warder": {"/v1/guard", warderRequest, readWarder},
}

// Kinds lists the kinds of guards, sorted.
func Kinds() []string { return []string{"lakera", "openai", "warder"} }

// maxAnswer bounds an answer, in bytes.
const maxAnswer = 4 << 20

// attempts is how often a text is sent to a guard that is busy, and longestWait
// the longest that one is waited for in between.
const (
	attempts    = 4
	longestWait = 30 * time.Second
)

// errRead is wrapped where an answer is no judgement.
var errRead = errors.New("not a judgement")

type judge struct {
	form   form
	opt    Options
	url    string
	client *http.Client
}

// New returns a judge that asks a guard. It is safe for concurrent use.
func New(opt Options) (evaluate.Judge, error) {
	f, ok := forms[opt.Kind]
	if !ok {
		return nil, fmt.Errorf("unknown kind of guard %.40q; expected one of %s", opt.Kind, strings.Join(Kinds(), ", "))
	}
	u, err := url.Parse(opt.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
		return nil, errors.New("the address of a guard is not usable; expected http://HOST or https://HOST, without user or fragment")
	}
	if opt.Key != "" && u.Scheme == "http" && !local(u.Hostname()) {
		return nil, fmt.Errorf("a key would go to %.60q in the clear; expected https", u.Host)
	}
	if !strings.HasSuffix(u.Path, f.path) {
		u.Path = strings.TrimSuffix(u.Path, "/") + f.path
	}
	if opt.Wait == nil {
		opt.Wait = wait
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = max(opt.Jobs, 1)
	client := &http.Client{Transport: t, Timeout: opt.Timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &judge{f, opt, u.String(), client}, nil
}

// local reports whether a host is this machine.
func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Judge implements [evaluate.Judge]. A guard that is busy (429, 503) is asked
// again after the time that it states, else after a second, then two, then four.
func (j *judge) Judge(ctx context.Context, row *corpus.Row) (evaluate.Judgement, error) {
	body, err := json.Marshal(j.form.request(row))
	if err != nil {
		return evaluate.Judgement{}, fmt.Errorf("writing a request: %w", err)
	}
	for n := range attempts {
		status, answer, retry, err := j.send(ctx, body)
		switch {
		case ctx.Err() != nil:
			return evaluate.Judgement{}, ctx.Err()
		case err != nil:
			return evaluate.Judgement{}, &evaluate.Unanswered{Class: classOf(err)}
		case slices.Contains([]int{http.StatusTooManyRequests, http.StatusServiceUnavailable}, status) && n+1 < attempts:
			if err := j.opt.Wait(ctx, min(max(retry, time.Second<<n), longestWait)); err != nil {
				return evaluate.Judgement{}, err
			}
			continue
		case status != http.StatusOK:
			return evaluate.Judgement{}, &evaluate.Unanswered{Class: "status " + strconv.Itoa(status)}
		}
		out, err := j.form.read(answer)
		if err != nil {
			return evaluate.Judgement{}, &evaluate.Unanswered{Class: err.Error()}
		}
		return out, nil
	}
	panic("unreachable: the last attempt returns")
}

// send makes one attempt.
func (j *judge) send(ctx context.Context, body []byte) (status int, answer []byte, retry time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, j.url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	if j.opt.Key != "" {
		req.Header.Set("Authorization", "Bearer "+j.opt.Key)
	}
	res, err := j.client.Do(req)
	if err != nil {
		return 0, nil, 0, err
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err == nil && len(answer) > maxAnswer {
		return 0, nil, 0, errTooLong
	}
	if s, e := strconv.Atoi(res.Header.Get("Retry-After")); e == nil && s > 0 {
		retry = time.Duration(min(s, 3600)) * time.Second
	}
	return res.StatusCode, answer, retry, err
}

var errTooLong = errors.New("answer too long")

// classOf names an error of the transport in few words: what it says may quote a
// peer.
func classOf(err error) string {
	var t interface{ Timeout() bool }
	switch {
	case errors.Is(err, errTooLong):
		return errTooLong.Error()
	case errors.As(err, &t) && t.Timeout():
		return "timeout"
	}
	return "no connection"
}
