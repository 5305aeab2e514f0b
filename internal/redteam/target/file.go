package target

import (
	"time"

	"warder.example/internal/config"
)

// Kinds of target.
const (
	KindOpenAI    = "openai"
	KindAnthropic = "anthropic"
	KindGemini    = "gemini"
	KindHTTP      = "http"
	KindCommand   = "command"
	KindMCP       = "mcp"
	KindWarder    = "warder"
	KindPractice  = "practice"
)

// File is a target file: what is tested, how it is reached, and what it may do.
type File struct {
	// Version is the version of the format: 1.
	Version int `yaml:"version" schema:"required"`
	// Kind says how the target is spoken with.
	Kind string `yaml:"kind" enum:"openai,anthropic,gemini,http,command,mcp,warder,practice" schema:"required"`
	// Name is what reports call the target.
	Name string `yaml:"name" schema:"required"`
	// Address is the URL. Of models it is the base to which the path of the call is
	// added, with its version where the provider has one: https://api.example/v1 for
	// openai and warder, https://api.example for anthropic,
	// https://api.example/v1beta for gemini. Of http and mcp it is the whole URL.
	Address string `yaml:"address"`
	// API is the call of kind openai and warder.
	API string `yaml:"api" enum:"chat,responses"`
	// Model is the name of the model that is asked for.
	Model string `yaml:"model"`
	// Key is the credential: env:NAME or file:PATH, relative to the target file. It is
	// sent as the API of the kind wants it, to http and mcp as a bearer token.
	Key config.Secret `yaml:"key"`
	// Headers are sent with each request. In those of kind http {{session}} stands for
	// the session.
	Headers map[string]string `yaml:"headers"`
	// SecretHeaders are headers that are credentials: env:NAME or file:PATH.
	SecretHeaders map[string]config.Secret `yaml:"secret_headers"`
	// AllowPrivate lets the host's name lead to an address of the inner network. A
	// literal address or localhost needs no permission.
	AllowPrivate bool `yaml:"allow_private"`
	// Parameters is a JSON object with further members of requests to a model, such as
	// {"temperature": 0, "seed": 7, "max_tokens": 512}.
	Parameters string `yaml:"parameters"`
	// Application says how a target of kind http is spoken with.
	Application Application `yaml:"application"`
	// Command is the program of kind command, or of kind mcp without an address, and
	// its arguments. No shell reads it. A program that is named by a path is looked for
	// from the folder of the target file, which is its working folder.
	Command []string `yaml:"command"`
	// Env are variables of the program: env:NAME or file:PATH. Else it sees PATH, HOME,
	// LANG and the like alone.
	Env map[string]config.Secret `yaml:"env"`
	// MCP says what is called on a server of tools when a text is sent.
	MCP MCP `yaml:"mcp"`
	// Guards are the keys of one application with its guard off, observing and
	// blocking, of kind warder.
	Guards Guards `yaml:"guards"`
	// Level of the practice target, 1 to 5.
	Level int `yaml:"level"`
	// Purpose says in a few sentences what the target is for.
	Purpose string `yaml:"purpose"`
	// Prompt is the operator's instructions, if they are known. {{canary.NAME}} stands
	// for the value of a canary.
	Prompt string `yaml:"prompt"`
	// PromptFile holds the prompt instead, relative to the target file.
	PromptFile string `yaml:"prompt_file"`
	// Installed says that the target has the prompt and the tools already. Else they are
	// sent with each request where the kind has a place for them.
	Installed bool `yaml:"installed"`
	// Languages are those the target is meant to speak, as BCP 47 tags.
	Languages []string `yaml:"languages"`
	// Tools are those that the target can call.
	Tools []Tool `yaml:"tools"`
	// Data are the classes of data that the target can reach, in the tester's words.
	Data []string `yaml:"data"`
	// Canaries are values that must never leave the target.
	Canaries []Canary `yaml:"canaries"`
	// Allowed are calls of tools that are right.
	Allowed []CallRule `yaml:"allowed"`
	// Forbidden are calls of tools that must not happen, whatever is said.
	Forbidden []CallRule `yaml:"forbidden"`
	// Limits bound what a run may ask of the target.
	Limits Limits `yaml:"limits"`

	dir    string // folder of the file
	digest string // of all that makes the target what it is
}

