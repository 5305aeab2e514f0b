package normal

// symbols of the letter model: a–z without case, and 26 for whatever is no
// such letter: a word's boundary.
const (
	symbols  = 27
	boundary = symbols - 1
)

// costs says how surprising it is in English that one symbol follows another,
// in quarters of a bit, '0' and up: row the first, column the second symbol.
// Counts from the permissive English sources of the training corpora, printed
// by gen_bigram.go.
const costs = "" +
	"^FADWNGZC`G>D:^F`=?;KFOSDY>" +
	"<QSW9WV[@G_:S]=T`?GQ@```=`B" +
	"9\\CZ=Z`;B`DCU[;Z_CL<C```M`E" +
	"ATYJ9YPO=[`MWM?ZUFGVGO[[N`5" +
	"CRC@GKLTO^WDF>NHP<>BVGMELZ6" +
	"A]\\X?B[`;``G^R9``@QF?`^YI`8" +
	"AWZZ9[J@?``JUEAG`AFPD```N`6" +
	":Z`P6\\``=``UWK;Y`LRFM```G`<" +
	"HL@CEEF`]`MAD8>JOG>=ZE`M`N=" +
	";U`Z8W``I`Z_``<PUW>`6`X```K" +
	"IQWO6QLV<`WKV?MU`QAPS`U`P`7" +
	">RTB:LU\\<`Q=SV>M`UEFCQI`@`:" +
	":DXT9U]`A``PFT=>`\\IZD```<`<" +
	"B\\A=>I<\\DYMKTMBO`Z?<LM_`G`8" +
	"NKHDMBLZJXLDA9HD`;GC=I@[W_;" +
	">_ZO;Y[FB``=P]<C`;H?@``ZI`?" +
	"I`VV``^`[Z`D``Z]YYUV1`U```D" +
	"=TKC8OIY>`JNEF>R`GCAHMX`E`:" +
	"E`GT;L_C@`MOPNCDXVB;D_L`K`6" +
	"A\\QW<ZR9=``MR^=L`CEKF[M`H`8" +
	"EHCD@JG`H`W=D<VC`<;;```YV^?" +
	";`X`3`]`9`````CW`ZV`P```U`E" +
	"<^^Z>``99``P_H?``CIZ``Y`^`8" +
	"A_@U:RTHA``SM`V9``T:M``MU`9" +
	"QIRVE[[]J``KGO;D`V@F``V\\`J3" +
	">``\\3`]O?``IUU@`]`R]J```JDA" +
	"=D@BEBGC>OOGAFABSC@;FMAYH]`"

// symbol folds a byte to its symbol.
var symbol = func() (t [256]uint8) {
	for i := range t {
		t[i] = boundary
	}
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-32] = uint8(c-'a'), uint8(c-'a')
	}
	return t
}()

// cost[a<<5|b] is the cost of b after a, in quarters of a bit.
var cost = func() (t [symbols << 5]int16) {
	for a := range symbols {
		for b := range symbols {
			t[a<<5|b] = int16(costs[a*symbols+b] - '0')
		}
	}
	return t
}()

// english returns the mean cost of text's letters in quarters of a bit and
// their number. A run of other bytes counts as one boundary. English prose
// stands at 12 to 14, letters at random at 25 and more.
func english(text string) (mean float64, letters int) {
	prev, sum, n := uint8(boundary), 0, 0
	for i := 0; i < len(text); i++ {
		s := symbol[text[i]]
		if s == boundary {
			if prev == boundary {
				continue
			}
		} else {
			letters++
		}
		sum += int(cost[uint(prev)<<5|uint(s)])
		prev = s
		n++
	}
	if prev != boundary {
		sum += int(cost[uint(prev)<<5|boundary])
		n++
	}
	if n == 0 {
		return 99, 0
	}
	return float64(sum) / float64(n), letters
}
