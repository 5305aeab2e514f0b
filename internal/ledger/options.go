package ledger

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// Defaults of [Options].
const (
	// DefaultSegmentBytes is 64 MiB: some 150,000 records.
	DefaultSegmentBytes = 64 << 20
	// DefaultReserve is 8 MiB: room for some 20,000 records on a full disk.
	DefaultReserve = 8 << 20
	// DefaultMaxDelay bounds how long records gather before their sync.
	DefaultMaxDelay = 2 * time.Millisecond
	// DefaultCheckpointRecords and DefaultCheckpointInterval say how much
	// of the log's end is not yet covered by a checkpoint.
	DefaultCheckpointRecords  = 4096
	DefaultCheckpointInterval = time.Minute
	// PublishTimeout bounds one publication of a checkpoint.
	PublishTimeout = 10 * time.Second
)

// Publisher is somewhere outside to which checkpoints go: what an attacker on
// this machine cannot reach is what makes the log's past provable.
type Publisher interface {
	// Publish hands over one signed checkpoint, a note as [note.Sign] makes
	// it. It must end when ctx does. The same checkpoint may come again.
	Publish(ctx context.Context, checkpoint []byte) error
}

// Options of a ledger. The zero value is ready for use.
type Options struct {
	// Sync says when Append returns.
	Sync Sync
	// SegmentBytes is the size at which a new segment begins; 0 is
	// [DefaultSegmentBytes].
	SegmentBytes int64
	// Reserve is the room in bytes kept for a full disk; 0 is
	// [DefaultReserve], negative is none.
	Reserve int64
	// MaxDelay bounds how long SyncGroup lets records that keep arriving
	// gather before it syncs; it never waits for records that have not
	// come. 0 is [DefaultMaxDelay].
	MaxDelay time.Duration
	// Clock gives the time of events that have none; nil is [time.Now].
	Clock func() time.Time
	// Rand is where a new key comes from; nil is [rand.Reader].
	Rand io.Reader
	// Signer signs checkpoints, and its name is the log's name. Nil: the
	// key kept beside the ledger, made when the ledger is.
	Signer note.Signer
	// CheckpointRecords and CheckpointInterval: a checkpoint is made when
	// so many records or so much time have passed since the last, and at
	// Close. 0 is the default, negative is never.
	CheckpointRecords  int64
	CheckpointInterval time.Duration
	// CheckpointTo is where checkpoints go beside the ledger's own history.
	CheckpointTo []Publisher
	// Files opens segments; nil is the operating system.
	Files Files
}

func (o Options) withDefaults() (Options, error) {
	if o.Sync > SyncOS {
		return o, fmt.Errorf("ledger: sync mode %d: want group, each or os", o.Sync)
	}
	if o.SegmentBytes < 0 || o.MaxDelay < 0 {
		return o, fmt.Errorf("ledger: segment size %d and delay %v must not be negative", o.SegmentBytes, o.MaxDelay)
	}
	o.SegmentBytes = either(o.SegmentBytes, DefaultSegmentBytes)
	o.Reserve = max(0, either(o.Reserve, DefaultReserve))
	o.MaxDelay = either(o.MaxDelay, DefaultMaxDelay)
	o.CheckpointRecords = either(o.CheckpointRecords, DefaultCheckpointRecords)
	o.CheckpointInterval = either(o.CheckpointInterval, DefaultCheckpointInterval)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Files == nil {
		o.Files = osFiles{}
	}
	return o, nil
}

func either[T int64 | time.Duration](v, otherwise T) T {
	if v == 0 {
		return otherwise
	}
	return v
}
