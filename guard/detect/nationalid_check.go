package detect

// Check-digit algorithms. They take digits as values 0..9 and report whether
// the last digit (or digits, or letter) fits.

// luhn is ISO/IEC 7812-1, annex B.
func luhn(d []byte) bool {
	sum := 0
	for i := range d {
		x := int(d[len(d)-1-i])
		if i%2 == 1 {
			if x *= 2; x > 9 {
				x -= 9
			}
		}
		sum += x
	}
	return sum%10 == 0
}

// weighted returns the sum of products of digits and weights.
func weighted(d []byte, w ...int) int {
	sum := 0
	for i, x := range w {
		sum += int(d[i]) * x
	}
	return sum
}

// number returns the value of digits read as one number; at most 18 of them.
func number(d []byte) int {
	n := 0
	for _, x := range d {
		n = n*10 + int(x)
	}
	return n
}

// iso7064mod1110 is ISO/IEC 7064, MOD 11,10.
func iso7064mod1110(d []byte) bool {
	p := 10
	for _, x := range d[:len(d)-1] {
		s := (int(x) + p) % 10
		if s == 0 {
			s = 10
		}
		p = s * 2 % 11
	}
	return (11-p)%10 == int(d[len(d)-1])
}

// verhoeff is the dihedral check of J. Verhoeff, Error detecting decimal codes, 1969.
func verhoeff(d []byte) bool {
	c := byte(0)
	for i := range d {
		c = verhoeffMul(c, verhoeffPerm(i%8, d[len(d)-1-i]))
	}
	return c == 0
}

// verhoeffMul multiplies in the dihedral group of order ten.
func verhoeffMul(a, b byte) byte {
	if a < 5 {
		if b < 5 {
			return (a + b) % 5
		}
		return 5 + (a+b)%5
	}
	if b < 5 {
		return 5 + (a+5-b)%5
	}
	return (a + 5 - b) % 5
}

// verhoeffPerm applies the permutation (1 5 8 9 4 2 7 0)(3 6) n times.
func verhoeffPerm(n int, x byte) byte {
	for range n {
		x = [10]byte{1, 5, 7, 6, 2, 8, 3, 0, 9, 4}[x]
	}
	return x
}

// calendar reports whether month and day exist, February having 29 days.
func calendar(month, day int) bool {
	return month >= 1 && month <= 12 && day >= 1 && day <= [13]int{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[month]
}

// same reports whether all digits are equal, as in placeholders.
func same(d []byte) bool {
	for _, x := range d {
		if x != d[0] {
			return false
		}
	}
	return true
}
