package openai

import (
	"warder.example/guard"
	"warder.example/internal/dialect"
)

// Embeddings is the call POST /v1/embeddings. Its texts are the user's, unless the
// extension at the top names another origin. Its answers are numbers and never
// streams; a request that the policy stops gets a failure in any case.
var Embeddings dialect.Protocol = embeddings{}

type embeddings struct{ chat }

func (embeddings) Name() string { return "openai.embeddings" }

func (embeddings) ParseRequest(body []byte, lim dialect.Limits) (*dialect.Request, error) {
	return dialect.ReadRequest(body, embeddingsSpec, lim)
}

func (embeddings) ParseAnswer(body []byte, lim dialect.Limits) (*dialect.Answer, error) {
	return dialect.ReadAnswer(body, vectorsSpec, lim, "data")
}

// Refusal is nil: no text can stand in the place of numbers.
func (embeddings) Refusal(dialect.Refusal) []byte { return nil }

func embeddingsTable() *rule {
	user := guard.OriginUser
	warder := dialect.ExchangeClaim(tagSubject, tagSession)
	warder.Object.Fields["origin"] = &rule{Use: dialect.Own, Tag: tagOrigin, Types: dialect.StringType}
	return &rule{Types: dialect.ObjectType, Object: &object{Required: []string{"model", "input"}, Close: closeEmbeddings, Fields: fields{
		"model":           dialect.Tagged(tagModel, dialect.StringType, dialect.Name(user)),
		"input":           textsTable(&rule{Use: dialect.Prose, Late: true}),
		"dimensions":      dialect.Plain(),
		"encoding_format": dialect.Words(nobody, "float", "base64"),
		"user":            dialect.Tagged(tagUser, dialect.MaybeString, dialect.Name(user)),
		"warder":          warder,
	}}}
}

func closeEmbeddings(s *dialect.Scope) error {
	if err := readable(s); err != nil {
		return err
	}
	if err := s.ClaimOrigin(tagOrigin); err != nil {
		return err
	}
	if err := s.Resolve(guard.OriginUser); err != nil {
		return err
	}
	r := s.State().(*dialect.Request)
	err := closeRequest(s)
	r.CapAt, r.OlderCapAt, r.UsageAt = dialect.Blank{}, dialect.Blank{}, dialect.Blank{} // it makes no tokens
	return err
}

func vectorsTable() *rule {
	m := maker{origin: guard.OriginModel}
	vector := m.use(dialect.Vector, "embedding")
	vector.Items, vector.Types = dialect.Plain(), dialect.StringType|dialect.ArrayType
	f := fields{
		"object": m.words("list"),
		"data": {Tag: tagChoices, Types: dialect.ArrayType, Items: &rule{Types: dialect.ObjectType, Object: &object{Fields: fields{
			"object": m.words("embedding"), "index": dialect.Plain(), "embedding": vector,
		}}}},
		"id":      dialect.Tagged(tagID, dialect.MaybeString, m.label(dialect.FieldID)),
		"created": dialect.Plain(),
		"model":   dialect.Tagged(tagModel, dialect.MaybeString, m.label(dialect.FieldModel)),
		"usage":   usageTable(),
		"error":   errorTable(m),
	}
	return &rule{Types: dialect.ObjectType, Object: &object{Close: closeVectors, Fields: f}}
}

func closeVectors(s *dialect.Scope) error {
	if _, ok := s.Value(tagChoices); ok {
		s.State().(dialect.Receiver).AddChoice(dialect.Choice{Finish: "stop"}, s)
	}
	return closeCompletion(s)
}

var (
	embeddingsSpec = dialect.NewSpec(embeddingsTable(), dialect.SpecOptions{})
	vectorsSpec    = dialect.NewSpec(vectorsTable(), dialect.SpecOptions{UnknownOrigin: guard.OriginModel, Loose: true})
)
