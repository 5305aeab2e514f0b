package detect

// cardRange is a range of issuer identification numbers: the first digits of a
// payment card, with the lengths that the network issues.
type cardRange struct {
	network  string
	lo, hi   int  // the first digits, inclusive
	digits   int  // how many digits lo and hi have
	min, max int8 // card lengths
	only     int8 // when not 0, the one further length allowed
}

// cardRanges are the ranges of the networks, from their published rules.
var cardRanges = []cardRange{
	{"visa", 4, 4, 1, 16, 16, 13}, {"visa", 4, 4, 1, 19, 19, 0},
	{"mastercard", 51, 55, 2, 16, 16, 0}, {"mastercard", 2221, 2720, 4, 16, 16, 0},
	{"amex", 34, 34, 2, 15, 15, 0}, {"amex", 37, 37, 2, 15, 15, 0},
	{"diners", 300, 305, 3, 14, 14, 16}, {"diners", 3095, 3095, 4, 14, 14, 16}, {"diners", 36, 36, 2, 14, 14, 0}, {"diners", 38, 39, 2, 14, 14, 16},
	{"discover", 6011, 6011, 4, 16, 16, 19}, {"discover", 644, 649, 3, 16, 16, 19}, {"discover", 65, 65, 2, 16, 16, 19},
	{"jcb", 3528, 3589, 4, 16, 16, 0}, {"jcb", 2131, 2131, 4, 15, 15, 0}, {"jcb", 1800, 1800, 4, 15, 15, 0},
	{"unionpay", 62, 62, 2, 16, 19, 0}, {"unionpay", 81, 81, 2, 16, 16, 0},
	{"maestro", 5018, 5018, 4, 13, 19, 0}, {"maestro", 5020, 5020, 4, 13, 19, 0}, {"maestro", 5038, 5038, 4, 13, 19, 0}, {"maestro", 5893, 5893, 4, 13, 19, 0},
	{"maestro", 6304, 6304, 4, 13, 19, 0}, {"maestro", 6759, 6759, 4, 13, 19, 0}, {"maestro", 6761, 6763, 4, 13, 19, 0},
	{"rupay", 60, 60, 2, 16, 16, 0}, {"rupay", 508, 508, 3, 16, 16, 0}, {"rupay", 82, 82, 2, 16, 16, 0},
	{"mir", 2200, 2204, 4, 16, 19, 0}, {"troy", 9792, 9792, 4, 16, 16, 0}, {"elo", 6362, 6363, 4, 16, 16, 0},
}

// cardAt recognises a payment card at the start of the run: a range that a
// network issues, its length, a grouping in use, and the Luhn check. Test
// numbers of the networks are cards too.
func cardAt(r *numberRun) (match, bool) {
	if first := r.g[0].digits; r.n < 13 || r.d[0] == 7 || r.d[0] == 0 || first != 4 && first < 13 {
		return match{}, false
	}
	for n := min(r.n, 19); n >= 13; n-- {
		g := r.groupAt(n)
		if g == nil || !cardGrouping(r, n) || !luhn(r.d[:n]) {
			continue
		}
		if network := cardNetwork(r.d[:n]); network != "" {
			return hit("pii.credit_card", network, r.start, g.end, "a payment card number: issuer range, length and check digit fit"), true
		}
	}
	return match{}, false
}

// cardNetwork returns the network that issues such a number, "" if none does.
func cardNetwork(d []byte) string {
	var prefix [5]int
	for i := 1; i < len(prefix); i++ {
		prefix[i] = prefix[i-1]*10 + int(d[i-1])
	}
	n := int8(len(d))
	for _, c := range cardRanges {
		if p := prefix[c.digits]; c.lo <= p && p <= c.hi && (c.min <= n && n <= c.max || n == c.only) {
			return c.network
		}
	}
	return ""
}

// cardGrouping reports whether the first n digits are written as cards are:
// without separators, in fours, as 4-6-5 or 4-6-4; one kind of separator
// throughout.
func cardGrouping(r *numberRun, n int) bool {
	last := 0
	for int(r.g[last].sum) < n {
		last++
	}
	if !r.bounded(last) {
		return false
	}
	if last == 0 {
		return true
	}
	fours, sep := true, r.g[1].sep
	for i := range r.g[:last+1] {
		fours = fours && (r.g[i].digits == 4 || i == last && r.g[i].digits < 4)
		if i > 0 && r.g[i].sep != sep || sep == '(' || sep == '/' {
			return false
		}
	}
	return fours || last == 2 && r.g[0].digits == 4 && r.g[1].digits == 6
}
