// Package config reads the configuration of the Warder server.
//
// # The file
//
// The configuration is one YAML file, read strictly: an unknown key, a key
// given twice, a value of the wrong type or out of its bounds is an error that
// names the line, and all errors are reported together. Nothing is taken from
// the environment except where a [Secret] names a variable. Without a file,
// [Default] holds everything but the upstreams, which have no default.
//
// Relative paths, defaults included, are taken from the folder of the file.
//
// # Use
//
// [Load] reads, checks and resolves a file; a Config that it returned is
// complete and must not be changed. A server that reloads calls Load again and
// keeps what it has when that fails.
//
// [Schema] returns the JSON Schema of the file, for editors. It is generated
// from the comments of the types here, and so is the reference in
// docs/configuration.md: run go generate after a change.
package config

import (
	"time"

	"warder.example/guard"
	"warder.example/guard/strictyaml"
)

// Config is the configuration of a server.
type Config struct {
	// Listen is the address of the data plane, as host:port. Keep it on
	// loopback unless TLS is set or a proxy in front ends TLS.
	Listen string `yaml:"listen"`
	// Admin is the address of health, readiness and metrics. It must be a
	// loopback address unless admin_public is true.
	Admin string `yaml:"admin"`
	// AdminPublic allows an admin address that is not loopback. It speaks plain
	// HTTP, and all but the routes for admin_tokens asks for nothing: put it
	// behind your own network rules.
	AdminPublic bool `yaml:"admin_public"`
	// AdminTokens are who may use the administrative routes of the admin listener,
	// such as /v1/threats. Without any, these routes do not exist.
	AdminTokens []AdminToken `yaml:"admin_tokens"`
	// Data is the folder of the audit log, the built-in database and keys.
	// Only its owner may read it.
	Data string `yaml:"data"`
	// Store is the database: empty for SQLite in the data folder, or a
	// postgres:// address. It may be given as env:NAME or file:PATH, and must
	// be when it holds a password.
	Store Secret `yaml:"store"`
	// TLS is the certificate of the data plane; without it the server speaks
	// plain HTTP.
	TLS TLS `yaml:"tls"`
	// ExtProc lets Warder work inside of Envoy, as its external processor, in
	// builds with the tag extproc. Off without a listen address.
	ExtProc ExtProc `yaml:"ext_proc"`
	// Upstreams are the model servers that requests may go to. At least one
	// is needed; a model is served by the first whose patterns match, or by others
	// of that one's group.
	Upstreams []Upstream `yaml:"upstreams" schema:"required"`
	// Limits bounds sizes, times and concurrency.
	Limits Limits `yaml:"limits"`
	// Ledger says how the audit log is kept.
	Ledger Ledger `yaml:"ledger"`
	// Policy is the path of the policy of applications that name none; empty
	// for the built-in one (warder policy show default).
	Policy string `yaml:"policy"`
	// Policies names policy files, for applications to refer to.
	Policies map[string]string `yaml:"policies"`
	// Applications holds, by application name, what a registered application
	// needs to have said about its requests.
	Applications map[string]Application `yaml:"applications"`
	// Guard configures inspection.
	Guard Guard `yaml:"guard"`
	// Bundles says whose bundles of threats, signatures and models are taken in.
	Bundles Bundles `yaml:"bundles"`
	// Budgets limit requests, tokens and money, reserved before a call and settled
	// after it.
	Budgets []Budget `yaml:"budgets"`
	// Spending says how budgets count.
	Spending Spending `yaml:"spending"`
	// Cache bounds what is kept of answers of models, for applications that have a
	// cache.
	Cache Cache `yaml:"cache"`
	// Telemetry sends traces and metrics to an OpenTelemetry collector. They never
	// hold prompt text. Off without an endpoint.
	Telemetry Telemetry `yaml:"telemetry"`
	// Log configures the server's own log. It never holds prompt text.
	Log Log `yaml:"log"`
	// Drain is how long a stopping server waits for requests in flight.
	Drain time.Duration `yaml:"drain"`

	file *strictyaml.File // what it was read from; nil if from none
}

// TLS names a certificate and its key. Both or neither are set.
type TLS struct {
	// Cert is the path of the certificate chain, PEM.
	Cert string `yaml:"cert"`
	// Key is the path of the private key, PEM.
	Key string `yaml:"key"`
}

