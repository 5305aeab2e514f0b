package detect

// americanIDs are identifiers of digits alone.
var americanIDs = []nationalID{
	{category: "pii.us_ssn", digits: 9, shapes: []string{"000-00-0000"}, check: americanSSN, words: hintSSN, free: true,
		why: "a United States social security number: area, group and serial are assigned"},
	{category: "pii.us_ssn", digits: 9, shapes: []string{"000 00 0000", "000.00.0000"}, check: americanSSN, words: hintSSN,
		why: "a United States social security number: area, group and serial are assigned, words announce it"},
	{category: "pii.us_itin", digits: 9, shapes: []string{"000-00-0000", "000 00 0000"}, check: americanITIN, words: hintITIN | hintSSN | hintTaxID,
		why: "a United States taxpayer number (ITIN): its ranges fit, words announce it"},
	{category: "pii.ca_sin", digits: 9, shapes: []string{"000 000 000"}, check: canadian, words: hintSIN, why: "a Canadian social insurance number: check digit fits, words announce it"},
	{category: "pii.br_cpf", digits: 11, shapes: []string{"000.000.000-00"}, check: brazilianCPF, words: hintCPF, free: true, why: "a Brazilian CPF: both check digits fit"},
	{category: "pii.br_cnpj", digits: 14, shapes: []string{"00.000.000/0000-00"}, check: brazilianCNPJ, words: hintCPF | hintTaxID, free: true, why: "a Brazilian CNPJ: both check digits fit"},
	{category: "pii.cl_rut", digits: 9, shapes: []string{"00.000.000-0"}, check: chilean9, free: true, why: "a Chilean RUT: check digit fits"},
	{category: "pii.cl_rut", digits: 8, shapes: []string{"0.000.000-0"}, check: chilean8, free: true, why: "a Chilean RUT: check digit fits"},
	{category: "pii.ar_cuit", digits: 11, shapes: []string{"00-00000000-0"}, check: argentine, free: true, why: "an Argentine CUIT or CUIL: check digit fits"},
}

func americanSSN(d []byte) bool {
	area := number(d[:3])
	return area != 0 && area != 666 && area < 900 && number(d[3:5]) != 0 && number(d[5:]) != 0 && !same(d)
}

func americanITIN(d []byte) bool {
	group := number(d[3:5])
	return d[0] == 9 && (group >= 50 && group <= 65 || group >= 70 && group <= 88 || group >= 90 && group <= 92 || group >= 94)
}

func canadian(d []byte) bool { return d[0] != 0 && d[0] != 8 && luhn(d) && !same(d) }

// mod11Key is the check digit of CPF and CNPJ.
func mod11Key(sum int) int {
	if k := 11 - sum%11; k < 10 {
		return k
	}
	return 0
}

func brazilianCPF(d []byte) bool {
	return !same(d) && mod11Key(weighted(d, 10, 9, 8, 7, 6, 5, 4, 3, 2)) == int(d[9]) && mod11Key(weighted(d, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2)) == int(d[10])
}

func brazilianCNPJ(d []byte) bool {
	return !same(d) && mod11Key(weighted(d, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)) == int(d[12]) && mod11Key(weighted(d, 6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)) == int(d[13])
}

// chileanKey is the check of a RUT: 0..9, or 10 for K.
func chileanKey(d []byte) int {
	sum := 0
	for i := range d {
		sum += int(d[len(d)-1-i]) * (2 + i%6)
	}
	return (11 - sum%11) % 11
}

func chilean9(d []byte) bool { return chileanKey(d[:8]) == int(d[8]) }
func chilean8(d []byte) bool { return chileanKey(d[:7]) == int(d[7]) }

func argentine(d []byte) bool {
	switch number(d[:2]) {
	case 20, 23, 24, 25, 26, 27, 30, 33, 34:
		k := (11 - weighted(d, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)%11) % 11
		return k == int(d[10])
	}
	return false
}
