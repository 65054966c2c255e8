package view

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"plimsoll/runner/result"
)

// Plot is a chart of a page: a picture that is there without any script, and
// the numbers that it shows as a table, which the script draws anew.
type Plot struct {
	// Kind is that of the picture among package chart's; "" where there is none.
	Kind    string
	Title   string
	Words   string // a sentence on what it shows
	Warning string // what keeps it from being believed; "" for nothing
	Limits  []PlotLimit
	Numbers Numbers
	Heat    *Heat   // of a heat map, which has no other numbers
	Course  *Course // of a plot over time, whose picture is drawn of it
	Curves  *Curves // of percentile curves, whose picture is drawn of them
}

// Curves are what percentile curves are of, and the groups that they stand against: nil
// where there is none.
type Curves struct {
	*Scenario
	Groups, Base []*Group
}

// PlotLimit is a promise as a line in a panel, in the unit of its figures.
type PlotLimit struct {
	Text, Panel string
	At          float64
}

// Course is what a plot over time shows: a stretch of a scenario's groups.
type Course struct {
	*Scenario
	Groups  []*Group
	Stretch Stretch
}

// Numbers are what a plot shows, a row for each place on its axis.
type Numbers struct {
	Axis    string
	Columns []Series
	Rows    [][]string // the place, then a figure for each column; "" for none
	Until   string     // where the last row ends, of those that are pieces of time
}

// Series is a column of Numbers, and how to draw it.
type Series struct {
	Mode  string
	Look  int    // the number of the mode's colour
	Name  string // what it is of the mode: "response", "p99", "started"
	Panel string // which of the panels above each other it stands in
	Unit  string
	Base  bool // of the run that this one stands against
}

// The panels of a plot over time, from above to below.
const (
	PanelRate     = "rate"
	PanelErrors   = "errors"
	PanelResponse = "response time"
	PanelFlight   = "in flight"
	PanelLateness = "lateness"
)

// mostPlotted is how many modes a plot over the axis of a page has at most.
const mostPlotted = 6

// plotted are the groups that plots show.
func (s *Scenario) plotted() []*Group {
	groups := s.atCloser()
	return groups[:min(len(groups), mostPlotted)]
}

// pairs are groups with those of the base at the same places; nil where there is none.
func pairs(groups []*Group, base *Scenario) []*Group {
	of := make([]*Group, len(groups))
	if base != nil {
		for i, g := range groups {
			of[i] = base.Group(g.Mode, g.Sweep)
		}
	}
	return of
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
			plots = append(plots, Plot{Title: "Response times over time" + s.of(g.Mode, g.Sweep), Words: h.words(g.noun()), Warning: s.Warning(), Heat: h})
		}
	}
	if len(s.Completed(groups)) > 0 {
		plots = append(plots, Plot{Kind: "completions", Title: "When the " + s.Noun() + "s of a batch were over" + s.atWords()})
	}
	return plots
}

// plotLimits are promises on such figures as lines in a panel.
func (s *Scenario) plotLimits(panel string, unit scale, of ...string) (limits []PlotLimit) {
	for _, p := range s.Promises(of...) {
		limits = append(limits, PlotLimit{p.Text, panel, p.Limit / unit.per})
	}
	return limits
}

// ended is a sentence with a full stop.
func ended(sentence string) string {
	if sentence == "" || strings.HasSuffix(sentence, ".") {
		return sentence
	}
	return sentence + "."
}

