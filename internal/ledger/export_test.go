package ledger

// Queued is how many records wait for the writer.
func (l *Ledger) Queued() int { return len(l.queue) }
