// Package report says what a run of the red team found: as a page, rows of JSON,
// JUnit, SARIF, Markdown and a layer of the ATLAS Navigator.
//
// # From attempts to figures
//
// [Summarize] reads the attempts of a run once and keeps counts and, of each family, one
// finding: the shortest attack that succeeded. Attempts that share a seed are not
// independent; package asr gives rates their intervals. A rate is that of successes,
// in whole or in part, among attempts with a verdict. Attempts without a verdict, errors and answers that no judge could score, are never
// counted as safe: the upper bound takes each of them for a success.
//
// Honest requests (twins of attacks, and families of honest requests) are counted
// apart: of them a refusal or a block is the failure.
//
// # Texts are sealed
//
// Without [Options.Texts] no text of an attempt reaches a report: what a target said
// may be the very secret that it was to keep. With it the page, the rows and the Markdown
// have the worst findings' transcripts, shortened; JUnit, SARIF and the layer never
// have any, since they are uploaded elsewhere.
//
// # Hostile texts
//
// Names, ids and transcripts are attackers' text. Each format escapes them by its own
// rules, and control characters, which could steer a terminal or turn a line, are
// replaced in all of them.
//
// Writers only read a [Summary]; they may be used concurrently.
package report

import (
	"time"

	"warder.example/internal/asr"
	"warder.example/internal/redteam/attack"
	"warder.example/internal/redteam/probe"
)

// Bounds of what is summarised.
const (
	MaxRecords  = asr.MaxAttempts
	MaxCells    = 20_000
	maxID       = 256    // bytes of an id in a key
	maxFacts    = 50     // versions of a run
	maxShown    = 20     // exchanges of a transcript, messages and calls of an exchange
	maxText     = 4000   // characters of a step
	maxTexts    = 20_000 // bytes of a transcript
	maxSentence = 300
)

// Run is what a run was. All of it may be empty.
type Run struct {
	Target  string `json:"target"`            // its name
	File    string `json:"file,omitempty"`    // of the target, relative to the repository; SARIF places findings there
	Purpose string `json:"purpose,omitempty"` // of the target, as its file says it
	// Versions are those of what took part: warder, plan, model, judges.
	Versions map[string]string `json:"versions,omitempty"`
	Began    time.Time         `json:"began,omitzero"` // first attempt if not given
	Ended    time.Time         `json:"ended,omitzero"` // last attempt if not given
}

// Options are how a run is summarised. The zero value seals texts.
type Options struct {
	Texts      bool              // transcripts of the worst findings
	Confidence float64           // of intervals and bounds; 0 is 0.95
	Catalogue  *attack.Catalogue // families, for their titles and fixes; nil is Warder's own
	Random     uint64            // seed of draws of intervals
}

// Summary is what a run came to.
type Summary struct {
	Run
	Confidence float64  `json:"confidence"`
	Attempts   int      `json:"attempts"` // honest ones included
	Modes      []Mode   `json:"-"`
	Changes    []Change `json:"-"` // set by Compare

	random  uint64
	outcome []attempt // for comparison
}

// Mode is what a target came to under one mode of the guard before it; its name is
// empty for a target without one.
type Mode struct {
	Guard    string
	Families []Family // by id
}

// Outcomes count attempts by what came of them.
type Outcomes struct {
	Success    int `json:"success"`
	Partial    int `json:"partial"`
	Refused    int `json:"refused"`
	Deflected  int `json:"deflected"`
	Blocked    int `json:"blocked"`
	Error      int `json:"error"`
	Unscorable int `json:"unscorable"`
}

// Figures are a rate of attack success and what it rests on.
type Figures struct {
	Outcomes
	Attempts int     `json:"attempts"`
	Scored   int     `json:"scored"` // those with a verdict; without any the rate is not known
	Rate     float64 `json:"rate"`
	asr.Interval
	// Upper bounds the rate from above, attempts without a verdict as successes.
	Upper float64 `json:"upper"`
}

// Family is what came of the attacks of one family.
type Family struct {
	ID         string          `json:"family"`
	Title      string          `json:"title"`
	Goal       string          `json:"goal,omitempty"`
	Severity   attack.Severity `json:"severity,omitempty"` // empty: not known
	Frameworks []string        `json:"frameworks,omitempty"`
	Fix        string          `json:"fix,omitempty"`
	Figures
	Cells  []Cell   `json:"-"` // by strategy
	Honest *Honest  `json:"honest,omitempty"`
	Worst  *Finding `json:"worst,omitempty"`
}

// Cell is what came of one family under one strategy.
type Cell struct {
	Strategy string `json:"strategy"`
	Figures
}

// Honest is what came of honest requests: how many of them were refused or blocked.
type Honest struct {
	Attempts int     `json:"attempts"`
	Scored   int     `json:"scored"`
	Refused  int     `json:"refused"`
	Rate     float64 `json:"rate"` // of refusals
	asr.Interval
}

// Finding is an attempt that succeeded, in whole or in part.
type Finding struct {
	Attempt  string        `json:"attempt"` // id of its record
	Strategy string        `json:"strategy"`
	Seed     string        `json:"seed"`
	Outcome  probe.Outcome `json:"outcome"`
	Judge    string        `json:"judge"`
	Decoding []string      `json:"decoding,omitempty"` // by which decoders the evidence was read, outermost first
	Bytes    int           `json:"bytes"`              // of all texts that were sent
	Why      string        `json:"why,omitempty"`      // none if texts are sealed
	Steps    []Step        `json:"steps,omitempty"`    // none if texts are sealed
	LeftOut  int           `json:"left_out,omitempty"` // steps that are not shown
}

// Step is a line of a transcript: what was said by whom.
type Step struct {
	By   string `json:"by"`
	Text string `json:"text"`
}
