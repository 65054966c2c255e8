package view

import (
	"fmt"
	"slices"
	"strings"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
)

// family is one of a group's distributions.
type family struct {
	name string
	none func(noun string) string // why there may be no value
	of   func(*Group) *latency.Histogram
	dist func(*result.Trial) *result.Dist
	// with are its times with the calls that were given up; nil where those
	// have no part in it.
	with func(*Group) result.Times
}

// times are the distribution with the calls that were given up.
func (f family) times(g *Group) result.Times {
	if f.with == nil || g.CancelledResponse == nil {
		return result.NewTimes(f.of(g), nil)
	}
	return f.with(g)
}

func noSuccess(noun string) string { return "no " + noun + " succeeded" }
func noStart(noun string) string   { return "no " + noun + " was started" }
func unsaid(string) string         { return "" }

var (
	response = family{"response", noSuccess,
		func(g *Group) *latency.Histogram { return g.Response }, func(t *result.Trial) *result.Dist { return &t.Response },
		func(g *Group) result.Times { return g.ResponseTimes() }}
	service = family{"service", noSuccess,
		func(g *Group) *latency.Histogram { return g.Service }, func(t *result.Trial) *result.Dist { return &t.Service },
		func(g *Group) result.Times { return g.ServiceTimes() }}
	failure = family{"of errors", unsaid, // the response time of errors
		func(g *Group) *latency.Histogram { return g.ErrorResponse }, func(t *result.Trial) *result.Dist { return &t.ErrorResponse }, nil}
	givenUpCalls = family{"given up", unsaid, // how long they had been under way
		func(g *Group) *latency.Histogram { return g.CancelledResponse }, func(t *result.Trial) *result.Dist { return &t.CancelledResponse }, nil}
	held = family{"held", noStart,
		func(g *Group) *latency.Histogram { return g.Held }, func(t *result.Trial) *result.Dist { return &t.Held }, nil}
	elapsed = family{"elapsed", noSuccess, // of iterations, their pauses included
		func(g *Group) *latency.Histogram { return g.Elapsed }, func(t *result.Trial) *result.Dist { return t.Elapsed },
		func(g *Group) result.Times { return g.ElapsedTimes() }}
	lateness = family{"lateness", noStart,
		func(g *Group) *latency.Histogram { return g.Lateness }, func(t *result.Trial) *result.Dist { return &t.Lateness }, nil}
)

// survivors is the footnote to figures of the successes alone, where many
// calls failed.
func (f family) survivors(g *Group) []string {
	if f.none("") != noSuccess("") || !g.failing() {
		return nil
	}
	return []string{g.survivors()}
}

// latencyTable has a row for each place and mode.
func (s *Scenario) latencyTable() *Table {
	columns := s.keyColumns(s.Groups)
	keys := len(columns)
	columns[keys-1].flag(s.Groups)
	unit := s.timeUnit()
	all, few := supported(s.percentiles(response, unit, 50, 90, 95, 99, 99.9))
	columns = append(columns, all...)
	columns = append(columns, rank(1, s.maxima(response, unit))...)
	all, _ = supported(s.explainGap(s.percentiles(service, unit, 50, 99)))
	columns = append(columns, rank(2, all...)...)
	if slices.ContainsFunc(s.Groups, (*Group).pauses) {
		columns = append(columns, rank(1, s.percentiles(elapsed, unit, 95)...)...)
	}
	if slices.ContainsFunc(s.Groups, func(g *Group) bool { return g.Held.Max() > 0 }) {
		waits := s.percentiles(held, unit, 99)
		for i, g := range s.Groups {
			waits[0].cells[i].notes = append(waits[0].cells[i].notes, g.limited()...)
		}
		columns = append(columns, rank(2, waits...)...)
	}
	if late := s.percentiles(lateness, unit, 99); !late[0].dull() && slices.ContainsFunc(s.Groups, lateMatters) {
		columns = append(columns, rank(1, late...)...)
	}
	columns = append(columns, rank(1, s.throughput())...)
	columns = append(columns, s.counts()...)
	t := finish("Latency", keys, columns)
	t.leftOut(few, s.Noun())
	return t
}

// supported are the columns of those percentiles that any group's sample
// supports, and the names of the others. The first one stays: it says why
// there is nothing to show.
func supported(columns []column) (kept []column, few []string) {
	for i, c := range columns {
		empty := !slices.ContainsFunc(c.cells, func(d draft) bool { return d.text != None })
		small := slices.ContainsFunc(c.cells, func(d draft) bool { return slices.ContainsFunc(d.notes, isTooFew) })
		switch {
		case i > 0 && empty && small:
			few = append(few, c.head.Name)
		case i > 0 && empty && c.head.Qualifies: // its percentile's
		default:
			kept = append(kept, c)
		}
	}
	return kept, few
}

// leftOut says which percentiles no group's sample supports.
func (t *Table) leftOut(few []string, noun string) {
	if len(few) == 0 {
		return
	}
	why := tooFew(noun)
	if slices.Contains(t.Notes, why) {
		why = "too few " + noun + "s"
	}
	t.Remarks = append(t.Remarks, "without "+strings.Join(few, ", ")+": "+why)
}

// essential are the percentiles that are left out last.
var essential = []float64{50, 99}

// timeUnit is one unit for all latencies of the table, so that they can be
// compared at a glance. Lateness and holding back do not count: both may be
// tiny.
func (s *Scenario) timeUnit() scale {
	var all []float64
	for _, g := range s.Groups {
		for _, h := range []*latency.Histogram{g.Response, g.Service} {
			all = append(all, quantile(h, 50), quantile(h, 99), longestOf(h))
		}
	}
	return timeScale(all...)
}

