package policy

import _ "embed"

//go:embed schema.json
var schema []byte

// Schema returns the JSON Schema (2020-12) of a policy file. It is generated
// from the types of document.go, by go generate in package config.
func Schema() []byte { return schema }
