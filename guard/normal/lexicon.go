package normal

import "strings"

// words are common words of English, words that instructions to a model are
// made of, and the commonest function words of other languages in Latin
// letters. They confirm that a decoded text is language, and give glued letters
// their spaces back.
const words = `the be to of and in that have it for not on with he as you do at this but his by from they we say her she or an will my
one all would there their what so up out if about who get which go me when make can like time no just him know take people into year your
good some could them see other than then now look only come its over think also back after use two how our work first well way even new want
because any these give day most us is are was were been has had did does done said made went being more very much many where why here still
between before under never always every each both few own same too such through during while again against down off should must may might
shall need let lets please thanks thank hello sure okay yes world long little great right left high small large big next last early young
old different important public bad able part place case week company number group problem fact money lot book eye job word business issue
side kind head house service friend father mother power hour game line end member law car city community name president team minute idea kid
body information nothing something anything everything someone anyone everyone question government night point home water room area story
school study student country state family program system systems prompt prompts instruct instructed instruction instructions ignore ignored
ignoring previous previously prior above below earlier following follow follows rule rules disregard forget forgot override overrides bypass
reveal reveals show tell print output outputs repeat verbatim secret secrets password passwords passphrase key keys token tokens credential
credentials hidden confidential private developer developers mode admin administrator root user users assistant model models chat message
messages conversation context policy policies safety filter filters restriction restrictions restricted limit limits guideline guidelines
guard guardrail guardrails content response respond answer answers reply pretend act acting role play roleplay character jailbreak
unrestricted unlimited uncensored without anymore instead start begin stop enable enabled disable disabled execute executed command commands
code script shell send sends email emails mail data file files delete deletes remove drop table database upload download link links click
visit website url http https account accounts bank card credit transfer payment pay address phone call contact access permission permissions
grant allow allowed deny denied block blocked harmful dangerous illegal weapon weapons bomb explosive explosives poison kill attack attacks
hack hacker hacking malware virus exploit exploits steal drug drugs drugged meth build create write writes writing read explain describe
detail details detailed step steps guide recipe list full complete entire exactly exact only initial original real actual actually text
document documents summary summarize translate language english french german spanish test testing debug true false input inject injection
payload decode encode encoded decoded base encrypt decrypt cipher hide unlock locked open close process function return value error warning
urgent immediate immediately important attention note notice remember update updated upgrade version simulate simulation fiction fictional
story novel scene evil twin free freely anything dan human humans person computer machine intelligence artificial language internal external
server network agent agents tool tools browser search web page site image picture video customer support order orders product report
reports meeting office manager boss employee employees team project plan plans hello morning afternoon evening tonight today tomorrow
yesterday monday tuesday wednesday thursday friday saturday sunday january february march april june july august september october november
december bring cause change changes check common consider continue control could decide different easy feel find found help helpful hold
keep kept later learn leave live lunch dinner lines main mean mind move near number offer often once pass past quick quickly brown fox jumps
lazy dog rest run running seem set several since sort sound special stand talk together train try trying turn understand until useful usual
using wait walk watch whole within word words wrong breakfast garden kitchen library museum station ticket weather winter summer spring
autumn river mountain forest ocean island bridge street window door chair music paper letter letters box boxes train meet noon midnight
der die das und ist nicht ich sie mit von den dem ein eine auf wie alle alles vorherigen anweisungen ignoriere geheim passwort
les des une est que qui dans pour pas sur avec vous nous toutes ignorez precedentes consignes secret mot passe
los las una que con por para como todas ignora anteriores instrucciones contrasena clave che non per sono della tutte istruzioni
precedenti segreto nao uma com mais instrucoes senha het een van niet alle vorige instructies negeer geheim wachtwoord`

// node is one step of a trie over a–z; a child of 0 is none.
type node struct {
	child [26]uint16
	word  bool
}

var lexicon = func() []node {
	t := make([]node, 1, 4096)
	at := uint16(0)
	for i := 0; i <= len(words); i++ {
		if i == len(words) || words[i] < 'a' {
			t[at].word, at = at != 0, 0
			continue
		}
		c := words[i] - 'a'
		if t[at].child[c] == 0 {
			t = append(t, node{})
			t[at].child[c] = uint16(len(t) - 1)
		}
		at = t[at].child[c]
	}
	return t
}()

// known reports whether word, ASCII letters of either case, is in the lexicon.
func known[T string | []byte](word T) bool {
	at := uint16(0)
	for i := 0; i < len(word); i++ {
		c := word[i] | 0x20 - 'a'
		if c > 25 {
			return false
		}
		if at = lexicon[at].child[c]; at == 0 {
			return false
		}
	}
	return lexicon[at].word
}

// wordCount says which words of two letters and more a text has.
type wordCount struct {
	words, letters      int
	known, knownLetters int // of them in the lexicon
	longest             int // letters of the longest known word
	other               int // letters of the longest known word that is not the longest again
}

// countWords counts the words of text.
func countWords(text string) (c wordCount) {
	var longest string
	for i := 0; i < len(text); {
		if symbol[text[i]] == boundary {
			i++
			continue
		}
		j := i + 1
		for j < len(text) && symbol[text[j]] != boundary {
			j++
		}
		if j-i > 1 {
			c.words++
			c.letters += j - i
			if j-i <= 20 && known(text[i:j]) {
				c.known++
				c.knownLetters += j - i
				switch word := text[i:j]; {
				case len(word) > c.longest:
					c.other = c.longest
					longest, c.longest = word, len(word)
				case len(word) > c.other && !strings.EqualFold(word, longest):
					c.other = len(word)
				}
			}
		}
		i = j
	}
	return c
}
