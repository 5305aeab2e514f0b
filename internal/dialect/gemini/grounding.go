package gemini

import (
	"warder.example/guard"
	"warder.example/internal/dialect"
)

// found makes the tables of what a search brought to an answer: a tool's texts.
var found = maker{origin: guard.OriginTool}

// citationTable says where what the model said stands elsewhere.
func citationTable() *rule {
	one := dialect.List(dialect.Known(fields{
		"startIndex": dialect.Plain(), "endIndex": dialect.Plain(), "uri": found.text(""), "title": found.text(""), "license": found.text(""),
		"publicationDate": dialect.Known(fields{"year": dialect.Plain(), "month": dialect.Plain(), "day": dialect.Plain()}),
	}))
	return dialect.Known(fields{"citations": one, "citationSources": one})
}

// chunkTable is one page, place or document that was found.
func chunkTable() *rule {
	m := found
	return dialect.Known(fields{
		"web":   dialect.Known(fields{"uri": m.text(""), "title": m.text(""), "domain": m.text("")}),
		"image": dialect.Known(fields{"sourceUri": m.text(""), "imageUri": m.text(""), "title": m.text(""), "domain": m.text("")}),
		"retrievedContext": dialect.Known(fields{
			"uri": m.text(""), "title": m.text(""), "text": m.text(""), "documentName": m.text(""), "fileSearchStore": m.label(""),
			"mediaId": m.label(""), "pageNumber": dialect.Plain(),
			"ragChunk": dialect.Known(fields{
				"chunkId": m.label(""), "fileId": m.label(""), "text": m.text(""), "pageSpan": dialect.Known(fields{"firstPage": dialect.Plain(), "lastPage": dialect.Plain()}),
			}),
			"customMetadata": dialect.List(dialect.Known(fields{
				"key": m.text(""), "stringValue": m.text(""), "numericValue": dialect.Plain(), "stringListValue": dialect.Known(fields{"values": dialect.List(m.text(""))}),
			})),
		}),
		"maps": dialect.Known(fields{
			"uri": m.text(""), "title": m.text(""), "text": m.text(""), "placeId": m.label(""),
			"placeAnswerSources": dialect.Known(fields{"flagContentUri": m.text(""), "reviewSnippets": dialect.List(dialect.Known(fields{
				"reviewId": m.label(""), "googleMapsUri": m.text(""), "title": m.text(""), "review": m.text(""), "flagContentUri": m.text(""),
				"relativePublishTimeDescription": m.text(""),
				"authorAttribution":              dialect.Known(fields{"displayName": m.text(""), "photoUri": m.text(""), "uri": m.text("")}),
			}))}),
		}),
	})
}

// groundingTable says what was searched for and found, and which words rest on it.
func groundingTable() *rule {
	model := maker{origin: guard.OriginModel}
	queries := dialect.List(model.text(""))
	return dialect.Known(fields{
		"webSearchQueries": queries, "imageSearchQueries": queries, "retrievalQueries": queries,
		"groundingChunks": dialect.List(chunkTable()),
		"groundingSupports": dialect.List(dialect.Known(fields{
			"groundingChunkIndices": dialect.List(dialect.Plain()), "confidenceScores": dialect.List(dialect.Plain()), "renderedParts": dialect.List(dialect.Plain()),
			"segment": dialect.Known(fields{"startIndex": dialect.Plain(), "endIndex": dialect.Plain(), "partIndex": dialect.Plain(), "text": model.text("")}),
		})),
		"searchEntryPoint":             dialect.Known(fields{"renderedContent": found.text(""), "sdkBlob": found.text("")}),
		"retrievalMetadata":            dialect.Known(fields{"googleSearchDynamicRetrievalScore": dialect.Plain()}),
		"googleMapsWidgetContextToken": found.label(""),
		"sourceFlaggingUris":           dialect.List(dialect.Known(fields{"sourceId": found.label(""), "flagContentUri": found.text("")})),
	})
}

// readTable says which pages the model was shown.
func readTable() *rule {
	return dialect.Known(fields{"urlMetadata": dialect.List(dialect.Known(fields{
		"retrievedUrl": found.text(""),
		"urlRetrievalStatus": found.words("URL_RETRIEVAL_STATUS_UNSPECIFIED", "URL_RETRIEVAL_STATUS_SUCCESS", "URL_RETRIEVAL_STATUS_ERROR",
			"URL_RETRIEVAL_STATUS_PAYWALL", "URL_RETRIEVAL_STATUS_UNSAFE"),
	}))})
}
