package gemini

import (
	"warder.example/guard"
	"warder.example/internal/dialect"
)

// What answers are judged by and how strictly, as the provider names it.
var (
	harmCategories = []string{"HARM_CATEGORY_UNSPECIFIED", "HARM_CATEGORY_HARASSMENT", "HARM_CATEGORY_HATE_SPEECH", "HARM_CATEGORY_SEXUALLY_EXPLICIT",
		"HARM_CATEGORY_DANGEROUS_CONTENT", "HARM_CATEGORY_CIVIC_INTEGRITY", "HARM_CATEGORY_JAILBREAK", "HARM_CATEGORY_IMAGE_HATE",
		"HARM_CATEGORY_IMAGE_DANGEROUS_CONTENT", "HARM_CATEGORY_IMAGE_HARASSMENT", "HARM_CATEGORY_IMAGE_SEXUALLY_EXPLICIT"}
	harmThresholds = []string{"HARM_BLOCK_THRESHOLD_UNSPECIFIED", "BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_ONLY_HIGH", "BLOCK_NONE", "OFF"}
)

func safetyTable() *rule {
	m := maker{origin: operator, asked: true}
	return m.known(fields{
		"category": m.words(harmCategories...), "threshold": m.words(harmThresholds...),
		"method": m.words("HARM_BLOCK_METHOD_UNSPECIFIED", "SEVERITY", "PROBABILITY"),
	})
}

// voiceTable is who speaks: a voice by name, or one that is in a recording.
func voiceTable(m maker) *rule {
	return m.known(fields{
		"prebuiltVoiceConfig": m.known(fields{"voiceName": m.label("")}),
		"replicatedVoiceConfig": m.known(fields{
			"mimeType": m.label(""), "voiceSampleAudio": m.text(""), "consentAudio": m.text(""),
		}),
		"voice": m.label(""),
	})
}

func speechTable(m maker) *rule {
	return m.known(fields{
		"voiceConfig": voiceTable(m), "languageCode": m.label(""),
		"multiSpeakerVoiceConfig": m.known(fields{"speakerVoiceConfigs": repeated(m.known(fields{
			"speaker": m.label(""), "voiceConfig": voiceTable(m),
		}))}),
	})
}

// configTable says how an answer is made.
func configTable() *rule {
	m := maker{origin: operator, asked: true}
	f := fields{
		"candidateCount":     dialect.Tagged(tagCandidates, dialect.MaybeNumber, dialect.Plain()),
		"maxOutputTokens":    dialect.Tagged(tagMaxTokens, dialect.MaybeNumber, dialect.Plain()),
		"stopSequences":      repeated(dialect.Text(guard.OriginUser)),
		"responseMimeType":   m.words("text/plain", "application/json", "text/x.enum"),
		"responseSchema":     schemaTable(),
		"responseJsonSchema": schemaTable(),
		"responseModalities": repeated(m.words("MODALITY_UNSPECIFIED", "TEXT", "IMAGE", "AUDIO", "VIDEO")),
		"mediaResolution":    m.resolution(),
		"thinkingConfig": m.known(fields{
			"includeThoughts": dialect.Plain(), "thinkingBudget": dialect.Plain(),
			"thinkingLevel": m.words("THINKING_LEVEL_UNSPECIFIED", "MINIMAL", "LOW", "MEDIUM", "HIGH", "minimal", "low", "medium", "high"),
		}),
		"speechConfig": speechTable(m),
		"imageConfig": m.known(fields{
			"aspectRatio": m.label(""), "imageSize": m.label(""), "personGeneration": m.label(""), "outputMimeType": m.label(""),
			"outputCompressionQuality": dialect.Plain(),
		}),
	}
	for _, name := range []string{"temperature", "topP", "topK", "seed", "presencePenalty", "frequencyPenalty", "responseLogprobs", "logprobs",
		"enableEnhancedCivicAnswers", "audioTimestamp", "enableAffectiveDialog"} {
		f[name] = dialect.Plain()
	}
	f = spelled(f)
	f["_responseJsonSchema"] = f["responseJsonSchema"] // an older name of its own
	return &rule{Types: dialect.MaybeObject, Tag: tagConfig, Object: &object{Fields: f}}
}
