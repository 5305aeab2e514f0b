package gateway

import (
	"warder.example/guard"
	"warder.example/internal/event"
)

// Kinds of event that the gateway records.
const (
	KindOpened  = "exchange.opened"  // before the first upstream byte, or before a refusal
	KindClosed  = "exchange.closed"  // before the last byte to the caller
	KindRefused = "access.refused"   // requests refused before any work, counted per interval
	KindServer  = "server.lifecycle" // start, reload, drain, stop
	KindDrift   = "guard.drift"      // the operator's thresholds do not hold any more
)

// maxRecorded bounds the findings in one record; the count is always whole.
const maxRecorded = 32

// Opened is the payload of KindOpened. It holds no text of the exchange.
type Opened struct {
	Key      string `json:"key"` // id of the key, not the key
	Route    string `json:"route"`
	Protocol string `json:"protocol,omitempty"` // kind of call to a model, as openai.chat
	Model    string `json:"model"`
	Upstream string `json:"upstream,omitempty"` // where the model is first asked for; see Closed
	Stream   bool   `json:"stream,omitempty"`
	Bytes    int    `json:"bytes"`
	Texts    int    `json:"texts"`
	Masked   int    `json:"masked,omitempty"`  // bytes of text masked before sending
	Carried  int    `json:"carried,omitempty"` // refused turns carried redacted
	// Pseudonyms counts masked values that may come back in the answer.
	Pseudonyms int `json:"pseudonyms,omitempty"`
	// Session is a commitment to the conversation, claimed or by how it began.
	Session string `json:"session,omitempty"`
	// Canary is the digest of the canary that was planted.
	Canary string `json:"canary,omitempty"`
	// References are the kinds of what the request only names: the provider keeps it,
	// and nobody here has read it, as "previous_response_id".
	References []string `json:"references,omitempty"`
	// FromCache says that a kept answer is given, and no upstream asked.
	FromCache bool            `json:"cached,omitempty"`
	Action    guard.Action    `json:"action"`
	Would     guard.Action    `json:"would"`
	Code      string          `json:"code,omitempty"`
	Rule      string          `json:"rule,omitempty"`
	Policy    string          `json:"policy,omitempty"`
	Count     int             `json:"count,omitempty"` // findings
	Findings  []FindingRecord `json:"findings,omitempty"`
}

// Closed is the payload of KindClosed.
type Closed struct {
	Status    int             `json:"status"`         // sent to the caller
	End       string          `json:"end"`            // "complete", "refused", "cut", "upstream", "caller_gone", "failed"
	Code      string          `json:"code,omitempty"` // stable code of a refusal or failure
	Action    guard.Action    `json:"action"`         // verdict on the answer
	Would     guard.Action    `json:"would"`
	Rule      string          `json:"rule,omitempty"`
	Account   guard.Account   `json:"account"`
	Restored  int             `json:"restored,omitempty"` // masked values that came back
	Bytes     int64           `json:"bytes"`              // sent to the caller
	Millis    int64           `json:"ms"`
	Upstream  string          `json:"upstream,omitempty"` // who was asked last
	Model     string          `json:"model,omitempty"`    // what that one calls the model, if not as the caller
	Attempts  int             `json:"attempts,omitempty"` // how often upstreams were asked
	Used                      // nothing where no model answered
	Guard     int64           `json:"guard_us,omitempty"` // time spent on inspection, in microseconds
	FromCache bool            `json:"cached,omitempty"`   // the answer was kept from an earlier request, and Account is of that time
	Age       int64           `json:"age_ms,omitempty"`   // of that answer
	Count     int             `json:"count,omitempty"`
	Findings  []FindingRecord `json:"findings,omitempty"`
}

// Used is what an exchange used, as it was charged.
type Used struct {
	Input  int64 `json:"input_tokens,omitempty"`
	Cached int64 `json:"cached_tokens,omitempty"`      // of Input, read from the provider's cache
	Write  int64 `json:"cache_write_tokens,omitempty"` // of Input, kept in it
	Output int64 `json:"output_tokens,omitempty"`
	Cost   int64 `json:"cost,omitempty"` // micro-units of money; 0 also where the model has no price
	// Estimated says that the provider did not count the tokens, or not to the end.
	Estimated bool `json:"estimated,omitempty"`
	// Over is by how much the use went over what was reserved, where a limit counts it.
	Over []Excess `json:"over,omitempty"`
}

// Excess is by how much a use went over what was reserved for it, of one measure.
type Excess struct {
	Measure string `json:"measure"`
	By      int64  `json:"by"`
}

// FindingRecord is a finding as it is recorded: where and why, never what.
type FindingRecord struct {
	Category string       `json:"category"`
	Score    float64      `json:"score"`
	Detector string       `json:"detector"`
	Rule     string       `json:"rule,omitempty"`
	Origin   guard.Origin `json:"origin"`
	Path     string       `json:"path,omitempty"` // keys that the sender chose are left out
	View     string       `json:"view,omitempty"`
	Spans    []guard.Span `json:"spans,omitempty"`
	Turns    []int        `json:"turns,omitempty"` // messages that weighed, of a whole conversation
}

// AccessRefused is the payload of KindRefused: how many requests were refused
// before any work since the last such record, by stable code, followed by a space
// and the application's name when its key was valid.
type AccessRefused struct {
	Counts map[string]int64 `json:"counts"`
}

// Lifecycle is the payload of KindServer.
type Lifecycle struct {
	What   string `json:"what"`             // "start", "reload", "reload_failed", "bundles", "drain", "stop"
	Policy string `json:"policy,omitempty"` // digest of the default policy
	// Policies are the digests of the others by name.
	Policies map[string]string `json:"policies,omitempty"`
	Config   string            `json:"config,omitempty"` // digest of the configuration file
	// Thresholds is the digest of the file of the operator's own thresholds.
	Thresholds string `json:"thresholds,omitempty"`
	// Bundles are the versions of active bundles by name.
	Bundles map[string]string `json:"bundles,omitempty"`
}

func init() {
	event.Register[Opened](KindOpened)
	event.Register[Closed](KindClosed)
	event.Register[AccessRefused](KindRefused)
	event.Register[Lifecycle](KindServer)
	event.Register[Drift](KindDrift)
}

// findingRecords turns findings into records. path names the place of a text by
// its index.
func findingRecords(found []guard.Finding, path func(text int) string) []FindingRecord {
	if len(found) == 0 {
		return nil
	}
	out := make([]FindingRecord, 0, min(len(found), maxRecorded))
	for _, f := range found {
		if len(out) == maxRecorded {
			break
		}
		out = append(out, FindingRecord{
			Category: f.Category, Score: f.Score, Detector: f.Detector, Rule: f.Rule,
			Origin: f.Origin, Path: unquoted(path(f.Text)), View: f.View, Spans: f.Spans[:min(len(f.Spans), 8)], Turns: f.Turns,
		})
	}
	return out
}
