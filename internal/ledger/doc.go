// Package ledger is the audit log: an append-only sequence of events on disk
// whose Merkle tree makes every later change provable.
//
// The log is the truth of what Warder did. Before the first byte of an exchange
// goes upstream, and before its terminal bytes come back, the gateway appends a
// record and waits; when [Ledger.Append] fails, the exchange does not go on.
// Databases hold projections of the log that [Rebuild] makes anew.
//
// # On disk
//
// A directory, for one process at a time, holds
//
//	00000000000000000000.log   segments, named after their first record
//	checkpoints                signed checkpoints, oldest first
//	lock, reserve              the process's lock; room for a full disk
//	torn-*.bin                 unfinished records that crashes left
//
// and beside it lie DIR.key, which signs checkpoints, and DIR.pub, its public
// half. A segment is text: one header line, then one line a record, which is the
// record's RFC 6962 leaf hash and the record as JSON. "grep" and "sha256sum"
// work on it:
//
//	printf '\0%s' '{"seq":0,...}' | sha256sum
//
// # What survives
//
// See [Sync]. In every mode a record whose Append returned survives kill -9. A
// sync that fails ends the ledger until it is opened anew: what the disk holds
// then is unknown, and a second, succeeding sync would only hide that.
//
// # What is provable
//
// [Ledger.Checkpoint] signs size and root of the tree (C2SP tlog-checkpoint).
// Who holds a checkpoint can prove that the records it covers are the same ones
// today; [Verify] does that with any number of them and names what was changed,
// dropped, inserted or moved. Who can write the directory and read the key can
// write another past; only checkpoints outside their reach, handed out by
// [Options.CheckpointTo], show it, and Verify says so.
//
// # On a full disk
//
// A reserve is given up, so that what is in flight can still be ended and
// administrators can still act, while exchanges that would begin are refused
// with [ErrFull].
package ledger
