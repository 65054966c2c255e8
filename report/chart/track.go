package chart

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"

	"plimsoll/report/view"
	"plimsoll/runner/statistics"
)

// How the figures of a timeline are drawn: every one in a way of its own.

// rates draws what was started as an area, and what became of it as lines.
func (p *panel) rates(t track) {
	shade, edge := shaded(t.Color), draw.LineStyle{Color: t.Color, Width: 0.4}
	for _, steps := range steps(t.moments, started) {
		p.Add(area{steps, shade}, course{points: steps, line: edge}, overflow{steps, t.Color})
		if overflowing(steps, p.Y.Max) {
			p.tell(beyondEntry)
		}
		p.tell(entry{text: "started", rank: ofFigures, area: shaded(grey), line: draw.LineStyle{Color: grey, Width: edge.Width}})
	}
	if total(t.moments, failed) > 0 {
		p.steps(t.moments, failed, t.dotted(), "failed", look{Color: grey}.dotted())
	}
	p.steps(t.moments, succeeded, above(t.line(), t.hidden), "succeeded", look{Color: grey}.line())
}

func total(moments []view.Moment, of figureOf) (sum float64) {
	for _, m := range moments {
		if v := of(m); drawable(v) {
			sum += v
		}
	}
	return sum
}

// flights draws how many calls were in flight.
func (p *panel) flights(t track) {
	p.steps(t.moments, inFlight, above(t.dashed(), t.hidden), "in flight", look{Color: grey}.dashed())
}

// queues draws how many items waited in the queue.
func (p *panel) queues(t track) {
	p.steps(t.moments, queued, above(t.line(), t.hidden), "in the queue", look{Color: grey}.line())
}

// helds draws how many calls were due and not started.
func (p *panel) helds(t track) {
	p.steps(t.moments, held, above(t.thin(), t.hidden), "held", look{Color: grey}.thin())
}

// latest draws how late the latest call of each moment was.
func (p *panel) latest(t track) {
	p.steps(t.moments, latest, above(t.finest(), t.hidden), "the latest start of a moment", look{Color: grey}.finest())
}

// classes draws the failures by class, one above the other, each in its colour.
func (p *panel) classes(t track, colours map[string]color.Color) {
	classes := view.ClassesIn(t.moments)
	for n := len(classes); n > 0; n-- { // from behind
		upTo := func(m view.Moment) (sum float64) {
			for _, class := range classes[:n] {
				sum += m.ClassesPerS[class]
			}
			return sum
		}
		c := colours[classes[n-1]]
		for _, steps := range steps(t.moments, upTo) {
			p.Add(area{steps, faint(c)}, course{points: steps, line: draw.LineStyle{Color: c, Width: 0.8}})
		}
	}
	for _, class := range classes {
		p.tell(entry{text: view.Clean(class), rank: ofFigures, area: faint(colours[class]), line: draw.LineStyle{Color: colours[class], Width: 0.8}})
	}
}

// cores draws how many processors were taken on the other side.
func (p *panel) cores(t track, of figureOf) {
	p.steps(t.moments, of, above(t.longDashed(), t.hidden), "cores taken", look{Color: grey}.longDashed())
}

// steps draws a figure as steps.
func (p *panel) steps(moments []view.Moment, of figureOf, style draw.LineStyle, name string, sample draw.LineStyle) {
	for _, points := range steps(moments, of) {
		p.draws(course{points: points, line: style})
		p.tell(entry{text: name, rank: ofFigures, line: sample})
	}
}

// responses draws the percentiles of each moment over exactly its time: the
// median behind, and the highest that the moment's own calls bear.
func (p *panel) responses(t track) {
	if medians := pieces(t.moments, median); len(medians) > 0 {
		p.Add(bars{medians, medianLook(t.Color).above(t.hidden)})
		p.tell(entry{text: "median of a moment", rank: ofFigures, bar: medianLook(grey)})
	}
	for i, percent := range view.Tails {
		tails := pieces(t.moments, func(m view.Moment) float64 {
			if m.Tail != percent {
				return math.NaN()
			}
			return m.TailS
		})
		if len(tails) == 0 {
			continue
		}
		name := fmt.Sprintf("p%v of a moment", percent)
		if i > 0 {
			name = fmt.Sprintf("p%v, where its %ss are fewer than %d", percent, t.noun, statistics.NeededFor(view.Tails[i-1]/100))
		}
		p.Add(bars{tails, tailLook(t.Color, i).above(t.hidden)})
		p.tell(entry{text: name, rank: ofFigures, bar: tailLook(grey, i)})
	}
}

func medianLook(c color.Color) barLook { return barLook{fill: faint(c), height: 6} }

// tailLook is filled for the highest percentile, and the emptier, the lower.
func tailLook(c color.Color, nth int) barLook {
	return []barLook{
		{fill: c, edge: c, height: 2.6},
		{fill: faint(c), edge: c, height: 2.6},
		{fill: color.White, edge: c, height: 2.6},
	}[nth]
}

// steps are lines that go level over each moment: a figure holds for all of
// it, and nothing is known of when in it calls ended. They break where there is
// no figure.
func steps(moments []view.Moment, of figureOf) (all []plotter.XYs) {
	var line plotter.XYs
	for _, m := range moments {
		v := of(m)
		if drawable(m.Until()) && m.AtS >= 0 && (drawable(v) || v == 0) {
			line = append(line, plotter.XY{X: m.AtS, Y: v}, plotter.XY{X: m.Until(), Y: v})
			continue
		}
		if len(line) > 0 {
			all, line = append(all, line), nil
		}
	}
	if len(line) > 0 {
		all = append(all, line)
	}
	return all
}

// pieces are the figures of those moments that have one.
func pieces(moments []view.Moment, of figureOf) (all []piece) {
	for _, m := range moments {
		if v := of(m); drawable(m.Until()) && m.AtS >= 0 && drawable(v) {
			all = append(all, piece{m.AtS, m.Until(), v})
		}
	}
	return all
}
