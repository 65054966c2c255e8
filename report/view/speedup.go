package view

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"plimsoll/runner/result"
)

// metric is a figure of groups, as an expectation names it, and how it is
// printed: alike for all modes, so that they can be compared.
type metric struct {
	name  string
	scale scale
}

// metrics are what the speedup table shows: what the scenario is judged by,
// what else was published, and the speedup.
func (s *Scenario) metrics() []metric {
	span := metric{Makespan, timeScale(s.values(Makespan)...)}
	flow := metric{Rate, plainScale(rateUnit(s.Noun()), s.values(Rate)...)}
	first, second := flow, span
	if s.Counted {
		first, second = span, flow
	}
	shown := []metric{first}
	if published(second.name, s.Groups) {
		shown = append(shown, second)
	}
	if s.Baseline != "" || published(Speedup, s.Groups) {
		shown = append(shown, metric{Speedup, plainScale("", s.values(Speedup)...)})
	}
	return shown
}

func (s *Scenario) values(metric string) []float64 {
	var values []float64
	for _, g := range s.Groups {
		values = append(values, g.Measured(metric))
	}
	return values
}

// published tells whether there is a published figure for any of the groups.
func published(metric string, groups []*Group) bool {
	return slices.ContainsFunc(groups, func(g *Group) bool { return g != nil && g.Expected[metric] != nil })
}

// speedupTable compares the modes: a row for each place of the sweep, or,
// where there is but one place, for each mode. It is nil where the latency
// table says it all.
func (s *Scenario) speedupTable() *Table {
	shown := s.metrics()
	if len(s.Groups) < 2 && !s.Counted && len(shown) < 2 {
		return nil
	}
	if len(s.Places) == 1 {
		columns := s.keyColumns(s.Groups)
		keys := len(columns)
		columns[keys-1].flag(s.Groups)
		for _, m := range shown {
			columns = append(columns, s.compared(m, Column{Name: MetricName(m.name)}, s.Groups)...)
		}
		return finish(s.speedupTitle(shown), keys, columns)
	}
	columns := []column{s.axisColumn(s.placeNames())}
	for _, m := range shown {
		for _, mode := range s.Modes {
			if m.name == Speedup && mode == s.Baseline {
				continue
			}
			groups := s.Along(mode)
			compared := s.compared(m, Column{Group: MetricName(m.name), Name: Clean(mode)}, groups)
			compared[0].flag(groups)
			columns = append(columns, compared...)
		}
	}
	return finish(s.speedupTitle(shown), 1, columns)
}

func (s *Scenario) placeNames() []string {
	names := make([]string, len(s.Places))
	for i, p := range s.Places {
		names[i] = placeText(p)
	}
	return names
}

// MetricName is a metric for people.
func MetricName(metric string) string {
	if metric == Rate {
		return "throughput"
	}
	return metric
}

func (s *Scenario) speedupTitle(shown []metric) string {
	var names []string
	for _, m := range shown {
		names = append(names, MetricName(m.name))
	}
	title := strings.Join(names, " and ")
	if s.Baseline != "" {
		title += " over " + Clean(s.Baseline)
	}
	return capital(title)
}

// compared is a metric's column for some groups, and beside it the interval,
// the published figures and how far apart they are, where there are any.
func (s *Scenario) compared(m metric, head Column, groups []*Group) []column {
	measured := column{head: head}
	measured.head.Unit = m.scale.unit
	for _, g := range groups {
		measured.cells = append(measured.cells, s.measured(m, g))
	}
	columns := []column{measured}
	aside := Column{Group: head.Group, Qualifies: true}
	if m.name == Speedup && slices.ContainsFunc(groups, hasInterval) {
		columns = append(columns, rank(1, interval(m, aside, groups))...)
	}
	if published(m.name, groups) {
		columns = append(columns, rank(2, publishedColumn(m, aside, groups))...)
		columns = append(columns, rank(1, deviation(m, aside, groups))...)
	}
	return columns
}

