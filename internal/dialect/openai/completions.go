package openai

import (
	"cmp"
	"strconv"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// Completions is the call POST /v1/completions, which continues a text and knows no
// roles: prompts are the user's. Of a request that asks for several answers to each
// of several prompts the choices count through all of them.
var Completions dialect.Protocol = completions{}

type completions struct{ chat }

func (completions) Name() string { return "openai.completions" }

func (completions) ParseRequest(body []byte, lim dialect.Limits) (*dialect.Request, error) {
	return dialect.ReadRequest(body, completionsSpec, lim)
}

func (completions) ParseAnswer(body []byte, lim dialect.Limits) (*dialect.Answer, error) {
	return dialect.ReadAnswer(body, textAnswerSpec, lim, "choices")
}

func (completions) Chunks(lim dialect.Limits) *dialect.ChunkReader {
	return dialect.NewChunkReader(textChunks, lim)
}

func completionsTable() *rule {
	user := guard.OriginUser
	f := fields{
		"model":          dialect.Tagged(tagModel, dialect.StringType, dialect.Name(user)),
		"prompt":         textsTable(dialect.Text(user)),
		"suffix":         dialect.Text(user),
		"stream":         dialect.Tagged(tagStream, dialect.MaybeBool, dialect.Plain()),
		"stream_options": dialect.Tagged(tagStreamOptions, dialect.MaybeObject, dialect.Known(fields{"include_usage": dialect.Tagged(tagIncludeUsage, dialect.MaybeBool, dialect.Plain()), "include_obfuscation": dialect.Plain()})),
		"n":              dialect.Tagged(tagN, dialect.MaybeNumber, dialect.Plain()),
		"best_of":        dialect.Tagged(tagBestOf, dialect.MaybeNumber, dialect.Plain()),
		"max_tokens":     dialect.Tagged(tagMaxTokens, dialect.MaybeNumber, dialect.Plain()),
		"stop":           stopTable(),
		"user":           dialect.Tagged(tagUser, dialect.MaybeString, dialect.Name(user)),
		"logit_bias":     dialect.Free(dialect.Name(user)),
		"warder":         dialect.ExchangeClaim(tagSubject, tagSession),
	}
	for _, name := range []string{"echo", "frequency_penalty", "presence_penalty", "logprobs", "seed", "temperature", "top_p"} {
		f[name] = dialect.Plain()
	}
	return &rule{Types: dialect.ObjectType, Object: &object{Fields: f, Required: []string{"model", "prompt"}, Close: closeCompletions}}
}

func closeCompletions(s *dialect.Scope) error {
	if err := readable(s); err != nil {
		return err
	}
	r := s.State().(*dialect.Request)
	if err := closeRequest(s); err != nil {
		return err
	}
	r.CapAt, r.OlderCapAt = s.Blank(wayToOlderCap...), dialect.Blank{} // it knows the older name alone
	return closeDrafts(r, s)
}

// textLogprobs are the tokens of a text, the alternatives to them as keys.
func textLogprobs(m maker) *rule {
	token := m.use(dialect.Token, "logprobs")
	r := dialect.Known(fields{
		"tokens": dialect.List(token), "token_logprobs": dialect.List(dialect.Plain()), "text_offset": dialect.List(dialect.Plain()),
		"top_logprobs": dialect.List(&rule{Object: &object{Rest: &rule{Use: dialect.Candidate, Origin: m.origin, Late: m.late, Name: "logprobs.candidates"}}}),
	})
	r.Drop = true
	return r
}

func textTable(m maker) *rule {
	return completion("text_completion", "text", m.text(dialect.FieldContent), textLogprobs(m), m)
}

var (
	completionsSpec = dialect.NewSpec(completionsTable(), dialect.SpecOptions{})
	textAnswerSpec  = dialect.NewSpec(textTable(maker{origin: guard.OriginModel}), dialect.SpecOptions{UnknownOrigin: guard.OriginModel, Loose: true})
	textChunks      = &dialect.ChunkTable{
		Spec:     dialect.NewSpec(textTable(maker{origin: guard.OriginModel, delta: true}), dialect.SpecOptions{UnknownOrigin: guard.OriginModel, Pieces: true}),
		Numbered: []string{"choices"},
		Within:   "choices.",
		Sentinel: DoneData,
	}
)

// textID returns the id of an answer that Warder makes.
func textID(r *dialect.Refusal) string { return "cmpl-" + r.Request }

func (completions) Refusal(r dialect.Refusal) []byte {
	b := head(nil, "text_completion", textID(&r), r.Model, r.Created)
	for i := range max(r.N, 1) {
		b = appendText(comma(b, i), i, r.Text, "content_filter")
	}
	return append(b, `],"usage":`+noUsage+`}`...)
}

func (c completions) RefusalStream(r dialect.Refusal) []byte {
	var out []byte
	open := make([]int, max(r.N, 1))
	for i := range open {
		open[i] = i
		out = appendTextChunk(out, textID(&r), r.Model, r.Created, i, r.Text, "")
	}
	return append(out, c.RefusalTail(r, &dialect.Told{Open: open})...)
}

func (completions) RefusalTail(r dialect.Refusal, told *dialect.Told) []byte {
	open := told.Open
	if len(open) == 0 {
		open = []int{0} // clients wait for one finish at least
	}
	var out []byte
	for _, i := range open {
		out = appendTextChunk(out, cmp.Or(told.ID, textID(&r)), cmp.Or(told.Model, r.Model), r.Created, i, "", "content_filter")
	}
	return dialect.AppendEvent(out, "", []byte(DoneData))
}

func appendTextChunk(out []byte, id, model string, created int64, choice int, text, finish string) []byte {
	b := appendText(head(nil, "text_completion", id, model, created), choice, text, finish)
	return dialect.AppendEvent(out, "", append(b, "]}"...))
}

// appendText appends one choice.
func appendText(b []byte, choice int, text, finish string) []byte {
	b = append(strconv.AppendInt(append(b, `{"index":`...), int64(choice), 10), `,"text":`...)
	b = append(dialect.AppendString(b, text), `,"logprobs":null,"finish_reason":`...)
	if finish == "" {
		return append(b, "null}"...)
	}
	return append(dialect.AppendString(b, finish), '}')
}
