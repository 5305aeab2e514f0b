package promptshield

import (
	"strconv"

	"warder.example/internal/dialect"
	"warder.example/internal/dialect/openai"
)

// An Answer says which texts are attacks.
type Answer struct {
	Prompt    *bool // nil: there was none, and the answer does not speak of it
	Documents []bool
}

// Body returns the bytes to answer with.
func (a *Answer) Body() []byte {
	b := []byte{'{'}
	if a.Prompt != nil {
		b = append(appendAnalysis(append(b, `"userPromptAnalysis":`...), *a.Prompt), ',')
	}
	b = append(b, `"documentsAnalysis":[`...)
	for i, attack := range a.Documents {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendAnalysis(b, attack)
	}
	return append(b, "]}"...)
}

func appendAnalysis(b []byte, attack bool) []byte {
	return append(strconv.AppendBool(append(b, `{"attackDetected":`...), attack), '}')
}

// Failures is how failures are told here: as Azure's services do. It is no
// protocol of calls to a model.
var Failures dialect.Protocol = failures{openai.Chat}

type failures struct{ dialect.Protocol }

// Failure implements [dialect.Protocol]. The form has no place for the id of the
// request, so it ends the message.
func (failures) Failure(f dialect.Failure) []byte {
	b := dialect.AppendString([]byte(`{"error":{"code":`), f.Code)
	message := f.Message
	if f.Request != "" {
		message += " Request id: " + f.Request + "."
	}
	b = dialect.AppendString(append(b, `,"message":`...), message)
	if f.Param != "" {
		b = dialect.AppendString(append(b, `,"target":`...), f.Param)
	}
	return append(b, "}}"...)
}