func (s *Scenario) measured(m metric, g *Group) draft {
	if g == nil {
		return empty()
	}
	if m.name == Speedup {
		return s.measuredSpeedup(m, g)
	}
	return draft{text: m.scale.text(g.Measured(m.name))}
}

func (s *Scenario) measuredSpeedup(m metric, g *Group) draft {
	if g.Mode == s.Baseline {
		return draft{text: "1"}
	}
	d := draft{text: m.scale.text(g.Measured(m.name))}
	if g.Speedup != nil && g.Speedup.Note != "" {
		d.notes = []string{inFull(g.Speedup.Note)}
	}
	return d
}

// Interval is the speedup's 95 % confidence interval, if there is one.
func (g *Group) Interval() (low, high float64, ok bool) {
	if g == nil || g.Speedup == nil || !(g.Speedup.High > 0) {
		return 0, 0, false
	}
	return g.Speedup.Low, g.Speedup.High, true
}

func hasInterval(g *Group) bool {
	_, _, ok := g.Interval()
	return ok
}

// HasIntervals tells whether any speedup has one.
func (s *Scenario) HasIntervals() bool { return slices.ContainsFunc(s.Groups, hasInterval) }

// Published is the published figure of a metric, if there is one above zero.
func (g *Group) Published(metric string) (v float64, ok bool) {
	e := g.Expected[metric]
	if e == nil || !(e.Expected > 0) {
		return 0, false
	}
	return e.Expected, true
}

// Source names where the first published figure comes from; ok is false
// where none is.
func (s *Scenario) Source() (source string, ok bool) {
	for _, g := range s.Groups {
		for _, metric := range []string{Makespan, Rate, Speedup} {
			if _, ok := g.Published(metric); ok {
				return Clean(g.Expected[metric].Source), true
			}
		}
	}
	return "", false
}

func interval(m metric, head Column, groups []*Group) column {
	head.Name, head.Unit = intervalName, ""
	c := column{head: head}
	for _, g := range groups {
		if !hasInterval(g) {
			c.cells = append(c.cells, empty())
			continue
		}
		c.cells = append(c.cells, draft{text: m.scale.text(g.Speedup.Low) + "–" + m.scale.text(g.Speedup.High)})
	}
	return c
}

func publishedColumn(m metric, head Column, groups []*Group) column {
	head.Name, head.Unit = "published", m.scale.unit
	c := column{head: head}
	for _, g := range groups {
		if g == nil || g.Expected[m.name] == nil {
			c.cells = append(c.cells, empty())
			continue
		}
		v := g.Expected[m.name]
		d := draft{text: m.scale.asWritten(v.Expected)}
		if v.Source != "" {
			d.notes = []string{"published: " + inFull(v.Source)}
		}
		c.cells = append(c.cells, d)
	}
	return c
}

// deviation is how far the measured figure is from the published one, and
// whether that is within the tolerance.
func deviation(m metric, head Column, groups []*Group) column {
	head.Name, head.Unit = "Δ", "%"
	c := column{head: head}
	for _, g := range groups {
		if g == nil || g.Expected[m.name] == nil {
			c.cells = append(c.cells, empty())
			continue
		}
		c.cells = append(c.cells, judged(g.Expected[m.name]))
	}
	return c
}

func judged(v *result.Verdict) draft {
	off := (v.Measured/v.Expected - 1) * 100
	d := draft{text: None, tone: Good}
	if v.Reason == "" && !math.IsNaN(off) && !math.IsInf(off, 0) {
		d.text = signed(off)
	}
	if v.Pass {
		return d
	}
	d.tone = Bad
	d.notes = []string{fmt.Sprintf("outside the tolerance of %s %%", plainScale("").asWritten(v.Tolerance*100))}
	if v.Reason != "" {
		d.notes = []string{inFull(v.Reason)}
	}
	return d
}

// signed prints a deviation in percent, from which 0.0 has lost its sign.
func signed(percent float64) string {
	if math.Abs(percent) < 0.05 {
		return "0.0"
	}
	return fmt.Sprintf("%+.1f", percent)
}
