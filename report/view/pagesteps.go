package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"plimsoll/runner/result"
)

// CurvePoints is how many points the curve of a step has, up to p99.9: evenly
// over the logarithm of the tail, as plots have it.
const CurvePoints = 40

// worstSteps is of how many steps a page has the course over time, and in how many
// windows.
const worstSteps, stepWindows = 10, 120

// stepsChapter is where the time of iterations goes, the steps that take the most of
// it first.
func (s *Scenario) stepsChapter() Chapter {
	c := Chapter{Title: "Steps and phases"}
	if len(s.Stepped) == 0 {
		c.Title = "Phases"
	}
	for _, of := range s.Stepped {
		rows := rowsOf(of.Steps, false)
		slices.SortStableFunc(rows, func(a, b stepRow) int { return cmp.Compare(spent(&b.Sum), spent(&a.Sum)) })
		for i := range rows { // out of their order, a step is told by all of its path
			rows[i].depth, rows[i].StepSum = 0, byPath(rows[i].StepSum)
		}
		t := PageTable{Table: *of.table(s.called("Steps", of.Group), rows, true), Sorts: true}
		t.Curves, t.Courses = of.curves(rows), of.courses(rows)
		if n := len(of.Trials); n > 1 {
			t.Remarks = append(t.Remarks, fmt.Sprintf("A step that is chosen shows its percentiles in all repetitions, and its course in the first of %d.", n))
		}
		c.Tables = append(c.Tables, t)
		if outside := of.outside(); len(outside) > 0 {
			c.Tables = append(c.Tables, PageTable{Table: *of.table(s.called("Outside of iterations", of.Group), outside, false), Sorts: true})
		}
		if t := of.recordTable(s.called("Recorded by steps", of.Group)); t != nil {
			c.Tables = append(c.Tables, PageTable{Table: *t})
		}
	}
	if t := s.phaseTable(); t != nil {
		c.Tables = append(c.Tables, PageTable{Table: *t, Sorts: true})
	}
	if len(s.Stepped) > 0 {
		c.Plots = []Plot{s.stepsPlot()}
	}
	return c
}

// byPath is a step under its whole path.
func byPath(step *result.StepSum) *result.StepSum {
	all := *step
	all.Name = all.Path
	return &all
}

// curves are the percentiles of the iteration and of each row.
func (of Stepped) curves(rows []stepRow) []string {
	all := []string{curveText(of.ResponseTimes())}
	for _, r := range rows {
		all = append(all, curveText(r.ResponseTimes()))
	}
	return all
}

// curveText are the quantiles at CurveAt, in milliseconds, as far as the calls bear
// them.
func curveText(times result.Times) string {
	end := CurveEnd(times)
	var points []string
	for _, tail := range CurveAt() {
		if end == 0 || tail > end*(1+1e-9) {
			break
		}
		points = append(points, brief(times.Quantile(percentOf(tail)).Least.High*1e3))
	}
	return strings.Join(points, " ")
}

// CurveAt are the tails, 1/(1−p), at which steps have points.
func CurveAt() (tails []float64) {
	for i := range CurvePoints {
		tails = append(tails, pow10(3*float64(i)/(CurvePoints-1)))
	}
	return tails
}

// brief is a number to three significant digits.
func brief(v float64) string { return rounded(v, 3) }

// courses are the windows of the iteration and of the worst rows: for each, when it
// began, successes and errors a second, p50 and p99; none of the others.
func (of Stepped) courses(rows []stepRow) []string {
	all := []string{courseText(of.Trials[0].Timeline)}
	timelines := map[string][]result.Window{}
	for i := range of.Trials[0].Steps {
		timelines[of.Trials[0].Steps[i].Path] = of.Trials[0].Steps[i].Timeline
	}
	for i, r := range rows {
		text := ""
		if i < worstSteps {
			text = courseText(timelines[r.Path])
		}
		all = append(all, text)
	}
	return all
}

func courseText(windows []result.Window) string {
	if len(windows) == 0 {
		return ""
	}
	last := windows[len(windows)-1]
	var all []string
	for _, some := range bunches(windows, (last.AtS+last.WidthS)/stepWindows) {
		m := moment(some, last.AtS+last.WidthS)
		all = append(all, strings.Join([]string{figure(m.AtS), brief(m.OKPerS), brief(m.FailedPerS), brief(m.P50S * 1e3), brief(m.P99S * 1e3)}, " "))
	}
	return strings.Join(all, ",")
}
