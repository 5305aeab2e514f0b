package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

// requestTime bounds one request.
const requestTime = 2 * time.Minute

// fate is what a caller sees of an exchange.
type fate uint8

const (
	failed   fate = iota // neither answered nor refused by the gateway
	answered             // by the model, perhaps masked
	refused              // by the gateway
)

// reply is what became of one request.
type reply struct {
	fate    fate
	request string // X-Request-Id
	code    string // of a refusal or failure
	took    time.Duration
}

// caller sends chat completions to one base URL with the official SDK. It is
// safe for concurrent use.
type caller struct{ chat openai.ChatCompletionService }

// newCaller returns a caller with connections of its own. It takes nothing from
// the environment and never tries again: a second try would hide what happened.
func newCaller(url, key string, transport http.RoundTripper) *caller {
	return &caller{openai.NewChatCompletionService(
		option.WithBaseURL(url), option.WithAPIKey(key), option.WithMaxRetries(0),
		option.WithRequestTimeout(requestTime), option.WithHTTPClient(&http.Client{Transport: transport}))}
}

// send asks once. The text is what the first choice says.
func (c *caller) send(ctx context.Context, p openai.ChatCompletionNewParams) (r reply, text string, err error) {
	var res *http.Response
	began := time.Now()
	got, err := c.chat.New(ctx, p, option.WithResponseInto(&res))
	r.took = time.Since(began)
	var api *openai.Error
	switch {
	case errors.As(err, &api):
		r.request, r.code = api.Response.Header.Get("X-Request-Id"), api.Code
		if r.code == "" {
			r.code = "status_" + strconv.Itoa(api.StatusCode)
		}
		if api.StatusCode == http.StatusBadRequest && (api.Code == "blocked" || api.Code == "approval_required") {
			r.fate = refused
		}
		return r, "", err
	case err != nil:
		r.code = "no_answer"
		return r, "", err
	}
	r.request = res.Header.Get("X-Request-Id")
	switch {
	case len(got.Choices) == 0:
		r.code = "no_choice"
		return r, "", errors.New("answer has no choices")
	case got.Choices[0].FinishReason == "content_filter" && got.ID == "chatcmpl-"+r.request:
		r.fate, r.code = refused, "content_filter" // the gateway's words, not a model's
	default:
		r.fate = answered
	}
	return r, got.Choices[0].Message.Content, nil
}

// teller tells the replay's upstream what to say.
type teller struct {
	base   string
	client *http.Client
}

func (t *teller) do(ctx context.Context, method string, id int64, text string) error {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, fmt.Sprintf("%s/rows/%d", strings.TrimSuffix(t.base, "/"), id), strings.NewReader(text))
	if err != nil {
		return fmt.Errorf("preparing an answer: %w", err)
	}
	res, err := t.client.Do(req)
	if err != nil {
		return fmt.Errorf("preparing an answer: %w", err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusNoContent {
		return fmt.Errorf("preparing an answer: %s answers with status %d; expected 204", t.base, res.StatusCode)
	}
	return nil
}
