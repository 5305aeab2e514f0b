package detect

// otherIDs are identifiers of digits alone, of Asia, Africa and Oceania.
var otherIDs = []nationalID{
	{category: "pii.cn_resident_id", digits: 18, check: func(d []byte) bool { return chineseKey(d) == int(d[17]) }, alone: true,
		why: "a Chinese resident identity number: date and check digit fit"},
	{category: "pii.kr_rrn", digits: 13, shapes: []string{"000000-0000000"}, check: korean, words: hintKR | hintTaxID, free: true, why: "a Korean resident registration number: date, sex digit and check digit fit"},
	{category: "pii.za_id", digits: 13, check: southAfrican, words: hintZA | hintTaxID, why: "a South African identity number: date and check digit fit, words announce it"},
	{category: "pii.in_aadhaar", digits: 12, shapes: []string{"0000 0000 0000"}, check: aadhaar, words: hintAadhaar, why: "an Indian Aadhaar number: check digit fits, words announce it"},
	{category: "pii.jp_my_number", digits: 12, shapes: []string{"0000 0000 0000"}, check: japanese, words: hintMyNumber, why: "a Japanese My Number: check digit fits, words announce it"},
	{category: "pii.tr_tckn", digits: 11, check: turkish, words: hintTC | hintTaxID, why: "a Turkish identity number: both check digits fit, words announce it"},
	{category: "pii.au_medicare", digits: 10, shapes: []string{"0000 00000 0"}, check: australianMedicare, words: hintMedicare, why: "an Australian Medicare number: check digit fits, words announce it"},
	{category: "pii.au_tfn", digits: 9, shapes: []string{"000 000 000"}, check: australianTFN, words: hintTFN, why: "an Australian tax file number: check fits, words announce it"},
	{category: "pii.il_id", digits: 9, check: luhn, words: hintIL, why: "an Israeli identity number: check digit fits, words announce it"},
}

// chineseKey returns the check value 0..10 (10 is X) of GB 11643, ISO 7064 MOD
// 11-2, or -1 when the region or the date of birth cannot be.
func chineseKey(d []byte) int {
	year := number(d[6:10])
	if d[0] == 0 || d[0] == 9 || year < 1900 || year > 2099 || !calendar(number(d[10:12]), number(d[12:14])) {
		return -1
	}
	return (12 - weighted(d, 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)%11) % 11
}

func korean(d []byte) bool {
	return calendar(number(d[2:4]), number(d[4:6])) && d[6] >= 1 && d[6] <= 8 && (11-weighted(d, 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)%11)%10 == int(d[12])
}

func southAfrican(d []byte) bool {
	return calendar(number(d[2:4]), number(d[4:6])) && d[10] <= 2 && luhn(d)
}

func aadhaar(d []byte) bool { return d[0] >= 2 && verhoeff(d) && !same(d) }

func japanese(d []byte) bool {
	sum := 0
	for i := range 11 {
		w := i + 2
		if i >= 6 {
			w = i - 4
		}
		sum += int(d[10-i]) * w
	}
	k := 0
	if sum%11 > 1 {
		k = 11 - sum%11
	}
	return k == int(d[11]) && !same(d)
}

func turkish(d []byte) bool {
	odd := int(d[0]) + int(d[2]) + int(d[4]) + int(d[6]) + int(d[8])
	even := int(d[1]) + int(d[3]) + int(d[5]) + int(d[7])
	return d[0] != 0 && (odd*7-even+100)%10 == int(d[9]) && (odd+even+int(d[9]))%10 == int(d[10])
}

func australianMedicare(d []byte) bool {
	return d[0] >= 2 && d[0] <= 6 && weighted(d, 1, 3, 7, 9, 1, 3, 7, 9)%10 == int(d[8])
}

func australianTFN(d []byte) bool { return !same(d) && weighted(d, 1, 4, 3, 7, 5, 8, 6, 9, 10)%11 == 0 }
