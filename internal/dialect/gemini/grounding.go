package gemini

import "warder.example/guard"

// found makes the tables of what a search brought to an answer: a tool's texts.
var found = maker{origin: guard.OriginTool}

// citationTable says where what the model said stands elsewhere.
func citationTable() *rule {
	one := list(known(fields{
		"startIndex": plain(), "endIndex": plain(), "uri": found.text(""), "title": found.text(""), "license": found.text(""),
		"publicationDate": known(fields{"year": plain(), "month": plain(), "day": plain()}),
	}))
	return known(fields{"citations": one, "citationSources": one})
}

// chunkTable is one page, place or document that was found.
func chunkTable() *rule {
	m := found
	return known(fields{
		"web":   known(fields{"uri": m.text(""), "title": m.text(""), "domain": m.text("")}),
		"image": known(fields{"sourceUri": m.text(""), "imageUri": m.text(""), "title": m.text(""), "domain": m.text("")}),
		"retrievedContext": known(fields{
			"uri": m.text(""), "title": m.text(""), "text": m.text(""), "documentName": m.text(""), "fileSearchStore": m.label(""),
			"mediaId": m.label(""), "pageNumber": plain(),
			"ragChunk": known(fields{
				"chunkId": m.label(""), "fileId": m.label(""), "text": m.text(""), "pageSpan": known(fields{"firstPage": plain(), "lastPage": plain()}),
			}),
			"customMetadata": list(known(fields{
				"key": m.text(""), "stringValue": m.text(""), "numericValue": plain(), "stringListValue": known(fields{"values": list(m.text(""))}),
			})),
		}),
		"maps": known(fields{
			"uri": m.text(""), "title": m.text(""), "text": m.text(""), "placeId": m.label(""),
			"placeAnswerSources": known(fields{"flagContentUri": m.text(""), "reviewSnippets": list(known(fields{
				"reviewId": m.label(""), "googleMapsUri": m.text(""), "title": m.text(""), "review": m.text(""), "flagContentUri": m.text(""),
				"relativePublishTimeDescription": m.text(""),
				"authorAttribution":              known(fields{"displayName": m.text(""), "photoUri": m.text(""), "uri": m.text("")}),
			}))}),
		}),
	})
}

// groundingTable says what was searched for and found, and which words rest on it.
func groundingTable() *rule {
	model := maker{origin: guard.OriginModel}
	queries := list(model.text(""))
	return known(fields{
		"webSearchQueries": queries, "imageSearchQueries": queries, "retrievalQueries": queries,
		"groundingChunks": list(chunkTable()),
		"groundingSupports": list(known(fields{
			"groundingChunkIndices": list(plain()), "confidenceScores": list(plain()), "renderedParts": list(plain()),
			"segment": known(fields{"startIndex": plain(), "endIndex": plain(), "partIndex": plain(), "text": model.text("")}),
		})),
		"searchEntryPoint":             known(fields{"renderedContent": found.text(""), "sdkBlob": found.text("")}),
		"retrievalMetadata":            known(fields{"googleSearchDynamicRetrievalScore": plain()}),
		"googleMapsWidgetContextToken": found.label(""),
		"sourceFlaggingUris":           list(known(fields{"sourceId": found.label(""), "flagContentUri": found.text("")})),
	})
}

// readTable says which pages the model was shown.
func readTable() *rule {
	return known(fields{"urlMetadata": list(known(fields{
		"retrievedUrl": found.text(""),
		"urlRetrievalStatus": found.words("URL_RETRIEVAL_STATUS_UNSPECIFIED", "URL_RETRIEVAL_STATUS_SUCCESS", "URL_RETRIEVAL_STATUS_ERROR",
			"URL_RETRIEVAL_STATUS_PAYWALL", "URL_RETRIEVAL_STATUS_UNSAFE"),
	}))})
}
