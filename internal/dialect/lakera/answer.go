package lakera

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// Answer is the answer to POST /v2/guard. Members that were not asked for are
// nil and left out.
type Answer struct {
	Flagged   bool       `json:"flagged"`
	Payload   *[]Match   `json:"payload,omitempty"`
	Breakdown *[]Verdict `json:"breakdown,omitempty"`
	DevInfo   *DevInfo   `json:"dev_info,omitempty"`
	Metadata  Metadata   `json:"metadata"`
}

// Match is a stretch of a message's content. Start and End count characters.
type Match struct {
	Start        int      `json:"start"`
	End          int      `json:"end"`
	Text         string   `json:"text"`
	DetectorType string   `json:"detector_type"`
	Labels       []string `json:"labels"`
	MessageID    int      `json:"message_id"`
}

// Detector names what decided, and under which policy.
type Detector struct {
	ProjectID    string `json:"project_id"`
	PolicyID     string `json:"policy_id"`
	DetectorID   string `json:"detector_id"`
	DetectorType string `json:"detector_type"`
}

// Verdict is what one detector decided on one message.
type Verdict struct {
	Detector
	Detected  bool `json:"detected"`
	MessageID int  `json:"message_id"`
}

// DevInfo says which build answered.
type DevInfo struct {
	GitRevision  string `json:"git_revision"`
	GitTimestamp string `json:"git_timestamp"`
	ModelVersion string `json:"model_version"`
	Version      string `json:"version"`
}

// Metadata is always there.
type Metadata struct {
	RequestUUID string `json:"request_uuid"`
}

// Results is the answer to POST /v2/guard/results.
type Results struct {
	Results []Result `json:"results"`
}

// Result is how sure one detector is about one message.
type Result struct {
	Detector
	Result        string `json:"result"` // a Level
	CustomMatched *bool  `json:"custom_matched,omitempty"`
	MessageID     int    `json:"message_id"`
}

// The levels of a Result, from the surest.
const (
	L1 = "l1_confident"
	L2 = "l2_very_likely"
	L3 = "l3_likely"
	L4 = "l4_less_likely"
	L5 = "l5_unlikely"
)

// Encode returns the JSON of an [Answer] or [Results].
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Characters turns an ascending list of byte offsets of text into counts of
// characters. An offset inside of a character counts what is complete before it.
func Characters(text string, offsets []int) []int {
	out := make([]int, len(offsets))
	n, at := 0, 0
	for i, off := range offsets {
		for at < min(off, len(text)) {
			_, size := utf8.DecodeRuneInString(text[at:])
			if at+size > off {
				break
			}
			at += size
			n++
		}
		out[i] = n
	}
	return out
}
