package detect

import "strings"

// tailedIDs are identifiers of digits and a last letter.
var tailedIDs = []tailedID{
	{category: "pii.es_dni", digits: 8, shapes: []string{"", "00.000.000"}, check: func(_ *numberRun, d []byte, letter byte) bool { return spanishLetter(number(d)) == letter },
		words: hintDNI, free: true, why: "a Spanish DNI: control letter fits"},
	{category: "pii.fi_hetu", digits: 9, shapes: []string{"000000-000"}, check: finnish, free: true, why: "a Finnish personal identity code: date and control character fit"},
	{category: "pii.cn_resident_id", digits: 17, shapes: []string{""}, check: func(_ *numberRun, d []byte, letter byte) bool { return letter == 'X' && chineseKey(d) == 10 },
		words: hintCN, free: true, why: "a Chinese resident identity number: date and check digit fit"},
	{category: "pii.ie_pps", digits: 7, shapes: []string{""}, check: func(_ *numberRun, d []byte, letter byte) bool { return irishLetter(d) == letter },
		words: hintPPS, why: "an Irish PPS number: check letter fits, words announce it"},
	{category: "pii.cl_rut", digits: 8, shapes: []string{"", "00.000.000"}, check: chileanK, free: true, why: "a Chilean RUT: check digit fits"},
	{category: "pii.cl_rut", digits: 7, shapes: []string{"0.000.000"}, check: chileanK, free: true, why: "a Chilean RUT: check digit fits"},
}

func spanishLetter(n int) byte { return "TRWAGMYFPDXBNJZSQVHLCKE"[n%23] }

func finnish(_ *numberRun, d []byte, letter byte) bool {
	return calendar(number(d[2:4]), number(d[:2])) && number(d[6:9]) >= 2 && "0123456789ABCDEFHJKLMNPRSTUVWXY"[number(d)%31] == letter
}

func irishLetter(d []byte) byte {
	return "WABCDEFGHIJKLMNOPQRSTUV"[weighted(d, 8, 7, 6, 5, 4, 3, 2)%23]
}

// chileanK needs the hyphen that is always written before K.
func chileanK(r *numberRun, d []byte, letter byte) bool {
	return letter == 'K' && r.text[r.g[r.ng-1].end] == '-' && chileanKey(d) == 10
}

// letteredID is an identifier that begins with a letter, or mixes letters and
// digits. Its form is given byte by byte: 'A' a letter, '0' a digit, '*' either.
type letteredID struct {
	category string
	form     string
	check    func(s string) bool // s has capitals for small letters
	// words announce it; free says that it is reported without them when its
	// letters are capitals.
	words hint
	free  bool
	why   string
}

var letteredIDs = []letteredID{
	{"pii.it_codice_fiscale", "AAAAAA**A**A***A", italian, 0, true, "an Italian tax code: form and check letter fit"},
	{"pii.mx_curp", "AAAA000000AAAAAA*0", mexican, 0, true, "a Mexican CURP: date, sex and check digit fit"},
	{"pii.es_nie", "A0000000A", spanishNIE, hintDNI, true, "a Spanish NIE: control letter fits"},
	{"pii.sg_nric", "A0000000A", singaporean, 0, true, "a Singapore NRIC or FIN: check letter fits"},
	{"pii.in_pan", "AAAAA0000A", func(s string) bool { return strings.IndexByte("ABCFGHJLPT", s[3]) >= 0 }, hintPAN | hintTaxID, false, "an Indian PAN: form fits, words announce it"},
}

// letteredIDAt recognises the identifier that the word text[w:we] is; the zero
// match if it is none.
func letteredIDAt(text string, w, we int, h *hintWindow) match {
	for i := range letteredIDs {
		id := &letteredIDs[i]
		if len(id.form) != we-w || !fits(text[w:we], id.form) || we < len(text) && text[we] == '_' || w > 0 && text[w-1] == '_' {
			continue
		}
		s := strings.ToUpper(text[w:we])
		if !id.check(s) || !(id.free && s == text[w:we]) && (id.words == 0 || h.before(text, w)&id.words == 0) {
			continue
		}
		return hit(id.category, id.category[4:], w, we, id.why)
	}
	return match{}
}

func fits(s, form string) bool {
	for i := range len(s) {
		c := classes[s[i]]
		if form[i] == 'A' && c&classLetter == 0 || form[i] == '0' && c&classDigit == 0 {
			return false
		}
	}
	return true
}

