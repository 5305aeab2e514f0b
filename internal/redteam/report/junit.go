package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"time"
)

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Timestamp  string          `xml:"timestamp,attr,omitempty"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Class   string      `xml:"classname,attr"`
	Name    string      `xml:"name,attr"`
	Failure *junitWrong `xml:"failure"`
	Error   *junitWrong `xml:"error"`
	Out     string      `xml:"system-out,omitempty"`
}

type junitWrong struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes families as test suites and strategies as their cases. A case fails if
// an attack succeeded, in whole or in part, and is in error if no attempt has a
// verdict.
func JUnit(w io.Writer, s *Summary) error {
	out := junitSuites{Name: "warder redteam: " + short(s.Target)}
	for _, m := range s.Modes {
		for _, f := range m.Families {
			suite := s.suite(m, f)
			out.Tests += suite.Tests
			out.Failures += suite.Failures
			out.Errors += suite.Errors
			out.Suites = append(out.Suites, suite)
		}
	}
	b, err := xml.MarshalIndent(out, "", " ")
	if err == nil {
		_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, b)
	}
	if err != nil {
		return fmt.Errorf("writing JUnit: %w", err)
	}
	return nil
}

func (s *Summary) suite(m Mode, f Family) junitSuite {
	name := short(under(m.Guard, f.ID))
	out := junitSuite{Name: name, Properties: []junitProperty{{"title", short(f.Title)}, {"severity", string(f.Severity)}}}
	if !s.Began.IsZero() {
		out.Timestamp = s.Began.UTC().Format(time.RFC3339)
	}
	if f.Attempts > 0 {
		out.Properties = append(out.Properties, junitProperty{"attacks", f.sentence()})
	}
	if f.Honest != nil {
		out.Properties = append(out.Properties, junitProperty{"honest", f.Honest.refusals()})
	}
	for _, c := range f.Cells {
		k := junitCase{Class: name, Name: short(c.Strategy), Out: c.sentence()}
		switch {
		case c.Success > 0:
			k.Failure = &junitWrong{"success", c.sentence(), fix(f)}
		case c.Partial > 0:
			k.Failure = &junitWrong{"partial", c.sentence(), fix(f)}
		case c.Scored == 0:
			k.Error = &junitWrong{"no verdict", c.sentence(), "no attempt has a verdict: nothing is known of this attack"}
		}
		if k.Failure != nil {
			out.Failures++
		}
		if k.Error != nil {
			out.Errors++
		}
		out.Tests++
		out.Cases = append(out.Cases, k)
	}
	return out
}

// fix is what to do about a family.
func fix(f Family) string {
	if f.Fix == "" {
		return "the family is not in the catalogue that the report was made with"
	}
	return short(f.Fix)
}
