package event

import (
	"encoding/json"
	"fmt"
	"reflect"
	"sync"
)

// registry maps kinds to how their payload is read.
var registry struct {
	sync.RWMutex
	kinds map[string]registered
}

type registered struct {
	payload reflect.Type
	decode  func(json.RawMessage) (any, error)
}

// Register makes T the payload type of a kind: [Decode] returns its payloads as
// T. Call it from an init function of the package that owns the kind. It panics
// when the kind is malformed or belongs to another type.
func Register[T any](kind string) {
	if !validKind(kind) {
		panic(fmt.Sprintf("event: kind %q is malformed", clip(kind)))
	}
	r := registered{payload: reflect.TypeFor[T](), decode: func(raw json.RawMessage) (any, error) {
		var v T
		if err := decodeStrict(raw, &v); err != nil {
			return nil, err
		}
		return v, nil
	}}
	registry.Lock()
	defer registry.Unlock()
	if old, ok := registry.kinds[kind]; ok && old.payload != r.payload {
		panic(fmt.Sprintf("event: kind %q belongs to %v, not %v", kind, old.payload, r.payload))
	}
	if registry.kinds == nil {
		registry.kinds = make(map[string]registered)
	}
	registry.kinds[kind] = r
}

func lookup(kind string) func(json.RawMessage) (any, error) {
	registry.RLock()
	defer registry.RUnlock()
	return registry.kinds[kind].decode
}