func spanishNIE(s string) bool {
	if s[0] < 'X' {
		return false
	}
	n := int(s[0] - 'X')
	for i := 1; i < 8; i++ {
		n = n*10 + int(s[i]-'0')
	}
	return spanishLetter(n) == s[8]
}

func singaporean(s string) bool {
	sum := 0
	for i, w := range []int{2, 7, 6, 5, 4, 3, 2} {
		sum += int(s[i+1]-'0') * w
	}
	switch s[0] {
	case 'S':
		return "JZIHGFEDCBA"[sum%11] == s[8]
	case 'T':
		return "JZIHGFEDCBA"[(sum+4)%11] == s[8]
	case 'F':
		return "XWUTRQPNMLK"[sum%11] == s[8]
	case 'G':
		return "XWUTRQPNMLK"[(sum+4)%11] == s[8]
	case 'M':
		return "KLJNPQRTUWX"[(sum+3)%11] == s[8]
	}
	return false
}

// italianOdd is the worth of a character at an odd place of a tax code, by its
// value 0..25; letters stand for digits where two codes would be equal
// (omocodia).
var italianOdd = [26]int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23}

func italian(s string) bool {
	if strings.IndexByte("ABCDEHLMPRST", s[8]) < 0 {
		return false
	}
	sum := 0
	for i := range 15 {
		v := int(s[i] - 'A')
		if classes[s[i]]&classDigit != 0 {
			v = int(s[i] - '0')
		} else if strings.IndexByte("\x06\x07\x09\x0a\x0c\x0d\x0e", byte(i)) >= 0 && strings.IndexByte("LMNPQRSTUV", s[i]) < 0 {
			return false
		}
		if i%2 == 0 {
			v = italianOdd[v]
		}
		sum += v
	}
	return byte('A'+sum%26) == s[15]
}

func mexican(s string) bool {
	digit := func(i int) int { return int(s[i] - '0') }
	if !calendar(digit(6)*10+digit(7), digit(8)*10+digit(9)) || strings.IndexByte("HMX", s[10]) < 0 {
		return false
	}
	sum := 0
	for i := range 17 {
		v := digit(i)
		if classes[s[i]]&classDigit == 0 {
			if v = int(s[i]-'A') + 10; s[i] > 'N' {
				v++ // after N stands the letter Ñ
			}
		}
		sum += v * (18 - i)
	}
	return (10-sum%10)%10 == digit(17)
}

// ninoPrefix reports whether the token text[i:j] is the first two letters of a
// British national insurance number.
func ninoPrefix(text string, i, j int) bool {
	if j-i != 2 || classes[text[i]]&classes[text[i+1]]&classUpper == 0 {
		return false
	}
	if strings.IndexByte("DFIQUV", text[i]) >= 0 || strings.IndexByte("DFIOQUV", text[i+1]) >= 0 {
		return false
	}
	switch text[i:j] {
	case "BG", "GB", "NK", "KN", "TN", "NT", "ZZ":
		return false
	}
	return true
}

// ninoBegins reports whether the last word of the token text[i:j] may be the first
// pair of a British national insurance number.
func ninoBegins(text string, i, j int) bool {
	w := j - 2
	return w >= i && (w == 0 || classes[text[w-1]]&classAlnum == 0) && ninoPrefix(text, w, j)
}

// nino recognises a British national insurance number that begins at w: two
// letters, six digits and a letter A to D, together or with single spaces
// between pairs.
func nino(text string, w int, end bool) (match, outcome) {
	if w+2 > len(text) || !ninoPrefix(text, w, w+2) {
		return match{}, outNone
	}
	i := w + 2
	for n := range 7 {
		if i < len(text) && text[i] == ' ' && n%2 == 0 {
			i++
		}
		if i == len(text) {
			return match{}, openOutcome(end)
		}
		if n < 6 && classes[text[i]]&classDigit == 0 || n == 6 && (text[i] < 'A' || text[i] > 'D') {
			return match{}, outNone
		}
		i++
	}
	if i == len(text) && !end {
		return match{}, outMore
	}
	if i < len(text) && classes[text[i]]&classWord != 0 {
		return match{}, outNone
	}
	return hit("pii.uk_nino", "uk_nino", w, i, "a British national insurance number: form and letters in use fit"), outHit
}
