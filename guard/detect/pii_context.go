package detect

import "strings"

// hint is a set of subjects that the words before a number speak of.
type hint uint64

const (
	hintPhone hint = 1 << iota
	hintVersion
	hintAddress // of a network
	hintSSN
	hintNHS
	hintNINO
	hintDNI
	hintSteuer
	hintBSN
	hintBE
	hintPESEL
	hintCPF
	hintAadhaar
	hintPAN
	hintPersonnummer
	hintCPR
	hintNIF
	hintTC
	hintZA
	hintTFN
	hintMedicare
	hintSIN
	hintMyNumber
	hintPPS
	hintTaxID // in general: tax id, TIN, national id
	hintIL
	hintRO
	hintAT
	hintITIN
	hintCN
	hintKR
	hintBG
)

// hintWords says which word speaks of what. Keys are lower case.
var hintWords = func() map[string]hint {
	m := map[string]hint{}
	for h, words := range map[hint]string{
		hintPhone: "phone phones telephone tel tél mobile cell cellphone cellular fax call calling called dial text sms whatsapp signal " +
			"viber telegram ring reach contact hotline answering answered voicemail landline handy telefon telefonnummer handynummer mobil mobilnummer rufnummer anrufen " +
			"téléphone telephone portable appelez appeler teléfono telefono móvil movil celular llamar llame llámame telefone telemóvel telemovel ligue ligar cellulare " +
			"chiamare chiamami telefoon telefoonnummer bel mobiel telefonu komórka komórkowy zadzwoń dzwoń телефон телефона телефону тел мобильный мобільний звоните позвоните номер " +
			"telefonnr tlf ring puhelin puhelinnumero gsm telefonum telefonnumret số đt điện thoại telp nomor hp هاتف جوال موبایل تلفن फोन मोबाइल toll",
		hintVersion: "version versions ver v release released build semver rev revision firmware oid section chapter § upgrade upgraded update changelog tag " +
			"versión versão versione wersja версия sürüm",
		hintAddress:      "ip ips address addresses addr ipv host hosts server login client from visitor ping gateway remote peer source src dst logged adresse adres dirección indirizzo endereço адрес",
		hintSSN:          "ssn ssns social security socialsecurity taxpayer",
		hintITIN:         "itin",
		hintNHS:          "nhs patient health",
		hintNINO:         "ni nino nin insurance",
		hintDNI:          "dni nie nif documento identidad cif",
		hintSteuer:       "steuer steuerid steuernummer identifikationsnummer idnr steuerliche steueridentifikationsnummer tin",
		hintBSN:          "bsn burgerservicenummer sofi sofinummer",
		hintBE:           "rijksregisternummer rijksregister rrn insz niss nn registre",
		hintPESEL:        "pesel pesele peselu",
		hintCPF:          "cpf cpfs cadastro",
		hintAadhaar:      "aadhaar aadhar uid uidai आधार",
		hintPAN:          "pan",
		hintPersonnummer: "personnummer personnr samordningsnummer pnr fødselsnummer fodselsnummer fnr",
		hintCPR:          "cpr personnummer",
		hintNIF:          "nif contribuinte fiscal",
		hintTC:           "tc tckn kimlik tckimlik vatandaşlık",
		hintZA:           "rsa sa identity",
		hintTFN:          "tfn tax",
		hintMedicare:     "medicare",
		hintSIN:          "sin sins nas insurance",
		hintMyNumber:     "mynumber マイナンバー",
		hintPPS:          "pps ppsn",
		hintTaxID:        "tin national identity identification passport",
		hintIL:           "teudat zehut israeli תז זהות",
		hintRO:           "cnp",
		hintAT:           "svnr sozialversicherungsnummer sv",
		hintBG:           "egn егн",
		hintCN:           "居民 身份证",
		hintKR:           "주민등록번호",
	} {
		for w := range strings.FieldsSeq(words) {
			m[w] |= h
		}
	}
	return m
}()

// hintRunes are the words of scripts that write no spaces.
var hintRunes = []struct {
	word string
	hint hint
}{
	{"电话", hintPhone}, {"電話", hintPhone}, {"手机", hintPhone}, {"手機", hintPhone}, {"联系", hintPhone}, {"携帯", hintPhone}, {"전화", hintPhone},
	{"휴대폰", hintPhone}, {"연락처", hintPhone}, {"โทร", hintPhone}, {"版本", hintVersion}, {"バージョン", hintVersion}, {"버전", hintVersion}, {"地址", hintAddress},
	{"マイナンバー", hintMyNumber}, {"個人番号", hintMyNumber}, {"身份证", hintCN}, {"주민등록번호", hintKR},
}

// hintWindow remembers the words before a number, since the next number often
// follows the same words.
type hintWindow struct {
	upto  int // end of the last word; the words are those before it
	valid bool
	n     int
	words [contextBytes / 2]hintWord
	wide  bool // a word of three-byte letters is among them
}

type hintWord struct {
	start int
	hint  hint
}

// before returns what the words in the contextBytes before at speak of. All
// calls on one window are for the same text, at ascending offsets.
func (w *hintWindow) before(text string, at int) hint {
	from := max(0, at-contextBytes)
	upto := at
	for upto > from && classes[text[upto-1]]&(classLetter|classHigh) == 0 {
		upto--
	}
	if !w.valid || w.upto != upto {
		w.read(text, from, upto)
	}
	var h hint
	for _, k := range w.words[:w.n] {
		if k.start >= from {
			h |= k.hint
		}
	}
	if w.wide {
		for _, k := range hintRunes {
			if strings.Contains(text[from:upto], k.word) {
				h |= k.hint
			}
		}
	}
	return h
}

// read fills the window with the words of text[from:upto].
func (w *hintWindow) read(text string, from, upto int) {
	w.valid, w.upto, w.n, w.wide = true, upto, 0, false
	for i := from; i < upto; {
		if classes[text[i]]&(classLetter|classHigh) == 0 {
			i++
			continue
		}
		j, part := i, i
		cut := i == from && from > 0 && classes[text[i-1]]&(classLetter|classHigh) != 0
		var seen byteClass
		var h hint
		for j < upto && classes[text[j]]&(classLetter|classHigh) != 0 {
			if j > i && classes[text[j]]&classUpper != 0 && classes[text[j-1]]&classLower != 0 {
				if !cut || part > i {
					w.add(part, hintOf(text[part:j], seen)) // camelCase
				}
				part = j
			}
			w.wide = w.wide || text[j] >= 0xE0
			seen |= classes[text[j]]
			j++
		}
		if !cut {
			h = hintOf(text[i:j], seen)
		}
		w.add(i, h)
		if part > i {
			w.add(part, hintOf(text[part:j], seen))
		}
		i = j
	}
}

func (w *hintWindow) add(start int, h hint) {
	if h != 0 && w.n < len(w.words) {
		w.words[w.n] = hintWord{start, h}
		w.n++
	}
}

// hintOf looks a word up; seen holds the classes of its bytes.
func hintOf(word string, seen byteClass) hint {
	if len(word) > 32 {
		return 0
	}
	if seen&classHigh != 0 {
		return hintWords[strings.ToLower(word)]
	}
	if seen&classUpper == 0 {
		return hintWords[word]
	}
	var buf [32]byte
	for i := range len(word) {
		buf[i] = foldByte(word[i])
	}
	return hintWords[string(buf[:len(word)])]
}
