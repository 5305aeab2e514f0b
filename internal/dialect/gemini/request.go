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
	r.Use, r.Origin, r.Name, r.Types = dialect.Prose, operator, dialect.FieldInstructions, aString|anObject|orNull
	return r
}

// generateFields returns the members of a request for an answer.
func generateFields() fields {
	contents := repeated(maker{asked: true, claims: true}.content(closeMessage))
	contents.Turns, contents.Tag, contents.Types = true, tagContents, anObject|anArray
	user := guard.OriginUser
	m := maker{origin: operator, asked: true}
	return spelled(fields{
		"contents":          contents,
		"systemInstruction": instructionTable(),
		"tools":             repeated(toolTable()),
		"toolConfig":        toolConfigTable(),
		"safetySettings":    repeated(safetyTable()),
		"generationConfig":  configTable(),
		"cachedContent":     label(operator),
		"continuationToken": label(user),
		"labels":            {Object: &object{Rest: label(user)}},
		"serviceTier":       words(user, "unspecified", "flex", "standard", "priority", "SERVICE_TIER_UNSPECIFIED", "FLEX", "STANDARD", "PRIORITY"),
		"modelArmorConfig":  m.known(fields{"promptTemplateName": m.label(""), "responseTemplateName": m.label("")}),
		"store":             plain(),
	})
}

// withOwn adds what a request has at its top alone: the extension, and the model,
// which the path says.
func withOwn(f fields, closed func(*dialect.Scope) error) *rule {
	f["model"] = &rule{Use: dialect.Own, Cut: true, Tag: tagModel, Types: aString}
	f["warder"] = dialect.ExchangeClaim(tagSubject, tagSession)
	return &rule{Types: anObject, Object: &object{Fields: f, Close: closed}}
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

func closeRequest(s *dialect.Scope) (err error) {
	r := s.State().(*dialect.Request)
	for v := range s.Values(tagModel) {
		name := strings.Clone(strings.TrimPrefix(v.Text, "models/"))
		if r.Model != "" && r.Model != name {
			return s.Fail(v, dialect.CodeInvalidValue, "two models in one request")
		}
		r.Model = name
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
	if err = counts(r, s); err != nil {
		return err
	}
	if r.Subject, err = s.ClaimText(tagSubject); err != nil {
		return err
	}
	r.Session, err = s.ClaimText(tagSession)
	return err
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
