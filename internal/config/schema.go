package config

import _ "embed"

//go:generate go run ./schemagen

//go:embed schema.json
var schema []byte

// Schema returns the JSON Schema (2020-12) of the configuration file.
func Schema() []byte { return schema }
