package threat

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// The shape of a similarity sketch: four hash functions of 16 bins each, so that
// the bins of short texts fill up too, a byte of each bin's least value, and
// bands of four bins as keys of the index.
const (
	samples   = 64
	functions = 4
	binsEach  = samples / functions
	bandRows  = 5
	bands     = 24
)

// minPieces is the least number of pieces that similarity can be judged on.
const minPieces = 12

// multipliers make the hash functions, independent enough after mixing.
var multipliers = [functions]uint64{0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb, 0xd6e8feb86659fd93}

// empty is the value of a bin that nothing fell into.
const empty = math.MaxUint32

// accumulator holds the least value of each bin. Two of them merge to that of
// both texts together.
type accumulator struct {
	least  [samples]uint32
	pieces int
}

func (a *accumulator) reset() {
	for i := range a.least {
		a.least[i] = empty
	}
	a.pieces = 0
}

func (a *accumulator) add(h uint64) {
	h ^= h >> 32
	h *= 0xe7037ed1a0b428db
	h ^= h >> 29
	a.lower(0, h*multipliers[0])
	a.lower(1, h*multipliers[1])
	a.lower(2, h*multipliers[2])
	a.lower(3, h*multipliers[3])
	a.pieces++
}

// lower takes the value of a hash function. It has no branch, since nobody could
// foretell it.
func (a *accumulator) lower(function int, x uint64) {
	least := &a.least[function*binsEach+int(x>>60)]
	*least = min(*least, uint32(x>>28)&^1) // never empty
}

func (a *accumulator) merge(b *accumulator) {
	for i, v := range b.least {
		a.least[i] = min(a.least[i], v)
	}
	a.pieces += b.pieces
}

// sample holds a byte of each bin.
type sample [samples]byte

// signature is a similarity sketch of one text.
type signature struct {
	sample sample
	pieces uint16 // of the text, cut at the largest
}

// signature ends an accumulation. It is not usable when a has fewer than
// minPieces.
func (a *accumulator) signature() (s signature) {
	s.pieces = uint16(min(a.pieces, math.MaxUint16))
	for i, v := range a.least {
		if v == empty {
			v = a.borrow(i)
		}
		// The low bits of a least value are as good as random.
		s.sample[i] = byte(v >> 1)
	}
	return s
}

// borrow gives an empty bin the value of a full one, the same in all texts where
// that bin is full (optimal densification). There is one within a few steps, since
// minPieces are more than half the bins of a function.
func (a *accumulator) borrow(bin int) uint32 {
	h := uint64(bin+1) * 0x9e3779b97f4a7c15
	for range 1000 {
		h ^= h >> 31
		h *= 0xbf58476d1ce4e5b9
		if v := a.least[h>>(64-6)]; v != empty {
			return v
		}
	}
	return 0
}

// equal counts the samples that are the same.
func (a *sample) equal(b *sample) int {
	same := 0
	for i := 0; i < samples; i += 8 {
		x := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:])
		const low = 0x7f7f7f7f7f7f7f7f
		same += bits.OnesCount64(^((x&low + low) | x | low)) // its bytes that are zero
	}
	return same
}

// estimates gives the similarity of two texts, which is the share of pieces that
// both have, for a number of equal samples. One in 256 is equal by chance.
var estimates = func() (e [samples + 1]float64) {
	for i := range e {
		e[i] = max(0, (float64(i)/samples-1.0/256)/(1-1.0/256))
	}
	return e
}()

// Thresholds of similarity by the pieces of the shorter text.
const (
	shortPieces, shortThreshold = 24, 0.80
	longPieces, longThreshold   = 160, 0.55
)

// threshold returns the similarity from which on two texts count as one.
func threshold(a, b uint16) float64 {
	n := float64(min(a, b))
	x := (math.Log(n) - math.Log(shortPieces)) / (math.Log(longPieces) - math.Log(shortPieces))
	return shortThreshold + (longThreshold-shortThreshold)*min(max(x, 0), 1)
}

// thresholds are those of threshold, since a logarithm for each candidate is dear.
var thresholds = func() (t [longPieces + 1]float64) {
	for i := range t {
		t[i] = threshold(uint16(max(i, 1)), longPieces)
	}
	return t
}()

// leastEqual is the number of equal samples below which no threshold is reached.
const leastEqual = samples * 55 / 100

// bandSamples says which samples make the key of a band: each pass deals the samples
// out in another order.
var bandSamples = func() (t [bands][bandRows]uint8) {
	for pass, stride := range []int{1, 27} {
		for i := range bands / 2 * bandRows {
			t[pass*bands/2+i/bandRows][i%bandRows] = uint8((5*pass + i*stride) % samples)
		}
	}
	return t
}()

// band returns the key of a band.
func (s *sample) band(i int) uint32 {
	v := uint64(i + 1)
	for _, at := range &bandSamples[i] {
		v = v<<8 | uint64(s[at&(samples-1)])
	}
	v *= 0x9e3779b97f4a7c15
	v ^= v >> 32
	v *= 0xd6e8feb86659fd93
	return uint32(v >> 32)
}
