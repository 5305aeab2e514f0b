package replay

import "warder.example/guard/threshold"

// Schema names the form of a report in JSON. Members are added under the same name; a
// change of what one means changes the name.
const Schema = "warder.replay/1"

// Report is what a replay found. Names in it come from the logs: whoever shows them
// escapes them.
type Report struct {
	Schema   string `json:"schema"`
	Policy   string `json:"policy"` // name
	Digest   string `json:"digest"`
	Files    int    `json:"files"`
	Values   int    `json:"values"`   // lines, or elements of arrays
	Requests int    `json:"requests"` // calls of models
	Answers  int    `json:"answers"`
	// Total is all requests by what would have happened; Carried counts turns of
	// the past that would have been refused when they were new.
	Total   Counts `json:"total"`
	Carried int    `json:"carried"`
	// Unreadable and LeftOut say what was not judged, and why.
	Unreadable []Unread `json:"unreadable"`
	LeftOut    []Named  `json:"left_out"`
	Days       []Day    `json:"days"`
	Groups     []Group  `json:"groups"`
	Reasons    []Reason `json:"reasons"`
	Leaks      []Leak   `json:"leaks"`
	Cost       Cost     `json:"cost"`
	// FalseBlocks estimates honest requests that would be stopped.
	FalseBlocks Estimate    `json:"false_blocks"`
	Comparison  *Comparison `json:"comparison,omitempty"`
	// Thresholds are those that these logs would give if they were honest; nil if
	// there are too few texts, or none were drawn.
	Thresholds *threshold.File `json:"thresholds,omitempty"`
	// Proposal is a policy to begin with, and Because says why it is as it is.
	Proposal string   `json:"proposal"`
	Because  []string `json:"because"`
	// Notes say what the figures assume.
	Notes []string `json:"notes"`
	// Review is the sample for a person to label; it goes to a file of its own.
	Review []Reviewed `json:"-"`
}

// Named is a name with a number.
type Named struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// Unread is values that cannot be read for one reason.
type Unread struct {
	Reason string  `json:"reason"`
	Count  int     `json:"count"`
	Where  []Where `json:"where"` // the first ones
}

// Where is a place in the logs.
type Where struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

// Day is one day, in UTC, or [Undated].
type Day struct {
	Day string `json:"day"`
	Counts
	// Why counts requests by the action, rule and category that decided.
	Why []Named `json:"why,omitempty"`
}

// Group is one application with one model; either name may be empty, or [Hidden].
type Group struct {
	App   string `json:"app"`
	Model string `json:"model"`
	Counts
	InputTokens  int64   `json:"input_tokens"`
	OutputTokens int64   `json:"output_tokens"`
	Cost         float64 `json:"cost"`
	Priced       int     `json:"priced"`        // requests whose cost the log has
	Why          []Named `json:"why,omitempty"` // as that of a [Day]
}

// Reason is one rule that acts on one category.
type Reason struct {
	Side     string   `json:"side"` // request or answer
	Action   string   `json:"action"`
	Rule     string   `json:"rule"` // of the policy
	Category string   `json:"category"`
	Detector string   `json:"detector"`
	Requests int      `json:"requests"`
	Decided  int      `json:"decided"` // in which it decided what happened
	Excerpts []string `json:"excerpts,omitempty"`
}

// Leak is personal data or credentials of one kind in one place.
type Leak struct {
	Category string `json:"category"`
	Where    string `json:"where"`
	Findings int    `json:"findings"`
	Requests int    `json:"requests"`
}

// Cost is what the logs say that the requests cost.
type Cost struct {
	Priced       int     `json:"priced"` // requests whose cost the log has
	Total        float64 `json:"total"`
	InputTokens  int64   `json:"input_tokens"`
	OutputTokens int64   `json:"output_tokens"`
}

// Comparison says where a second policy parts from the first.
type Comparison struct {
	Policy   string  `json:"policy"`
	Digest   string  `json:"digest"`
	Requests int     `json:"requests"` // to which something else would happen
	Changed  []Named `json:"changed"`
	Rules    []Named `json:"rules"` // that decide, where they are not the same
	Where    []Where `json:"where"` // the first ones
}
