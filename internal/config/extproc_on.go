//go:build extproc

package config

const servesEnvoy = true
