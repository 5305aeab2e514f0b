package ledger

import (
	"errors"
	"fmt"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

// errComplete ends a scan that has what it needs.
var errComplete = errors.New("complete")

// proofsFor makes the proofs of the selected records that a checkpoint covers.
// Memory grows with their number, not with the log.
func proofsFor(dir string, f Filter, at checkpoint) (map[int64]*Proof, error) {
	paths := make(map[int64]proof.Nodes)
	nodes := make(map[compact.NodeID][]byte)
	err := Scan(dir, 0, func(e Entry) error {
		if e.Sequence >= at.Size {
			return errComplete
		}
		if !f.Selects(&e) {
			return nil
		}
		if len(paths) == MaxProofs {
			return fmt.Errorf("more than %d records are selected, the most that get proofs at once", MaxProofs)
		}
		path, err := proof.Inclusion(uint64(e.Sequence), uint64(at.Size))
		if err != nil {
			return err
		}
		paths[e.Sequence] = path
		for _, id := range path.IDs {
			nodes[id] = nil
		}
		return nil
	})
	if err != nil && !errors.Is(err, errComplete) {
		return nil, err
	}
	if err := fillNodes(dir, at, nodes); err != nil {
		return nil, err
	}
	out := make(map[int64]*Proof, len(paths))
	for seq, path := range paths {
		hashes := make([][]byte, len(path.IDs))
		for i, id := range path.IDs {
			hashes[i] = nodes[id]
		}
		hashes, err := path.Rehash(hashes, rfc6962.DefaultHasher.HashChildren)
		if err != nil {
			return nil, fmt.Errorf("proving record %d: %w", seq, err)
		}
		p := &Proof{Size: at.Size, Hashes: make([]Hash, len(hashes))}
		for i, h := range hashes {
			copy(p.Hashes[i][:], h)
		}
		out[seq] = p
	}
	return out, nil
}

// fillNodes computes the wanted nodes of the tree of a checkpoint and checks its
// root.
func fillNodes(dir string, at checkpoint, nodes map[compact.NodeID][]byte) error {
	visit := func(id compact.NodeID, hash []byte) {
		if _, wanted := nodes[id]; wanted {
			nodes[id] = hash
		}
	}
	r := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
	err := Scan(dir, 0, func(e Entry) error {
		if e.Sequence >= at.Size {
			return errComplete
		}
		leaf := e.Leaf
		return r.Append(leaf[:], visit)
	})
	if err != nil && !errors.Is(err, errComplete) {
		return err
	}
	if r.End() != uint64(at.Size) {
		return fmt.Errorf("%w: %d records, and the last checkpoint covers %d", ErrCorrupt, r.End(), at.Size)
	}
	root, err := r.GetRootHash(nil)
	if err != nil {
		return err
	}
	if at.Size > 0 && Hash(root) != at.Root {
		return fmt.Errorf("%w: the first %d records are not those of the last checkpoint", ErrCorrupt, at.Size)
	}
	return nil
}

// check tells whether an exported record is in the tree of a checkpoint.
func (x *Exported) check(at checkpoint) error {
	if LeafHash(x.Record) != x.Leaf {
		return fmt.Errorf("record %d does not have the leaf hash beside it", x.Sequence)
	}
	if x.Proof == nil || x.Proof.Size != at.Size || x.Sequence < 0 {
		return fmt.Errorf("record %d: its proof is not for the checkpoint of size %d", x.Sequence, at.Size)
	}
	seq, _, err := splitRecord(x.Record)
	if err != nil || seq != x.Sequence {
		return fmt.Errorf("record %d says that it is record %d", x.Sequence, seq)
	}
	hashes := make([][]byte, len(x.Proof.Hashes))
	for i := range hashes {
		hashes[i] = x.Proof.Hashes[i][:]
	}
	if err := proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(x.Sequence), uint64(at.Size), x.Leaf[:], hashes, at.Root[:]); err != nil {
		return fmt.Errorf("record %d: its proof does not hold: %w", x.Sequence, err)
	}
	return nil
}
