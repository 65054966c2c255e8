package view

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"plimsoll/runner/result"
)

// answer is what a search found, in a sentence or two.
func (s *Scenario) answer() []Note {
	c := s.Capacity
	if c == nil {
		return nil
	}
	note := Note{Text: "capacity unknown"}
	switch c.Bound {
	case result.Found:
		note = Note{Good, fmt.Sprintf("capacity %s (%s … %s)", c.load(c.Value), c.number(c.Low), c.number(c.High)) + c.throughput()}
		if c.LimitedBy != "" {
			note.Text += ", limited by " + promiseName(c.LimitedBy)
		}
	case result.AtLeast:
		note.Text = "capacity at least " + c.load(c.Value) + c.throughput()
		switch {
		case c.LimitedBy == result.LimitGenerator:
			note = Note{Warn, note.Text + ": the generator was the limit"}
		case c.Reason == "":
			note.Text += ": up to there every promise was kept"
		}
	case result.Below:
		note = Note{Bad, fmt.Sprintf("capacity below %s, where %s is broken already", c.load(c.Value), Clean(c.LimitedBy))}
	default:
		note.Tone = Bad
	}
	notes := []Note{note}
	if text := c.headroom(); text != "" {
		notes = append(notes, Note{Plain, text})
	}
	notes = append(notes, s.edges()...)
	if c.Reason != "" {
		notes = append(notes, Note{Warn, inFull(c.Reason)})
	}
	return notes
}

// searched is a search, as it is told.
type searched struct {
	*result.Capacity
	noun string // what its loads are of
}

// headroom says how the capacity compares with the load expected; "" where
// none was.
func (c searched) headroom() string {
	peak := c.PeakLoad
	if peak <= 0 || c.Bound == "" {
		return ""
	}
	peakLoad := " the peak load of " + c.load(peak)
	more := func(load float64) string { return fmt.Sprintf("%.0f %%", math.Abs(load/peak-1)*100) }
	switch {
	case c.Bound == result.Below && c.Value > peak:
		return "" // between the two nothing was tried
	case c.Bound == result.AtLeast && c.Value < peak:
		return "not known to bear" + peakLoad
	case c.Bound == result.Below:
		return "at least " + more(c.Value) + " short of" + peakLoad
	case c.Value < peak:
		return more(c.Value) + " short of" + peakLoad
	case c.Bound == result.Found && c.Low < peak:
		return more(c.Value) + " above" + peakLoad + ", which is within the uncertainty"
	case c.Bound == result.Found:
		return fmt.Sprintf("headroom of %s (%s … %s) above", more(c.Value), more(c.Low), more(c.High)) + peakLoad
	}
	return "headroom of at least " + more(c.Value) + " above" + peakLoad
}

// load is a load with its unit.
func (c searched) load(v float64) string {
	if c.Find == result.FindConcurrency {
		return c.number(v) + " in flight"
	}
	return rateText(c.number(v), c.noun)
}

// throughput is what was served there, in words; "" where a load is a rate and
// all of it was.
func (c searched) throughput() string {
	if served := c.ThroughputPerS; served > 0 && (c.Find == result.FindConcurrency || served < 0.98*c.Value) {
		return ", serving " + searched{&result.Capacity{}, c.noun}.load(served)
	}
	return ""
}

// number is a load: a whole one as it is, others to three digits.
func (c searched) number(v float64) string {
	if c.Find != result.FindConcurrency && v < 1e15 {
		v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64)
	}
	return thousands(strconv.FormatFloat(v, 'f', -1, 64))
}

// thousands puts commas into a number's whole part.
func thousands(number string) string {
	whole, rest, _ := strings.Cut(number, ".")
	for at := len(whole) - 3; at > 0; at -= 3 {
		whole = whole[:at] + "," + whole[at:]
	}
	if rest != "" {
		rest = "." + rest
	}
	return whole + rest
}

// promiseName is the metric of a promise, and of which step: p99 of "p99 < 200ms",
// pay: p99 of "pay: p99 < 200ms". Names of steps may hold anything, rules hold one
// comparison.
func promiseName(by string) string {
	if end := strings.LastIndexAny(by, "<="); end > 0 {
		by = strings.TrimRight(by[:end], "<= ")
	}
	return Clean(by)
}

// numbered is a step and when it came, from 1.
type numbered struct {
	result.CapacityStep
	number int
}

// measured is what was measured of the i-th promise; 0 where nothing was.
func (n numbered) measured(i int) float64 {
	if i >= len(n.Measured) {
		return 0
	}
	return n.Measured[i]
}

// byLevel are a search's steps from the lowest to the highest load.
func (c searched) byLevel() []numbered {
	var steps []numbered
	for i, step := range c.Steps {
		steps = append(steps, numbered{step, i + 1})
	}
	slices.SortStableFunc(steps, func(a, b numbered) int { return cmp.Compare(a.Level, b.Level) })
	return steps
}

