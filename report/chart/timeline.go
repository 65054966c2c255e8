package chart

import (
	"fmt"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

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
	for _, st := range strips() {
		p, err := st.draw(s, groups, lines)
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
		entry{text: "succeeded · p99 of response time", line: look{Color: grey}.line()},
		entry{text: "started · median of response time", line: look{Color: grey}.dashed()})
	return f, nil
}

// strip is one of the panels above each other.
type strip struct {
	label         string
	along         scaling
	positive      bool // zero has no place on it
	solid, dashed func(view.Moment) float64
}

func strips() []strip {
	return []strip{
		{label: "calls/s", along: scaling{logFrom: 1e99, label: number},
			solid: func(m view.Moment) float64 { return m.OKPerS }, dashed: func(m view.Moment) float64 { return m.StartedPerS }},
		{label: "response time", along: scaling{logFrom: 0, labels: 6, label: duration}, positive: true,
			solid: func(m view.Moment) float64 { return m.P99S }, dashed: func(m view.Moment) float64 { return m.P50S }},
		{label: "in flight", along: scaling{logFrom: 1e99, label: number},
			solid: func(m view.Moment) float64 { return m.InFlight }},
	}
}

// draw makes the panel; nil without any value.
func (st strip) draw(s *view.Scenario, groups []*view.Group, lines [][]view.Moment) (*panel, error) {
	var times, values span
	for _, moments := range lines {
		for _, m := range moments {
			times.add(m.AtS + m.WidthS)
			values.add(st.solid(m))
			if st.dashed != nil {
				values.add(st.dashed(m))
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
		if st.dashed != nil {
			for _, piece := range pieces(lines[i], st.dashed, st.positive) {
				if err := addLine(p, piece, l.dashed()); err != nil {
					return nil, err
				}
			}
		}
		for _, piece := range pieces(lines[i], st.solid, st.positive) {
			if err := addLine(p, piece, l.line()); err != nil {
				return nil, err
			}
		}
	}
	return p, nil
}

// pieces are the lines through the middles of moments, broken where there is
// no figure.
func pieces(moments []view.Moment, of func(view.Moment) float64, positive bool) (all []plotter.XYs) {
	var piece plotter.XYs
	for _, m := range moments {
		at, v := m.AtS+m.WidthS/2, of(m)
		if drawable(at) && (drawable(v) || v == 0 && !positive) {
			piece = append(piece, plotter.XY{X: at, Y: v})
			continue
		}
		all, piece = append(all, piece), nil
	}
	return append(all, piece)
}
