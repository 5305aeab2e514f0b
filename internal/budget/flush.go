package budget

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// flushEvery is how often what nobody waits for is written and synced.
const flushEvery = 200 * time.Millisecond

// Run writes settlements and syncs the journal a few times a second until ctx
// ends, and prunes each hour of clock's time: the loss of power may lose what was
// reserved since. log is told of errors; what is not written is kept and tried
// again.
func (m *Memory) Run(ctx context.Context, clock func() time.Time, log func(error)) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	pruned := clock()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if now := clock(); now.Sub(pruned) > time.Hour {
				pruned = now
				m.Prune(now)
			}
			if err := m.Flush(); err != nil {
				log(err)
			}
		}
	}
}

// Flush writes all there is and syncs it to disk.
func (m *Memory) Flush() error {
	j := m.journal
	if j == nil {
		return nil
	}
	m.mu.Lock()
	mark := j.added
	m.mu.Unlock()
	if err := j.write(m, mark); err != nil {
		return err
	}
	j.writing.Lock()
	file, dirty := j.file, j.dirty
	j.dirty = false
	j.writing.Unlock()
	if !dirty {
		return nil
	}
	// Not under a lock: others may write meanwhile, and a rewrite, which syncs,
	// may close the file.
	if err := file.Sync(); err != nil && !errors.Is(err, os.ErrClosed) {
		j.writing.Lock()
		j.dirty = true
		j.writing.Unlock()
		return fmt.Errorf("syncing the budget journal: %w", err)
	}
	return nil
}

// Close flushes and closes the journal. The store must not be used any more.
func (m *Memory) Close() error {
	if m.journal == nil {
		return nil
	}
	err := m.Flush()
	m.journal.writing.Lock()
	defer m.journal.writing.Unlock()
	return errors.Join(err, m.journal.file.Close())
}
