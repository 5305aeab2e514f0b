package price

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// Amount is a number of whole things with six decimal places, held as
// millionths: money in micro-units of its currency, or a count. It is never a
// floating-point number.
type Amount int64

// Unit is one whole thing; MaxAmount is the most that is read and computed.
const (
	Unit      Amount = 1_000_000
	MaxAmount Amount = math.MaxInt64 / 4 // sums of a few never overflow
)

const places = 6

// UnmarshalText reads a decimal number such as 50, 0.25 or 1000000, without
// sign and exponent, of at most six decimal places.
func (a *Amount) UnmarshalText(text []byte) error {
	const want = "a number such as 50 or 0.25, with at most six decimal places"
	s := string(text)
	whole, fraction, point := strings.Cut(s, ".")
	ok := whole != "" && len(whole) <= 13 && len(fraction) <= places && (fraction != "" || !point) && strings.Trim(whole+fraction, "0123456789") == ""
	if !ok {
		return fmt.Errorf("cannot read %.40q as an amount; expected %s", s, want)
	}
	n, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", places-len(fraction)), 10, 64)
	if err != nil || Amount(n) > MaxAmount {
		return fmt.Errorf("amount %.40q is too large; expected at most %s", s, MaxAmount)
	}
	*a = Amount(n)
	return nil
}

// MarshalText writes the form that UnmarshalText reads.
func (a Amount) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// String writes the amount without zeros at its end: 50, 0.25.
func (a Amount) String() string {
	sign, n := "", uint64(a)
	if a < 0 {
		sign, n = "-", -n
	}
	s := sign + strconv.FormatUint(n/uint64(Unit), 10)
	if f := n % uint64(Unit); f != 0 {
		s += "." + strings.TrimRight(fmt.Sprintf("%06d", f), "0")
	}
	return s
}

// Whole returns the amount as a count, and whether it is one.
func (a Amount) Whole() (n int64, ok bool) { return int64(a / Unit), a%Unit == 0 }

// sum adds up exactly in 128 bits, so that nothing is rounded before the end.
type sum struct{ hi, lo uint64 }

// add adds tokens at a price a million tokens; negative ones count as none.
func (s *sum) add(tokens int64, perMillion Amount) {
	hi, lo := bits.Mul64(uint64(max(tokens, 0)), uint64(max(perMillion, 0)))
	var carry uint64
	s.lo, carry = bits.Add64(s.lo, lo, 0)
	s.hi, _ = bits.Add64(s.hi, hi, carry) // four products of 63 bits stay far below 128
}

// amount returns the sum over a million, rounded up and at most MaxAmount.
func (s *sum) amount() Amount {
	const million = 1_000_000
	if s.hi >= million {
		return MaxAmount
	}
	n, rest := bits.Div64(s.hi, s.lo, million)
	if rest > 0 && n < math.MaxUint64 {
		n++
	}
	return Amount(min(n, uint64(MaxAmount)))
}
