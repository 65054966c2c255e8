// Package report shows a run to people: result → view → renderer. The view
// decides what is shown and how it is rounded; text and chart draw it; this
// package hands the one to the others and writes the files of a result
// directory.
package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"unicode"

	"github.com/vbauerster/cupwriter"

	"plimsoll/report/chart"
	"plimsoll/report/compare"
	"plimsoll/report/page"
	"plimsoll/report/text"
	"plimsoll/report/view"
	"plimsoll/runner/result"
)

// Options are how to show a run.
type Options struct {
	// Colour and Width are for terminals, see text.Options; Width tells the
	// width. The other formats pass them over.
	Colour bool
	Width  int
	// Confidence shows the 95 % interval of every percentile, but in JSON.
	Confidence bool
	// Phases shows the parts of calls, but in JSON, which has them anyway.
	Phases bool
	// Completions shows when the calls of batches were over, but in JSON and CSV, which
	// tell it anyway.
	Completions bool
	// Slowest shows the slowest calls, but in JSON, which has them anyway, and in CSV.
	Slowest bool
	// Advice is view.Options' own; of Bench alone.
	Advice func(string) string
	// CI is what is known of whoever carries the run out.
	CI CI
	// Against is a comparison with another run, which text, Markdown, JUnit
	// and GitHub have beside the run; nil for none. Strict makes what it cannot tell a
	// failure, where the format has such.
	Against *compare.Comparison
	Strict  bool
	// Base is the run that Against compares with, whose lines pages draw, too.
	Base *result.Run
	// NoPage leaves report.html out of a result directory.
	NoPage bool
	// page is the run's page where Once was asked for it; nil: it is drawn each time.
	page func() ([]byte, error)
}

// Once has the page of a run drawn once at the most, however often it is written.
func (o Options) Once(run *result.Run) Options {
	drawn := o
	o.page = sync.OnceValues(func() ([]byte, error) {
		var page bytes.Buffer
		err := drawn.writePage(&page, run)
		return page.Bytes(), err
	})
	return o
}

func (o Options) view() view.Options {
	return view.Options{Confidence: o.Confidence, Phases: o.Phases, Completions: o.Completions, Slowest: o.Slowest, Advice: o.Advice}
}
func (o Options) text() text.Options { return text.Options{Colour: o.Colour, Width: o.Width} }

// Width is how many columns the terminal that w writes to has; 0 when it
// writes to none.
func Width(w io.Writer) int {
	console := cupwriter.New(w, false)
	if !console.IsTerminal() {
		return 0
	}
	width, _, err := console.GetTermSize()
	if err != nil {
		return 0
	}
	return width
}

// Table prints plain texts under their heads.
func Table(w io.Writer, heads []string, rows [][]string) error { return text.Table(w, heads, rows) }

// Calibration prints what a machine can resolve.
func Calibration(w io.Writer, c *result.Calibration, o Options) error {
	return text.Terminal(w, view.NewCalibration(c), o.text())
}

// Bench prints a run of one trial for a person; subject is what was loaded.
func Bench(w io.Writer, run *result.Run, subject string, o Options) error {
	b, err := o.view().Bench(run, subject)
	if err != nil {
		return err
	}
	return text.Bench(w, b, o.text())
}

// Programs prints a run that compares programs, in one of the formats: as text and
// Markdown for people who look at programs alone.
func Programs(w io.Writer, run *result.Run, format string, of view.Programs, o Options) error {
	if format != Text && format != Markdown {
		return Render(w, run, format, o)
	}
	b, err := o.view().Programs(run, of)
	if err != nil {
		return err
	}
	if format == Text {
		return text.Bench(w, b, o.text())
	}
	return text.Markdown(w, b.Alone(run), nil)
}

// Write fills a result directory, beside its run.json: report.html, speedup.md,
// speedup.csv, latency.csv and the charts. Every file is written whole or not
// at all; what cannot be written is told, and does not keep the rest back.
func Write(dir string, run *result.Run, o Options) error {
	v, err := view.Options{Completions: true}.View(run)
	if err != nil {
		return err
	}
	pictures, problem := drawAll(dir, v)
	if !o.NoPage {
		problem = errors.Join(problem, WritePage(dir, run, o))
	}
	return errors.Join(problem,
		result.WriteFile(filepath.Join(dir, "speedup.md"), func(w io.Writer) error {
			return text.Markdown(w, v, func(sec view.Section) []string { return pictures[sec.Scenario] })
		}),
		result.WriteFile(filepath.Join(dir, "speedup.csv"), func(w io.Writer) error {
			return text.CSV(w, v.SpeedupRecords())
		}),
		result.WriteFile(filepath.Join(dir, "latency.csv"), func(w io.Writer) error { return latencyCSV(w, v) }),
	)
}

// WriteCharts writes only the charts, into a directory that it makes if need
// be.
func WriteCharts(dir string, run *result.Run) error {
	v, err := view.New(run)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("cannot make the charts' directory: %w", err)
	}
	_, err = drawAll(dir, v)
	return err
}

// WritePage writes only report.html into a result directory.
func WritePage(dir string, run *result.Run, o Options) error {
	return result.WriteFile(filepath.Join(dir, "report.html"), func(w io.Writer) error { return o.writePage(w, run) })
}

// writePage writes a run as a page; one of which some charts could not be drawn, too.
func (o Options) writePage(w io.Writer, run *result.Run) error {
	if o.page != nil {
		page, err := o.page()
		if len(page) > 0 {
			_, wrote := w.Write(page)
			err = errors.Join(err, wrote)
		}
		return err
	}
	p, err := o.view().Page(run, view.Against{Comparison: o.Against, Base: o.Base})
	if err != nil {
		return err
	}
	return page.Write(w, p)
}

func latencyCSV(w io.Writer, v *view.View) error {
	records, err := v.LatencyRecords()
	if err != nil {
		return err
	}
	return text.CSV(w, records)
}

// drawAll writes the charts of all scenarios, <scenario>-<kind>.svg and .png,
// and tells the names of the pictures to show of each.
func drawAll(dir string, v *view.View) (map[*view.Scenario][]string, error) {
	pictures := map[*view.Scenario][]string{}
	taken := map[string]bool{}
	var problems []error
	for _, sec := range v.Sections {
		charts, err := chart.Draw(sec)
		problems = append(problems, err)
		stem := fileStem(sec.Scenario.Name, taken)
		for _, c := range charts {
			name := stem + "-" + c.Kind
			err := errors.Join(
				result.WriteFile(filepath.Join(dir, name+".svg"), writing(c.SVG)),
				result.WriteFile(filepath.Join(dir, name+".png"), writing(c.PNG)))
			problems = append(problems, err)
			if err == nil {
				pictures[sec.Scenario] = append(pictures[sec.Scenario], name+".svg")
			}
		}
	}
	return pictures, errors.Join(problems...)
}

func writing(content []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	}
}

// fileStem makes a scenario's name fit for a file on every system. Names that
// become the same are numbered, whatever case their letters are in.
func fileStem(name string, taken map[string]bool) string {
	stem := strings.Trim(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._-", r) {
			return r
		}
		return '-'
	}, name), ".-")
	const longest = 60 // characters, of up to four bytes
	if runes := []rune(stem); len(runes) > longest {
		stem = string(runes[:longest])
	}
	if stem == "" {
		stem = "scenario"
	}
	for n, first := 2, stem; taken[strings.ToLower(stem)]; n++ {
		stem = fmt.Sprintf("%s-%d", first, n)
	}
	taken[strings.ToLower(stem)] = true
	return stem
}
