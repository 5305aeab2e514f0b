//go:build !unix

package journal

import (
	"errors"
	"fmt"
	"os"
)

// lock fails: two runs that write one journal would spoil it, and there is no lock
// here that ends with its process.
func lock(*os.File) error { return fmt.Errorf("file locks: %w", errors.ErrUnsupported) }
