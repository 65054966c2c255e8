package chart

import (
	"fmt"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"plimsoll/report/view"
	"plimsoll/runner/result"
)

// timeline draws the course of the first repetition of each mode at the
// largest value of the sweep: rates, response times and calls in flight above
// one time axis. It is nil where no trial has a timeline.
func timeline(sec view.Section) (*figure, error) {
	s := sec.Scenario
	groups := s.AtLast()
	var trials []*result.Trial
	for _, g := range groups {
		trials = append(trials, g.Trials[0])
	}
	lines := view.Timelines(trials)
	f := &figure{width: 8 * vg.Inch, height: 6.5 * vg.Inch, about: sec.About, warning: s.Warning()}
	f.title = sec.Title + ": timeline" + atLast(s)
	if n := len(groups[0].Trials); n > 1 {
		f.title += fmt.Sprintf(", repetition %d of %d", trials[0].Repeat+1, n)
	}
	failures := slices.ContainsFunc(trials, func(t *result.Trial) bool { return t.Failed() > 0 })
	for _, st := range strips(failures) {
		p, err := st.panel(s, groups, lines)
		if err != nil {
			return nil, err
		}
		if p == nil {
			continue
		}
		f.panels = append(f.panels, []panel{*p})
	}
	if len(f.panels) == 0 {
		return nil, nil
	}
	for _, row := range f.panels[:len(f.panels)-1] { // one time axis is enough
		row[0].x, row[0].X.Tick.Marker = "", plot.ConstantTicks(nil)
	}
	for _, g := range groups {
		f.legend = append(f.legend, entry{text: modeName(g.Mode), line: lookOf(s.Nth(g.Mode)).line()})
	}
	f.legend = append(f.legend,
		entry{text: "succeeded · p99 of response time, of 368 calls at least", line: look{Color: grey}.line()},
		entry{text: "started · median of response time", line: look{Color: grey}.dashed()})
	if failures {
		f.legend = append(f.legend, entry{text: "failed", line: look{Color: grey}.dotted()})
	}
	return f, nil
}

// strip is one of the panels above each other.
type strip struct {
	label    string
	along    scaling
	positive bool     // zero has no place on it
	courses  []course // the most important last: it is drawn on top
}

// course is one of the figures of a strip.
type course struct {
	style func(look) draw.LineStyle
	of    func(view.Moment) float64
}

func strips(failures bool) []strip {
	calls := []course{
		{look.dashed, func(m view.Moment) float64 { return m.StartedPerS }},
		{look.line, func(m view.Moment) float64 { return m.OKPerS }},
	}
	if failures {
		calls = append(calls, course{look.dotted, func(m view.Moment) float64 { return m.FailedPerS }})
	}
	return []strip{
		{label: "calls/s", along: scaling{logFrom: 1e99, label: number}, courses: calls},
		{label: "response time", along: scaling{logFrom: 0, labels: 6, label: duration}, positive: true, courses: []course{
			{look.dashed, func(m view.Moment) float64 { return m.P50S }},
			{look.line, func(m view.Moment) float64 { return m.P99S }},
		}},
		{label: "in flight", along: scaling{logFrom: 1e99, label: number}, courses: []course{
			{look.line, func(m view.Moment) float64 { return m.InFlight }},
		}},
	}
}

// panel draws it; nil without any value.
func (st strip) panel(s *view.Scenario, groups []*view.Group, lines [][]view.Moment) (*panel, error) {
	var times, values span
	for _, moments := range lines {
		for _, m := range moments {
			times.add(m.AtS + m.WidthS)
			for _, c := range st.courses {
				values.add(c.of(m))
			}
		}
	}
	if times.empty() || values.empty() {
		return nil, nil
	}
	p := newPanel("time since the trial began", st.label)
	x := scaling{logFrom: 1e99, tight: true, label: duration}.set(&p.X, span{low: times.high, high: times.high})
	p.Add(grid{x: x, y: st.along.set(&p.Y, values)})
	for i, g := range groups {
		l := lookOf(s.Nth(g.Mode))
		for _, c := range st.courses {
			for _, piece := range pieces(lines[i], c.of, st.positive) {
				if err := addLine(p, piece, c.style(l)); err != nil {
					return nil, err
				}
			}
		}
	}
	return p, nil
}

// pieces are steps, each as long as its moment: a figure holds for all of it,
// and nothing is known of when in it calls ended. They break where there is no
// figure.
func pieces(moments []view.Moment, of func(view.Moment) float64, positive bool) (all []plotter.XYs) {
	var piece plotter.XYs
	for _, m := range moments {
		v, until := of(m), m.AtS+m.WidthS
		if drawable(until) && m.AtS >= 0 && (drawable(v) || v == 0 && !positive) {
			piece = append(piece, plotter.XY{X: m.AtS, Y: v}, plotter.XY{X: until, Y: v})
			continue
		}
		all, piece = append(all, piece), nil
	}
	return append(all, piece)
}
