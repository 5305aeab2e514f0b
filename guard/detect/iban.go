package detect

import "strings"

// ibanLengths gives the length of an IBAN by country, from the SWIFT registry.
var ibanLengths = func() map[string]int {
	m := map[string]int{}
	for f := range strings.FieldsSeq("AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 " +
		"GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 " +
		"NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30") {
		m[f[:2]] = int(f[2]-'0')*10 + int(f[3]-'0')
	}
	return m
}()

// iban recognises an international bank account number that begins at w, where
// a word begins: country, the length of that country, single spaces or hyphens
// between groups, and the check digits of ISO 13616.
func iban(text string, w int, end bool) (match, outcome) {
	if len(text)-w < 4 {
		return match{}, outNone // a whole word of two letters stands there
	}
	country := [2]byte{text[w] &^ 0x20, text[w+1] &^ 0x20}
	n := ibanLengths[string(country[:])]
	if n == 0 || classes[text[w+2]]&classDigit == 0 || classes[text[w+3]]&classDigit == 0 {
		return match{}, outNone
	}
	var sum, read int
	i := w
	var head [4]byte
	for read < n {
		if i == len(text) {
			return match{}, openOutcome(end)
		}
		b := text[i]
		if classes[b]&classAlnum == 0 {
			size := ibanGap(text, i)
			if size == 0 {
				return match{}, outNone
			}
			i += size
			if i == len(text) || classes[text[i]]&classAlnum == 0 {
				return match{}, openOutcome(end || i < len(text))
			}
			continue
		}
		if read < 4 {
			head[read] = b
		} else {
			sum = mod97Add(sum, b)
		}
		read++
		i++
	}
	if i == len(text) && !end {
		return match{}, outMore
	}
	if i < len(text) && classes[text[i]]&classWord != 0 {
		return match{}, outNone
	}
	for _, b := range head {
		sum = mod97Add(sum, b)
	}
	if sum != 1 {
		return match{}, outNone
	}
	return hit("pii.iban", "iban", w, i, "a bank account number: country, length and check digits fit"), outHit
}

func openOutcome(end bool) outcome {
	if end {
		return outNone
	}
	return outMore
}

// ibanGap returns the length of one separator at i, 0 if there is none.
func ibanGap(text string, i int) int {
	switch {
	case text[i] == ' ' || text[i] == '-':
		return 1
	case strings.HasPrefix(text[i:], "\u00a0"):
		return 2
	case strings.HasPrefix(text[i:], "\u202f"):
		return 3
	}
	return 0
}

// mod97Add continues the remainder modulo 97 with a digit, or a letter worth 10
// to 35.
func mod97Add(sum int, b byte) int {
	if classes[b]&classDigit != 0 {
		return (sum*10 + int(b-'0')) % 97
	}
	return (sum*100 + int(b&^0x20-'A') + 10) % 97
}
