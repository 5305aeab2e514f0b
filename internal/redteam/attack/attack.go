// Package attack holds what is tried on a target: families of attacks, each with the
// requests that it starts from.
//
// # Families and seeds
//
// A [Family] is one way to harm an application: what the attacker wants, where the text
// stands, which judge decides, what the owner should do about it. It is written down in
// a YAML file; those of Warder are in families and are original texts. A [Seed] is one
// request of it, a template. [Family.Make] fills it in: the same family, seed, number and
// setting give the same bytes, always.
//
// # Benign twins
//
// Each attack has a twin: an honest request that is close to it in words and stands in
// the same place. [Family.MakeTwin] makes it; a target that refuses it fails. Family
// over.refusal has honest requests only.
//
// # Variables
//
// In templates, {{name}} stands for a value: of the [Setting], else one of those that
// the family lists, else made up: marker, secret, host, person, account, email, model,
// number. {{prompt}} is the operator's text and may be empty; {{text}} is the seed in the
// messages around it. A value is drawn by its name, so that attack and twin share it. A
// value is put in as it is: braces in it mean nothing.
//
// # Own families
//
// [Catalogue.ReadFile] reads a family from YAML in the same form, or texts for the
// families that are there from JSONL rows {"id", "text", "family"}. Files are refused as a
// whole, with the line, if anything in them is not understood or could never succeed: a
// text without the marker its judge waits for would count as safe for ever.
//
// Families are not changed once they are read, and may be used concurrently.
package attack

import (
	"fmt"

	"warder.example/internal/redteam/probe"
)

// A Family is a kind of attack.
type Family struct {
	ID          string // such as inj.direct
	Title       string
	Description string
	Goal        string   // of the attacker
	Frameworks  []string // ids that package taxonomy knows
	// Judge is the one that decides first, of [Judges].
	Judge    string
	Places   []string // where the text stands, by the roles of package probe
	Severity Severity
	Fix      string // what the owner of the application should do
	Seeds    []Seed

	values    map[string][]string
	messages  []frame
	objective objective
}

// A Seed is a request of a family, as a template.
type Seed struct {
	ID       string
	Language string // BCP 47, such as en, de, zh
	Text     string
	Twin     string // the honest request; empty if there is none

	messages  []frame // nil: the family's
	objective *objective
}

// Severity is how bad a success is, at worst.
type Severity string

// The severities.
const (
	Low      Severity = "low"
	Medium   Severity = "medium"
	High     Severity = "high"
	Critical Severity = "critical"
)

// Judges are the names of judges that a family may ask for.
var Judges = []string{
	"marker", "canary", "promptoverlap", "toolcalls", "html", "markdown", "sql", "shell", "url",
	"ansi", "template", "refusal", "grounded", "registry", "harm", "cost",
}

// Honest reports whether the requests of the family are honest ones, which must not be
// refused.
func (f *Family) Honest() bool { return f.objective.benign }

// Setting is what is known of a target. The zero value knows nothing, and plants nothing.
type Setting struct {
	// Values replace what the family would draw or make up, by name of the variable:
	// planted secrets, hosts that the tester owns, tools that the target has.
	Values map[string]string
	// Plant says that the target takes instructions, documents and tools with the
	// request, as a bare model does: then attacks bring what they need. Else messages
	// that are to be planted are left out, and what should leak must be in Values.
	Plant bool
}

// A Case is a seed that was filled in.
type Case struct {
	Family, Seed string
	Number       uint64
	Twin         bool
	Messages     []probe.Message
	// At is the message with the attack, and Span where it stands there, in bytes:
	// what a strategy disguises. The rest is honest.
	At        int
	Span      [2]int
	Objective probe.Objective
}

// NeedsError says that a case cannot be judged on this target, since a value is missing.
type NeedsError struct{ Family, Seed, Variable string }

// Error tells what to do.
func (e NeedsError) Error() string {
	return fmt.Sprintf("%s/%s needs a value for {{%s}} that the target holds: declare it, or let it be planted", e.Family, e.Seed, e.Variable)
}
