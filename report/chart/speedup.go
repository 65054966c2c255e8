package chart

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"

	"plimsoll/report/view"
	"plimsoll/runner/result"
)

// speedup compares the modes: over the sweep's axis, or side by side where
// nothing is swept; a sweep over rates is overRate's. It is nil where there is
// nothing to compare.
func speedup(sec view.Section) (*figure, error) {
	s := sec.Scenario
	if len(s.Groups) < 2 {
		return nil, nil
	}
	if _, swept := sweptOf(s); len(swept) > 1 && slices.ContainsFunc(swept, math.IsNaN) {
		return nil, nil // the places are words, along which no line runs
	}
	if s.Axis == result.AxisRate && len(s.Places) > 1 {
		return overRate(sec)
	}
	f := &figure{width: 8 * vg.Inch, body: 3.6 * vg.Inch, about: sec.About, warning: s.Warning(), panels: make([][]panel, 1)}
	f.title = sec.Title + ": " + view.MetricName(s.Judged())
	metrics := []string{s.Judged()}
	if s.Baseline != "" {
		f.title += " and speedup over " + modeName(s, s.Baseline)
		metrics = append(metrics, view.Speedup)
	}
	modes := f.shown(s.Modes, mostLooks)
	panelOf := overSweep
	if len(s.Places) == 1 {
		panelOf = sideBySide
		f.body = vg.Length(0.75+0.35*(float64(len(modes))+labelRoom*float64(labelled(s)))) * vg.Inch
	}
	for _, m := range metrics {
		if p := panelOf(s, modes, m); p != nil {
			f.panels[0] = append(f.panels[0], *p)
		}
	}
	if len(f.panels[0]) == 0 {
		return nil, nil
	}
	return f, nil
}

// shown are the modes that a picture has looks for, and says so where those are
// not all.
func (f *figure) shown(modes []string, most int) []string {
	if len(modes) <= most {
		return modes
	}
	f.hints = append(f.hints, fmt.Sprintf("The first %d of %d modes are drawn; the tables have all.", most, len(modes)))
	return modes[:most]
}

// shownGroups are those of the modes that are shown.
func shownGroups(groups []*view.Group, modes []string) []*view.Group {
	return slices.DeleteFunc(slices.Clone(groups), func(g *view.Group) bool { return !slices.Contains(modes, g.Mode) })
}

// axisOf is how a metric's values lie along an axis, and what it is called.
func axisOf(s *view.Scenario, metric string) (label string, values scaling) {
	switch metric {
	case view.Makespan:
		return "makespan", scaling{logFrom: 20, label: duration, clock: true}
	case view.Rate:
		return "throughput (" + s.Noun() + "s/s)", scaling{logFrom: 50, label: number}
	}
	return "speedup", scaling{logFrom: 100, label: number}
}

// baseline is the line of what the others are compared with.
func baseline(s *view.Scenario) []view.Promise {
	return []view.Promise{{Text: "as fast as " + modeName(s, s.Baseline), Limit: 1}}
}

// publishedEntry explains the figures beside the measured ones.
func publishedEntry(s *view.Scenario) entry {
	text := "published"
	if source, _ := s.Source(); source != "" {
		text += ": " + cut(source, 80)
	}
	return entry{text: text, rank: ofAside, marker: look{Color: grey}.published()}
}

// extent is the range of a metric's measured and published figures.
func extent(s *view.Scenario, modes []string, metric string) (values span) {
	for _, g := range shownGroups(s.Groups, modes) {
		values.add(g.Measured(metric))
		if v, ok := g.Published(metric); ok {
			values.add(v)
		}
	}
	if metric == view.Speedup && !values.empty() {
		values.add(1)
	}
	return values
}

// ends are those of the intervals of a metric.
func ends(s *view.Scenario, modes []string, metric string) (values []float64) {
	for _, g := range shownGroups(s.Groups, modes) {
		if low, high, ok := intervalOf(g, metric); ok {
			values = append(values, low, high)
		}
	}
	return values
}

// intervalOf is a metric's interval, if it has one that can be drawn.
func intervalOf(g *view.Group, metric string) (low, high float64, ok bool) {
	low, high, ok = g.Interval()
	return low, high, ok && metric == view.Speedup && low >= 0 && low <= high && drawable(g.Measured(metric))
}
