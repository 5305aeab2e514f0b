package config

import (
	"errors"
	"fmt"
	"path/filepath"
)

// Resolve reads what the secret refers to, for files beside the configuration that
// name secrets as it does. Paths are relative to dir, env looks a variable up. A
// literal is refused: such files are shared and reviewed. Errors never hold the value.
func (s *Secret) Resolve(dir string, env func(string) (string, bool)) error {
	scheme, name, ok := cutReference(s.ref)
	if !ok {
		return errors.New("a secret stands in the file; expected env:NAME or file:PATH")
	}
	if scheme == "env" {
		if s.value, ok = env(name); !ok || s.value == "" {
			return fmt.Errorf("the environment variable %.80q is not set", name)
		}
	} else {
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		var err error
		if s.value, err = readSecret(name); err != nil {
			return fmt.Errorf("reading %.200q: %w", name, err)
		}
	}
	if !usable(s.value) {
		s.value = ""
		return fmt.Errorf("the value of %.200q is empty, over %d bytes, or holds control characters", s.ref, maxSecret)
	}
	return nil
}
