package chart

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"plimsoll/report/view"
	"plimsoll/runner/result"
)

// timeline draws the course of the first repetition of each mode at the
// largest value of the sweep: rates, response times and calls in flight above
// one time axis, or above several where modes differ much in length. It is nil
// where no trial has a timeline.
func timeline(sec view.Section) (*figure, error) {
	s := sec.Scenario
	f := &figure{width: 8 * vg.Inch, about: sec.About, warning: s.Warning()}
	f.title = sec.Title + ": timeline" + atLast(s)
	groups := shownGroups(s.AtLast(), f.shown(modesOf(s.AtLast()), mostColours))
	var trials []*result.Trial
	for _, g := range groups {
		trials = append(trials, g.Trials[0])
	}
	if n := len(groups[0].Trials); n > 1 {
		f.title += fmt.Sprintf(", repetition %d of %d", trials[0].Repeat+1, n)
	}
	const abreast = 2 // more would be too narrow
	stretches := view.Timelines(trials)
	for row := range slices.Chunk(stretches, abreast) {
		c := &view.Course{Scenario: s, Groups: groups, Base: len(groups)}
		f.panels = append(f.panels, strips(c, row, len(stretches) > 1)...)
	}
	if len(f.panels) == 0 {
		return nil, nil
	}
	f.body = vg.Length(len(f.panels)) * 1.85 * vg.Inch
	f.hints = append(f.hints, s.AboutMoments(stretches))
	return f, nil
}

// Course draws a stretch of a timeline as SVG, without a title: it stands under one.
func Course(c *view.Course) (svg []byte, err error) {
	defer recovered(&err)
	f := &figure{width: 8 * vg.Inch, panels: strips(c, []view.Stretch{c.Stretch}, false)}
	f.body = vg.Length(len(f.panels)) * 1.85 * vg.Inch
	return f.svg()
}

// latest has no place on a logarithmic scale where nothing was late.
func latest(m view.Moment) float64 {
	if m.LatestS == 0 {
		return math.NaN()
	}
	return m.LatestS
}

// modesIn names the modes of a stretch.
func modesIn(c *view.Course, stretch view.Stretch) string {
	var names []string
	for _, n := range stretch.Trials {
		names = append(names, nameOf(c, n))
	}
	return strings.Join(names, ", ")
}

// nameOf is the name of a group's mode.
func nameOf(c *view.Course, n int) string {
	name := modeName(c.Scenario, c.Groups[n].Mode)
	if n >= c.Base {
		name += " (base)"
	}
	return name
}

// lookIn is how a group is drawn, fainter where others stand against it.
func lookIn(c *view.Course, n int) look {
	l := lookOf(c.Nth(c.Groups[n].Mode))
	if n >= c.Base {
		l.Color = faint(l.Color)
	}
	return l
}

// ranges are those of a strip's values in each stretch: the same for all, to
// be compared, unless the smaller ones would be lost on one axis.
func (st strip) ranges(stretches []view.Stretch) (all []span) {
	const apart, stretchable = 5, 4
	var common span
	least := math.Inf(1)
	for _, stretch := range stretches {
		var here, beside span
		here.add(every(stretch, st.figures)...)
		beside.add(every(stretch, st.beside)...)
		if here.empty() || beside.high <= stretchable*here.high {
			here = here.with(beside)
		}
		if all = append(all, here); !here.empty() {
			common, least = common.with(here), min(least, here.high)
		}
	}
	for i := range all {
		if !all[i].empty() && (st.along.logFrom == 0 || common.high <= apart*least) {
			all[i] = common
		}
	}
	return all
}

// every figure of a stretch.
func every(stretch view.Stretch, figures []figureOf) (values []float64) {
	for _, moments := range stretch.Moments {
		for _, m := range moments {
			for _, of := range figures {
				values = append(values, of(m))
			}
		}
	}
	return values
}

// panel draws a strip of one stretch.
func (st strip) panel(c *view.Course, stretch view.Stretch, values span) *panel {
	p := newPanel("time since the trial began", st.label)
	var times span
	lines := make([]plotter.XYs, len(stretch.Moments))
	for i, moments := range stretch.Moments {
		lines[i] = slices.Concat(steps(moments, st.figures[0])...)
		for _, m := range moments {
			times.add(m.Until())
		}
	}
	if times.empty() || values.empty() {
		why := st.lacking
		if slices.ContainsFunc(every(stretch, st.figures), func(v float64) bool { return v == 0 }) && st.promised == view.Response {
			why = "all response times are 0, for which this scale has no place"
		}
		p.blank(why)
		return p
	}
	promises := c.Promises(st.promised)
	x := scaling{logFrom: 1e99, tight: true, label: duration, clock: true}.set(&p.X, span{low: times.high, high: times.high})
	p.Add(grid{x: x, y: st.along.set(&p.Y, st.along.reaching(values, limits(promises)...))})
	hidden := hiding(lines)
	for i, n := range stretch.Trials {
		l := lookIn(c, n)
		st.paint(p, track{l, stretch.Moments[i], hidden[i], c.Noun()})
		p.tell(entry{text: nameOf(c, n), rank: ofModes, line: draw.LineStyle{Color: l, Width: 6}})
	}
	p.promise(promises, false)
	return p
}
