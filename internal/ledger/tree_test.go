package ledger

import (
	"fmt"
	"testing"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// TestTreeVectors holds roots against the certificate transparency project's
// published test tree over eight known leaves.
func TestTreeVectors(t *testing.T) {
	leaves := []string{"", "\x00", "\x10", "\x20\x21", "\x30\x31", "\x40\x41\x42\x43", "\x50\x51\x52\x53\x54\x55\x56\x57", "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"}
	roots := []string{
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	}
	var tr tree
	for i, want := range roots {
		if got := tr.root().String(); got != want {
			t.Errorf("root of %d leaves is %s, want %s", i, got, want)
		}
		if i < len(leaves) {
			tr.add(LeafHash([]byte(leaves[i])))
		}
	}
}

// TestTreeAgainstLibraries: the same roots and leaf hashes as two libraries, and
// the edge rebuilds the tree.
func TestTreeAgainstLibraries(t *testing.T) {
	r := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, i := range at {
			out = append(out, stored[i])
		}
		return out, nil
	})
	var tr tree
	for n := range int64(600) {
		record := fmt.Appendf(nil, "record %d", n)
		leaf := LeafHash(record)
		if err := r.Append(leaf[:], nil); err != nil {
			t.Fatal(err)
		}
		hashes, err := tlog.StoredHashes(n, record, reader)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, hashes...)
		tr.add(leaf)
		a, err := r.GetRootHash(nil)
		if err != nil {
			t.Fatal(err)
		}
		b, err := tlog.TreeHash(n+1, reader)
		if err != nil {
			t.Fatal(err)
		}
		if got := tr.root(); got != Hash(a) || got != Hash(b) {
			t.Fatalf("root of %d is %v, libraries say %x and %v", n+1, got, a, b)
		}
		again, err := treeOf(tr.size, tr.edge())
		if err != nil || again.root() != tr.root() {
			t.Fatalf("tree of %d rebuilt has root %v, %v", n+1, again.root(), err)
		}
	}
}

// TestOrder: whatever is dropped, doubled and moved, order names exactly the
// missing records, and calls in order exactly what is.
func TestOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 60).Draw(t, "records")
		var seqs []int64
		for s := range n {
			if rapid.IntRange(0, 5).Draw(t, "drop") > 0 {
				seqs = append(seqs, s)
			}
		}
		for range rapid.IntRange(0, 6).Draw(t, "moves") {
			if len(seqs) > 1 {
				i, j := rapid.IntRange(0, len(seqs)-1).Draw(t, "i"), rapid.IntRange(0, len(seqs)-1).Draw(t, "j")
				seqs[i], seqs[j] = seqs[j], seqs[i]
			}
		}
		if len(seqs) > 0 && rapid.Bool().Draw(t, "double") {
			i := rapid.IntRange(0, len(seqs)-1).Draw(t, "which")
			seqs = append(seqs, seqs[i])
		}
		var o order
		came := map[int64]bool{}
		top := int64(-1)
		for _, s := range seqs {
			want := inOrder
			switch {
			case came[s]:
				want = second
			case s < top:
				want = late
			}
			if got := o.see(s, Hash{byte(s)}, gap{}); got != want {
				t.Fatalf("%v: record %d is %d, want %d", seqs, s, got, want)
			}
			came[s], top = true, max(top, s)
		}
		missing := map[int64]bool{}
		last := int64(-2)
		for _, g := range o.missing {
			if g.first <= last || g.last < g.first {
				t.Fatalf("gaps %+v are not ascending", o.missing)
			}
			last = g.last
			for s := g.first; s <= g.last; s++ {
				missing[s] = true
			}
		}
		for s := range top + 1 {
			if missing[s] == came[s] {
				t.Fatalf("%v: record %d came: %v, missing: %v", seqs, s, came[s], missing[s])
			}
		}
	})
}

// FuzzParseFrame: what parses is what appendFrame writes of it.
func FuzzParseFrame(f *testing.F) {
	good, _ := appendFrame(nil, 7, []byte(`{"time":"2026-01-01T00:00:00Z","kind":"a"}`))
	f.Add(good[:len(good)-1])
	f.Add([]byte(""))
	f.Add([]byte("00 {}"))
	f.Add(append(good[:hashDigits+1:hashDigits+1], `{"seq":07,}`...))
	f.Fuzz(func(t *testing.T, line []byte) {
		got, err := parseFrame(line)
		if err != nil {
			return
		}
		body, err := eventBytes(got.record)
		if err != nil {
			t.Fatal(err)
		}
		again, leaf := appendFrame(nil, got.seq, body)
		if leaf != got.stored || string(again) != string(line)+"\n" {
			t.Fatalf("read %q, written again %q", line, again)
		}
	})
}

// FuzzCheckpoint: what parses is what is signed.
func FuzzCheckpoint(f *testing.F) {
	f.Add("log\n3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
	f.Add("log\n03\n\n")
	f.Add("\n-1\nx\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCheckpoint([]byte(text))
		if err != nil {
			return
		}
		if want := fmt.Sprintf("%s\n%d\n%s\n", c.Log, c.Size, tlog.Hash(c.Root)); text[:len(want)] != want {
			t.Fatalf("read %q as %+v", text, c)
		}
	})
}

// FuzzHeader: a header that parses describes a tree, and never panics.
func FuzzHeader(f *testing.F) {
	var tr tree
	tr.add(Hash{1})
	tr.add(Hash{2})
	tr.add(Hash{3})
	f.Add(headerOf("log", 1, &tr).line())
	f.Add([]byte(`{"ledger":1,"first":9223372036854775807}`))
	f.Add([]byte(`{"ledger":1,"first":-1}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		h, got, err := parseHeader(line)
		if err == nil && (got.root() != h.Root || got.size != h.First) {
			t.Fatalf("header %+v gives a tree of %d with root %v", h, got.size, got.root())
		}
	})
}
