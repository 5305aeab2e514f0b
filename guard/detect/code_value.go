package detect

import (
	"regexp"
	"strings"

	"github.com/corazawaf/libinjection-go"
)

// The patterns below are RE2: their work is linear in the value.
var (
	sqlUnion = regexp.MustCompile(`(?i)(?:['"\)\d]|^|\s)\s*union(?:\s|/\*.*?\*/|\+|\()+(?:all(?:\s|/\*.*?\*/|\+)+|distinct\s+)?\(?select\b[^.]{0,200}?(?:--|#|\bfrom\b|null|,|\d|@@|\()`)
	// A value that begins inside a string or number, ends it, and goes on with a
	// statement that changes things.
	sqlStacked = regexp.MustCompile(`(?i)(?:['"\)]|\d)\s*;\s*(?:drop\s+(?:table|database|schema|view|user)|delete\s+from|insert\s+into|update\s+\S+\s+set|alter\s+(?:table|user|login)|truncate\s+(?:table\s+)?\w|exec(?:ute)?[\s(]+(?:xp_|sp_|master)|create\s+(?:user|login|table|trigger)|grant\s+\w+|shutdown|declare\s+@|copy\s+\w+\s+(?:to|from)\s+program)\b`)
	// ' or 1=1, " or "a"="a, ') or ('x'='x
	sqlTautology = regexp.MustCompile(`(?i)['"]\s*\)*\s*(?:or|and|\|\||&&|xor)\s*\(*\s*(?:not\s+)?(?:(\d+)\s*(?:=|<|>|like)+\s*\d+|'([^']{0,32})'\s*(?:=|like)\s*'[^']{0,32}|"([^"]{0,32})"\s*(?:=|like)\s*"[^"]{0,32}|true\b|\w+\s*(?:=|like)\s*\w+\s*(?:--|#|/\*))`)
	sqlBlind     = regexp.MustCompile(`(?i)\b(?:sleep\s*\(\s*\d|benchmark\s*\(\s*\d+\s*,|pg_sleep\s*\(|waitfor\s+delay\s+'|dbms_pipe\.receive_message|extractvalue\s*\(\s*\d|updatexml\s*\(\s*\d|load_file\s*\(\s*['0]|into\s+(?:out|dump)file\s+['"]|xp_cmdshell|utl_http\.request|information_schema\.(?:tables|columns))`)

	shellChained = regexp.MustCompile("(?i)(?:[;&|\\n]|&&|\\|\\|)\\s*(?:sudo\\s+)?(?:/(?:usr/)?s?bin/)?(?:(?:" + sharpCommands + ")\\b(?:\\s+[-/~.$'\"\\w]|\\s*(?:[;|&>#\\n]|$))|(?:" + plainCommands + ")\\b(?:\\s+[-/~.$*]\\S|\\s*(?:[;|&>#]|$)))")
	// $(curl …), `id`
	shellSubstitution = regexp.MustCompile("(?i)(?:\\$\\(|[<>]\\()\\s*(?:sudo\\s+)?(?:/(?:usr/)?s?bin/)?(?:" + sharpCommands + "|" + plainCommands + ")\\b[^)]{0,200}\\)|(?:^|[^\\s`(])`(?:" + sharpCommands + "|" + plainCommands + ")\\b[^`]{0,200}`|`(?:" + sharpCommands + ")\\s[^`]{0,200}`")
	shellReverse      = regexp.MustCompile(`(?i)/dev/(?:tcp|udp)/[\w.$-]+/\d+|\b(?:ba|z|k|da)?sh\s+-i\b[^\n]{0,20}[<>]&?|\bn(?:c|cat|etcat)\b[^\n]{0,80}\s(?:-\w*e\w*|--exec|-c)\s*\S*(?:sh|cmd|powershell)\b|mkfifo\s+\S+\s*[;&|][^\n]{0,120}\b(?:nc|telnet|sh)\b|\bsocat\b[^\n]{0,120}\bexec:|socket\.socket\([^\n]{0,300}(?:dup2|subprocess|pty\.spawn)|fsockopen\([^\n]{0,120}(?:exec|shell_exec|system|proc_open)|net\.sockets\.tcpclient`)
	shellDownload     = regexp.MustCompile(`(?i)\b(?:curl|wget|fetch)\b[^\n|;]{0,300}\|\s*(?:sudo\s+)?(?:/(?:usr/)?bin/)?(?:ba|z|da)?(?:sh|python[\d.]*|perl|ruby|node|php)\b|\b(?:ba|z)?sh\s+(?:-c\s+["']?\$\(|<\()\s*(?:curl|wget)\b|\b(?:iex|invoke-expression)\b[^\n]{0,120}(?:downloadstring|invoke-webrequest|\biwr\b|\birm\b)|\b(?:irm|iwr|invoke-restmethod)\b[^\n]{0,200}\|\s*(?:iex|invoke-expression)|\bbase64\s+(?:-d|--decode|-D)\b[^\n]{0,40}\|\s*(?:ba|z)?sh\b|\bpowershell(?:\.exe)?\s[^\n]{0,80}-e(?:nc|ncodedcommand)?\s+[A-Za-z0-9+/=]{20}|\bcertutil\b[^\n]{0,80}-urlcache`)
	shellDestroys     = regexp.MustCompile(`(?i)\brm\s+(?:-\w+\s+|--\S+\s+)*-(?:\w*r\w*f|\w*f\w*r)\w*\s+(?:--\S+\s+)*["']?(?:/(?:\s|\*|$|["']|etc|home|var|usr|boot|bin|lib|root|opt|srv)|~|\$HOME|\.\.?(?:/|\s|$)|\*)|:\(\)\s*\{\s*:\s*\|\s*:\s*&\s*\}\s*;|\bmkfs(?:\.\w+)?\s+(?:-\S+\s+)*/dev/|\bdd\s+[^\n]{0,80}\bof=/dev/(?:sd|nvme|hd|vd|disk)|>\s*/dev/(?:sd|nvme|hd|vd)[a-z]|\bchmod\s+(?:-\w+\s+)*[0-7]?777\s+/(?:\s|$|etc|bin|usr)|\b(?:format|del|rd|rmdir)\s+(?:/[sqfy]\s+)+[a-z]:|\bshred\s+[^\n]{0,40}/dev/|>\s*/etc/(?:passwd|shadow|sudoers)|\bauthorized_keys\b[^\n]{0,20}<<|>>\s*\S*\.ssh/authorized_keys|\bcrontab\s+-r\b|\bvssadmin\s+delete\b|\biptables\s+-F\b`)

	pathTraversal = regexp.MustCompile(`(?i)(?:\.\.|%2e%2e|%252e%252e|\.%2e|%2e\.|%c0%ae%c0%ae)(?:/|\\|%2f|%5c|%252f|%c0%af)+(?:\.\.|%2e%2e|%252e%252e|\.%2e|%2e\.|%c0%ae%c0%ae)(?:/|\\|%2f|%5c|%252f|%c0%af)|(?:\.\.|%2e%2e)(?:/|\\|%2f|%5c)+(?:etc|proc|root|windows|boot|var/log|home)(?:/|\\|%2f|%5c)|^(?:file://)?/(?:etc/(?:passwd|shadow|sudoers|ssh)|proc/self/|root/\.|var/run/secrets)|/\.(?:ssh/id_|aws/credentials|kube/config|docker/config|git-credentials|netrc)|^[a-z]:\\windows\\(?:system32|repair)|%00(?:\.|$)`)
)

