package gemini

import (
	"maps"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// Embed is the call POST /v1beta/models/{model}:embedContent, EmbedBatch the call
// :batchEmbedContents, a list of such requests. A content's texts are the user's unless
// its role or the extension in it says otherwise. Answers are numbers and never streams;
// a request that the policy stops gets a failure in any case.
var (
	Embed      dialect.Protocol = embed{requestSpec: embedSpec, name: "gemini.embed"}
	EmbedBatch dialect.Protocol = embed{requestSpec: embedBatchSpec, name: "gemini.embed_batch"}
)

type embed struct {
	generate
	requestSpec *dialect.Spec
	name        string
}

func (e embed) Name() string { return e.name }

func (e embed) ParseRequest(body []byte, lim dialect.Limits) (*dialect.Request, error) {
	return dialect.ReadRequest(body, e.requestSpec, lim)
}

func (embed) ParseAnswer(body []byte, lim dialect.Limits) (*dialect.Answer, error) {
	return dialect.ReadAnswer(body, vectorsSpec, lim, "embedding")
}

// Refusal is nil: no text can stand in the place of numbers.
func (embed) Refusal(dialect.Refusal) []byte { return nil }

var embedTasks = []string{"TASK_TYPE_UNSPECIFIED", "RETRIEVAL_QUERY", "RETRIEVAL_DOCUMENT", "SEMANTIC_SIMILARITY", "CLASSIFICATION", "CLUSTERING",
	"QUESTION_ANSWERING", "FACT_VERIFICATION", "CODE_RETRIEVAL_QUERY"}

// embedFields are the members of a request for one embedding.
func embedFields() fields {
	how := func() fields {
		return fields{"taskType": dialect.Words(guard.OriginUser, embedTasks...), "title": dialect.Text(guard.OriginUser), "outputDimensionality": dialect.Plain()}
	}
	config := how()
	for _, name := range []string{"autoTruncate", "documentOcr", "audioTrackExtraction"} {
		config[name] = dialect.Plain()
	}
	f := how()
	f["content"] = maker{asked: true, claims: true}.content(closeEmbedded)
	f["embedContentConfig"] = maker{asked: true}.known(config)
	return spelled(f)
}

func embedTable() *rule {
	r := withOwn(embedFields(), closeEmbed)
	r.Object.Required = []string{"content"}
	return r
}

func embedBatchTable() *rule {
	f := embedFields()
	f["model"] = namedModel()
	one := &rule{Types: dialect.ObjectType, Object: &object{Required: []string{"content"}, Fields: f}}
	r := withOwn(fields{"requests": repeated(one)}, closeEmbed)
	r.Object.Required = []string{"requests"}
	return r
}

func closeEmbedded(s *dialect.Scope) error {
	role, _ := s.Value(tagRole)
	if err := s.ClaimOrigin(tagOrigin); err != nil {
		return err
	}
	together(s)
	return s.Resolve(roleOrigin(role.Text))
}

// together notes that the texts of the parts of one content make one vector.
func together(s *dialect.Scope) {
	var parts []int
	for i := range s.Leaves() {
		if l := &s.Leaves()[i]; l.Known && l.Kind == guard.Prose && l.Rule().Name == dialect.FieldContent {
			parts = append(parts, s.First()+i)
		}
	}
	if len(parts) > 1 {
		r := s.State().(*dialect.Request)
		r.Together = append(r.Together, parts)
	}
}

func closeEmbed(s *dialect.Scope) error {
	r := s.State().(*dialect.Request)
	if err := oneModel(r, s); err != nil {
		return err
	}
	return r.Claims(s, tagSubject, tagSession)
}

// vectorsTable reads the answers of both calls.
func vectorsTable() *rule {
	vector := dialect.Known(fields{"values": dialect.List(dialect.Plain()), "shape": dialect.List(dialect.Plain())})
	usage := usageTable()
	f := maps.Clone(usage.Object.Fields)
	f["promptTokenDetails"] = f["promptTokensDetails"] // as embeddings call it
	usage.Object.Fields = f
	return &rule{Types: dialect.ObjectType, Object: &object{Close: closeVectors, Fields: fields{
		"embedding":     dialect.Tagged(tagVectors, dialect.MaybeObject, vector),
		"embeddings":    dialect.Tagged(tagVectors, dialect.MaybeArray, dialect.List(vector)),
		"usageMetadata": usage,
		"error":         errorTable(),
	}}}
}

// closeVectors takes all vectors for the one choice of the answer.
func closeVectors(s *dialect.Scope) error {
	to := s.State().(dialect.Receiver)
	if _, ok := s.Value(tagVectors); ok {
		to.AddChoice(dialect.Choice{Finish: "embedded"}, s)
	}
	_, isError := s.Value(tagError)
	to.About("", "", isError)
	return nil
}

var (
	embedSpec      = dialect.NewSpec(embedTable(), dialect.SpecOptions{})
	embedBatchSpec = dialect.NewSpec(embedBatchTable(), dialect.SpecOptions{})
	vectorsSpec    = dialect.NewSpec(vectorsTable(), dialect.SpecOptions{UnknownOrigin: guard.OriginModel, Loose: true})
)
