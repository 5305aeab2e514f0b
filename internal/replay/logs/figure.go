package logs

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// maxTokens is more than any call has; what is beyond is not believed.
const maxTokens = 1 << 40

// maxCost likewise.
const maxCost = 1e9

// number returns the number of the first key that has one; numbers that were
// logged as strings count.
func (o object) number(keys ...string) (float64, bool) {
	for _, k := range keys {
		if x, ok := toNumber(o[k]); ok {
			return x, true
		}
	}
	return 0, false
}

func toNumber(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case string:
		if x, err := strconv.ParseFloat(v, 64); err == nil && !math.IsNaN(x) && !math.IsInf(x, 0) {
			return x, true
		}
	}
	return 0, false
}

// tokens returns a number of tokens, 0 if there is none that can be believed.
func (o object) tokens(keys ...string) int64 {
	if x, ok := o.number(keys...); ok && x > 0 && x < maxTokens {
		return int64(x)
	}
	return 0
}

// usage sets the tokens of a record from an object as OpenAI, Anthropic and
// Langfuse name them, unless they are known.
func (r *Record) usage(u object) {
	if r.InputTokens == 0 {
		r.InputTokens = u.tokens("prompt_tokens", "input_tokens", "input", "promptTokens", "inputTokens")
	}
	if r.OutputTokens == 0 {
		r.OutputTokens = u.tokens("completion_tokens", "output_tokens", "output", "completionTokens", "outputTokens")
	}
}

// geminiUsage is usage of an object as Gemini names them: what tools brought is read
// beside the prompt, and thoughts are written beside the answer. A server that leaves
// out what it wrote says it by the total.
func (r *Record) geminiUsage(u object) {
	if r.InputTokens == 0 {
		r.InputTokens = u.tokens("promptTokenCount", "prompt_token_count") + u.tokens("toolUsePromptTokenCount", "tool_use_prompt_token_count")
	}
	if r.OutputTokens != 0 {
		return
	}
	if n := u.tokens("candidatesTokenCount", "candidates_token_count"); n > 0 {
		r.OutputTokens = n + u.tokens("thoughtsTokenCount", "thoughts_token_count")
	} else {
		r.OutputTokens = max(0, u.tokens("totalTokenCount", "total_token_count")-r.InputTokens)
	}
}

// price sets what a record cost, if the log says so.
func (r *Record) price(o object, keys ...string) {
	if x, ok := o.number(keys...); ok && x >= 0 && x < maxCost && !r.Priced {
		r.Cost, r.Priced = x, true
	}
}

// timeLayouts are how logs write times beside RFC 3339.
var timeLayouts = []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", time.DateOnly}

// time returns the time of the first key that has one: text, or seconds,
// milliseconds, microseconds or nanoseconds since 1970, told apart by their size.
// Times before 2000 and after 2200 are not believed.
func (o object) time(keys ...string) time.Time {
	for _, k := range keys {
		if t := toTime(o[k]); !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

func toTime(v any) time.Time {
	if s, ok := v.(string); ok {
		s = strings.TrimSpace(s)
		for _, l := range timeLayouts {
			if t, err := time.Parse(l, s); err == nil {
				return believed(t)
			}
		}
	}
	x, ok := toNumber(v)
	if !ok {
		return time.Time{}
	}
	for x > 1e11 { // seconds stay below until the year 5138
		x /= 1000
	}
	if x < 0 {
		return time.Time{}
	}
	sec, frac := math.Modf(x)
	return believed(time.Unix(int64(sec), int64(frac*1e9)))
}

func believed(t time.Time) time.Time {
	if t = t.UTC(); t.Year() < 2000 || t.Year() > 2200 {
		return time.Time{}
	}
	return t
}