// Application is how an application over HTTP is asked and read.
type Application struct {
	// Method is the method of HTTP.
	Method string `yaml:"method" enum:"GET,POST,PUT,PATCH"`
	// Body is sent with {{message}}, {{messages}} and {{session}} filled in: the text, a
	// JSON array of all messages so far ({"role": …, "content": …}), the session.
	Body string `yaml:"body"`
	// Type is the media type of the body, by which what is filled in is escaped.
	Type string `yaml:"type" enum:"application/json,application/x-www-form-urlencoded,text/plain"`
	// Answer is the path of the text in a JSON answer, such as $.choices[0].text; [*]
	// joins all elements. Without it and answer_pattern the whole body is the text.
	Answer string `yaml:"answer"`
	// AnswerPattern is a regular expression (RE2); its first group, or all that it
	// matches, is the text.
	AnswerPattern string `yaml:"answer_pattern"`
	// Calls is the path of an array of tool calls in a JSON answer.
	Calls string `yaml:"calls"`
	// CallTool is the path of the name of the tool in a call.
	CallTool string `yaml:"call_tool"`
	// CallArguments is the path of the arguments in a call.
	CallArguments string `yaml:"call_arguments"`
	// Blocked is a regular expression (RE2) of what an answer, whatever its status, says
	// when a guard stopped the exchange; the first group is its code.
	Blocked string `yaml:"blocked"`
	// Session is where the conversation's id comes from: made by the tester, set by the
	// target's cookies, taken from the path session_path of the first answer, or none,
	// where the target remembers nothing or is told all by {{messages}}.
	Session string `yaml:"session" enum:"made,cookie,answer,none"`
	// SessionPath is the path of the session in the first answer.
	SessionPath string `yaml:"session_path"`
}

// MCP is how a text is sent to a server of tools: as an argument of one of them.
type MCP struct {
	// Tool is the tool that is called.
	Tool string `yaml:"tool"`
	// Argument is the argument that the text becomes.
	Argument string `yaml:"argument"`
}

// Guards are the same application behind Warder under three policies.
type Guards struct {
	// Off is reached with nothing inspected.
	Off Guard `yaml:"off"`
	// Observe is reached under a policy that only records.
	Observe Guard `yaml:"observe"`
	// Block is reached under the policy that is in force.
	Block Guard `yaml:"block"`
}

// Guard is how one of them is reached.
type Guard struct {
	// Key is the application's key: env:NAME or file:PATH.
	Key config.Secret `yaml:"key"`
	// Header carries the key instead of Authorization.
	Header string `yaml:"header"`
}

// Tool is a tool that the target can call.
type Tool struct {
	// Name of the tool.
	Name string `yaml:"name" json:"name" schema:"required"`
	// Description says what it does, as the model is told.
	Description string `yaml:"description" json:"description,omitempty"`
	// Schema is the JSON Schema of its arguments, as JSON.
	Schema string `yaml:"schema" json:"schema,omitempty"`
}

// Canary is a value that must not leave the target.
type Canary struct {
	// Name in prompts ({{canary.NAME}}) and reports.
	Name string `yaml:"name" schema:"required"`
	// Value is what was planted in the target.
	Value string `yaml:"value"`
	// Made has the tester make a value that nobody knows; the prompt must say it.
	Made bool `yaml:"made"`
}

// CallRule matches calls of tools.
type CallRule struct {
	// Tool is the name of the tool; * is any.
	Tool string `yaml:"tool" schema:"required"`
	// Argument is the name of the argument to look into; any if it is left out.
	Argument string `yaml:"argument"`
	// Contains is what must stand in it.
	Contains string `yaml:"contains"`
}

// Limits are what a run may ask of the target. 0 means no limit where no default is
// told.
type Limits struct {
	// Parallel is how many requests run at once.
	Parallel int `yaml:"parallel"`
	// PerMinute is how many requests are sent in a minute.
	PerMinute int `yaml:"per_minute"`
	// Requests is how many are sent in all.
	Requests int `yaml:"requests"`
	// Tokens is how many are used in all, by the target's count.
	Tokens int `yaml:"tokens"`
	// Money is what all of it may cost, by the prices below, in their currency.
	Money float64 `yaml:"money"`
	// InputPrice is what a million tokens of input cost.
	InputPrice float64 `yaml:"input_price"`
	// OutputPrice is what a million tokens of output cost.
	OutputPrice float64 `yaml:"output_price"`
	// Time is how long the run may last.
	Time time.Duration `yaml:"time"`
	// Timeout is how long one answer may take.
	Timeout time.Duration `yaml:"timeout"`
	// Answer is the longest answer that is read, as it came.
	Answer config.ByteSize `yaml:"answer"`
}

// Default returns what a file that says nothing means.
func Default() *File {
	return &File{
		API:         "chat",
		Application: Application{Method: "POST", Type: typeJSON, Session: "made"},
		Limits:      Limits{Parallel: 4, Timeout: time.Minute, Answer: 1 << 20},
	}
}

// Digest identifies the target: it is that of the file and of its prompt. Credentials
// are no part of it.
func (f *File) Digest() string { return f.digest }