// atWords says where on the axis the plots are.
func (s *Scenario) atWords() string {
	if at := At(s.closer()); at != "" {
		return ", " + at
	}
	return ""
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
		n.Rows = append(n.Rows, []string{figure(percentOf(tail))})
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

// figure is a number to five significant digits, as short as it can be.
func figure(v float64) string { return rounded(v, 5) }

// rounded is a number to so many significant digits; "" of what is none.
func rounded(v float64, digits int) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', digits, 64), 64)
	if a := math.Abs(v); a > 0 && a < 1e-4 || a >= 1e9 {
		return strconv.FormatFloat(v, 'g', digits, 64)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

func pow10(v float64) float64 { return math.Pow(10, v) }

// coursePlots are the trials over time: those of the first repetition of each mode.
func (s *Scenario) coursePlots(base *Scenario) (plots []Plot) {
	groups := s.plotted()
	trials := make([]*result.Trial, len(groups))
	for i, g := range groups {
		trials[i] = g.Trials[0]
	}
	before := pairs(groups, base)
	stretches := Timelines(trials)
	for _, stretch := range stretches {
		n := s.courseNumbers(groups, before, stretch)
		if len(n.Rows) == 0 {
			continue
		}
		p := Plot{Title: "Over time" + s.atWords() + s.modesIn(groups, stretch, len(stretches)), Words: s.AboutMoments([]Stretch{stretch}), Warning: s.Warning(), Numbers: n, Course: &Course{s, groups, stretch},
			Limits: slices.Concat(s.plotLimits(PanelResponse, s.timeUnit(), Response), s.plotLimits(PanelRate, plainScale(""), Rate))}
		plots = append(plots, p)
	}
	return plots
}

// modesIn names the modes of a stretch, where there are several.
func (s *Scenario) modesIn(groups []*Group, stretch Stretch, of int) string {
	if of < 2 {
		return ""
	}
	var names []string
	for _, i := range stretch.Trials {
		names = append(names, Clean(groups[i].Mode))
	}
	return fmt.Sprintf(": %s", joined(names, ", "))
}

// track is one figure of the moments.
type track struct {
	name, panel, unit string
	of                func(Moment) float64
	always            bool // it is there also where it is always 0
}

// tracks are the figures over time, from above to below: errors by those classes, and
// times in unit.
func tracks(noun string, unit scale, classes []string) []track {
	inTime := func(of func(Moment) float64) func(Moment) float64 {
		return func(m Moment) float64 { return of(m) / unit.per }
	}
	perS := noun + "s/s"
	all := []track{
		{"asked", PanelRate, perS, func(m Moment) float64 { return m.AskedPerS }, false},
		{"started", PanelRate, perS, func(m Moment) float64 { return m.StartedPerS }, true},
		{"ended well", PanelRate, perS, func(m Moment) float64 { return m.OKPerS }, true},
		{"failed", PanelRate, perS, func(m Moment) float64 { return m.FailedPerS }, false},
		{"dropped", PanelRate, perS, func(m Moment) float64 { return m.DroppedPerS }, false},
	}
	for _, class := range classes {
		all = append(all, track{class, PanelErrors, perS, func(m Moment) float64 { return m.ClassesPerS[class] }, false})
	}
	return append(all, []track{
		{"p50", PanelResponse, unit.unit, inTime(func(m Moment) float64 { return m.P50S }), true},
		{"p90", PanelResponse, unit.unit, inTime(func(m Moment) float64 { return m.P90S }), false},
		{"p99", PanelResponse, unit.unit, inTime(func(m Moment) float64 { return m.P99S }), false},
		{"in flight", PanelFlight, "", func(m Moment) float64 { return m.InFlight }, true},
		{"in the queue", PanelFlight, "", func(m Moment) float64 { return m.Queued }, false},
		{"held", PanelFlight, "", func(m Moment) float64 { return m.Held }, false},
		{"latest", PanelLateness, unit.unit, inTime(func(m Moment) float64 { return m.LatestS }), false},
	}...)
}

// classesIn are the classes of errors that moments have, the most frequent first; one
// alone says no more than all failures do.
func classesIn(moments []*Moment) []string {
	perS := map[string]float64{}
	for _, m := range moments {
		if m != nil {
			for class, v := range m.ClassesPerS {
				perS[class] += v * m.WidthS
			}
		}
	}
	classes := slices.Collect(maps.Keys(perS))
	slices.SortFunc(classes, func(a, b string) int { return cmp.Or(cmp.Compare(perS[b], perS[a]), cmp.Compare(a, b)) })
	if len(classes) < 2 {
		return nil
	}
	return classes[:min(len(classes), mostPlotted)]
}

// courseNumbers are the moments of a stretch. Its trials' moments begin alike, as
// far as they go.
func (s *Scenario) courseNumbers(groups, base []*Group, stretch Stretch) Numbers {
	n := Numbers{Axis: "s"}
	var longest []Moment
	for _, moments := range stretch.Moments {
		if len(moments) > len(longest) {
			longest = moments
		}
	}
	for _, m := range longest {
		n.Rows, n.Until = append(n.Rows, []string{figure(m.AtS)}), figure(m.Until())
	}
	unit := s.timeUnit()
	for i, number := range stretch.Trials {
		g := groups[number]
		n.course(Series{Mode: Clean(g.Mode), Look: s.Nth(g.Mode)}, aligned(longest, stretch.Moments[i]), g.noun(), unit)
		n.monitored(Series{Mode: Clean(g.Mode), Look: s.Nth(g.Mode)}, aligned(longest, stretch.Moments[i]), g.Trials[0])
		if before := base[number]; before != nil {
			n.course(Series{Mode: Clean(g.Mode), Look: s.Nth(g.Mode), Base: true}, againAt(longest, before.Trials[0]), g.noun(), unit)
		}
	}
	return n
}

// course adds the columns of one trial's moments; where there is none, nothing stands.
func (n *Numbers) course(of Series, moments []*Moment, noun string, unit scale) {
	for _, t := range tracks(noun, unit, classesIn(moments)) {
		cells, any := make([]string, len(moments)), t.always
		for i, m := range moments {
			if m == nil {
				continue
			}
			v := t.of(*m)
			cells[i], any = figure(v), any || v != 0 && !math.IsNaN(v)
		}
		if !any {
			continue
		}
		of.Name, of.Panel, of.Unit = Clean(t.name), t.panel, t.unit
		n.Columns = append(n.Columns, of)
		for i, text := range cells {
			n.Rows[i] = append(n.Rows[i], text)
		}
	}
}

// mostMonitored is how many series of the other side a plot over time has at most, of
// each trial.
const mostMonitored = 8

// monitored adds what monitors saw meanwhile: a panel for each kind of series.
func (n *Numbers) monitored(of Series, moments []*Moment, t *result.Trial) {
	shown := 0
	for _, one := range t.Monitor {
		if !one.Seen() || shown == mostMonitored {
			continue
		}
		shown++
		of.Name, of.Panel, of.Unit = Clean(one.Name+" "+one.Series), Clean(one.Series), one.Unit
		per := 1.0
		if one.Unit == "B" {
			of.Unit, per = "MB", 1e6
		}
		n.Columns = append(n.Columns, of)
		for i, m := range moments {
			text := ""
			if m != nil {
				text = figure(seenIn(one, m.AtS, m.Until()) / per)
			}
			n.Rows[i] = append(n.Rows[i], text)
		}
	}
}

// aligned are moments at the places of others that begin alike; nil where they
// are over.
func aligned(places, moments []Moment) []*Moment {
	at := make([]*Moment, len(places))
	next := 0
	for i := range places {
		for next < len(moments) && moments[next].Until() <= places[i].AtS+1e-9 {
			next++
		}
		if next < len(moments) && moments[next].AtS <= places[i].AtS+1e-9 {
			at[i] = &moments[next]
		}
	}
	return at
}

// againAt are the moments of another run's trial at the same places.
func againAt(places []Moment, t *result.Trial) []*Moment {
	if len(places) == 0 || len(t.Timeline) == 0 {
		return make([]*Moment, len(places))
	}
	var moments []Moment
	for _, windows := range bunches(t.Timeline, places[0].WidthS) {
		moments = append(moments, moment(windows, lasted(t)))
	}
	return aligned(places, moments)
}