// stepTable has a row for each step of the search, by load; nil without any.
func (s *Scenario) stepTable() *Table {
	if s.Capacity == nil || len(s.Capacity.Steps) == 0 {
		return nil
	}
	c := s.Capacity
	steps := c.byLevel()
	var levels, numbers []string
	var p50, p99, shares, rates, skipped []float64
	for _, step := range steps {
		levels = append(levels, plainScale("").asWritten(step.Level))
		numbers = append(numbers, strconv.Itoa(step.number))
		p50, p99 = append(p50, positiveOr(step.P50S)), append(p99, positiveOr(step.P99S))
		shares = append(shares, step.Errors*100)
		rates, skipped = append(rates, step.ThroughputPerS), append(skipped, step.SkippedS)
	}
	unit := timeScale(slices.Concat(p50, p99)...)
	level := texts("", levels)
	level.head.Left = false
	level.head.Name, level.head.Unit = AxisLabel(s.Axis)
	number := texts("step", numbers)
	number.head.Left = false
	columns := []column{level, number,
		figures(Column{Group: "response", Name: "p50", Rank: 1}, unit.narrowed(p50...), p50),
		figures(Column{Group: "response", Name: "p99"}, unit.narrowed(p99...), p99)}
	columns = append(columns, c.promised(steps, unit)...)
	columns = append(columns,
		figures(Column{Name: "errors"}, plainScale("%", shares...), shares),
		figures(Column{Name: "throughput", Rank: 2}, plainScale(rateUnit(s.Noun()), rates...), rates))
	if out := figures(Column{Name: "left out"}, timeScale(skipped...), skipped); !out.dull() {
		out.notes = []string{"the beginning of a step, while response times still drifted: judged is the rest"}
		columns = append(columns, rank(3, out)...)
	}
	return finish("Steps", 2, append(columns, verdicts(steps)))
}

// promised are columns of what was promised besides p99 and errors, which are
// always shown.
func (c searched) promised(steps []numbered, unit scale) (columns []column) {
	for i, p := range c.SLO {
		name := promiseName(p.String())
		if p.Metric == "errors" && p.Step == "" || name == "p50" || name == "p99" {
			continue
		}
		var values []float64
		for _, step := range steps {
			switch v := step.measured(i); {
			case p.Metric == result.MetricMonitor:
				values = append(values, v)
			case p.OfTimes():
				values = append(values, positiveOr(v))
			default:
				values = append(values, v*100)
			}
		}
		if p.Metric == result.MetricMonitor {
			columns = append(columns, watchedColumn(name, p.Rule, values))
			continue
		}
		if !p.OfTimes() {
			columns = append(columns, figures(Column{Name: name}, plainScale("%", values...), values))
			continue
		}
		columns = append(columns, figures(Column{Group: "response", Name: name}, unit.narrowed(values...), values))
	}
	return columns
}

// positiveOr is NaN for what was not measured.
func positiveOr(seconds float64) float64 {
	if seconds <= 0 {
		return math.NaN()
	}
	return seconds
}

// verdicts is the column of what was said of the steps.
func verdicts(steps []numbered) column {
	c := column{head: Column{Name: "verdict", Left: true}}
	for _, step := range steps {
		d := draft{text: "pass", tone: Good}
		switch step.Verdict {
		case result.Fail:
			d = draft{text: "FAIL: " + inFull(step.Reason), tone: Bad}
		case result.Void:
			d = draft{text: "void", tone: Warn, notes: []string{"the generator could not keep its schedule: no measurement of the target: " + inFull(step.Reason)}}
		}
		if step.Drifting && step.Verdict != result.Void {
			d.notes = append(d.notes, "response times drifted to its end")
		}
		c.cells = append(c.cells, d)
	}
	return c
}

// LoadPoint is what a step of a search measured at a load.
type LoadPoint struct {
	Level, Value float64
	Kept         bool // the promises
	Void         bool // no measurement of the target
}

// LoadCourse is a figure over the load: every step, and a line through the
// medians of the steps of each level.
type LoadCourse struct {
	Name   string
	Points []LoadPoint
	Line   []LoadPoint
	Limit  float64 // promised; 0 where nothing is
	Rule   string
}

// LoadLatencies are a search's response times over the load, in seconds: the
// median, and each that something was promised of, or else p99.
func (s *Scenario) LoadLatencies() []LoadCourse {
	c := s.Capacity
	all := []LoadCourse{c.course("p50", func(step result.CapacityStep) float64 { return step.P50S })}
	for i, p := range c.SLO {
		if !p.OfTimes() {
			continue
		}
		course := c.course(promiseName(p.String()), func(step result.CapacityStep) float64 { return numbered{step, 0}.measured(i) })
		course.Limit, course.Rule = p.Limit, Clean(p.String())
		all = append(all, course)
	}
	if len(all) == 1 {
		all = append(all, c.course("p99", func(step result.CapacityStep) float64 { return step.P99S }))
	}
	return all
}

// LoadErrors is the share of errors over the load, in percent.
func (s *Scenario) LoadErrors() LoadCourse {
	course := s.Capacity.course("errors", func(step result.CapacityStep) float64 { return step.Errors * 100 })
	for _, p := range s.Capacity.SLO {
		if p.Metric == "errors" && p.Step == "" {
			course.Limit, course.Rule = p.Limit*100, Clean(p.Rule)
		}
	}
	return course
}

func (c searched) course(name string, of func(result.CapacityStep) float64) LoadCourse {
	course := LoadCourse{Name: name}
	var here []float64
	steps := c.byLevel()
	for i, step := range steps {
		v := of(step.CapacityStep)
		course.Points = append(course.Points, LoadPoint{step.Level, v, step.Verdict == result.Pass, step.Verdict == result.Void})
		if step.Verdict != result.Void {
			here = append(here, v)
		}
		if last := i == len(steps)-1 || steps[i+1].Level != step.Level; last && len(here) > 0 {
			slices.Sort(here)
			course.Line = append(course.Line, LoadPoint{Level: step.Level, Value: (here[(len(here)-1)/2] + here[len(here)/2]) / 2})
			here = nil
		}
	}
	return course
}

// Answer tells what a search found, and how that compares with the load
// expected ("" where none was).
func (s *Scenario) Answer() (answer, headroom string) {
	return s.answer()[0].Text, s.Capacity.headroom()
}
