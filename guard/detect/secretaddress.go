package detect

import "strings"

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
	host := strings.ToLower(strings.TrimPrefix(after, "@"))
	for i := 0; i < len(host); i++ {
		if !is(host[i], classAlnum) && host[i] != '.' && host[i] != '-' {
			host = host[:i]
			break
		}
	}
	host = strings.TrimSuffix(host, ".")
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
	return among(shownNames, strings.ToLower(strings.TrimSuffix(name, ":"))) && among(shownPasswords, password)
}

func among(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
