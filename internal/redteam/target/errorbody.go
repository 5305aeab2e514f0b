package target

import (
	"encoding/json"
	"slices"
)

// errorBody is an error as OpenAI, Anthropic, Gemini and Warder in their dialects
// write it. Members differ in type among servers, so each is read on its own.
type errorBody struct {
	Error struct {
		Message json.RawMessage `json:"message"`
		Code    json.RawMessage `json:"code"`
		Details json.RawMessage `json:"details"`
	} `json:"error"`
}

// text returns a JSON string, empty for anything else.
func text(raw json.RawMessage) string {
	var s string
	_ = json.Unmarshal(raw, &s) // no string: none is told
	return s
}

// errorText returns the message of an error, empty if it has none.
func errorText(body []byte) string {
	var e errorBody
	var flat struct {
		Error   string `json:"error"`
		Message string `json:"message"`
		Detail  string `json:"detail"`
	}
	if json.Unmarshal(body, &e) == nil && text(e.Error.Message) != "" {
		return text(e.Error.Message)
	}
	_ = json.Unmarshal(body, &flat) // in part, where members have other types
	for _, s := range []string{flat.Message, flat.Detail, flat.Error} {
		if s != "" {
			return s
		}
	}
	return ""
}

// errorCode returns the stable code of an error, empty if it has none.
func errorCode(body []byte) string {
	var e errorBody
	if json.Unmarshal(body, &e) != nil {
		return ""
	}
	var anthropic struct {
		Code string `json:"error_code"`
	}
	var gemini []struct {
		Metadata struct {
			Code string `json:"code"`
		} `json:"metadata"`
	}
	switch {
	case json.Unmarshal(e.Error.Details, &anthropic) == nil && anthropic.Code != "":
		return anthropic.Code
	case json.Unmarshal(e.Error.Details, &gemini) == nil && len(gemini) > 0 && gemini[0].Metadata.Code != "":
		return gemini[0].Metadata.Code
	}
	return text(e.Error.Code)
}

// guardCodes are the codes of errors by which a guard stops an exchange: Warder's
// (docs/errors.md) and those of the content filters of OpenAI and Azure.
var guardCodes = []string{"blocked", "approval_required", "hold_exceeded", "content_filter", "content_policy_violation"}

// blockedBy returns the code of the guard that stopped an exchange, empty if none did.
func blockedBy(a *answer) string {
	if code := errorCode(a.body); a.status >= 400 && slices.Contains(guardCodes, code) {
		return code
	}
	return ""
}
