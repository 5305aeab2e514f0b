package normal

import "unicode"

// Look-alikes of Latin letters, as pairs of a letter and what it shows. The
// selection is this project's own, drawn up by eye along the lines of Unicode
// Technical Standard 39: same holds those that common fonts draw alike, near
// those that a reader accepts inside a Latin word.
const (
	sameCyrillic = "аaеeоoрpсcуyхxіiјjѕsһhԁdԛqԝwӏlАAВBЕEКKМMНHОOРPСCТTУYХXІIЈJЅSԚQԜWҮYӀIԌGԀDҺhѵvѴVѐeѝuӧoӑaӓaӗeїi"
	nearCyrillic = "кkмmтtвbнhгrпnиuьbзzфqшwщwцuчyяRлnдaйuґrҡkқkңhҷyҳxүyұyөoәeєeэeЗ3И0бb"
	sameGreek    = "ΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧXοoνvαaρpιiϲcϳjϹC"
	nearGreek    = "κkυuτtηnωwγyχxεeσoςcβbμuδdθoλlπnάaέeίiόoύuήnώwϊiϋuΐiΔAΛAΣEΩOΘOΠNΞE"
	sameArmenian = "օoսuհhոnզqցgյjՏSՕOՍUԼLՈnսu"
	nearArmenian = "ռnլlաwքfղnմuտuկkվkբpեtիhՀRՊqՑ3Մ0"
	cherokee     = "ᎠDᎡRᎢTᎥiᎪAᎫJᎬEᎳWᎷMᎻHᎽYᏀGᏃZᏏbᏒRᏔWᏕSᏙVᏚSᏞLᏟCᏢPᏦKᏧdᏴBᏳGᏂhᏓdᏋEᎾOᎤOᎶGᎿtᏎ4ꭰdꭱrꭲtꭵiꭺaꭻjꭼeꮃwꮇmꮋhꮍyꮐgꮓzꮪsꮩvꮮlꮯcꮲpꮶk"
	lisu         = "ꓐBꓑPꓒdꓓDꓔTꓖGꓗKꓙJꓚCꓜZꓝFꓟMꓠNꓡLꓢSꓣRꓦVꓧHꓪWꓫXꓬYꓮAꓰEꓲIꓳOꓴU"
	coptic       = "ⲞOⲟoⲤCⲥcⲢPⲣpⲘMⲙmⲔKⲕkⲎHⲚNⲛnⲒIⲓiⲦTⲧtⲬXⲭxⲀAⲁaⲂBⲃbⲈEⲉeⲨYⲩyⲌZⲍz"
	syllabics    = "ᗩAᗅAᗷBᑕCᗪDᗴEᕮEᖴFᘜGᕼHᒍJᒎJᛕKᒪLᗰMᑎNᑭPᑫQᖇRᔕSᑌUᐯVᗯW᙭XᘔZᗞDᗽBᕒRᑲbᑯdᑶpᒿ2ᒥrᙎDᙖBᙏMᙓE"
	tifinagh     = "ⵏlⵔOⵙOⵝXⵠAⵡUⴹEⴸV"
	georgian     = "ოoჿyეgუyიoსbძdხbჰ3"
	latin        = "ɡgɑaıiɩiɪiɓbƅbɕcƈcçcɗdɖdđdɇeɘeɛeɜeƒfɠgɢgɦhħhɨiɭlɫlƚlłlʝjƙkɱmɲnŋnɳnƞnɵoøoƥpʠqɋqɾrɽrɍrʂsƨsƭtʈtŧtʉuʋvⱳwƴyɏyʐzȥzƶz"
)

// script says of which alphabet a letter is, as far as folding needs it.
type script uint8

const (
	noScript script = iota
	latinScript
	cyrillicScript
	greekScript
	armenianScript
	decorScript // scripts that serve as ornament: Cherokee, Lisu, Coptic, syllabics…
	otherScript
)

// lookalike is what a letter shows.
type lookalike struct {
	to   byte
	near bool
	in   script
}

var lookalikes = func() *runeTable[lookalike] {
	t := make(map[rune]lookalike, 512)
	add := func(pairs string, in script, near bool) {
		var from rune
		for _, r := range pairs {
			if from == 0 {
				from = r
				continue
			}
			if _, dup := t[from]; !dup && r != '0' {
				t[from] = lookalike{byte(r), near, in}
			}
			from = 0
		}
	}
	add(sameCyrillic, cyrillicScript, false)
	add(nearCyrillic, cyrillicScript, true)
	add(sameGreek, greekScript, false)
	add(nearGreek, greekScript, true)
	add(sameArmenian, armenianScript, false)
	add(nearArmenian, armenianScript, true)
	for _, pairs := range []string{cherokee, lisu, coptic, syllabics, tifinagh, georgian} {
		add(pairs, decorScript, false)
	}
	add(latin, latinScript, true)
	return tableOf(t)
}()

// lookalikeOf returns what r shows.
func lookalikeOf(r rune) (lookalike, bool) {
	l := lookalikes.at(r)
	return l, l.to != 0
}

// toCyrillic leads from Latin letters to the Cyrillic ones that look the same,
// for Russian and Ukrainian words with foreign letters put in.
var toCyrillic = func() (t [128]rune) {
	var from rune
	for _, r := range sameCyrillic {
		if from == 0 {
			from = r
			continue
		}
		if t[r] == 0 {
			t[r] = from
		}
		from = 0
	}
	return t
}()

// scriptOf returns the script of a letter, noScript for what is no letter.
func scriptOf(r rune) script {
	switch {
	case r < 0x80:
		if r|0x20 >= 'a' && r|0x20 <= 'z' {
			return latinScript
		}
		return noScript
	case r < 0x370:
		if r < 0xC0 || r == 0xD7 || r == 0xF7 || r >= 0x2B0 {
			return noScript
		}
		return latinScript
	case r < 0x400:
		return greekScript
	case r < 0x530:
		return cyrillicScript
	case r < 0x590:
		return armenianScript
	case r >= 0x13A0 && r <= 0x167F, r >= 0x2C80 && r <= 0x2CFF, r >= 0xA4D0 && r <= 0xA4FF, r >= 0xAB70 && r <= 0xABBF,
		r >= 0x10D0 && r <= 0x10FF, r >= 0x2D30 && r <= 0x2D7F, r >= 0x16A0 && r <= 0x16FF:
		return decorScript
	case r >= 0x1E00 && r <= 0x1EFF, r >= 0x1D00 && r <= 0x1DBF, r >= 0x2C60 && r <= 0x2C7F, r >= 0xA720 && r <= 0xA7FF:
		return latinScript
	case r >= 0x1F00 && r <= 0x1FFF:
		return greekScript
	}
	if unicode.IsLetter(r) {
		return otherScript
	}
	return noScript
}
