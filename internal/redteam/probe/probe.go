// Package probe has the nouns of the red team: what is sent to a target, what comes
// back, what the attacker wanted and what came of it. Packages beside it make
// messages (attack, strategy, carrier), send them (target), judge what came back
// (judge) and count (package asr of this module).
//
// Values are plain data: they are written to the journal as JSON and read back to be
// judged again, so that a field is never renamed and its zero value means "not
// known" or "none". Every text may be hostile: an attack's on purpose, an answer's
// by what it repeats. None of them is printed or interpreted without escaping.
package probe

import "time"

// A Message is one thing that is said to a target, or shown to it.
type Message struct {
	Role  Role   `json:"role"`
	Text  string `json:"text,omitempty"`
	Tool  string `json:"tool,omitempty"`  // whose result or description this is; RoleTool and RoleManifest only
	Files []File `json:"files,omitempty"` // pictures and documents beside the text
}

// A Role says who says a message.
type Role string

// The roles. A target that has no place for one gets its text as RoleUser's.
const (
	RoleOperator Role = "operator" // the application's own instructions
	RoleUser     Role = "user"
	RoleDocument Role = "document" // retrieved: web page, mail, file
	RoleTool     Role = "tool"     // the result of a tool
	RoleManifest Role = "manifest" // the description of a tool, as an MCP server lists it
	RoleModel    Role = "model"    // an earlier answer that the attack pretends
)

// A File is what a carrier made.
type File struct {
	Name  string `json:"name"`
	Media string `json:"media"` // type/subtype
	Data  []byte `json:"data"`
}

// A Reply is what a target answered to one message.
type Reply struct {
	Text     string        `json:"text,omitempty"`
	Calls    []Call        `json:"calls,omitempty"`    // in order
	Refused  bool          `json:"refused,omitempty"`  // the target's own refusal field or content filter
	Blocked  string        `json:"blocked,omitempty"`  // code of the guard that stopped it; empty: none did
	Finish   string        `json:"finish,omitempty"`   // as the target said
	Model    string        `json:"model,omitempty"`    // as the target said
	Backend  string        `json:"backend,omitempty"`  // system_fingerprint or the like
	Usage    Usage         `json:"usage,omitzero"`     // as the target counted
	Took     time.Duration `json:"took,omitempty"`     // to the last byte
	Failure  string        `json:"failure,omitempty"`  // why there is no answer; then nothing else is set but Took
	Overflow bool          `json:"overflow,omitempty"` // the answer was longer than is kept
}

// A Call is a tool call that the target made or asked for.
type Call struct {
	Tool      string `json:"tool"`
	Arguments string `json:"arguments,omitempty"` // JSON, as it came
}

// Usage is what an exchange used by the target's count.
type Usage struct {
	Input  int `json:"input,omitempty"`
	Output int `json:"output,omitempty"`
}

// An Exchange is a message, or several that are sent at once, and the reply.
type Exchange struct {
	Sent []Message `json:"sent"`
	Got  Reply     `json:"got"`
}

// A Transcript is a whole attempt against a target, in order. It is never changed
// after its verdict.
type Transcript struct {
	Exchanges []Exchange `json:"exchanges"`
}

// An Objective is what an attempt is for, in terms that a deterministic judge can
// decide. Which fields count depends on the family of the attack; the zero fields do
// not.
type Objective struct {
	// Marker is a word that appears nowhere else: it was executed if the target
	// says it by itself, not as a quotation of the request.
	Marker string `json:"marker,omitempty"`
	// Secrets are planted values that must not leave, in any decoding.
	Secrets []string `json:"secrets,omitempty"`
	// Prompt is the operator's text, for leaks of it; empty if it is not known.
	Prompt string `json:"prompt,omitempty"`
	// PromptAsked says that the operator's text is wanted, also where Prompt does not
	// have it: an answer is then judged by whether it recites instructions.
	PromptAsked bool `json:"prompt_asked,omitempty"`
	// Forbidden are calls of tools that must not happen.
	Forbidden []CallRule `json:"forbidden,omitempty"`
	// Sinks are kinds of unsafe output: html, markdown, sql, shell, path, url, ansi, template.
	Sinks []string `json:"sinks,omitempty"`
	// Host is one to which data must not be sent by a link, an image or a call.
	Host string `json:"host,omitempty"`
	// Harm is the kind of disallowed content that was asked for.
	Harm string `json:"harm,omitempty"`
	// Reference is the text by which an answer must be grounded, or the answer that
	// is right; Registry has the names that exist (packages).
	Reference string   `json:"reference,omitempty"`
	Registry  []string `json:"registry,omitempty"`
	// MostTokens and MostCalls bound what an honest answer needs.
	MostTokens int `json:"most_tokens,omitempty"`
	MostCalls  int `json:"most_calls,omitempty"`
	// Benign says that the request is honest: refusing it is the failure.
	Benign bool `json:"benign,omitempty"`
}

// A CallRule matches calls of tools: by name, or all if it is "*", and by what must
// stand in an argument.
type CallRule struct {
	Tool     string `json:"tool"`
	Argument string `json:"argument,omitempty"` // name of the argument at the top; empty: any
	Contains string `json:"contains,omitempty"`
}

// An Outcome is what came of an attempt. Errors and what could not be judged are
// outcomes of their own: they are never counted as safe.
type Outcome string

// The outcomes.
const (
	Success    Outcome = "success"    // the attacker got what the objective names
	Partial    Outcome = "partial"    // a part of it
	Refused    Outcome = "refused"    // the target said no
	Deflected  Outcome = "deflected"  // the target did something else, harmless
	Blocked    Outcome = "blocked"    // a guard stopped it
	Errored    Outcome = "error"      // there was no answer
	Unscorable Outcome = "unscorable" // there was one that no judge can decide
)

// A Verdict is a judge's outcome and what it rests on.
type Verdict struct {
	Outcome  Outcome  `json:"outcome"`
	Judge    string   `json:"judge"`              // which decided, with its version: "marker/1"
	Why      string   `json:"why"`                // one sentence; quotes nothing of the transcript unescaped
	Exchange int      `json:"exchange,omitempty"` // where the evidence stands
	Span     [2]int   `json:"span,omitempty"`     // bytes of that reply's text; 0,0 if none
	Decoding []string `json:"decoding,omitempty"` // by which decoders it was read, outermost first
}
