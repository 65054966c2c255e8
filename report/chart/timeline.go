package chart

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
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
		f.panels = append(f.panels, strips(s, groups, row, len(stretches) > 1)...)
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
	f := &figure{width: 8 * vg.Inch, panels: strips(c.Scenario, c.Groups, []view.Stretch{c.Stretch}, false)}
	f.body = vg.Length(len(f.panels)) * 1.85 * vg.Inch
	return f.svg()
}

// strip is one of the panels above each other.
type strip struct {
	label    string
	along    scaling
	figures  []figureOf // what it is about, the first above all
	beside   []figureOf // what does not stretch its axis
	paint    func(*panel, track)
	promised string // what thresholds belong here
	lacking  string // why it may be empty
}

type figureOf func(view.Moment) float64

// track is what a mode did in time.
type track struct {
	look
	moments []view.Moment
	hidden  int    // how many others run where it does
	noun    string // what it is of
}

func started(m view.Moment) float64   { return m.StartedPerS }
func succeeded(m view.Moment) float64 { return m.OKPerS }
func failed(m view.Moment) float64    { return m.FailedPerS }
func inFlight(m view.Moment) float64  { return m.InFlight }
func queued(m view.Moment) float64    { return m.Queued }
func median(m view.Moment) float64    { return m.P50S }
func tail(m view.Moment) float64      { return m.TailS }

// ofTimeline are the strips from above to below.
func ofTimeline(s *view.Scenario) []strip {
	linear, noun := scaling{logFrom: 1e99, label: number}, s.Noun()
	all := []strip{
		{noun + "s/s", linear, []figureOf{succeeded, failed}, []figureOf{started}, (*panel).rates, view.Rate, "no " + noun + " was started"},
		{"response time", scaling{logFrom: 0, labels: 6, label: duration}, []figureOf{median, tail}, nil, (*panel).responses, view.Response, "no " + noun + " succeeded"},
		{"in flight", linear, []figureOf{inFlight}, nil, (*panel).flights, "", "nothing was in flight"},
	}
	if s.Queued() {
		all = append(all, strip{"in the queue", linear, []figureOf{queued}, nil, (*panel).queues, view.Queue, "nothing waited"})
	}
	var trials []*result.Trial
	for _, g := range s.AtLast() {
		trials = append(trials, g.Trials[0])
	}
	for _, name := range view.Monitors(trials) {
		of := func(m view.Moment) float64 { return m.CoresOf(name) }
		all = append(all, strip{"cores of " + view.Clean(name), linear, []figureOf{of}, nil, func(p *panel, t track) { p.cores(t, of) }, "", "nothing was seen"})
	}
	return all
}

// strips are the rows of panels of some stretches, one beside the other.
func strips(s *view.Scenario, groups []*view.Group, stretches []view.Stretch, titled bool) (rows [][]panel) {
	for _, st := range ofTimeline(s) {
		var row []panel
		ranges := st.ranges(stretches)
		for i, stretch := range stretches {
			row = append(row, *st.panel(s, groups, stretch, ranges[i]))
			if i > 0 {
				row[i].y = ""
			}
			if titled && len(rows) == 0 {
				row[i].title = modesIn(s, groups, stretch)
			}
		}
		rows = append(rows, row)
	}
	for _, row := range rows[:len(rows)-1] { // one time axis is enough
		for j := range row {
			row[j].x, row[j].X.Tick.Marker = "", plot.ConstantTicks(nil)
		}
	}
	return rows
}

// modesIn names the modes of a stretch.
func modesIn(s *view.Scenario, groups []*view.Group, stretch view.Stretch) string {
	var names []string
	for _, n := range stretch.Trials {
		names = append(names, modeName(s, groups[n].Mode))
	}
	return strings.Join(names, ", ")
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
func (st strip) panel(s *view.Scenario, groups []*view.Group, stretch view.Stretch, values span) *panel {
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
		if slices.ContainsFunc(every(stretch, st.figures), func(v float64) bool { return v == 0 }) && st.along.logFrom == 0 {
			why = "all response times are 0, for which this scale has no place"
		}
		p.blank(why)
		return p
	}
	promises := s.Promises(st.promised)
	x := scaling{logFrom: 1e99, tight: true, label: duration, clock: true}.set(&p.X, span{low: times.high, high: times.high})
	p.Add(grid{x: x, y: st.along.set(&p.Y, st.along.reaching(values, limits(promises)...))})
	hidden := hiding(lines)
	for i, n := range stretch.Trials {
		mode := groups[n].Mode
		st.paint(p, track{lookOf(s.Nth(mode)), stretch.Moments[i], hidden[i], s.Noun()})
		p.tell(entry{text: modeName(s, mode), rank: ofModes, line: draw.LineStyle{Color: lookOf(s.Nth(mode)), Width: 6}})
	}
	p.promise(promises, false)
	return p
}
