package telemetry

import "go.opentelemetry.io/otel/attribute"

// Convention is the version of the OpenTelemetry semantic conventions that the names
// here are of: the last in which the GenAI conventions were published with the others
// (https://github.com/open-telemetry/semantic-conventions/tree/v1.41.0/docs/gen-ai).
// They are in development there, so the version is pinned, and a test holds every name
// against the published package of that version.
const Convention = "1.41.0"

const schemaURL = "https://opentelemetry.io/schemas/" + Convention

// Attributes of the conventions.
const (
	keyOperation     = attribute.Key("gen_ai.operation.name")
	keyProvider      = attribute.Key("gen_ai.provider.name")
	keyRequestModel  = attribute.Key("gen_ai.request.model")
	keyRequestStream = attribute.Key("gen_ai.request.stream")
	keyMaxTokens     = attribute.Key("gen_ai.request.max_tokens")
	keyResponseModel = attribute.Key("gen_ai.response.model")
	keyFinishReasons = attribute.Key("gen_ai.response.finish_reasons")
	keyFirstChunk    = attribute.Key("gen_ai.response.time_to_first_chunk")
	keyInputTokens   = attribute.Key("gen_ai.usage.input_tokens")
	keyOutputTokens  = attribute.Key("gen_ai.usage.output_tokens")
	keyTokenType     = attribute.Key("gen_ai.token.type")
	keyErrorType     = attribute.Key("error.type")
	keyServerAddress = attribute.Key("server.address")
	keyServerPort    = attribute.Key("server.port")
	keyMethod        = attribute.Key("http.request.method")
	keyRoute         = attribute.Key("http.route")
	keyStatus        = attribute.Key("http.response.status_code")
	keyServiceName   = attribute.Key("service.name")
	keyServiceVer    = attribute.Key("service.version")
)

// Attributes of Warder's own.
const (
	keyRequest     = attribute.Key("warder.request.id")
	keyApplication = attribute.Key("warder.application.id")
	keyEnvironment = attribute.Key("warder.application.environment")
	keyPolicy      = attribute.Key("warder.policy.digest")
	keyDirection   = attribute.Key("warder.direction")          // request, answer
	keyAction      = attribute.Key("warder.verdict.action")     // what was enforced
	keyWould       = attribute.Key("warder.verdict.would")      // what it would be without observe mode
	keyCategories  = attribute.Key("warder.verdict.categories") // of findings, each once
	keyFindings    = attribute.Key("warder.verdict.findings")   // how many
	keyEnd         = attribute.Key("warder.exchange.end")       // as in the closed record
	keyUpstream    = attribute.Key("warder.upstream.name")
	keyAttempt     = attribute.Key("warder.upstream.attempt") // 1 is the first
)

// Metrics of the conventions, and Warder's own.
const (
	metricCallDuration   = "gen_ai.client.operation.duration"
	metricCallFirstChunk = "gen_ai.client.operation.time_to_first_chunk"
	metricTokens         = "gen_ai.client.token.usage"
	metricDuration       = "gen_ai.server.request.duration"
	metricFirstToken     = "gen_ai.server.time_to_first_token"
	metricVerdicts       = "warder.verdicts"
)

// Boundaries that the conventions give for their histograms.
var (
	boundsDuration   = []float64{0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92}
	boundsTokens     = []float64{1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864}
	boundsFirstToken = []float64{0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}
)

// operations are the well-known operations of the protocols of package dialect.
var operations = map[string]string{
	"openai.chat": "chat", "openai.responses": "chat", "openai.completions": "text_completion", "openai.embeddings": "embeddings", "gemini.embed": "embeddings", "gemini.embed_batch": "embeddings",
	"anthropic.messages": "chat", "gemini.generate": "generate_content", "gemini.generateContent": "generate_content",
}

// operationOf names the operation of a protocol. One without a well-known operation has
// its own name, as the conventions allow.
func operationOf(protocol string) string {
	if op, ok := operations[protocol]; ok {
		return op
	}
	return protocol
}

// providers are the well-known names of the families of upstreams.
var providers = map[string]string{"openai": "openai", "anthropic": "anthropic", "gemini": "gcp.gemini"}

func providerOf(family string) string {
	if p, ok := providers[family]; ok {
		return p
	}
	return family
}
