package gemini

import (
	"warder.example/guard"
	"warder.example/internal/dialect"
)

// protoTypes are the types of a schema as Google spells them.
var protoTypes = []string{"TYPE_UNSPECIFIED", "STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"}

// schemaTable reads a schema, Google's own or JSON Schema. Its types are structure;
// all other strings, and names that could carry text, are inspected.
func schemaTable() *rule { return dialect.Schema(dialect.Text(operator), protoTypes...) }

// toolTable reads tools of all kinds.
func toolTable() *rule {
	m := maker{origin: operator, asked: true}
	function := m.known(fields{
		"name": m.label(""), "description": m.text(""), "behavior": m.words("UNSPECIFIED", "BLOCKING", "NON_BLOCKING"),
		"parameters": schemaTable(), "parametersJsonSchema": schemaTable(), "response": schemaTable(), "responseJsonSchema": schemaTable(),
	})
	blocking := m.words("PHISH_BLOCK_THRESHOLD_UNSPECIFIED", "BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_HIGH_AND_ABOVE",
		"BLOCK_HIGHER_AND_ABOVE", "BLOCK_VERY_HIGH_AND_ABOVE", "BLOCK_ONLY_EXTREMELY_HIGH")
	search := m.known(fields{
		"excludeDomains": dialect.List(m.label("")), "blockingConfidence": blocking,
		"timeRangeFilter": m.known(fields{"startTime": m.label(""), "endTime": m.label("")}),
		"searchTypes":     m.known(fields{"webSearch": dialect.Known(fields{}), "imageSearch": dialect.Known(fields{})}),
	})
	return m.object(closeTool, fields{
		"functionDeclarations": repeated(function),
		"googleSearch":         search,
		"enterpriseWebSearch":  search,
		"googleSearchRetrieval": m.known(fields{"dynamicRetrievalConfig": m.known(fields{
			"mode": m.words("MODE_UNSPECIFIED", "MODE_DYNAMIC"), "dynamicThreshold": dialect.Plain(),
		})}),
		"codeExecution": dialect.Known(fields{}),
		"urlContext":    dialect.Known(fields{}),
		"googleMaps":    m.known(fields{"enableWidget": dialect.Plain()}),
		"fileSearch": m.known(fields{
			"fileSearchStoreNames": dialect.List(dialect.Kept("file_search_store", m.label(""))), "metadataFilter": m.text(""), "topK": dialect.Plain(),
		}),
		"computerUse": m.known(fields{
			"environment":                 m.words("ENVIRONMENT_UNSPECIFIED", "ENVIRONMENT_BROWSER", "ENVIRONMENT_MOBILE", "ENVIRONMENT_DESKTOP"),
			"excludedPredefinedFunctions": dialect.List(m.label("")), "enablePromptInjectionDetection": dialect.Plain(), "disabledSafetyPolicies": dialect.List(m.label("")),
		}),
		"mcpServers": dialect.List(m.known(fields{"name": m.label(""), "streamableHttpTransport": m.known(fields{
			"url": m.text(""), "timeout": m.label(""), "sseReadTimeout": m.label(""), "terminateOnClose": dialect.Plain(),
			"headers": dialect.Free(m.label("")),
		})})),
	})
}

func closeTool(s *dialect.Scope) error {
	s.State().(*dialect.Request).HasTools = true
	return nil
}

// toolConfigTable says how tools may be called, and where the end user is.
func toolConfigTable() *rule {
	m := maker{origin: operator, asked: true}
	return m.known(fields{
		"functionCallingConfig": m.known(fields{
			"mode": m.words("MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED"), "allowedFunctionNames": dialect.List(m.label("")),
			"streamFunctionCallArguments": dialect.Plain(),
		}),
		"retrievalConfig": m.known(fields{
			"latLng": m.known(fields{"latitude": dialect.Plain(), "longitude": dialect.Plain()}), "languageCode": dialect.Name(guard.OriginUser),
		}),
		"includeServerSideToolInvocations": dialect.Plain(),
	})
}
