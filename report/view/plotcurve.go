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
	if n := curveNumbers(s, groups, before); len(n.Rows) > 0 {
		plots = append(plots, Plot{Curves: &Curves{s, groups, before}, Title: "Latency by percentile" + s.atWords(),
			Words: joined([]string{ended(s.Survivors(groups)), CurveEnds(groups)}, " "), Warning: s.Warning(), Numbers: n,
			Limits: s.plotLimits(PanelResponse, s.timeUnit(), Response, Service)})
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

// curveOf is one of the distributions that curves are of.
type curveOf struct {
	name  string
	times func(*Group) result.Times
}

var curvesOf = []curveOf{
	{"response", func(g *Group) result.Times { return g.ResponseTimes() }},
	{"service", func(g *Group) result.Times { return g.ServiceTimes() }},
}

// curveNumbers are the percentile curves of groups, and of those they stand against.
func curveNumbers(s *Scenario, groups, base []*Group) Numbers {
	n := Numbers{Axis: "percentile"}
	end := 0.0
	for _, g := range groups {
		end = max(end, CurveEnd(g.ResponseTimes()), CurveEnd(g.ServiceTimes()))
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
		for _, of := range curvesOf {
			times := of.times(g)
			last := CurveEnd(times)
			n.Columns = append(n.Columns, Series{Mode: Clean(g.Mode), Look: s.Nth(g.Mode), Name: of.name, Panel: PanelResponse, Unit: unit.unit, Base: old})
			for i, tail := range tails {
				text := ""
				if last > 0 && tail <= last*(1+1e-9) {
					text = figure(times.Quantile(percentOf(tail)).Least.High / unit.per)
				}
				n.Rows[i] = append(n.Rows[i], text)
			}
		}
	}
	for i, g := range groups {
		add(g, false)
		if base[i] != nil {
			add(base[i], true)
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
