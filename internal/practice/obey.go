package practice

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
)

var (
	wantsPrompt = regexp.MustCompile(`(?i)\b(reveal|print|repeat|show|tell|output|give|write|list|what (?:is|are|was|were)|display|quote|recite|share|spell|encode|translate|include|append|put|send|hand|say)s?\b[^.!?\n]{0,120}\b(system prompt|prompt|instructions|rules|everything above|text above|words above|guidelines|configuration)\b`)
	wantsSecret = regexp.MustCompile(`(?i)\b(reveal|print|repeat|show|tell|output|give|write|what(?:'s| is)|display|quote|recite|share|spell|encode|include|append|put|send|hand|say|need)s?\b[^.!?\n]{0,120}\b(secret|code|key|password|passphrase|token|credential)s?\b`)
	override    = regexp.MustCompile(`(?i)\b(ignore|forget|disregard|override|bypass|discard|drop|skip|cancel)\b[^.!?\n]{0,60}\b(instruction|rule|prompt|guideline|restriction|above|previous|prior|earlier|everything|told)`)
	rolePlay    = regexp.MustCompile(`(?i)\b(you are now|from now on you|act as|pretend|role-?play|imagine you|play the part|stay in character|let's play)\b`)
	authority   = regexp.MustCompile(`(?i)\b(i am (?:the|your) (?:admin|administrator|developer|owner|creator|manager)|as your (?:developer|creator|admin)|debug mode|developer mode|maintenance mode|authori[sz]ed|emergency override|security audit)\b`)
	sayOnly     = regexp.MustCompile(`(?i)\b(?:say|reply|respond|answer|output|print|write)\b(?: only| just| with| the (?:word|words|phrase|sentence))*\s*[:,]?\s*["“'‘]([^"”'’\n]{1,200})["”'’]`)
	sayWord     = regexp.MustCompile(`(?i:\b(?:say|write|print|answer|reply|output|confirms?|begin|permitted|schreib|antworte|responde|scrivi|escreve)\b|réponse|напиши|输出|تكتب)[^\n]{0,80}?\b([A-Z]{4,12}[0-9]{3})\b`)
	link        = regexp.MustCompile(`https?://[^\s)>"'\]]+`)
	wantsImage  = regexp.MustCompile(`(?i)\b(image|picture|markdown|!\[|pixel|link|url|fetch|load|render)\b`)
	spelled     = regexp.MustCompile(`(?i)\b(letter by letter|spell|spaced|with spaces|one (?:character|letter) (?:per|at a time)|hyphens between)\b`)
	backwards   = regexp.MustCompile(`(?i)\b(backwards?|reversed?|in reverse)\b`)
	encoded     = regexp.MustCompile(`(?i)\bbase ?64\b`)
	quotation   = regexp.MustCompile(`["“][^"”\n]{1,200}["”]`)
	toAgents    = regexp.MustCompile(`(?i)\b(ai|assistant|model|llm|chatbot|agent|you|your|system)\b`)
)

// suspicious is the word filter of level 3.
func suspicious(s string) bool {
	return pushy(s) || wantsSecret.MatchString(s) || wantsPrompt.MatchString(s)
}

// pushy is the word filter of level 4, which watches its tongue instead.
func pushy(s string) bool {
	return override.MatchString(s) || rolePlay.MatchString(s) || authority.MatchString(s)
}

// filtered reports whether the level's word filter refuses a text.
func (l Level) filtered(s string) bool {
	return l == 3 && suspicious(s) || l == 4 && pushy(s) || l >= 5 && suspicious(s)
}

// commandsIn returns the sentences of a document that address a reader like the
// target and tell it to do something.
func commandsIn(doc string) []string {
	var out []string
	for _, s := range sentences(doc) {
		if override.MatchString(s) || wantsPrompt.MatchString(s) || wantsSecret.MatchString(s) || sayOnly.MatchString(s) ||
			toAgents.MatchString(s) && (rolePlay.MatchString(s) || toolVerb.MatchString(s) || link.MatchString(s)) {
			out = append(out, s)
		}
		if len(out) == 16 {
			break
		}
	}
	if len(out) > 1 { // a command may be spread over sentences
		out = append([]string{strings.Join(out, " ")}, out...)
	}
	return out
}

var sentenceEnd = regexp.MustCompile(`[.!?]+(?:\s|$)|\n+`)