// Programs that an injected command calls: those whose names are words of
// English too count only with an option or a path.
const (
	sharpCommands = `curl|wget|nc|ncat|netcat|bash|zsh|ksh|python\d[\d.]*|whoami|uname|printenv|chmod|chown|pkill|mkfs|reboot|nslookup|telnet|scp|tftp|powershell|cmd\.exe|nohup|crontab|useradd|xxd|ifconfig|netstat|systemctl|kubectl`
	plainCommands = `rm|sh|dash|python|perl|ruby|php|node|cat|id|ls|ps|env|kill|dd|shutdown|halt|ping|dig|ssh|ftp|cmd|eval|exec|source|passwd|sudo|su|base64|tar|mv|cp|hostname|touch|sleep|tee|service|docker`
)

// matchOf makes a check of a pattern.
func matchOf(re *regexp.Regexp) func(string) (int, int, bool) {
	return func(value string) (int, int, bool) {
		loc := re.FindStringIndex(value)
		if loc == nil {
			return 0, 0, false
		}
		return loc[0], loc[1], true
	}
}

// sqlStatement begins a whole statement, which a database tool is given by
// intent.
var sqlStatement = regexp.MustCompile(`(?i)^\s*(?:select|insert|update|delete|with|create|alter|explain|show|describe|pragma|merge|replace|call|begin|set|use|grant|drop|truncate)\s`)

// sqlTokens asks libinjection about values that look like the inside of a query:
// they have a quote or comment, and an operator or word of SQL.
func sqlTokens(value string) (int, int, bool) {
	if len(value) > 512 || sqlStatement.MatchString(value) || !strings.ContainsAny(value, "'\"`") && !strings.Contains(value, "--") && !strings.Contains(value, "/*") {
		return 0, 0, false
	}
	if !sqlWord.MatchString(value) {
		return 0, 0, false
	}
	found, _ := libinjection.IsSQLi(value)
	return 0, len(value), found
}

// sqlWord is what a value needs beside a quote before libinjection is asked:
// prose has apostrophes too.
var sqlWord = regexp.MustCompile(`(?i)(?:'|"|\)|\d)\s*(?:--|#|/\*|;)|\b(?:select|union|insert|update|delete|drop|having|order\s+by|group\s+by|waitfor|exec)\b.*(?:--|;|/\*|=|\()|['"]\s*(?:or|and|\|\||&&|=|<>|like)\s*['"\d(].*(?:=|<|>|like|--|#|/\*)`)

// scriptTokens asks libinjection about values with markup or a script address.
func scriptTokens(value string) (int, int, bool) {
	if len(value) > 4096 || !strings.ContainsAny(value, "<>") && !strings.Contains(strings.ToLower(value), "javascript:") {
		return 0, 0, false
	}
	if !scriptHint.MatchString(value) {
		return 0, 0, false
	}
	return 0, len(value), libinjection.IsXSS(value)
}

// scriptHint is what a value needs before libinjection is asked: it takes every
// doctype and style element for an attack.
var scriptHint = regexp.MustCompile(`(?i)<\s*(?:script|iframe|object|embed|applet|base|link|meta|svg|math|img|input|body|video|audio|details|marquee|form|isindex|frameset|a)\b[^>]*(?:\bon\w+\s*=|\bsrc\s*=|\bhref\s*=|data\s*=|>)|javascript:|["'>]\s*\bon(?:error|load|click|focus|mouse\w+|toggle|begin)\s*=`)
