//go:build !linux

package ledger

import "os"

// allocate gives a new file size bytes of room on the disk.
func allocate(f *os.File, size int64) error { return writeZeros(f, size) }