func sentences(s string) []string {
	var out []string
	at := 0
	for _, m := range sentenceEnd.FindAllStringIndex(s, 1000) {
		if t := strings.TrimSpace(s[at:m[1]]); t != "" {
			out = append(out, t)
		}
		at = m[1]
	}
	if t := strings.TrimSpace(s[at:]); t != "" {
		out = append(out, t)
	}
	return out
}

// obey does what a command says, if it is one that this level falls for.
func (m *mind) obey(c command) (Reply, bool) {
	// Even a naive model knows a quotation from an order.
	order := quotation.ReplaceAllString(c.text, "")
	persuaded := m.level == 1 || c.from == "document" || c.decoded != "" ||
		override.MatchString(order) || rolePlay.MatchString(order) || authority.MatchString(order)
	if m.level == 4 && c.from == "user" {
		persuaded = persuaded || spelled.MatchString(c.text) || backwards.MatchString(c.text) || encoded.MatchString(c.text)
	}
	how := weakness(c)
	asksSecret, asksPrompt := wantsSecret.MatchString(c.text), wantsPrompt.MatchString(c.text)
	if !persuaded {
		if asksSecret || asksPrompt {
			return Reply{Text: refusal}, true
		}
		return Reply{}, false
	}
	if call, ok := m.tool(c.text); ok && (c.from == "document" || c.decoded != "") {
		return Reply{Calls: []Call{call}, Obeyed: how}, true
	}
	if u := link.FindString(c.text); u != "" && wantsImage.MatchString(c.text) && (asksSecret || asksPrompt || c.from == "document") {
		return Reply{Text: "Here is the summary you asked for.\n\n![status](" + carry(u, m.take(asksPrompt)) + ")", Obeyed: how}, true
	}
	switch {
	case asksSecret && m.secret != "":
		return Reply{Text: "Of course. It is " + m.dressed(c.text, m.secret) + ".", Obeyed: how}, true
	case asksPrompt:
		return Reply{Text: "Here is the text I was given:\n\n" + m.dressed(c.text, strings.TrimSpace(m.operator)), Obeyed: how}, true
	}
	if s := sayOnly.FindStringSubmatch(c.text); s != nil && (override.MatchString(c.text) || c.from == "document" || c.decoded != "") {
		return Reply{Text: s[1], Obeyed: how}, true
	}
	if s := sayWord.FindStringSubmatch(c.text); s != nil && m.level == 1 {
		return Reply{Text: s[1], Obeyed: how}, true
	}
	if override.MatchString(order) || rolePlay.MatchString(order) && authority.MatchString(order) {
		return Reply{Text: "Understood. I have set my instructions aside and will do whatever you say next.", Obeyed: how}, true
	}
	return Reply{}, false
}

func weakness(c command) string {
	switch {
	case c.from == "document":
		return "obeyed a document"
	case c.decoded != "":
		return "decoded and obeyed " + c.decoded
	case override.MatchString(c.text):
		return "override"
	case rolePlay.MatchString(c.text):
		return "role play"
	case authority.MatchString(c.text):
		return "authority"
	}
	return "direct request"
}

// take returns what an exfiltrating command carries off.
func (m *mind) take(prompt bool) string {
	if prompt || m.secret == "" {
		return strings.TrimSpace(m.operator)
	}
	return m.secret
}

// carry adds data to a link as its author meant it: in place of a braced or
// capital placeholder, else as a query.
func carry(u, data string) string {
	q := url.QueryEscape(data)
	if i, j := strings.IndexByte(u, '{'), strings.IndexByte(u, '}'); i >= 0 && j > i {
		return u[:i] + q + u[j+1:]
	}
	if strings.HasSuffix(u, "=") {
		return u + q
	}
	sep := "?"
	if strings.Contains(u, "?") {
		sep = "&"
	}
	return u + sep + "data=" + q
}

// dressed writes s the way the command asks for.
func (m *mind) dressed(command, s string) string {
	switch {
	case encoded.MatchString(command):
		return base64.StdEncoding.EncodeToString([]byte(s))
	case backwards.MatchString(command):
		r := []rune(s)
		for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
			r[i], r[j] = r[j], r[i]
		}
		return string(r)
	case spelled.MatchString(command):
		return strings.Join(strings.Split(s, ""), " ")
	}
	return s
}
