package dialect

// An Answer is a whole answer of a model server that was read. It refers to its
// body, which must not be changed as long as the Answer is in use.
type Answer struct {
	ID      string
	Model   string
	Choices []Choice
	Usage   Usage
	Error   bool // the body tells of an error
	// Leaves are the texts to inspect.
	Leaves []Leaf
	// Sequels are the names of texts that are read one after another, see
	// [SpecOptions].Sequels. It must not be changed.
	Sequels []string

	doc *Document
}

// AddChoice implements [Receiver].
func (a *Answer) AddChoice(c Choice, _ *Scope) { a.Choices = append(a.Choices, c) }

// SetUsage implements [Receiver].
func (a *Answer) SetUsage(u Usage) { a.Usage = u }

// About implements [Receiver].
func (a *Answer) About(id, model string, isError bool) { a.ID, a.Model, a.Error = id, model, isError }

// TellAbout tells the [Receiver] whose answer an object is, by the tags of its id and
// of its model, and whether it tells of an error: whether the value with the tag
// failed is there.
func TellAbout(s *Scope, id, model, failed Tag) {
	name, _ := s.Value(id)
	of, _ := s.Value(model)
	_, isError := s.Value(failed)
	s.State().(Receiver).About(name.Text, of.Text, isError)
}

// ReadAnswer reads a whole answer by a table whose Close functions find the
// Answer, as a [Receiver], in [Scope.State]. An error is a [*Problem]. An answer
// with neither choices nor an error is refused: path names where choices belong.
func ReadAnswer(body []byte, spec *Spec, lim Limits, path string) (*Answer, error) {
	a := &Answer{}
	doc, err := Parse(body, spec, lim, a)
	if err != nil {
		return nil, err
	}
	if len(a.Choices) == 0 && !a.Error {
		return nil, &Problem{Code: CodeMissingField, Path: path, Reason: "answer without " + path}
	}
	a.doc, a.Leaves, a.Sequels = doc, doc.Leaves, spec.sequels
	return a, nil
}

// ReadError reads the body of an error answer by a table as ReadAnswer takes it
// and returns its texts. A body that tells of no error is refused with a
// [*Problem].
func ReadError(body []byte, spec *Spec, lim Limits) ([]Leaf, error) {
	a := &Answer{}
	doc, err := Parse(body, spec, lim, a)
	if err != nil {
		return nil, err
	}
	if !a.Error {
		return nil, &Problem{Code: CodeMissingField, Path: "error", Reason: "error answer without an error object"}
	}
	return doc.Leaves, nil
}

// Body returns the bytes to answer with: the body with the edits. When anything
// is masked, what repeats the text (see [Rule].Drop) becomes null. It is the
// original slice when nothing changes.
func (a *Answer) Body(edits []Edit) []byte { return a.doc.Splice(edits) }