// percentiles are columns, with a footnote where the sample is too small, and
// beside each its interval where that is asked for.
func (s *Scenario) percentiles(f family, unit scale, percents ...float64) []column {
	var columns []column
	for _, percent := range percents {
		var values []float64
		for _, g := range s.Groups {
			values = append(values, Percentile(f.times(g).Lowest(), percent))
		}
		narrowed := unit.narrowed(values...)
		c := figures(Column{Group: f.name, Name: percentileName(percent)}, narrowed, values)
		for i, g := range s.Groups {
			switch times := f.times(g); {
			case times.Count() == 0:
				c.cells[i].notes = []string{f.none(g.noun())}
			case !supports(times.Lowest(), percent):
				c.cells[i].notes = []string{tooFew(g.noun())}
			default:
				c.cells[i].notes = f.survivors(g)
				c.cells[i].bound(g, narrowed, times.Quantile(percent))
			}
		}
		if !slices.Contains(essential, percent) {
			c.head.Rank = 2
		}
		columns = append(columns, c)
	}
	if !s.confidence {
		return columns
	}
	return s.withIntervals(f, unit, percents, columns)
}

// withIntervals puts a column with its interval after each percentile's.
func (s *Scenario) withIntervals(f family, unit scale, percents []float64, columns []column) (all []column) {
	of, basis := make([][]bounds, len(s.Groups)), make([]string, len(s.Groups))
	for i, g := range s.Groups {
		of[i], basis[i] = g.intervals(f, percents)
	}
	for i, c := range columns {
		var lows []float64
		for _, found := range of {
			lows = append(lows, found[i].low)
		}
		aside := column{head: Column{Group: f.name, Name: intervalName, Qualifies: true, Rank: max(1, c.head.Rank)}}
		for g, found := range of {
			aside.cells = append(aside.cells, found[i].draft(unit.narrowed(lows...), basis[g]))
		}
		all = append(all, c, aside)
	}
	return all
}

const intervalName = "95 % interval"

func percentileName(percent float64) string { return "p" + plainScale("").asWritten(percent) }

// tooFew says how many values a percentile takes.
func tooFew(noun string) string {
	return "too few " + noun + "s" + bearing
}

func isTooFew(note string) bool { return strings.HasSuffix(note, bearing) }

const bearing = ": beyond the median a percentile is shown where the sample bounds it with 95 % confidence, so p90 needs 36, p95 needs 72, p99 needs 368, p99.9 needs 3688"

func (s *Scenario) maxima(f family, unit scale) column {
	var values []float64
	for _, g := range s.Groups {
		values = append(values, longestOf(f.times(g).Lowest()))
	}
	narrowed := unit.narrowed(values...)
	c := figures(Column{Group: f.name, Name: "max"}, narrowed, values)
	for i, g := range s.Groups {
		if times := f.times(g); times.Count() == 0 {
			c.cells[i].notes = []string{f.none(g.noun())}
		} else {
			c.cells[i].notes = f.survivors(g)
			c.cells[i].bound(g, narrowed, times.Max())
		}
	}
	return c
}

// pauses tells whether iterations took longer than they say, by their pauses.
func (g *Group) pauses() bool {
	return g.Elapsed != nil && g.Elapsed.Mean() > g.Response.Mean()*(1+1e-9)
}

// explainGap footnotes service times that lie far below the response times.
func (s *Scenario) explainGap(columns []column) []column {
	for _, c := range columns {
		for i, g := range s.Groups {
			if g.gapes() && !c.head.Qualifies {
				c.cells[i].notes = append(c.cells[i].notes, g.gapTold())
			}
		}
	}
	return columns
}

// gapes tells whether service times lie below half of the response times, at
// p99 or at the highest percentile there is.
func (g *Group) gapes() bool {
	for _, p := range []float64{99, 95, 90, 50} {
		if supports(g.Response, p) {
			return quantile(g.Response, p) > 2*quantile(g.Service, p)
		}
	}
	return false
}

const resent = "requests that were sent once more because the server declared that it had not looked at them (HTTP/2: REFUSED_STREAM, or a GOAWAY that names an earlier stream as its last)"

// gapTold says whose doing the gap is: calls wait where max_in_flight or the
// connections are full, or for a generator that is late.
func (g *Group) gapTold() string {
	sent, send := "sent", "to be sent"
	if g.noun() == result.UnitIteration {
		sent, send = "started", "to start"
	}
	text := fmt.Sprintf("service time counts from when %s was %s, response time from when it was due: ", article(g.noun()), sent)
	if g.late() > 0 || quantile(g.Lateness, 99) > quantile(g.Held, 99) {
		return text + fmt.Sprintf("here the generator itself %s %ss late, which is no fault of the target's: a lower rate or a calmer machine would tell; --allow-late accepts such a run", sent, g.noun())
	}
	return text + fmt.Sprintf("here %ss waited longer %s than the target took, which users feel and the target does not see", g.noun(), send)
}

// lateMatters tells whether the generator's own delay is worth a column: it
// fell behind, or its p99 is above 1 % of the response time's.
func lateMatters(g *Group) bool {
	return g.late() > 0 || quantile(g.Lateness, 99) > 0.01*quantile(g.Response, 99)
}

func (s *Scenario) throughput() column { return s.throughputIn(rateUnit(s.Noun())) }

func (s *Scenario) throughputIn(unit string) column {
	var values []float64
	for _, g := range s.Groups {
		values = append(values, g.ThroughputPerS)
	}
	return figures(Column{Name: "throughput"}, plainScale(unit, values...), values)
}
