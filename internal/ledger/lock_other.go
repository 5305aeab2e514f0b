//go:build !unix

package ledger

import (
	"errors"
	"fmt"
	"os"
)

// lock fails: two processes that write one log would spoil it, and there is no
// lock here that ends with its process.
func lock(path string) (*os.File, error) {
	return nil, fmt.Errorf("locking ledger: %s: file locks: %w", path, errors.ErrUnsupported)
}
