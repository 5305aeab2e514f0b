package detect

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// shownNames and shownPasswords are what documentation writes before and after
// the colon of "https://user:pass@host".
var (
	shownNames     = []string{"", "user", "username", "usr", "user1", "name", "login", "me", "youruser", "myuser", "uid", "u"}
	shownPasswords = []string{"pass", "password", "passwd", "passwort", "pwd", "pw", "secret", "token", "mypass", "mypassword", "pass123", "password123"}
)

// shownHosts are names that RFC 2606 and RFC 6761 keep for documentation and
// tests; what is under them counts too.
var shownHosts = []string{"example.com", "example.org", "example.net", "example.edu", "example", "test", "invalid", "localhost"}

// shownAddress reports whether the credentials of an address are made up for a
// text. before runs from the scheme to the end of value, the password; after
// begins with the "@" behind it.
func shownAddress(value, before, after string) bool {
	host := strings.TrimPrefix(after, "@")
	if i := strings.IndexFunc(host, endsHost); i >= 0 {
		host = host[:i]
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	for _, h := range shownHosts {
		if host == h || strings.HasSuffix(host, "."+h) {
			return true
		}
	}
	password := strings.ToLower(value)
	if strings.Trim(password, "x*.-_") == "" {
		return true
	}
	_, name, _ := strings.Cut(before[:len(before)-len(value)], "://")
	if strings.HasSuffix(name, "[:") && strings.HasSuffix(password, "]") { // the form: [user][:password]@host
		return true
	}
	return among(shownNames, strings.ToLower(strings.TrimSuffix(name, ":"))) && among(shownPasswords, password)
}

// endsHost reports whether r cannot be part of a name of the DNS, in any case.
func endsHost(r rune) bool {
	r = unicode.ToLower(r)
	return r >= utf8.RuneSelf || !is(byte(r), classAlnum) && r != '.' && r != '-'
}

func among(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
