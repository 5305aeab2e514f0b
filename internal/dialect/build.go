package dialect

import (
	"slices"

	"warder.example/guard"
)

// Builders of the rules that tables are made of. Each returns a new rule, so that
// who writes a table may go on to change it; they are called when a program
// starts and are not meant for the path of a request.

// Fields are the known members of an object by their names; see [Object].
type Fields = map[string]*Rule

// Plain returns the rule for a number, true or false. A string in its place is
// unknown, as are the strings in an object or an array.
func Plain() *Rule { return &Rule{} }

// Text returns the rule for a text that o wrote.
func Text(o guard.Origin) *Rule { return &Rule{Use: Prose, Origin: o} }

// Name returns the rule for a name or an identifier that o wrote.
func Name(o guard.Origin) *Rule { return &Rule{Use: Label, Origin: o} }

// Words returns the rule for one of a closed set of words, which are structure. Any
// other string in its place is a name that o wrote.
func Words(o guard.Origin, w ...string) *Rule { return &Rule{Use: Word, Words: w, Origin: o} }

// Known returns the rule for an object with these members; others are unknown.
func Known(f Fields) *Rule { return &Rule{Object: &Object{Fields: f}} }

// Free returns the rule for an object whose keys are its writer's choice and whose
// values are read by a rule.
func Free(values *Rule) *Rule { return &Rule{Object: &Object{Rest: values}} }

// List returns the rule for an array whose elements are read by a rule.
func List(items *Rule) *Rule { return &Rule{Items: items} }

// Anything makes r the rule for JSON of any shape, and returns it: it reads each
// string within, and the keys that could carry text.
func Anything(r *Rule) *Rule {
	r.Items, r.Object = r, &Object{Rest: r}
	return r
}

// Typed allows r these types alone, and returns it.
func Typed(t Types, r *Rule) *Rule {
	r.Types = t
	return r
}

// Tagged has Close functions read the value of r, of these types alone, by a tag,
// and returns r.
func Tagged(t Tag, types Types, r *Rule) *Rule {
	r.Tag, r.Types = t, types
	return r
}

// Kept says that r names something that the provider keeps or fetches ([Rule].Refers),
// and returns r.
func Kept(as string, r *Rule) *Rule {
	r.Refers = as
	return r
}

// Counted returns the rule for a number that Close functions read by a tag; see
// [Scope.Count].
func Counted(t Tag) *Rule { return &Rule{Tag: t} }

// schemaTypes are the types that JSON Schema names.
var schemaTypes = []string{"object", "string", "number", "integer", "boolean", "array", "null"}

// Schema makes text the rule for a JSON schema, and returns it
// (https://json-schema.org/draft/2020-12/json-schema-core). Its types are structure,
// with more of them where a dialect has its own spellings. All other strings are
// read by text, keys that could carry text are inspected, and names of required
// members are names of the same origin.
func Schema(text *Rule, more ...string) *Rule {
	within := Anything(text).Object
	kind := &Rule{Use: Word, Words: slices.Concat(schemaTypes, more), Origin: text.Origin, Late: text.Late, Object: within}
	kind.Items = kind
	name := Rule{Use: Label, Origin: text.Origin, Late: text.Late}
	names := name
	names.Items, names.Object = &name, within
	within.Fields = Fields{"type": kind, "required": &names}
	return text
}
