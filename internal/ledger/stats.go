package ledger

import "sync/atomic"

type counters struct {
	refused, syncs   atomic.Int64
	checkpoints      atomic.Int64
	checkpointErrors atomic.Int64
}

// Stats is what a ledger says of itself, for metrics and health.
type Stats struct {
	Records          int64 // kept, over the log's whole life
	Segment          int   // number of the active segment, from 0
	Syncs            int64 // made for appends by this process
	Refused          int64 // appends that the writing end refused
	Low              bool  // the disk is full and the reserve is in use
	Failed           error // why nothing is accepted any more; nil when all is well
	Checkpointed     int64 // records covered by the last checkpoint
	Checkpoints      int64 // made by this process
	CheckpointErrors int64 // that could not be kept or published
}

// Stats returns the present figures.
func (l *Ledger) Stats() Stats {
	s := Stats{
		Syncs: l.stats.syncs.Load(), Refused: l.stats.refused.Load(),
		Checkpoints: l.stats.checkpoints.Load(), CheckpointErrors: l.stats.checkpointErrors.Load(),
		Checkpointed: l.checkpoints.size.Load(), Records: l.Size(),
	}
	l.wmu.Lock()
	defer l.wmu.Unlock()
	l.recoverReserve() // no record may come while health says that the disk is full
	s.Segment, s.Low, s.Failed = l.number, l.low, l.failed
	return s
}
