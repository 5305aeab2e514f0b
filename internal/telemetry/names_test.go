package telemetry

import (
	"slices"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/semconv/v1.41.0/genaiconv"
)

// TestNames holds every name of the conventions against their published package.
func TestNames(t *testing.T) {
	for ours, theirs := range map[attribute.Key]attribute.Key{
		keyOperation: semconv.GenAIOperationNameKey, keyProvider: semconv.GenAIProviderNameKey, keyRequestModel: semconv.GenAIRequestModelKey,
		keyRequestStream: semconv.GenAIRequestStreamKey, keyMaxTokens: semconv.GenAIRequestMaxTokensKey, keyResponseModel: semconv.GenAIResponseModelKey,
		keyFinishReasons: semconv.GenAIResponseFinishReasonsKey, keyFirstChunk: semconv.GenAIResponseTimeToFirstChunkKey, keyInputTokens: semconv.GenAIUsageInputTokensKey,
		keyOutputTokens: semconv.GenAIUsageOutputTokensKey, keyTokenType: semconv.GenAITokenTypeKey, keyErrorType: semconv.ErrorTypeKey,
		keyServerAddress: semconv.ServerAddressKey, keyServerPort: semconv.ServerPortKey, keyMethod: semconv.HTTPRequestMethodKey, keyRoute: semconv.HTTPRouteKey,
		keyStatus: semconv.HTTPResponseStatusCodeKey, keyServiceName: semconv.ServiceNameKey, keyServiceVer: semconv.ServiceVersionKey,
	} {
		if ours != theirs {
			t.Errorf("%q; expected %q", ours, theirs)
		}
	}
	for ours, theirs := range map[string]string{
		metricCallDuration: genaiconv.ClientOperationDuration{}.Name(), metricCallFirstChunk: genaiconv.ClientOperationTimeToFirstChunk{}.Name(),
		metricTokens: genaiconv.ClientTokenUsage{}.Name(), metricDuration: genaiconv.ServerRequestDuration{}.Name(), metricFirstToken: genaiconv.ServerTimeToFirstToken{}.Name(),
	} {
		if ours != theirs {
			t.Errorf("%q; expected %q", ours, theirs)
		}
	}
	known := []string{string(genaiconv.OperationNameChat), string(genaiconv.OperationNameTextCompletion), string(genaiconv.OperationNameEmbeddings), string(genaiconv.OperationNameGenerateContent)}
	for protocol, op := range operations {
		if !slices.Contains(known, op) {
			t.Errorf("%s is %q; expected one of %q", protocol, op, known)
		}
	}
	for family, want := range map[string]genaiconv.ProviderNameAttr{"openai": genaiconv.ProviderNameOpenAI, "anthropic": genaiconv.ProviderNameAnthropic, "gemini": genaiconv.ProviderNameGCPGemini} {
		if got := providerOf(family); got != string(want) {
			t.Errorf("%s is %q; expected %q", family, got, want)
		}
	}
	if schemaURL != semconv.SchemaURL {
		t.Errorf("schema %s; expected %s", schemaURL, semconv.SchemaURL)
	}
}
