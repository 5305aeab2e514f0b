package gemini

import (
	"strings"

	"warder.example/guard"
	"warder.example/internal/dialect"
)

// MaxCandidates is the most answers that a request may ask for, and bounds the
// index of one in an answer.
const MaxCandidates = 8

// instructionTable is what the operator tells the model: a content, or its text.
func instructionTable() *rule {
	m := maker{origin: operator, said: dialect.FieldInstructions, asked: true}
	r := m.content(nil)
	r.Use, r.Origin, r.Name, r.Types = dialect.Prose, operator, dialect.FieldInstructions, dialect.StringType|dialect.ObjectType|dialect.NullType
	return r
}

// generateFields returns the members of a request for an answer.
func generateFields() fields {
	contents := repeated(maker{asked: true, claims: true}.content(closeMessage))
	contents.Turns, contents.Tag, contents.Types = true, tagContents, dialect.ObjectType|dialect.ArrayType
	user := guard.OriginUser
	m := maker{origin: operator, asked: true}
	return spelled(fields{
		"contents":          contents,
		"systemInstruction": instructionTable(),
		"tools":             repeated(toolTable()),
		"toolConfig":        toolConfigTable(),
		"safetySettings":    repeated(safetyTable()),
		"generationConfig":  configTable(),
		"cachedContent":     dialect.Kept("cached_content", dialect.Name(operator)),
		"continuationToken": dialect.Name(user),
		"labels":            dialect.Free(dialect.Name(user)),
		"serviceTier":       dialect.Words(user, "unspecified", "flex", "standard", "priority", "SERVICE_TIER_UNSPECIFIED", "FLEX", "STANDARD", "PRIORITY"),
		"modelArmorConfig":  m.known(fields{"promptTemplateName": m.label(""), "responseTemplateName": m.label("")}),
		"store":             dialect.Plain(),
	})
}

// withOwn adds what a request has at its top alone: the extension, and the model,
// which the path says.
func withOwn(f fields, closed func(*dialect.Scope) error) *rule {
	f["model"] = &rule{Use: dialect.Own, Cut: true, Tag: tagModel, Types: dialect.StringType}
	f["warder"] = dialect.ExchangeClaim(tagSubject, tagSession)
	return &rule{Types: dialect.ObjectType, Object: &object{Fields: f, Close: closed}}
}

var requestSpec = dialect.NewSpec(withOwn(generateFields(), closeRequest), dialect.SpecOptions{})

func roleOrigin(role string) guard.Origin {
	switch role {
	case "user", "":
		return guard.OriginUser
	case "model":
		return guard.OriginModel
	case "function":
		return guard.OriginTool
	}
	return guard.OriginUnknown
}

func closeMessage(s *dialect.Scope) error {
	role, _ := s.Value(tagRole)
	if err := s.ClaimOrigin(tagOrigin); err != nil {
		return err
	}
	s.State().(*dialect.Request).AddTurn(role.Text == "model")
	return s.Resolve(roleOrigin(role.Text))
}

// wayToCap is where Warder may write the most tokens of an answer.
var wayToCap = []dialect.Member{{Name: "generationConfig", Tag: tagConfig}, {Name: "maxOutputTokens", Tag: tagMaxTokens}}

func closeRequest(s *dialect.Scope) error {
	r := s.State().(*dialect.Request)
	if err := oneModel(r, s); err != nil {
		return err
	}
	contents := 0
	for v := range s.Values(tagContents) {
		if contents++; contents > 1 {
			return s.Fail(v, dialect.CodeInvalidValue, "contents twice in one request; expected them in one place")
		}
	}
	if contents == 0 {
		return s.Fail(dialect.Value{}, dialect.CodeMissingField, `object without "contents"`)
	}
	r.CapAt = s.Blank(wayToCap...)
	if err := counts(r, s); err != nil {
		return err
	}
	return r.Claims(s, tagSubject, tagSession)
}

// namedModel is the model within a request that another holds. It is forwarded.
func namedModel() *rule {
	r := dialect.Tagged(tagModel, dialect.StringType, dialect.Name(guard.OriginUser))
	r.Name = dialect.FieldModel
	return r
}

// oneModel reads the name of the model, which must be the same wherever it stands.
func oneModel(r *dialect.Request, s *dialect.Scope) error {
	for v := range s.Values(tagModel) {
		name := strings.Clone(strings.TrimPrefix(v.Text, "models/"))
		if r.Model != "" && r.Model != name {
			return s.Fail(v, dialect.CodeInvalidValue, "two models in one request")
		}
		r.Model = name
	}
	return nil
}

// counts reads the numbers that limits depend on.
func counts(r *dialect.Request, s *dialect.Scope) error {
	if v, ok := s.Value(tagCandidates); ok {
		n, ok := v.Int()
		if !ok || n < 1 || n > MaxCandidates {
			return s.Fail(v, dialect.CodeInvalidValue, "candidateCount out of range; expected an integer from 1 to 8")
		}
		r.N = n
	}
	if v, ok := s.Value(tagMaxTokens); ok {
		n, ok := v.Int()
		if !ok || n < 0 {
			return s.Fail(v, dialect.CodeInvalidValue, "maxOutputTokens is not a whole number")
		}
		r.MaxTokens = n
	}
	return nil
}
