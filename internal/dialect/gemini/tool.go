package gemini

import (
	"warder.example/guard"
	"warder.example/internal/dialect"
)

var schemaTypes = []string{
	"TYPE_UNSPECIFIED", "STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL",
	"string", "number", "integer", "boolean", "array", "object", "null",
}

// schemaTable reads a schema, Google's own or JSON Schema. Its types are structure;
// all other strings, and names that could carry text, are inspected.
func schemaTable() *rule {
	text := anything(prose(operator))
	kind := words(operator, schemaTypes...)
	kind.Items, kind.Object = kind, text.Object
	names := label(operator)
	names.Items, names.Object = label(operator), text.Object
	text.Object.Fields = fields{"type": kind, "required": names}
	return text
}

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
		"excludeDomains": list(m.label("")), "blockingConfidence": blocking,
		"timeRangeFilter": m.known(fields{"startTime": m.label(""), "endTime": m.label("")}),
		"searchTypes":     m.known(fields{"webSearch": known(fields{}), "imageSearch": known(fields{})}),
	})
	return m.object(closeTool, fields{
		"functionDeclarations": repeated(function),
		"googleSearch":         search,
		"enterpriseWebSearch":  search,
		"googleSearchRetrieval": m.known(fields{"dynamicRetrievalConfig": m.known(fields{
			"mode": m.words("MODE_UNSPECIFIED", "MODE_DYNAMIC"), "dynamicThreshold": plain(),
		})}),
		"codeExecution": known(fields{}),
		"urlContext":    known(fields{}),
		"googleMaps":    m.known(fields{"enableWidget": plain()}),
		"fileSearch": m.known(fields{
			"fileSearchStoreNames": list(m.label("")), "metadataFilter": m.text(""), "topK": plain(),
		}),
		"computerUse": m.known(fields{
			"environment":                 m.words("ENVIRONMENT_UNSPECIFIED", "ENVIRONMENT_BROWSER", "ENVIRONMENT_MOBILE", "ENVIRONMENT_DESKTOP"),
			"excludedPredefinedFunctions": list(m.label("")), "enablePromptInjectionDetection": plain(), "disabledSafetyPolicies": list(m.label("")),
		}),
		"mcpServers": list(m.known(fields{"name": m.label(""), "streamableHttpTransport": m.known(fields{
			"url": m.text(""), "timeout": m.label(""), "sseReadTimeout": m.label(""), "terminateOnClose": plain(),
			"headers": {Object: &object{Rest: m.label("")}},
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
			"mode": m.words("MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED"), "allowedFunctionNames": list(m.label("")),
			"streamFunctionCallArguments": plain(),
		}),
		"retrievalConfig": m.known(fields{
			"latLng": m.known(fields{"latitude": plain(), "longitude": plain()}), "languageCode": label(guard.OriginUser),
		}),
		"includeServerSideToolInvocations": plain(),
	})
}
