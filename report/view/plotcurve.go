package view

import (
	"math"
	"slices"
	"strconv"

	"plimsoll/runner/result"
)

// latencyPlots are the percentile curves, and when batches were over.
func (s *Scenario) latencyPlots(base *Scenario) (plots []Plot) {
	groups := s.plotted()
	before := pairs(groups, base)
	calls := &Curves{Scenario: s, Groups: groups, Base: before}
	if n := calls.numbers(); len(n.Rows) > 0 {
		plots = append(plots, Plot{Curves: calls, Title: "Latency by percentile" + s.atWords(),
			Words: joined([]string{ended(s.Survivors(groups)), CurveEnds(groups)}, " "), Warning: s.Warning(), Numbers: n,
			Limits: s.plotLimits(PanelResponse, s.timeUnit(), Response, Service)})
	}
	streams := &Curves{Scenario: s, Groups: groups, Base: before, OfStreams: true}
	if n := streams.numbers(); len(n.Rows) > 0 {
		plots = append(plots, Plot{Curves: streams, Title: "Streams by percentile" + s.atWords(),
			Words: "First event: from when a call was due. Gap: from one event to the next, of which a call has many. Each curve ends where its values cannot bear the next nine.", Warning: s.Warning(), Numbers: n,
			Limits: s.plotLimits(PanelResponse, s.timeUnit(), FirstEvent, Gap)})
	}
	for _, g := range groups {
		if h := s.heat(g); h != nil {
			plots = append(plots, Plot{Title: "Response times over time" + s.of(g.Mode, g.Sweep), Words: joined([]string{h.words(g.noun()), firstOf([]*Group{g})}, " "), Warning: s.Warning(), Heat: h})
		}
	}
	return append(plots, s.completionsPlot(groups)...)
}

// plotTails are where curves of pages have a point: the percentiles that people ask
// for, and between them twenty in each power of ten.
func plotTails(end float64) (tails []float64) {
	for _, tail := range slices.Concat(curveEnds[:], []float64{20, 200}) {
		if tail <= end*(1+1e-9) {
			tails = append(tails, tail)
		}
	}
	asked := slices.Clone(tails)
	for i := 0; pow10(float64(i)/20) < end; i++ {
		tail := pow10(float64(i) / 20)
		if !slices.ContainsFunc(asked, func(v float64) bool { return math.Abs(tail/v-1) < 0.03 }) {
			tails = append(tails, tail)
		}
	}
	slices.Sort(tails)
	return tails
}

// CurveOf is one of the distributions that curves are of: a figure, and its title in
// pictures.
type CurveOf struct {
	Name, Title string
	Times       func(*Group) result.Times
}

// Of are the figures that curves are of: the first in full lines, the second behind it.
func (c *Curves) Of() [2]CurveOf {
	if c.OfStreams {
		return [2]CurveOf{{FirstEvent, "first event", firstEvent.times}, {Gap, "gap", gap.times}}
	}
	return [2]CurveOf{{Response, "response time", (*Group).ResponseTimes}, {Service, "service time", (*Group).ServiceTimes}}
}

// numbers are the percentile curves of groups, and of those they stand against.
func (c *Curves) numbers() Numbers {
	s := c.Scenario
	n := Numbers{Axis: "percentile"}
	end := 0.0
	for _, g := range c.Groups {
		for _, of := range c.Of() {
			end = max(end, CurveEnd(of.Times(g)))
		}
	}
	if end == 0 {
		return n
	}
	tails := plotTails(end)
	for _, tail := range tails {
		n.Rows = append(n.Rows, []string{percentile(tail)})
	}
	unit := s.timeUnit()
	add := func(g *Group, old bool) {
		for _, of := range c.Of() {
			times := of.Times(g)
			last := CurveEnd(times)
			n.Columns = append(n.Columns, Series{Mode: Clean(g.Mode), Look: s.Nth(g.Mode), Name: of.Name, Panel: PanelResponse, Unit: unit.unit, Base: old})
			for i, tail := range tails {
				text := ""
				if last > 0 && tail <= last*(1+1e-9) {
					text = figure(times.Quantile(percentOf(tail)).Least.High / unit.per)
				}
				n.Rows[i] = append(n.Rows[i], text)
			}
		}
	}
	for i, g := range c.Groups {
		add(g, false)
		if c.Base[i] != nil {
			add(c.Base[i], true)
		}
	}
	return n
}

// percentile is the percentile at a tail, with as many digits as tell it from its neighbours
// and from 100: two more than there are nines.
func percentile(tail float64) string {
	nines := int(math.Ceil(math.Log10(tail) - 1e-9))
	v, _ := strconv.ParseFloat(strconv.FormatFloat(percentOf(tail), 'f', nines+2, 64), 64)
	return strconv.FormatFloat(v, 'f', -1, 64)
}
