package native

import (
	"bytes"
	"encoding/json"

	"warder.example/guard"
	"warder.example/guard/explain"
)

// An Answer to POST /v1/guard. docs/guard-api.md describes every member.
type Answer struct {
	RequestID   string          `json:"request_id"`
	Action      guard.Action    `json:"action"`
	Would       guard.Action    `json:"would"`
	Code        string          `json:"code"`
	Flagged     bool            `json:"flagged"`
	Explained   bool            `json:"explained"`
	Findings    []Finding       `json:"findings"`
	Omitted     int             `json:"omitted,omitempty"` // findings beyond the bound
	Masked      json.RawMessage `json:"masked,omitempty"`
	NotAssessed []string        `json:"not_assessed"`
	Rule        string          `json:"rule,omitempty"`
	Policy      string          `json:"policy"`
	// Explanations are in explained answers, of the texts judged most
	// strictly.
	Explanations []Explanation `json:"explanations,omitempty"`
}

// An Explanation of the verdict on one string of the request, judged by itself.
type Explanation struct {
	Text int    `json:"text"` // as in [Finding]
	Path string `json:"path"`
	explain.Explanation
}

// A Finding as the caller may see it. The members from Category on are left out
// where they would help an attacker; see [Why].
type Finding struct {
	Coarse   string       `json:"coarse"` // guard.Category.Coarse
	Action   guard.Action `json:"action"`
	Origin   guard.Origin `json:"origin"`
	Text     int          `json:"text"` // index of the text or message, -1 for neither
	Path     string       `json:"path"` // of the string in the body
	Category string       `json:"category,omitempty"`
	Spans    []guard.Span `json:"spans,omitempty"` // bytes of the string at Path, decoded
	*Why
}

// Why is what only an explained answer says of a finding.
type Why struct {
	Score       float64  `json:"score"`
	FPR         float64  `json:"fpr"`
	Class       string   `json:"class"`
	View        string   `json:"view"` // decode path, empty for the text as given
	Detector    string   `json:"detector"`
	Rule        string   `json:"rule"`
	PolicyRule  string   `json:"policy_rule"`
	Explanation string   `json:"explanation"`
	OWASP       []string `json:"owasp"`
	ATLAS       []string `json:"atlas"`
	// Turns are the messages that weighed, where it is of a whole conversation.
	Turns []int `json:"turns,omitempty"`
}

// Body returns the bytes to answer with.
func (a *Answer) Body() ([]byte, error) {
	if a.Findings == nil {
		a.Findings = []Finding{}
	}
	if a.NotAssessed == nil {
		a.NotAssessed = []string{}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(a); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
