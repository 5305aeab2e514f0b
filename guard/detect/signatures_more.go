package detect

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of signatures that are added.
const (
	// MaxSignatures is the size in bytes of the largest file of [ParseSignatures].
	MaxSignatures = 256 << 10

	maxSigRules    = 256
	maxSigPatterns = 1024 // of all rules
	maxSigElements = 8    // of one pattern
	maxSigWhy      = 200  // bytes
)

var (
	sigClassName = regexp.MustCompile(`^[A-Z][A-Z0-9]{0,31}$`)
	sigRuleName  = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)
)

// ParseSignatures returns a detector of the rules in file, in the form that the head
// of signatures.txt explains. They may use the classes of words of the embedded
// file, and add words to them for themselves; the embedded rules and template tokens
// are looked for by [NewSignatures] only. Every rule has a why and finds injections
// or jailbreaks; findings name it as prefix + "/" + its name. The error says what is
// wrong in which line. The file may come from anybody: what it costs to read a text
// is bounded, whatever is in it.
func ParseSignatures(prefix, file string) (*Signatures, error) {
	if err := plainSignatures(file); err != nil {
		return nil, err
	}
	classes := embeddedClasses(file)
	s := newSignatureSet(classes, file)
	s.plain = true
	if err := s.parse(classes); err != nil {
		return nil, fmt.Errorf("embedded classes: %w", err)
	}
	if err := s.parse(file); err != nil {
		return nil, err
	}
	if err := s.checkRules(); err != nil {
		return nil, err
	}
	for i := range s.rules {
		s.rules[i].name = prefix + "/" + s.rules[i].name
	}
	s.index()
	return &Signatures{s}, nil
}

// plainSignatures refuses what is no text of lines, and names of classes that the
// compiler of patterns could take for something else.
func plainSignatures(file string) error {
	if len(file) > MaxSignatures || !utf8.ValidString(file) {
		return fmt.Errorf("signatures have %d bytes; expected at most %d of UTF-8", len(file), MaxSignatures)
	}
	n := 0
	for line := range strings.Lines(file) {
		n++
		line = strings.TrimSpace(line)
		if strings.ContainsFunc(line, unicode.IsControl) {
			return fmt.Errorf("line %d: %.80q holds control characters", n, line)
		}
		if name, ok := strings.CutPrefix(line+" ", "class "); ok && !sigClassName.MatchString(strings.TrimSpace(name)) {
			return fmt.Errorf("line %d: class %.40q; expected capital letters and digits, at most 32", n, name)
		}
	}
	return nil
}

// sigSpecial are the classes that matching itself asks for.
var sigSpecial = []string{"MENTION", "MINE", "NOT", "WHO", "IGNORE", "SYSPROMPT"}

// embeddedClasses returns the classes of the embedded file that another one names,
// and those that matching needs.
func embeddedClasses(file string) string {
	wanted := map[string]bool{}
	for _, name := range sigSpecial {
		wanted[name] = true
	}
	for f := range strings.FieldsSeq(file) {
		for name := range strings.SplitSeq(f, "|") {
			wanted[strings.TrimSuffix(name, "@final")] = true
		}
	}
	var out strings.Builder
	in := false
	for line := range strings.Lines(signaturesFile) {
		switch key, name, _ := strings.Cut(strings.TrimSpace(line), " "); key {
		case "class":
			in = wanted[name]
		case "rule":
			in = false
		}
		if in {
			out.WriteString(line)
		}
	}
	return out.String()
}

func (s *signatureSet) checkRules() error {
	if len(s.rules) == 0 || len(s.rules) > maxSigRules {
		return fmt.Errorf("%d rules; expected 1 to %d", len(s.rules), maxSigRules)
	}
	seen, patterns := map[string]bool{}, 0
	for i := range s.rules {
		r := &s.rules[i]
		if err := r.check(); err != nil || seen[r.name] {
			return errors.Join(err, fmt.Errorf("rule %.60q is wrong, or there twice", r.name))
		}
		seen[r.name] = true
		patterns += len(r.patterns)
	}
	if patterns > maxSigPatterns {
		return fmt.Errorf("%d patterns; expected at most %d", patterns, maxSigPatterns)
	}
	return nil
}

func (r *sigRule) check() error {
	switch {
	case !sigRuleName.MatchString(r.name):
		return fmt.Errorf("name is %.60q; expected lower-case letters, digits and dashes, at most 40", r.name)
	case r.category != "injection" && r.category != "jailbreak":
		return fmt.Errorf("category is %.60q; expected injection or jailbreak", r.category)
	case strings.TrimSpace(r.why) == "" || len(r.why) > maxSigWhy || strings.ContainsFunc(r.why, func(c rune) bool { return !unicode.IsPrint(c) }):
		return fmt.Errorf("why is %.60q; expected a line of text of at most %d bytes", r.why, maxSigWhy)
	case len(r.patterns) == 0:
		return errors.New("it has no pattern")
	case slices.ContainsFunc(r.patterns, func(p sigPattern) bool { return len(p.any) > maxSigElements }):
		return fmt.Errorf("a pattern has more than %d classes", maxSigElements)
	}
	return nil
}
