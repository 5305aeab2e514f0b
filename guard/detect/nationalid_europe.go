package detect

// europeanIDs are identifiers of digits alone.
var europeanIDs = []nationalID{
	{category: "pii.fr_nir", digits: 15, shapes: []string{"0 00 00 00 000 000 00", "0 00 00 00 000 00000"}, check: frenchNIR, alone: true, free: true,
		why: "a French social security number: date, place and control key fit"},
	{category: "pii.be_rrn", digits: 11, shapes: []string{"00.00.00-000.00", "00 00 00 000 00"}, check: belgianRRN, words: hintBE, alone: true, free: true,
		why: "a Belgian national register number: date and check digits fit"},
	{category: "pii.no_fodselsnummer", digits: 11, shapes: []string{"000000 00000"}, check: norwegian, words: hintPersonnummer, alone: true, free: true,
		why: "a Norwegian identity number: date and both check digits fit"},
	{category: "pii.pl_pesel", digits: 11, check: polish, words: hintPESEL | hintTaxID, why: "a Polish PESEL: date and check digit fit"},
	{category: "pii.de_steuer_id", digits: 11, shapes: []string{"00 000 000 000"}, check: german, words: hintSteuer | hintTaxID,
		why: "a German tax identification number: digit pattern and check digit fit"},
	{category: "pii.ch_ahv", digits: 13, shapes: []string{"000.0000.0000.00"}, check: swiss, alone: true, free: true, why: "a Swiss AHV number: country and check digit fit"},
	{category: "pii.se_personnummer", digits: 10, shapes: []string{"000000 0000"}, check: swedish, words: hintPersonnummer, free: true,
		why: "a Swedish personal identity number: date and check digit fit"},
	{category: "pii.se_personnummer", digits: 12, shapes: []string{"00000000 0000"}, check: swedish12, words: hintPersonnummer, alone: true, free: true,
		why: "a Swedish personal identity number: date and check digit fit"},
	{category: "pii.dk_cpr", digits: 10, shapes: []string{"000000 0000"}, check: danish, words: hintCPR, why: "a Danish CPR number: date fits, words announce it"},
	{category: "pii.cz_birth_number", digits: 10, shapes: []string{"000000/0000"}, check: czech, free: true, why: "a Czech or Slovak birth number: date and check digit fit"},
	{category: "pii.uk_nhs", digits: 10, shapes: []string{"000 000 0000"}, check: britishNHS, words: hintNHS, why: "an NHS number: check digit fits, words announce it"},
	{category: "pii.nl_bsn", digits: 9, shapes: []string{"000 000 000", "0000 00 000", "000.000.000"}, check: dutch, words: hintBSN, why: "a Dutch BSN: check fits, words announce it"},
	{category: "pii.pt_nif", digits: 9, shapes: []string{"000 000 000"}, check: portuguese, words: hintNIF, why: "a Portuguese NIF: check digit fits, words announce it"},
	{category: "pii.ro_cnp", digits: 13, check: romanian, words: hintRO, alone: true, why: "a Romanian CNP: date and check digit fit"},
	{category: "pii.bg_egn", digits: 10, check: bulgarian, words: hintBG, why: "a Bulgarian EGN: date and check digit fit"},
	{category: "pii.at_svnr", digits: 10, shapes: []string{"0000 000000"}, check: austrian, words: hintAT, why: "an Austrian social insurance number: date and check digit fit"},
}

func frenchNIR(d []byte) bool {
	month := int(d[3])*10 + int(d[4])
	if d[0] == 0 || d[0] > 8 || d[0] == 5 || d[0] == 6 || month == 0 || month > 12 && month < 20 || month > 42 && month < 50 {
		return false
	}
	return 97-number(d[:13])%97 == number(d[13:])
}

func belgianRRN(d []byte) bool {
	month, day := number(d[2:4]), number(d[4:6])
	for month > 12 { // bis numbers add 20 or 40
		month -= 20
	}
	if month < 0 || month > 0 && !calendar(month, max(day, 1)) || day > 31 || number(d[6:9]) == 0 {
		return false
	}
	key := number(d[9:])
	return 97-number(d[:9])%97 == key || 97-(2000000000+number(d[:9]))%97 == key
}

func norwegian(d []byte) bool {
	day, month := number(d[:2])%40, number(d[2:4])%40
	if !calendar(month, day) {
		return false
	}
	k1 := (11 - weighted(d, 3, 7, 6, 1, 8, 9, 4, 5, 2)%11) % 11
	k2 := (11 - weighted(d, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)%11) % 11
	return k1 == int(d[9]) && k2 == int(d[10])
}

func polish(d []byte) bool {
	return calendar(number(d[2:4])%20, number(d[4:6])) && (10-weighted(d, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3)%10)%10 == int(d[10])
}

// german: of the first ten digits one occurs twice or three times, all others
// at most once.
func german(d []byte) bool {
	var count [10]int
	for _, x := range d[:10] {
		count[x]++
	}
	repeated := 0
	for _, n := range count {
		if n > 3 {
			return false
		}
		if n > 1 {
			repeated++
		}
	}
	return d[0] != 0 && repeated == 1 && iso7064mod1110(d)
}

func swiss(d []byte) bool {
	return number(d[:3]) == 756 && (10-weighted(d, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3)%10)%10 == int(d[12])
}

// swedish: coordination numbers add 60 to the day.
func swedish(d []byte) bool {
	return calendar(number(d[2:4]), number(d[4:6])%60) && luhn(d)
}

func swedish12(d []byte) bool {
	century := number(d[:2])
	return century >= 18 && century <= 20 && swedish(d[2:])
}

func danish(d []byte) bool { return calendar(number(d[2:4]), number(d[:2])) && !same(d) }

func czech(d []byte) bool {
	month := number(d[2:4])
	for _, add := range []int{70, 50, 20} {
		if month > add {
			month -= add
			break
		}
	}
	return calendar(month, number(d[4:6])) && number(d)%11 == 0
}

func britishNHS(d []byte) bool {
	k := 11 - weighted(d, 10, 9, 8, 7, 6, 5, 4, 3, 2)%11
	return k != 10 && k%11 == int(d[9]) && !same(d)
}

func dutch(d []byte) bool {
	return !same(d) && (weighted(d, 9, 8, 7, 6, 5, 4, 3, 2)-int(d[8]))%11 == 0
}

func portuguese(d []byte) bool {
	if d[0] == 0 || d[0] == 4 || d[0] == 7 {
		return false
	}
	k := 11 - weighted(d, 9, 8, 7, 6, 5, 4, 3, 2)%11
	if k > 9 {
		k = 0
	}
	return k == int(d[8])
}

func romanian(d []byte) bool {
	k := weighted(d, 2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9) % 11
	if k == 10 {
		k = 1
	}
	county := number(d[7:9])
	return d[0] != 0 && calendar(number(d[3:5]), number(d[5:7])) && county >= 1 && county <= 52 && k == int(d[12])
}

func bulgarian(d []byte) bool {
	month := number(d[2:4]) % 20
	return calendar(month, number(d[4:6])) && weighted(d, 2, 4, 8, 5, 10, 9, 7, 3, 6)%11%10 == int(d[9])
}

func austrian(d []byte) bool {
	return d[0] != 0 && calendar(min(number(d[6:8]), 12), number(d[4:6])) && weighted(d, 3, 7, 9, 0, 5, 8, 4, 2, 1, 6)%11 == int(d[3])
}
