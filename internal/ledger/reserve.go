package ledger

import (
	"errors"
	"os"
	"time"
)

// reserve is a file that takes up room on the disk until the ledger needs it.
// When the disk is full it is given up: records that end something (an exchange
// in flight) and administrative ones still fit, and records that begin
// something are refused.
type reserve struct {
	path  string
	size  int64 // 0: none
	tried time.Time
}

// retryReserve is how long to wait between attempts to get the reserve back.
const retryReserve = time.Second

// fill takes the room. It wants twice as much to be free, so that a disk at the
// brink does not swing between having a reserve and not.
func (r *reserve) fill() error {
	if r.size <= 0 {
		return nil
	}
	if info, err := os.Stat(r.path); err == nil && info.Size() == r.size {
		return nil
	}
	f, err := os.OpenFile(r.path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = errors.Join(allocate(f, 2*r.size), f.Close())
	if err == nil {
		err = os.Truncate(r.path, r.size)
	}
	if err != nil {
		return errors.Join(err, r.release())
	}
	return nil
}

// refill tries to get the reserve back, at most once in [retryReserve].
func (r *reserve) refill(now time.Time) bool {
	if now.Sub(r.tried) < retryReserve && !now.Before(r.tried) {
		return false
	}
	r.tried = now
	return r.fill() == nil
}

// release gives the room up.
func (r *reserve) release() error {
	if r.size <= 0 {
		return nil
	}
	return ignoreMissing(os.Remove(r.path))
}

// writeZeros takes room where the file system cannot be asked for it.
func writeZeros(f *os.File, size int64) error {
	zeros := make([]byte, 256<<10)
	for size > 0 {
		n := min(size, int64(len(zeros)))
		if err := writeAll(f, zeros[:n]); err != nil {
			return err
		}
		size -= n
	}
	return f.Sync()
}
