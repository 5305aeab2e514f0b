// Package logs reads what others logged of their calls of language models, and
// makes one [Record] of each call: its texts with who wrote them, when, by which
// application and model, how many tokens and for how much.
//
// # Formats
//
//   - openai: request and response bodies as they were sent, with or without
//     something around them: {"request":{"messages":…},"response":{"choices":…}},
//     rows with messages alone, lists of stored completions, batch input and output;
//     bodies of the responses and legacy completions API, and Anthropic's, which
//     share their shapes; streams that were kept as a list or text of chunks
//   - litellm: StandardLoggingPayload, with or without standard_logging_object
//     around it, and rows of the spend log
//   - langfuse: observations of type GENERATION, as the API gives them (startTime)
//     and as exports name them (start_time), alone, in lists or within traces
//   - otel: OTLP JSON, traces and logs, and spans as the console exporter of the SDKs
//     prints them, with the attributes gen_ai.input.messages and
//     gen_ai.output.messages of the GenAI conventions, the older events
//     (gen_ai.content.prompt, gen_ai.user.message, …) and indexed attributes
//     (gen_ai.prompt.0.content)
//
// [Auto] finds the format of each value by its keys.
//
// # What it reads
//
// Files, folders and streams; JSON Lines, a JSON array, or values that run over lines;
// gzip, known by its first bytes. A value is at most [MaxValue] bytes, and only one
// is held at a time. Within a message every string is text unless its key is known
// to be structure or it begins as a media file does; the text parts of one message
// are joined by line ends.
//
// # Hostile logs
//
// Logs hold what attackers wrote. What cannot be read is an [Unreadable] with a
// reason and never quotes the log. Depth, texts of a call, and calls of a value are
// bounded. Names are cut to [MaxName] bytes and may hold anything that is valid
// UTF-8: who shows them escapes them.
package logs

import (
	"time"

	"warder.example/guard"
)

// Bounds of what is read.
const (
	MaxValue   = 16 << 20  // bytes of one line or value, as the gateway bounds a body
	MaxSkipped = 256 << 20 // bytes of a longer one that are passed over before the file is given up
	MaxDepth   = 64        // containers inside each other
	MaxTexts   = 16384     // texts of one record
	MaxRecords = 10000     // records of one value
	MaxFiles   = 100000    // files of one replay
	MaxName    = 128       // bytes of the name of an application or model
)

// Record is one call of a model as it was logged.
type Record struct {
	// Index tells the records of one value apart.
	Index int
	// Time is when it began; zero if that is not known.
	Time  time.Time
	App   string // empty: not known
	Model string // empty: not known
	// Request and Answer are the texts, in their order.
	Request, Answer []Text
	// Whole says that the messages are a conversation to its end, with the
	// answers in it, and not the request for one answer.
	Whole bool
	// Tokens of both sides; 0 if not known.
	InputTokens, OutputTokens int64
	// Cost is what the log says that the call cost, in the log's own currency
	// (US dollars in LiteLLM and Langfuse); Priced says whether it does.
	Cost   float64
	Priced bool
}

// Text is one text of a record.
type Text struct {
	Content string // valid UTF-8, not empty
	Origin  guard.Origin
	Kind    guard.Kind
	Message int  // index of the message, -1 outside of messages
	Said    bool // it is what the message says, not an argument or other member
}

// Why a value cannot be read.
const (
	NotJSON       = "not_json"
	NotUTF8       = "not_utf8"
	TooLong       = "too_long"
	TooDeep       = "too_deep"
	TooManyTexts  = "too_many_texts"
	TooMany       = "too_many_records"
	WrongType     = "wrong_type"
	UnknownFormat = "unknown_format"
)

// Why a value that can be read holds no record.
const (
	NoTexts       = "no_texts"       // an error, an embedding, or content that was not logged
	NotGeneration = "not_generation" // an observation or span of something else
	TraceOnly     = "trace"          // a trace whose observations stand elsewhere
)

// Unreadable is the error of a value that cannot be read.
type Unreadable struct {
	Reason string // one of the constants
}

// Error implements error.
func (u *Unreadable) Error() string { return "cannot be read: " + u.Reason }

// unreadable returns the error with that reason.
func unreadable(reason string) error { return &Unreadable{Reason: reason} }
