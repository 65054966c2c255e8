package text

import (
	"fmt"
	"io"
	"strings"

	"plimsoll/report/view"
)

// GitHub prints checks as workflow commands of GitHub Actions, which become
// annotations: an error for each that failed, beside its line of the scenario file
// where that is known, a warning for each that was skipped; and what came of it
// all, as notices. Only so many of a step are shown: the errors come first.
func GitHub(w io.Writer, file string, checks []view.Check, answer []view.Note) error {
	p := &printer{w: w}
	for _, level := range []struct {
		word string
		of   view.Outcome
	}{{"error", view.Failed}, {"warning", view.Skipped}} {
		for _, c := range checks {
			if c.Outcome != level.of {
				continue
			}
			text := c.Text
			if details := strings.TrimSpace(c.Details); details != "" {
				text = strings.TrimPrefix(text+"\n"+details, "\n")
			}
			place := ""
			if c.Line > 0 {
				place = fmt.Sprintf("file=%s,line=%d,", property(file), c.Line)
			}
			p.line(fmt.Sprintf("::%s %stitle=%s::%s", level.word, place, property(c.Group+": "+c.Name), commandData(text)))
		}
	}
	for _, n := range answer {
		if n.Tone == view.Bad { // an error has said it
			continue
		}
		p.line("::notice title=plimsoll::" + commandData(n.Text))
	}
	return p.err
}

// commandData is a text as a workflow command has it behind its last colons, and
// property as it has it before them.
func commandData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func property(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}
