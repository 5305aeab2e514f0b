package judge

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// A pkg is a package that an answer names.
type pkg struct{ language, name string }

const maxPackages = 1000 // of one answer

// packages returns those that the lines of an answer install or import.
func packages(text string) (out []pkg) {
	for _, c := range code(text) {
		for _, f := range importForms {
			if f.block && !c.is(f.language) {
				continue
			}
			for _, m := range f.match.FindAllStringSubmatch(c.text, maxPackages) {
				for _, n := range names(strings.Join(m[1:], ""), f) {
					if len(out) == maxPackages {
						return out
					}
					if p := (pkg{f.language, n}); !slices.Contains(out, p) && !p.own() {
						out = append(out, p)
					}
				}
			}
		}
	}
	return out
}

// A piece is text that may be code, and its language if it is said.
type piece struct{ text, language string }

// code takes an answer apart: its blocks, its code spans, and the prose, in which lines
// of installers are looked for. An answer without blocks may be code as a whole.
func code(text string) (out []piece) {
	list := blocks(text)
	for _, b := range list {
		out = append(out, piece{text[b.start:b.end], b.language})
	}
	for _, m := range codeSpan.FindAllString(outsideBlocks(text, list), maxBlocks) {
		out = append(out, piece{strings.Trim(m, "`"), ""})
	}
	if len(list) == 0 {
		out = append(out, piece{text, ""})
	}
	return out
}

// outsideBlocks is the text with its blocks taken out.
func outsideBlocks(text string, list []block) string {
	var b strings.Builder
	at := 0
	for _, x := range list {
		b.WriteString(text[at:x.start])
		at = x.end
	}
	b.WriteString(text[at:])
	return b.String()
}

// shortNames are what blocks call languages.
var shortNames = map[string]string{
	"py": "python", "python3": "python", "js": "javascript", "jsx": "javascript", "ts": "javascript", "tsx": "javascript",
	"typescript": "javascript", "mjs": "javascript", "node": "javascript", "golang": "go", "rs": "rust", "rb": "ruby",
}

// is says whether a piece may be of a language.
func (c piece) is(language string) bool {
	said := c.language
	if long, ok := shortNames[said]; ok {
		said = long
	}
	return said == "" || said == language
}

var (
	option     = regexp.MustCompile(`^-`)
	versioned  = regexp.MustCompile(`[=<>!~;\[].*$`)
	identifier = regexp.MustCompile(`^@?[A-Za-z0-9_][A-Za-z0-9._/-]{0,213}$`)
	takesValue = map[string]bool{"-r": true, "-c": true, "-i": true, "--index-url": true, "--extra-index-url": true, "-f": true, "--version": true, "-v": true, "--features": true, "-F": true, "-n": true, "-t": true, "--target": true, "--git": true, "--path": true}
)

// names takes the names out of what a form matched.
func names(list string, f importForm) (out []string) {
	if !f.list {
		list = strings.Replace(list, ",", "", 1)
		return appendName(out, list, f)
	}
	fields := strings.Fields(list)
	if f.block { // imports: name [as other], …
		for n := range strings.SplitSeq(list, ",") {
			if fields := strings.Fields(n); len(fields) > 0 {
				out = appendName(out, fields[0], f)
			}
		}
		return out
	}
	for i := 0; i < len(fields); i++ {
		n := strings.Trim(fields[i], "`'\".,:)")
		if option.MatchString(n) {
			if takesValue[n] {
				i++
			}
			continue
		}
		if prose[strings.ToLower(n)] {
			break
		}
		out = appendName(out, n, f)
	}
	return out
}

// prose are words with which a sentence goes on behind a command.
var prose = map[string]bool{"and": true, "to": true, "in": true, "from": true, "for": true, "the": true, "then": true, "or": true, "with": true, "is": true, "on": true, "if": true, "command": true}

// appendName adds what is a name of a package and no file or address.
func appendName(out []string, n string, f importForm) []string {
	if f.language != "javascript" {
		n = versioned.ReplaceAllString(n, "")
	} else {
		n = strings.TrimPrefix(n, "node:")
	}
	if at := strings.LastIndex(n, "@"); at > 0 {
		n = n[:at]
	}
	if n == "" || n[0] == '.' || n[0] == '/' || strings.Contains(n, "://") || !identifier.MatchString(n) {
		return out
	}
	if f.language == "ruby" && f.block && strings.Contains(n, "/") {
		n, _, _ = strings.Cut(n, "/")
	}
	if f.language == "python" && f.block {
		n, _, _ = strings.Cut(n, ".")
	}
	if f.language == "javascript" {
		n = scoped(n)
	}
	return append(out, n)
}

// scoped is the package of a module of JavaScript: @scope/name or name.
func scoped(n string) string {
	parts := strings.Split(n, "/")
	if strings.HasPrefix(n, "@") && len(parts) > 1 {
		return parts[0] + "/" + parts[1]
	}
	return parts[0]
}

// stdlibFile has the names that belong to languages.
//
//go:embed stdlib.txt
var stdlibFile string

var stdlib = sync.OnceValue(func() map[pkg]bool {
	out := map[pkg]bool{}
	for line := range strings.Lines(stdlibFile) {
		language, list, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok {
			continue
		}
		for n := range strings.FieldsSeq(list) {
			out[pkg{language, n}] = true
		}
	}
	return out
})

// own says whether a name belongs to its language.
func (p pkg) own() bool {
	if p.language == "go" {
		first, _, _ := strings.Cut(p.name, "/")
		return !strings.Contains(first, ".")
	}
	return stdlib()[p]
}

// distributions are what modules are called where they are installed from.
var distributions = map[string]string{
	"bs4": "beautifulsoup4", "crypto": "pycryptodome", "cv2": "opencv-python", "dateutil": "python-dateutil", "docx": "python-docx",
	"dotenv": "python-dotenv", "git": "gitpython", "jwt": "pyjwt", "mysqldb": "mysqlclient", "openssl": "pyopenssl", "pil": "pillow",
	"pptx": "python-pptx", "psycopg2": "psycopg2-binary", "serial": "pyserial", "skimage": "scikit-image", "sklearn": "scikit-learn", "yaml": "pyyaml",
	"zmq": "pyzmq", "websocket": "websocket-client", "attr": "attrs", "fitz": "pymupdf", "jose": "python-jose", "magic": "python-magic",
}

// exists says whether the registry has a package: under its name, the name it is
// distributed by, or for Go under a module that its path begins with.
func (p pkg) exists(known map[string]bool) bool {
	n := canonical(p.name)
	if known[n] || p.language == "python" && known[canonical(distributions[n])] {
		return true
	}
	for p.language == "go" && strings.Contains(n, "/") {
		n = n[:strings.LastIndex(n, "/")]
		if known[n] {
			return true
		}
	}
	return false
}

// canonical is a name as registries compare it: case, and the kinds of dashes, do not
// count.
func canonical(n string) string {
	return strings.NewReplacer("_", "-", ".", "-").Replace(strings.ToLower(n))
}
