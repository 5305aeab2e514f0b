package dialect

// A Protocol is one kind of call of a model API: what the caller sends, what the
// model server answers, and how Warder itself answers in their place. A gateway
// knows a dialect by this alone. A Protocol has no state and is safe for
// concurrent use.
//
// # How to add one
//
// Make a package beside this one with a table ([Rule], [Spec]) for requests, for
// answers with their errors, and for the events of a stream. Everything that the
// tables do not know is inspected all the same; they add who wrote a text, what is
// structure, and how texts continue.
//
//   - Tables are made with [Known], [Text], [Name], [Words], [List] and the other
//     builders beside them.
//   - Requests: [ReadRequest]. Close functions fill the [Request]: each message
//     calls [Request.AddTurn] and [Scope.Resolve]; the object at the top sets the
//     rest. The extension is [OriginClaim] and [ExchangeClaim], read by
//     [Request.Claims].
//   - Answers and errors: [ReadAnswer], [ReadError]. Close functions call the
//     [Receiver]; see [TellAbout]. Texts of which a choice may have several, read one
//     after another, are the [SpecOptions].Sequels.
//   - Streams: a [ChunkTable]. Close functions call the Receiver, set [Chunk].Done
//     on the event that ends the stream, and mark whose texts are whose
//     ([Chunk.Mark]). One table reads the payload of all kinds of event.
//   - Give rules the names in [FieldContent] and those after it where they mean
//     that: conversations, joined texts and pseudonyms go by them.
//   - Describe it by a dialecttest.Suite, with examples of the API's reference: the
//     suite of that package says what else must hold.
//
// What Warder writes holds its own words, ids, and the name of the model, escaped;
// official clients must be able to read it.
type Protocol interface {
	// Name is what records and metrics call it, as "openai.chat".
	Name() string

	// ParseRequest reads a caller's request. An error is a [*Problem].
	ParseRequest(body []byte, lim Limits) (*Request, error)
	// ParseAnswer reads a whole answer. An error is a [*Problem]. One without
	// anything that could be an answer or an error is refused.
	ParseAnswer(body []byte, lim Limits) (*Answer, error)
	// ParseError reads an answer with an error status and returns its texts. A
	// body that is no error of this dialect is refused with a [*Problem].
	ParseError(body []byte, lim Limits) ([]Leaf, error)
	// Chunks returns a reader of the events of one streamed answer.
	Chunks(lim Limits) *ChunkReader

	// Failure returns the body of an error answer.
	Failure(f Failure) []byte
	// FailureEvent returns the same as whole events, amid a stream of which the
	// caller was told so much. Nothing follows.
	FailureEvent(f Failure, told *Told) []byte
	// Refusal returns a whole answer that says the text and ends as a content
	// filter ends one. It is nil where answers are no text: then the caller gets a
	// failure.
	Refusal(r Refusal) []byte
	// RefusalStream returns the same as the events of a stream.
	RefusalStream(r Refusal) []byte
	// RefusalTail returns the events that end a stream which is cut after it
	// began, wherever it stands, as a content filter ends one. It does not say
	// the text.
	RefusalTail(r Refusal, told *Told) []byte
}

// A Failure is an error of Warder's own.
type Failure struct {
	Status  int    // of HTTP
	Code    string // stable, for programs
	Message string // for people
	Param   string // the field at fault; may be empty
	Request string // id of the request; may be empty
}

// A Refusal is an answer in place of the model's: the policy stopped the request,
// or what the model said.
type Refusal struct {
	Request string // id of the request: "req_" and a UUID
	Model   string // as the caller named it
	Text    string // for people
	Created int64  // seconds since 1970
	N       int    // answers asked for; less than 1 means 1
	Prompt  bool   // the request was stopped, not what the model said
}
