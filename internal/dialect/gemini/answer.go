package gemini

import (
	"strings"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// finishes are why a candidate ended, blocks why a prompt got no answer.
var (
	finishes = []string{unfinished, "STOP", "MAX_TOKENS", finishSafety, "RECITATION", "LANGUAGE", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT",
		"SPII", "MALFORMED_FUNCTION_CALL", "IMAGE_SAFETY", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "IMAGE_PROHIBITED_CONTENT", "NO_IMAGE",
		"IMAGE_RECITATION", "IMAGE_OTHER", "CONTINUATION", "MISSING_THOUGHT_SIGNATURE", "MALFORMED_RESPONSE"}
	blocks = []string{"BLOCK_REASON_UNSPECIFIED", "BLOCKED_REASON_UNSPECIFIED", "SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "IMAGE_SAFETY",
		"MODEL_ARMOR", "JAILBREAK"}
)

const (
	unfinished   = "FINISH_REASON_UNSPECIFIED"
	finishSafety = "SAFETY"
)

// spoken makes what the model server says of an answer.
var spoken = maker{origin: guard.OriginModel}

func ratingsTable() *rule {
	return dialect.List(dialect.Known(fields{
		"category": spoken.words(harmCategories...), "probability": spoken.words("HARM_PROBABILITY_UNSPECIFIED", "NEGLIGIBLE", "LOW", "MEDIUM", "HIGH"),
		"severity":             spoken.words("HARM_SEVERITY_UNSPECIFIED", "HARM_SEVERITY_NEGLIGIBLE", "HARM_SEVERITY_LOW", "HARM_SEVERITY_MEDIUM", "HARM_SEVERITY_HIGH"),
		"overwrittenThreshold": spoken.words(harmThresholds...), "blocked": dialect.Plain(), "probabilityScore": dialect.Plain(), "severityScore": dialect.Plain(),
	}))
}

// logprobsTable reads the tokens as one text and the alternatives to them as
// another.
func logprobsTable(delta bool) *rule {
	token := func(u dialect.Use, name string) *rule {
		r := spoken.use(u, name)
		r.Delta = delta && u == dialect.Token
		return dialect.List(dialect.Known(fields{"token": r, "tokenId": dialect.Plain(), "logProbability": dialect.Plain()}))
	}
	r := dialect.Known(fields{
		"chosenCandidates": token(dialect.Token, "logprobs"), "logProbabilitySum": dialect.Plain(),
		"topCandidates": dialect.List(dialect.Known(fields{"candidates": token(dialect.Candidate, "logprobs.candidates")})),
	})
	r.Drop = true
	return r
}

func usageTable() *rule {
	details := dialect.List(dialect.Known(fields{
		"modality":   spoken.words("MODALITY_UNSPECIFIED", "TEXT", "IMAGE", "VIDEO", "AUDIO", "DOCUMENT"),
		"tokenCount": dialect.Plain(),
	}))
	return &rule{Object: &object{Close: closeUsage, Fields: fields{
		"promptTokenCount": dialect.Counted(tagPrompt), "candidatesTokenCount": dialect.Counted(tagAnswered), "totalTokenCount": dialect.Counted(tagTotal),
		"thoughtsTokenCount": dialect.Counted(tagThoughts), "cachedContentTokenCount": dialect.Counted(tagCached), "toolUsePromptTokenCount": dialect.Counted(tagTools),
		"initialPromptTokenCount": dialect.Plain(), "promptTokensDetails": details, "candidatesTokensDetails": details,
		"cacheTokensDetails": details, "toolUsePromptTokensDetails": details,
		"trafficType": spoken.words("TRAFFIC_TYPE_UNSPECIFIED", "ON_DEMAND", "PROVISIONED_THROUGHPUT"),
		"serviceTier": spoken.words("unspecified", "flex", "standard", "priority"),
	}}}
}

func errorTable() *rule {
	detail := dialect.Anything(spoken.text(""))
	detail.Object.Fields = fields{"@type": spoken.label(""), "reason": spoken.label(""), "domain": spoken.label("")}
	return &rule{Use: dialect.Prose, Origin: guard.OriginModel, Tag: tagError, Object: &object{Fields: fields{
		"code": dialect.Plain(), "message": spoken.text("error.message"), "status": spoken.label("error.status"), "details": detail,
	}}}
}

// candidateTable is one of several answers.
func candidateTable(delta bool) *rule {
	return &rule{Types: dialect.ObjectType, Object: &object{Close: closeCandidate, Fields: fields{
		"content":            dialect.Typed(dialect.MaybeObject, maker{delta: delta}.content(nil)),
		"index":              {Tag: tagIndex, Types: dialect.MaybeNumber},
		"finishReason":       dialect.Tagged(tagFinish, dialect.MaybeString, spoken.words(finishes...)),
		"finishMessage":      spoken.text("finishMessage"),
		"safetyRatings":      ratingsTable(),
		"citationMetadata":   citationTable(),
		"groundingMetadata":  groundingTable(),
		"urlContextMetadata": readTable(),
		"logprobsResult":     logprobsTable(delta),
		"avgLogprobs":        dialect.Plain(),
		"tokenCount":         dialect.Plain(),
		"continuationToken":  spoken.label(""),
	}}}
}

// answerTable reads whole answers and, with delta, the events of streamed ones.
func answerTable(delta bool) *rule {
	return &rule{Types: dialect.ObjectType, Object: &object{Close: closeAnswer, Fields: fields{
		"candidates": {Types: dialect.MaybeArray, Turns: true, Items: candidateTable(delta)},
		"promptFeedback": {Types: dialect.MaybeObject, Object: &object{Close: closeFeedback, Fields: fields{
			"blockReason": dialect.Tagged(tagBlock, dialect.MaybeString, spoken.words(blocks...)), "blockReasonMessage": spoken.text("blockReasonMessage"),
			"safetyRatings": ratingsTable(),
		}}},
		"usageMetadata": usageTable(),
		"modelVersion":  dialect.Tagged(tagModel, dialect.MaybeString, spoken.label(dialect.FieldModel)),
		"responseId":    dialect.Tagged(tagID, dialect.MaybeString, spoken.label(dialect.FieldID)),
		"createTime":    spoken.label("createTime"),
		"modelStatus": dialect.Known(fields{
			"modelStage": spoken.label(""), "retirementTime": spoken.label(""), "message": spoken.text(""),
		}),
		"error": errorTable(),
	}}}
}

// In a stream parts continue one text; a whole answer may have several of each.
var answerSpec = dialect.NewSpec(answerTable(false), dialect.SpecOptions{UnknownOrigin: guard.OriginModel, Loose: true, Sequels: []string{dialect.FieldContent, fieldThought}})

func closeCandidate(s *dialect.Scope) error {
	c := dialect.Choice{Index: s.Index()}
	if v, ok := s.Value(tagIndex); ok {
		n, ok := v.Int()
		if !ok {
			n = -1
		}
		c.Index = n
	}
	if c.Index < 0 || c.Index >= MaxCandidates {
		v, _ := s.Value(tagIndex)
		return s.Fail(v, dialect.CodeInvalidValue, "index of a candidate out of range; expected an integer from 0 to 7")
	}
	if v, ok := s.Value(tagFinish); ok && v.Text != unfinished {
		c.Finish = strings.Clone(v.Text)
	}
	s.State().(dialect.Receiver).AddChoice(c, s)
	return s.Resolve(guard.OriginModel)
}

// closeFeedback takes a prompt that was blocked for an answer that ended.
func closeFeedback(s *dialect.Scope) error {
	if v, ok := s.Value(tagBlock); ok {
		s.State().(dialect.Receiver).AddChoice(dialect.Choice{Finish: strings.Clone(v.Text)}, s)
	}
	return nil
}

// closeUsage sums up what an answer cost: results of tools are input, thoughts are
// output. Each event of a stream tells it, and the last figures count. A server that
// leaves out what it wrote says it by the total.
func closeUsage(s *dialect.Scope) error {
	var u dialect.Usage
	u.Prompt, u.Present = s.Count(tagPrompt)
	tools, _ := s.Count(tagTools)
	u.Prompt += tools
	u.Cached, _ = s.Count(tagCached)
	u.Reasoning, _ = s.Count(tagThoughts)
	total, summed := s.Count(tagTotal)
	u.Total = total
	if answered, ok := s.Count(tagAnswered); ok {
		u.Completion = answered + u.Reasoning
	} else if u.Completion = u.Reasoning; u.Present && summed && total >= u.Prompt+u.Reasoning {
		u.Completion = total - u.Prompt
	} else {
		u.Present = false
	}
	s.State().(dialect.Receiver).SetUsage(u)
	return nil
}

func closeAnswer(s *dialect.Scope) error {
	dialect.TellAbout(s, tagID, tagModel, tagError)
	return nil
}
