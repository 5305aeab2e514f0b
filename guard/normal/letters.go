package normal

// enclosed returns the letter inside a circled, parenthesised or squared
// character, also those that Unicode does not fold, 0 if r is none.
func enclosed(r rune) byte {
	switch {
	case r < 0x249C:
		return 0
	case r <= 0x24B5:
		return byte('a' + r - 0x249C)
	case r <= 0x24CF:
		return byte('A' + r - 0x24B6)
	case r <= 0x24E9:
		return byte('a' + r - 0x24D0)
	case r < 0x1F110:
		return 0
	case r <= 0x1F129:
		return byte('A' + r - 0x1F110)
	case r >= 0x1F130 && r <= 0x1F149:
		return byte('A' + r - 0x1F130)
	case r >= 0x1F150 && r <= 0x1F169:
		return byte('A' + r - 0x1F150)
	case r >= 0x1F170 && r <= 0x1F189:
		return byte('A' + r - 0x1F170)
	}
	return 0
}

// styled returns the ASCII character that a fullwidth form or a mathematical
// letter or digit stands for, 0 if r is none.
func styled(r rune) byte {
	switch {
	case r >= 0xFF01 && r <= 0xFF5E:
		return byte(r - 0xFEE0)
	case r < 0x1D400 || r > 0x1D7FF:
		return 0
	case r <= 0x1D6A3:
		n := byte((r - 0x1D400) % 52)
		if n < 26 {
			return 'A' + n
		}
		return 'a' + n - 26
	case r == 0x1D6A4:
		return 'i'
	case r == 0x1D6A5:
		return 'j'
	case r >= 0x1D7CE:
		return byte('0' + (r-0x1D7CE)%10)
	}
	return 0
}

// regional returns the letter of a regional indicator, 0 if r is none.
func regional(r rune) byte {
	if r >= 0x1F1E6 && r <= 0x1F1FF {
		return byte('A' + r - 0x1F1E6)
	}
	return 0
}

// regions are the pairs of regional indicators that are flags.
const regions = "AC AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ " +
	"CA CC CD CF CG CH CI CK CL CM CN CO CP CR CU CV CW CX CY CZ DE DG DJ DK DM DO DZ EA EC EE EG EH ER ES ET EU FI FJ FK FM FO FR " +
	"GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU IC ID IE IL IM IN IO IQ IR IS IT JE JM JO JP " +
	"KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ " +
	"NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW " +
	"SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TA TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ " +
	"UA UG UM UN US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW"

var isRegion = func() (t [26 * 26]bool) {
	for i := 0; i+1 < len(regions); i += 3 {
		t[int(regions[i]-'A')*26+int(regions[i+1]-'A')] = true
	}
	return t
}()

// mark reports whether r is a combining mark of the blocks that are piled on
// letters: those of Latin, Greek and Cyrillic.
func mark(r rune) bool {
	return r >= 0x300 && r <= 0x36F || r >= 0x483 && r <= 0x489 || r >= 0x1AB0 && r <= 0x1AFF || r >= 0x1DC0 && r <= 0x1DFF ||
		r >= 0x20D0 && r <= 0x20FF || r >= 0xFE20 && r <= 0xFE2F
}

// overlay reports whether a mark strikes a letter out, underlines or encloses
// it: no orthography of Latin letters uses these.
func overlay(r rune) bool {
	switch {
	case r >= 0x332 && r <= 0x338, r == 0x305, r == 0x33F, r >= 0x346 && r <= 0x362, r >= 0x363 && r <= 0x36F:
		return r != 0x34F && r != 0x35C && r != 0x361 // the ties of transcriptions
	case r >= 0x20D0 && r <= 0x20FF:
		return r != 0x20E3
	}
	return r >= 0x488 && r <= 0x489 || r >= 0x1AB0 && r <= 0x1AFF || r >= 0xFE20
}

// smallCaps maps small capitals to letters.
var smallCaps = tableOf(map[rune]byte{
	'ᴀ': 'a', 'ʙ': 'b', 'ᴄ': 'c', 'ᴅ': 'd', 'ᴇ': 'e', 'ꜰ': 'f', 'ғ': 'f', 'ɢ': 'g', 'ʜ': 'h', 'ɪ': 'i', 'ᴊ': 'j', 'ᴋ': 'k', 'ʟ': 'l',
	'ᴍ': 'm', 'ɴ': 'n', 'ᴏ': 'o', 'ᴘ': 'p', 'ꞯ': 'q', 'ǫ': 'q', 'ʀ': 'r', 'ꜱ': 's', 'ᴛ': 't', 'ᴜ': 'u', 'ᴠ': 'v', 'ᴡ': 'w', 'ʏ': 'y', 'ᴢ': 'z',
})

// turned maps letters drawn upside down to the letters they show.
var turned = tableOf(map[rune]byte{
	'ɐ': 'a', 'ɔ': 'c', 'ǝ': 'e', 'ə': 'e', 'ɟ': 'f', 'ƃ': 'g', 'ᵷ': 'g', 'ɓ': 'g', 'ɥ': 'h', 'ᴉ': 'i', 'ı': 'i', 'ſ': 'j', 'ɾ': 'j', 'ʞ': 'k', 'ן': 'l', 'ꞁ': 'l',
	'ɯ': 'm', 'ɹ': 'r', 'ʇ': 't', 'ʌ': 'v', 'ʍ': 'w', 'ʎ': 'y', '˙': '.', '¿': '?', '¡': '!', 'Ɐ': 'A', '∀': 'A', 'Ǝ': 'E', 'Ɔ': 'C', 'Ⅎ': 'F', '⅁': 'G', 'Ꞁ': 'L', '˥': 'L',
	'Ɯ': 'M', 'ᴚ': 'R', '⊥': 'T', 'Ʇ': 'T', 'Λ': 'V', '⅄': 'Y', 'Ժ': 'P',
})
