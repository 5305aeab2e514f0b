package textmodel

import (
	_ "embed"
	"sync"
)

//go:embed weights/guard.wtm
var guardFile []byte

// Guard returns the prompt-attack model that Warder ships. It is loaded and
// checked once; a program whose embedded file is damaged does not start to
// guard: Guard panics.
var Guard = sync.OnceValue(func() *Model {
	m, err := Load(guardFile)
	if err != nil {
		panic("textmodel: embedded model: " + err.Error())
	}
	return m
})
