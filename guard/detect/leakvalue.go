package detect

import (
	"regexp"
	"strings"
)

// Bounds of declared values.
const (
	maxDeclared      = 64 // bytes of one value
	maxDeclaredCount = 32 // values of one set of instructions
)

// declaredValue finds a value that a text calls secret: a noun that says so, a
// word that equates, and the value, quoted or not.
var declaredValue = regexp.MustCompile(`(?i)\b(?:password|passphrase|passcode|passwort|codeword|code ?word|secret(?: (?:word|code|phrase|key|number|name|token))?|(?:access|launch|entry|door|gate|vault|safe|alarm|lock|unlock|override|bypass|emergency|security|staff|root|magic|activation|admin|master|discount|coupon|voucher|promo|recovery|internal|project) (?:code|key|pin|name|word|phrase)|passkey|pin(?: code)?|api[ _-]?key|canary|kennwort|geheimwort|mot de passe|contraseña|senha|parola d'ordine|wachtwoord|hasło)\b` +
	`[^.:=\n"'“„«` + "`" + `]{0,40}?(?:[ \t]*(?::|=|->)|[ \t](?:is|are|ist|lautet|est|es|è|é|jest))[ \t]{1,4}` +
	`(?:["'“„«` + "`" + `]([^"'“”„«»` + "`" + `\n]{4,64})["'“”»` + "`" + `]|([^\s"'“”„«»` + "`" + `,;<>{}()\[\]]{4,64}))`)

// declaredValues returns a finder of the values that instructions call secret,
// nil without any.
func declaredValues(text string) *wordTrie {
	var t *wordTrie
	found := declaredValue.FindAllStringSubmatch(text, maxDeclaredCount)
	for i, m := range found {
		v, quoted := strings.TrimSpace(m[1]), true
		if v == "" {
			v, quoted = strings.TrimRight(m[2], ".:!?"), false
		}
		if !distinctive(v, quoted) {
			continue
		}
		if t == nil {
			t = newWordTrie()
		}
		t.add(v, i)
	}
	return t
}

// distinctive reports whether a value can be told from ordinary words: a quoted
// one if it is no placeholder, another if it is not written like a plain word.
func distinctive(v string, quoted bool) bool {
	if len(v) < 4 || placeholder(v) {
		return false
	}
	low := strings.ToLower(v)
	switch low {
	case "string", "secret", "password", "value", "none", "null", "true", "false", "required", "optional", "number", "text", "json", "user", "admin", "redacted", "confidential", "hidden", "unknown":
		return false
	}
	if quoted {
		return !functionWord(low)
	}
	return strings.ContainsAny(v, "0123456789_") || v[1:] != low[1:] ||
		strings.Contains(strings.Trim(v, "-"), "-")
}
