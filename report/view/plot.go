package view

import (
	"math"
	"strconv"
	"strings"
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
	OfStreams    bool // of their events, and not of how long calls took
}

// Along is what is on the axis of percentiles.
func (c *Curves) Along() string {
	if c.OfStreams {
		return "percentile" // of gaps a call has many
	}
	return "percentile of " + c.Noun() + "s"
}

// PlotLimit is a promise as a line in a panel, in the unit of its figures.
type PlotLimit struct {
	Text, Panel string
	At          float64
}

// Course is what a plot over time shows: a stretch of a scenario's groups, of which those
// from Base on are of the run that the others stand against.
type Course struct {
	*Scenario
	Groups  []*Group
	Base    int
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
	PanelHeld     = "held"
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
