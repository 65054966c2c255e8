package text

import (
	"encoding/xml"
	"fmt"
	"io"

	"plimsoll/report/view"
)

// The JUnit XML that CI systems read.
type (
	suites struct {
		XMLName xml.Name `xml:"testsuites"`
		Name    string   `xml:"name,attr"`
		suiteCounts
		Suites []suite `xml:"testsuite"`
	}
	suite struct {
		Name string `xml:"name,attr"`
		suiteCounts
		Cases []testCase `xml:"testcase"`
	}
	suiteCounts struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Skipped  int `xml:"skipped,attr"`
	}
	testCase struct {
		Class   string   `xml:"classname,attr"`
		Name    string   `xml:"name,attr"`
		Failure *message `xml:"failure,omitempty"`
		Skipped *message `xml:"skipped,omitempty"`
	}
	message struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit prints checks as JUnit XML, a test suite for each of their groups.
func JUnit(w io.Writer, name string, checks []view.Check) error {
	all := suites{Name: name}
	for _, c := range checks {
		if n := len(all.Suites); n == 0 || all.Suites[n-1].Name != c.Group {
			all.Suites = append(all.Suites, suite{Name: c.Group})
		}
		s := &all.Suites[len(all.Suites)-1]
		one := testCase{Class: c.Group, Name: c.Name}
		counts := suiteCounts{Tests: 1}
		switch c.Outcome {
		case view.Failed:
			one.Failure, counts.Failures = &message{c.Text, c.Details}, 1
		case view.Skipped:
			one.Skipped, counts.Skipped = &message{c.Text, c.Details}, 1
		}
		s.Cases = append(s.Cases, one)
		s.suiteCounts.add(counts)
		all.suiteCounts.add(counts)
	}
	out, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("junit: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, out)
	return err
}

func (c *suiteCounts) add(o suiteCounts) {
	c.Tests += o.Tests
	c.Failures += o.Failures
	c.Skipped += o.Skipped
}
