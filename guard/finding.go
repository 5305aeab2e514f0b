package guard

// Class says whether a detector is exact or windowed; see the package comment.
type Class uint8

// The classes.
const (
	Exact Class = iota
	Windowed
)

// String returns "exact" or "windowed".
func (c Class) String() string {
	if c == Windowed {
		return "windowed"
	}
	return "exact"
}

// A Finding is what one detector saw in one text.
type Finding struct {
	// Category is one of [Categories] or begins with one of its open
	// families ("custom.", "pii.", "secret.").
	Category string `json:"category"`
	// Score is a probability in 0..1 that the category applies. Exact
	// recognisers report 1, or less where a checksum or context is missing.
	Score float64 `json:"score"`
	// FPR is the smallest published false-positive rate whose threshold
	// Score reaches: 0 for exact findings, 0.001, 0.01 or 0.05 for models
	// (or a budget of the operator's own thresholds), 1 below them all.
	// Policies decide on it.
	FPR float64 `json:"fpr"`
	// Detector and Rule name what decided, for operators: "secrets",
	// "github-pat".
	Detector string `json:"detector"`
	Rule     string `json:"rule,omitempty"`
	Class    Class  `json:"-"`
	// Text is the index of the text in [Input.Texts]; set by Inspect.
	Text   int    `json:"-"`
	Origin Origin `json:"origin"`
	// Spans are byte ranges of Text.Content, ascending, not overlapping.
	Spans []Span `json:"spans"`
	// Turns are the indices of the messages that weighed, where the finding
	// is of a whole conversation; none otherwise.
	Turns []int `json:"turns,omitempty"`
	// View is the decode path on which it was seen: "" for the text as
	// given, else for example "base64>rot13".
	View string `json:"view,omitempty"`
	// Explanation is one sentence for an operator. It never quotes the
	// matched text.
	Explanation string `json:"explanation"`
}