// Limits bounds what one request may cost.
type Limits struct {
	// Body is the most bytes of a request's body as received.
	Body ByteSize `yaml:"body"`
	// Decompressed is the most bytes of a request's body after decompression.
	Decompressed ByteSize `yaml:"decompressed"`
	// Answer is the most bytes of an upstream's answer, stream or not.
	Answer ByteSize `yaml:"answer"`
	// Event is the most bytes of one event of a stream.
	Event ByteSize `yaml:"event"`
	// Header is the most bytes of a request's header.
	Header ByteSize `yaml:"header"`
	// Depth is how deeply a JSON body may nest.
	Depth int `yaml:"depth"`
	// Concurrent is the most requests at once; above it they wait for a place.
	Concurrent int `yaml:"concurrent"`
	// Waiting is how many requests may wait for a place; more get 503 with
	// Retry-After before any work. 0 lets none wait.
	Waiting int `yaml:"waiting"`
	// Patience is the longest that a request waits for a place before it gets 503.
	Patience time.Duration `yaml:"patience"`
	// ReadHeader is the time to receive a request's header.
	ReadHeader time.Duration `yaml:"read_header"`
	// ReadBody is the time to receive a request's body.
	ReadBody time.Duration `yaml:"read_body"`
	// UpstreamConnect is the time to connect to an upstream, TLS included.
	UpstreamConnect time.Duration `yaml:"upstream_connect"`
	// UpstreamFirstByte is the time until an upstream's answer begins.
	UpstreamFirstByte time.Duration `yaml:"upstream_first_byte"`
	// UpstreamIdle is the longest silence within an upstream's answer.
	UpstreamIdle time.Duration `yaml:"upstream_idle"`
	// ClientWrite is the longest a caller may take to accept what was sent.
	ClientWrite time.Duration `yaml:"client_write"`
	// Total is the time of a whole exchange.
	Total time.Duration `yaml:"total"`
}

// Ledger says how the audit log is kept.
type Ledger struct {
	// Sync is when a record counts as written. group: after an fsync shared
	// with others, within milliseconds; survives power loss. each: after an
	// fsync of its own. os: after the write; survives the death of the
	// process, not power loss.
	Sync string `yaml:"sync" enum:"group,each,os"`
	// Reserve is disk space held back so that exchanges in flight can still
	// be closed on a full disk.
	Reserve ByteSize `yaml:"reserve"`
	// SegmentBytes is the size at which a new segment file begins.
	SegmentBytes ByteSize `yaml:"segment_bytes"`
	// Checkpoint publishes signed checkpoints outside of the log.
	Checkpoint Checkpoint `yaml:"checkpoint"`
}

// Checkpoint says where signed checkpoints of the audit log go.
type Checkpoint struct {
	// File is a file to append checkpoints to, best on another disk or
	// machine: without one, a rewrite of the whole log cannot be proven. Empty
	// publishes none.
	File string `yaml:"file"`
	// Every is the time between two checkpoints while records come.
	Every time.Duration `yaml:"every"`
}

// Application is what one application has said about its requests.
type Application struct {
	// Class is how urgent its requests are when not all can run at once:
	// interactive, where somebody waits for the answer; standard, where a program
	// does; batch, where nobody does. Default: interactive.
	Class string `yaml:"class" enum:"interactive,standard,batch"`
	// SubjectHeader names the request header that carries the end user. It is
	// a claim of the caller: it separates, it never grants. The header alone
	// counts then, not what a body claims; a request that has it twice is refused.
	SubjectHeader string `yaml:"subject_header"`
	// SessionHeader names the request header that carries the conversation.
	SessionHeader string `yaml:"session_header"`
	// Regions mark pasted material inside of user turns, so that it is
	// judged as what it is.
	Regions []Region `yaml:"regions"`
	// Canaries plants a phrase in the system prompt whose appearance in an
	// answer proves leakage.
	Canaries bool `yaml:"canaries"`
	// UnknownFields says what happens to string fields that the dialect does
	// not know: inspect them as text, strip them, or refuse the request.
	UnknownFields string `yaml:"unknown_fields" enum:"inspect,strip,refuse"`
	// Cache says whether its answers are kept, to be given again to the same
	// request. Off by default.
	Cache ApplicationCache `yaml:"cache"`
	// TokenInput lets texts come as numbers of a tokenizer's, in embeddings and
	// completions. Nothing reads them: they pass uninspected.
	TokenInput bool `yaml:"token_input"`
	// References says what happens to requests that name what the provider keeps, as
	// earlier responses, conversations, prompts, files, cached contents and skills, or an address to fetch: pass them,
	// which is recorded, though nothing here reads what they name, or refuse them.
	// Default: pass.
	References string `yaml:"references" enum:"pass,refuse"`
}

// ReferencesRefuse is the value of [Application].References that refuses them.
const ReferencesRefuse = "refuse"

// Region is text between two delimiters that came from somewhere else.
type Region struct {
	// Start is the delimiter before the region, literally.
	Start string `yaml:"start" schema:"required"`
	// End is the delimiter after the region, literally; a region without it
	// runs to the end of the text.
	End string `yaml:"end"`
	// Origin is who wrote the region: document, tool, email or user. It can
	// only lower trust.
	Origin guard.Origin `yaml:"origin" schema:"required"`
}

// Guard configures inspection.
type Guard struct {
	// Detectors is on, or the explicit word off, which forwards everything
	// uninspected. Exchanges are still recorded.
	Detectors string `yaml:"detectors" enum:"on,off"`
	// Cache is how many texts' findings are remembered, so that the earlier
	// turns of a conversation are not read again. 0 remembers none.
	Cache int `yaml:"cache"`
	// Thresholds is the path of a file of warder calibrate, whose thresholds of
	// the classifiers stand in for those published with the model. The server
	// does not start with a file for another model or one that has expired.
	Thresholds string `yaml:"thresholds"`
}

// Log configures the server's own log.
type Log struct {
	// Level is the least severe level that is written.
	Level string `yaml:"level" enum:"debug,info,warn,error"`
	// Format is text for people or json for machines.
	Format string `yaml:"format" enum:"text,json"`
}
