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

// sheet are the numbers of a picture, filled in figure by figure.
type sheet struct {
	Numbers
	rows map[row]int
}

// row is one of them: the nth of its name.
type row struct {
	name string
	nth  int
}

// put writes a figure into a column, which is added where it is new, as a row is.
func (s *sheet) put(at row, of Series, v float64) {
	column := slices.Index(s.Columns, of)
	if column < 0 {
		column = len(s.Columns)
		s.Columns = append(s.Columns, of)
		for i := range s.Rows {
			s.Rows[i] = append(s.Rows[i], "")
		}
	}
	n, there := s.rows[at]
	if !there {
		if s.rows == nil {
			s.rows = map[row]int{}
		}
		n = len(s.Rows)
		s.rows[at] = n
		s.Rows = append(s.Rows, make([]string, 1+len(s.Columns)))
		s.Rows[n][0] = at.name
	}
	s.Rows[n][1+column] = figure(v)
}

// series is a column of a mode's.
func (s *Scenario) series(mode, name, unit string) Series {
	return Series{Mode: Clean(mode), Look: s.Nth(mode), Name: name, Unit: unit}
}

// speedupPlot compares the modes, over the sweep where there is one.
func (s *Scenario) speedupPlot() Plot {
	var all sheet
	all.Axis, _ = AxisLabel(s.Axis)
	overRate := s.Axis == result.AxisRate && len(s.Places) > 1
	words := "What each mode came to."
	switch {
	case overRate:
		words = "What was served of the rate that was asked for, and how long it took."
	case s.Baseline != "":
		words = "What each mode came to, and its speedup over " + Clean(s.Baseline) + " with its 95 % interval."
	}
	unit := s.timeUnit()
	for _, g := range s.Groups {
		at := row{name: placeText(g.Sweep)}
		put := func(name, unit string, v float64) {
			if !math.IsNaN(v) {
				all.put(at, s.series(g.Mode, name, unit), v)
			}
		}
		if overRate {
			put("throughput", "/s", g.Measured(Rate))
			put("p50", unit.unit, g.Known(50)/unit.per)
			put("p99", unit.unit, g.Known(99)/unit.per)
			continue
		}
		put(MetricName(s.Judged()), map[string]string{Makespan: "s", Rate: "/s"}[s.Judged()], g.Measured(s.Judged()))
		put(Speedup, "", g.Measured(Speedup))
		if low, high, ok := g.Interval(); ok {
			put("from", "", low)
			put("to", "", high)
		}
	}
	return Plot{Kind: "speedup", Title: "Compared", Words: words, Warning: s.Warning(), Numbers: all.Numbers}
}

// capacityPlot is what a search saw over the load.
func (s *Scenario) capacityPlot() Plot {
	var all sheet
	all.Axis = "load"
	courses := s.LoadLatencies()
	unit := s.timeUnit()
	for i, course := range append(courses, s.LoadErrors()) {
		of, per := Series{Name: Clean(course.Name), Unit: unit.unit}, unit.per
		if i == len(courses) {
			of.Unit, per = "%", 1
		}
		nth := map[float64]int{} // steps may be at one load
		for _, p := range course.Points {
			all.put(row{figure(p.Level), nth[p.Level]}, of, p.Value/per)
			nth[p.Level]++
		}
	}
	answer, headroom := s.Answer()
	return Plot{Kind: "capacity", Title: "Over the load", Words: joined([]string{ended(capital(answer)), ended(capital(headroom))}, " "), Warning: s.Warning(), Numbers: all.Numbers}
}

// completionsPlot is when the calls of batches were over; none without one.
func (s *Scenario) completionsPlot(groups []*Group) []Plot {
	var all sheet
	all.Axis = "share"
	var times []float64
	completed := s.Completed(groups)
	for _, c := range completed {
		for _, m := range c.Over(AsCompleted) {
			times = append(times, m.AtS())
		}
	}
	unit := timeScale(times...)
	for _, c := range completed {
		for _, o := range Orders {
			for _, m := range c.Over(o) {
				all.put(row{name: figure(100*m.Share()) + " %"}, s.series(c.Mode, o.Name, unit.unit), m.AtS()/unit.per)
			}
		}
	}
	if len(completed) == 0 {
		return nil
	}
	share := func(row []string) float64 {
		v, _ := strconv.ParseFloat(strings.TrimSuffix(row[0], " %"), 64) // as it was written
		return v
	}
	slices.SortStableFunc(all.Rows, func(a, b []string) int { return cmp.Compare(share(a), share(b)) })
	words := fmt.Sprintf("Which share of the %ss was over at which time: as they completed, and each behind all that were started before it. A failure is an end, too.", s.Noun())
	return []Plot{{Kind: "completions", Title: "When the " + s.Noun() + "s of a batch were over" + s.atWords(), Words: words, Warning: s.Warning(), Numbers: all.Numbers}}
}

// stepsPlot is the course of an iteration.
func (s *Scenario) stepsPlot() Plot {
	var all sheet
	all.Axis = "step"
	var modes []string
	var times []float64
	for _, of := range s.Stepped {
		modes = append(modes, of.Mode)
	}
	falls := s.Waterfalls(modes, MostBars)
	for _, w := range falls {
		for _, b := range w.Bars {
			times = append(times, b.LengthS, b.P99S)
		}
	}
	unit := timeScale(times...)
	words := []string{"When each step begins and how long it lasts, both at the median, with the pauses between them."}
	for _, w := range falls {
		nth := map[string]int{}
		for _, b := range w.Bars {
			at := row{b.Name, nth[b.Name]}
			nth[b.Name]++
			for _, f := range []struct {
				name string
				v    float64
			}{{"begins", b.BeginS}, {"lasts", b.LengthS}, {"lasts, p99", b.P99S}, {"begins, p5", b.EarlyS}, {"begins, p95", b.LateS}} {
				all.put(at, s.series(w.Mode, f.name, unit.unit), f.v/unit.per)
			}
		}
		if w.Left != "" && !slices.Contains(words, w.Left) {
			words = append(words, w.Left)
		}
	}
	return Plot{Kind: "steps", Title: "The course of an iteration", Words: joined(words, " "), Warning: s.Warning(), Numbers: all.Numbers}
}

// MostBars is how many steps a picture of iterations has at most.
const MostBars = 40
