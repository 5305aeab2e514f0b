package ledger

import "fmt"

// Sync says when Append returns, and so what survives. In every mode a record
// whose Append returned survives the death of the process, kill -9 included, and
// everything up to a checkpoint survives the loss of power.
type Sync uint8

// The sync modes.
const (
	// SyncGroup is the default: Append returns once the record is synced to
	// disk. Records that arrive together share one sync, so its cost falls
	// with load. Survives kill -9 and power loss.
	SyncGroup Sync = iota
	// SyncEach gives every record a sync of its own: the same promise as
	// SyncGroup, without its batching, so that a failing sync touches one
	// record only. Survives kill -9 and power loss. Slow.
	SyncEach
	// SyncOS returns once the operating system has the record and leaves
	// writing it out to the system. Survives kill -9. The loss of power, or
	// a crash of the system, may lose the records since the last checkpoint
	// or segment end, commonly up to half a minute.
	SyncOS
)

// String returns "group", "each" or "os".
func (s Sync) String() string {
	switch s {
	case SyncGroup:
		return "group"
	case SyncEach:
		return "each"
	case SyncOS:
		return "os"
	}
	return fmt.Sprintf("sync(%d)", uint8(s))
}

// ParseSync returns the mode with that name.
func ParseSync(name string) (Sync, error) {
	for s := SyncGroup; s <= SyncOS; s++ {
		if s.String() == name {
			return s, nil
		}
	}
	return 0, fmt.Errorf("sync mode %.32q: want group, each or os", name)
}
