package chart

import (
	"image/color"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"plimsoll/report/view"
)

// waterfalls draws where an iteration's time goes, a panel for each mode: when
// each step begins and for how long it lasts, on one axis with the pauses
// between them. It is nil where there are no steps, or no success.
func waterfalls(sec view.Section) (*figure, error) {
	s := sec.Scenario
	f := &figure{width: 8 * vg.Inch, about: sec.About, warning: s.Warning()}
	var groups []*view.Group
	for _, of := range s.Stepped {
		groups = append(groups, of.Group)
	}
	all := s.Waterfalls(f.shown(modesOf(groups), mostColours), view.MostBars)
	if len(all) == 0 {
		return nil, nil
	}
	f.title = sec.Title + ": where the time of an iteration goes"
	if at := view.At(groups[0].Sweep); at != "" {
		f.title += ", " + at
	}
	f.hints = append(f.hints, s.Survivors(groups))
	ranges := reaches(all)
	for i, w := range all {
		if ranges[i].empty() {
			continue
		}
		f.panels = append(f.panels, []panel{*fall(s, w, ranges[i])})
		f.body += vg.Length(0.75+0.21*float64(len(w.Bars))) * vg.Inch
		if w.Left != "" && !slices.Contains(f.hints, w.Left) {
			f.hints = append(f.hints, w.Left)
		}
	}
	if len(f.panels) == 0 {
		return nil, nil
	}
	for _, row := range f.panels[:len(f.panels)-1] { // one name is enough
		row[0].x = ""
	}
	return f, nil
}

// reaches is how far each panel's time goes: alike, to be compared, unless the
// shorter ones would be lost on one axis.
func reaches(all []view.Waterfall) []span {
	const apart, far = 5, 1.6
	ranges := make([]span, len(all))
	var common span
	for i, w := range all {
		var bars, whiskers span
		for _, b := range w.Bars {
			bars.add(b.EndS(), b.LateS)
			whiskers.add(b.BeginS + b.P99S)
		}
		ranges[i] = bars
		if !bars.empty() {
			ranges[i].add(min(whiskers.high, far*bars.high))
			common = common.with(ranges[i])
		}
	}
	for i := range ranges {
		if !ranges[i].empty() && common.high <= apart*ranges[i].high {
			ranges[i] = common
		}
	}
	return ranges
}

// fall draws one mode.
func fall(s *view.Scenario, w view.Waterfall, times span) *panel {
	p := newPanel("time since the iteration was due, pauses included", "")
	if len(s.Modes) > 1 {
		p.title = modeName(s, w.Mode)
	}
	var names []plot.Tick
	for i, b := range w.Bars {
		names = append(names, plot.Tick{Value: float64(-i), Label: cutWithin(b.Name, 34)})
	}
	p.Y.Tick.Marker, p.Y.Tick.Length = plot.ConstantTicks(names), 0
	p.Y.Min, p.Y.Max = 0.4-float64(len(w.Bars)), 0.6
	p.Add(grid{x: scaling{logFrom: 1e99, tight: true, label: duration, clock: true}.set(&p.X, times)})
	own := lookOf(s.Nth(w.Mode)).Color
	for i, b := range w.Bars {
		p.Add(step{b, float64(-i), own})
		p.tell(step{b, 0, grey}.entries()...)
	}
	return p
}

// step is one bar of a waterfall.
type step struct {
	view.StepBar
	row   float64
	color color.Color
}

const (
	callHeight  = vg.Length(8)
	blockHeight = vg.Length(2)
	earlyHeight = vg.Length(12)
)

// bar is how a step is drawn.
func (s step) bar() barLook {
	switch s.Part {
	case view.OfAll:
		return barLook{fill: gridGrey, edge: grey, height: callHeight}
	case view.OfBlock:
		return barLook{fill: ink, height: blockHeight}
	}
	return barLook{fill: s.color, height: callHeight}
}

// early is how the time is drawn in which a step may begin.
func (s step) early() barLook { return barLook{fill: shaded(s.color), height: earlyHeight} }

func (s step) whisker() draw.LineStyle { return draw.LineStyle{Color: ink, Width: 0.9} }

// varies tells whether a call does not always begin at the same time.
func (s step) varies() bool { return s.Part == view.OfCall && s.LateS > s.EarlyS }

func (s step) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	at := y(s.row)
	if s.varies() {
		s.early().draw(&c, x(s.EarlyS), min(c.Max.X, x(s.LateS)), at)
	}
	begin, end := x(s.BeginS), x(s.EndS())
	s.bar().draw(&c, begin, max(end, begin+1), at)
	if tail := s.BeginS + s.P99S; tail > s.EndS() {
		s.tail(&c, end, x(tail), at)
	}
}

// tail is the whisker up to p99; one that leaves the panel ends in an arrow.
func (s step) tail(c *draw.Canvas, from, to, at vg.Length) {
	if to > c.Max.X+0.5 {
		c.StrokeLine2(s.whisker(), from, at, c.Max.X-3, at)
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: s.whisker().Color, Radius: 3, Shape: wedge{1, 0}}, vg.Point{X: c.Max.X - 3, Y: at})
		return
	}
	c.StrokeLine2(s.whisker(), from, at, to, at)
	c.StrokeLine2(s.whisker(), to, at-capLength/2, to, at+capLength/2)
}

// entries explain what is drawn of a step.
func (s step) entries() (list []entry) {
	switch s.Part {
	case view.OfAll:
		list = append(list, entry{text: "iteration, with its pauses", rank: ofFigures, bar: s.bar()})
	case view.OfBlock:
		list = append(list, entry{text: "block, with its pauses", rank: ofFigures, bar: s.bar()})
	default:
		list = append(list, entry{text: "call, at the median", rank: ofFigures, bar: s.bar()})
	}
	if s.P99S > s.LengthS {
		list = append(list, entry{text: "up to p99", rank: ofAside, line: s.whisker(), capped: true})
	}
	if s.varies() {
		list = append(list, entry{text: "where 9 of 10 calls begin", rank: ofAside, bar: s.early()})
	}
	return list
}
