// Package docs holds those documents of this folder that a running server serves.
package docs

import _ "embed"

//go:embed openapi.yaml
var openAPI []byte

// OpenAPI returns the OpenAPI 3.1 description of every endpoint, as YAML. It must not be
// changed.
func OpenAPI() []byte { return openAPI }
