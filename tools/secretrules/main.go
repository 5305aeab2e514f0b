// Command secretrules writes guard/detect/secretrules_gen.go from the rules of
// gitleaks (MIT licence, see guard/detect/NOTICE.gitleaks).
//
// The rules are data of a pinned module version; this program is the only place
// that imports it, so that its dependencies stay out of Warder. It changes each
// rule to what Warder's engine needs: an expression that begins at a keyword,
// with one capture group around the secret. What it cannot change so, it leaves
// out, and the generated file says which and why.
//
//	go run . -out FILE      write the file
//	go run . -check FILE    fail if the file is not what would be written
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"

	"github.com/pelletier/go-toml/v2"
	"github.com/zricethezav/gitleaks/v8/config"
)

func main() {
	out := flag.String("out", "", "file to write")
	check := flag.String("check", "", "file to compare with")
	flag.Parse()
	if err := run(*out, *check); err != nil {
		fmt.Fprintln(os.Stderr, "secretrules:", err)
		os.Exit(1)
	}
}

func run(out, check string) error {
	var src source
	if err := toml.Unmarshal([]byte(config.DefaultConfig), &src); err != nil {
		return fmt.Errorf("reading the rules: %w", err)
	}
	code, err := render(&src)
	if err != nil {
		return err
	}
	if check != "" {
		have, err := os.ReadFile(check)
		if err != nil {
			return err
		}
		if !bytes.Equal(have, code) {
			return fmt.Errorf("%s is not what the rules give now; run go generate in guard/detect", check)
		}
		return nil
	}
	if out == "" {
		return fmt.Errorf("expected -out FILE or -check FILE")
	}
	return os.WriteFile(out, code, 0o644)
}

// source is the part of the rule file that is read.
type source struct {
	Allowlist struct {
		Regexes   []string `toml:"regexes"`
		Stopwords []string `toml:"stopwords"`
	} `toml:"allowlist"`
	Rules []rule `toml:"rules"`
}

type rule struct {
	ID          string  `toml:"id"`
	Description string  `toml:"description"`
	Regex       string  `toml:"regex"`
	Path        string  `toml:"path"`
	Entropy     float64 `toml:"entropy"`
	SecretGroup int     `toml:"secretGroup"`
	Allowlists  []struct {
		Regexes     []string `toml:"regexes"`
		RegexTarget string   `toml:"regexTarget"`
		Paths       []string `toml:"paths"`
		Condition   string   `toml:"condition"`
		Stopwords   []string `toml:"stopwords"`
	} `toml:"allowlists"`
}
