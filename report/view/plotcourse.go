package view

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"plimsoll/runner/result"
)

// coursePlots are the trials over time: those of the first repetition of each mode, and
// of what it stands against.
func (s *Scenario) coursePlots(base *Scenario) (plots []Plot) {
	groups := s.plotted()
	now := len(groups)
	for _, before := range pairs(groups, base) {
		if before != nil {
			groups = append(groups, before)
		}
	}
	trials := make([]*result.Trial, len(groups))
	for i, g := range groups {
		trials[i] = g.Trials[0]
	}
	stretches := Timelines(trials)
	for _, stretch := range stretches {
		c := &Course{s, groups, now, stretch}
		n := c.numbers()
		if len(n.Rows) == 0 {
			continue
		}
		words := joined([]string{s.AboutMoments([]Stretch{stretch}), firstOf(groups)}, " ")
		plots = append(plots, Plot{Title: "Over time" + s.atWords() + c.modes(len(stretches)), Words: words, Warning: s.Warning(), Numbers: n, Course: c,
			Limits: slices.Concat(s.plotLimits(PanelResponse, s.timeUnit(), Response), s.plotLimits(PanelRate, plainScale(""), Rate))})
	}
	return plots
}

// firstOf says that what stands is of the first repetitions, where there are several.
func firstOf(groups []*Group) string {
	most := 0
	for _, g := range groups {
		most = max(most, len(g.Trials))
	}
	if most < 2 {
		return ""
	}
	return fmt.Sprintf("Shown is the first of %d repetitions.", most)
}

// modes names the modes of a course, where there are several courses.
func (c *Course) modes(of int) string {
	if of < 2 {
		return ""
	}
	var names []string
	for _, n := range c.Stretch.Trials {
		names = append(names, c.name(n))
	}
	return ": " + joined(names, ", ")
}

// name is that of the mode of a group.
func (c *Course) name(n int) string {
	if n >= c.Base {
		return Clean(c.Groups[n].Mode) + " (base)"
	}
	return Clean(c.Groups[n].Mode)
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
		{"held", PanelHeld, "", func(m Moment) float64 { return m.Held }, false},
		{"latest", PanelLateness, unit.unit, inTime(func(m Moment) float64 { return m.LatestS }), false},
	}...)
}

// ClassesIn are the classes of errors that a trial's moments have, the most frequent
// first; one alone says no more than all failures do, and is none.
func ClassesIn(moments []Moment) []string {
	perS := map[string]float64{}
	for _, m := range moments {
		for class, v := range m.ClassesPerS {
			perS[class] += v * m.WidthS
		}
	}
	classes := slices.Collect(maps.Keys(perS))
	slices.SortFunc(classes, func(a, b string) int { return cmp.Or(cmp.Compare(perS[b], perS[a]), cmp.Compare(a, b)) })
	if len(classes) < 2 {
		return nil
	}
	return classes[:min(len(classes), mostPlotted)]
}

// numbers are the moments of a course. Its trials' moments begin alike, as far as they
// go.
func (c *Course) numbers() Numbers {
	n := Numbers{Axis: "s"}
	var longest []Moment
	for _, moments := range c.Stretch.Moments {
		if len(moments) > len(longest) {
			longest = moments
		}
	}
	for _, m := range longest {
		n.Rows, n.Until = append(n.Rows, []string{figure(m.AtS)}), figure(m.Until())
	}
	for i, number := range c.Stretch.Trials {
		g, moments := c.Groups[number], aligned(longest, c.Stretch.Moments[i])
		of := Series{Mode: Clean(g.Mode), Look: c.Nth(g.Mode), Base: number >= c.Base}
		n.course(of, moments, tracks(g.noun(), c.timeUnit(), ClassesIn(c.Stretch.Moments[i])))
		if !of.Base {
			n.monitored(of, moments, g.Trials[0])
		}
	}
	return n
}

// course adds the columns of one trial's moments; where there is none, nothing stands.
func (n *Numbers) course(of Series, moments []*Moment, tracks []track) {
	for _, t := range tracks {
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

// monitored adds what monitors saw meanwhile: a panel for each kind of series, whose name
// is none of ours.
func (n *Numbers) monitored(of Series, moments []*Moment, t *result.Trial) {
	shown := 0
	for _, one := range t.Monitor {
		if !one.Seen() || shown == mostMonitored {
			continue
		}
		shown++
		of.Name, of.Panel, of.Unit = Clean(one.Name+" "+one.Series), "seen: "+Clean(one.Series), one.Unit
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
