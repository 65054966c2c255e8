package report

import (
	"fmt"
	"io"
	"strings"

	"plimsoll/report/compare"
	"plimsoll/report/text"
	"plimsoll/report/view"
	"plimsoll/runner/result"
)

// The formats that a run is printed in.
const (
	Text      = "text"      // tables for a terminal
	Markdown  = "markdown"  // the same as a document
	HTML      = "html"      // all of it as one page, with charts
	CSV       = "csv"       // latency.csv: every trial and every group, in full precision
	JSON      = "json"      // the run itself, as run.json has it
	JUnit     = "junit"     // what was promised and published, as test cases
	Benchstat = "benchstat" // Go's benchmark format: a line for each trial
	GitHub    = "github"    // annotations for GitHub Actions, and a summary of the job
	Otava     = "otava"     // the figures, for Otava to find changes in those of many runs
)

// formats is the table of them.
var formats = [...]struct {
	name   string
	render func(io.Writer, *result.Run, Options) error
}{
	{Text, asText}, {Markdown, asMarkdown}, {HTML, asHTML}, {CSV, asCSV},
	{JSON, func(w io.Writer, run *result.Run, _ Options) error { return result.Encode(w, run) }},
	{JUnit, asJUnit},
	{Benchstat, func(w io.Writer, run *result.Run, _ Options) error {
		return text.Benchstat(w, run.Machine, view.Benchmarks(run))
	}},
	{GitHub, asGitHub}, {Otava, asOtava},
}

// Formats are their names.
func Formats() []string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.name
	}
	return names
}

// Render prints a run in one of the formats.
func Render(w io.Writer, run *result.Run, format string, o Options) error {
	for _, f := range formats {
		if f.name == format {
			return f.render(w, run, o)
		}
	}
	return fmt.Errorf("there is no format %q: use %s", format, Choice(Formats()))
}

// Choice is "a, b or c".
func Choice(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// views are what a person is to see of a run: the comparison with another, if
// there is one, before its own tables, and above all what came of either.
func (o Options) views(run *result.Run) ([]*view.View, error) {
	v, err := o.view().View(run)
	if err != nil || o.Against == nil {
		return []*view.View{v}, err
	}
	c := view.NewComparison(o.Against)
	c.Answer, v.Answer = append(c.Answer, v.Answer...), nil
	return []*view.View{c, v}, nil
}

// shown prints the views of a run, one below the other.
func shown(w io.Writer, run *result.Run, o Options, show func(*view.View) error) error {
	views, err := o.views(run)
	if err != nil {
		return err
	}
	for i, v := range views {
		if i > 0 {
			if _, err := fmt.Fprintln(w); err != nil {
				return err
			}
		}
		if err := show(v); err != nil {
			return err
		}
	}
	return nil
}

func asText(w io.Writer, run *result.Run, o Options) error {
	return shown(w, run, o, func(v *view.View) error { return text.Terminal(w, v, o.text()) })
}

func asMarkdown(w io.Writer, run *result.Run, o Options) error {
	return shown(w, run, o, func(v *view.View) error { return text.Markdown(w, v, nil) })
}

func asHTML(w io.Writer, run *result.Run, o Options) error { return o.writePage(w, run) }

func asCSV(w io.Writer, run *result.Run, o Options) error {
	v, err := o.view().View(run)
	if err != nil {
		return err
	}
	return latencyCSV(w, v)
}

func asJUnit(w io.Writer, run *result.Run, o Options) error {
	checks, err := o.checks(run)
	if err != nil {
		return err
	}
	return text.JUnit(w, "plimsoll", checks)
}

// checks are a run's, and those of its comparison with another, if there is one.
func (o Options) checks(run *result.Run) ([]view.Check, error) {
	checks, err := view.RunChecks(run)
	if err == nil && o.Against != nil {
		checks = append(checks, compared(o.Against, o.Strict)...)
	}
	return checks, err
}

// compared are a comparison's checks, told from those of the run itself.
func compared(c *compare.Comparison, strict bool) []view.Check {
	checks := view.Checks(c, strict)
	for i := range checks {
		checks[i].Group += " (comparison)"
	}
	return checks
}
