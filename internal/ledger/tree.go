package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"sync"
)

// Hash is a SHA-256 leaf or tree hash as RFC 6962, section 2.1, defines them. It
// prints and marshals as 64 lower-case hex digits.
type Hash [sha256.Size]byte

// String returns the hash in hex.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText implements [encoding.TextMarshaler].
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]. It accepts only what
// MarshalText writes: a log has one form.
func (h *Hash) UnmarshalText(b []byte) error {
	if len(b) != 2*len(h) {
		return fmt.Errorf("hash has %d characters, want %d hex digits", len(b), 2*len(h))
	}
	for _, c := range b {
		if c >= 'A' && c <= 'F' {
			return fmt.Errorf("hash has %q, want lower-case hex digits", c)
		}
	}
	_, err := hex.Decode(h[:], b)
	return err
}

// LeafHash is the leaf hash of a record: what the tree holds of it.
func LeafHash(record []byte) Hash {
	s := leafHashes.Get().(*leafHashing)
	defer leafHashes.Put(s)
	s.hash.Reset()
	s.out[0] = 0 // the prefix that tells a leaf from a node
	s.hash.Write(s.out[:1])
	s.hash.Write(record)
	s.hash.Sum(s.out[:0])
	return s.out
}

// leafHashing is room for one leaf hash: every record that is read needs one.
type leafHashing struct {
	hash hash.Hash
	out  Hash
}

var leafHashes = sync.Pool{New: func() any { return &leafHashing{hash: sha256.New()} }}

func nodeHash(left, right *Hash) Hash {
	var b [1 + 2*sha256.Size]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[1+sha256.Size:], right[:])
	return sha256.Sum256(b[:])
}

// tree is the right edge of an append-only Merkle tree: nodes[i] is the hash of
// a full subtree of 2^i leaves when bit i of size is set. Adding a leaf costs
// one node hash on average and no memory.
type tree struct {
	size  int64
	nodes [63]Hash
}

func (t *tree) add(leaf Hash) {
	i := 0
	for ; t.size>>i&1 == 1; i++ {
		leaf = nodeHash(&t.nodes[i], &leaf)
	}
	t.nodes[i] = leaf
	t.size++
}

// root is the tree hash over all leaves so far.
func (t *tree) root() Hash {
	if t.size == 0 {
		return sha256.Sum256(nil)
	}
	var h Hash
	first := true
	for i := range t.nodes {
		if t.size>>i&1 == 0 {
			continue
		}
		if first {
			h, first = t.nodes[i], false
		} else {
			h = nodeHash(&t.nodes[i], &h)
		}
	}
	return h
}

// edge returns the full subtrees' hashes, largest first.
func (t *tree) edge() []Hash {
	out := []Hash{}
	for i := len(t.nodes) - 1; i >= 0; i-- {
		if t.size>>i&1 == 1 {
			out = append(out, t.nodes[i])
		}
	}
	return out
}

// treeOf rebuilds a tree from its size and edge.
func treeOf(size int64, edge []Hash) (tree, error) {
	t := tree{size: size}
	if size < 0 {
		return t, fmt.Errorf("tree size is %d", size)
	}
	n := 0
	for i := len(t.nodes) - 1; i >= 0; i-- {
		if size>>i&1 == 0 {
			continue
		}
		if n < len(edge) {
			t.nodes[i] = edge[n]
		}
		n++
	}
	if n != len(edge) {
		return t, fmt.Errorf("tree of size %d has %d edge hashes, want %d", size, len(edge), n)
	}
	return t, nil
}
