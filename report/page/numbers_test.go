package page_test

import (
	"math"
	"strconv"
	"testing"
	"time"

	"golang.org/x/net/html"

	"plimsoll/report/sample"
	"plimsoll/report/view"
	"plimsoll/runner/result"
)

// sheet is the table of a chart's numbers, as it is read off a page.
type sheet struct {
	draw    string
	columns []column
	rows    [][]string
	limits  []float64
}

type column struct {
	mode, name, unit string
	base             bool
	low, high        float64
}

// sheets are the tables of a page's charts.
func sheets(t *testing.T, text string) (all []sheet) {
	t.Helper()
	walk(t, text, func(n *html.Node) {
		if n.Type != html.ElementNode || n.Data != "figure" {
			return
		}
		var s sheet
		s.draw, _ = attribute(n, "data-draw")
		for d := range n.Descendants() {
			if limit, is := attribute(d, "data-limit"); is {
				s.limits = append(s.limits, number(t, limit))
			}
			if d.Data != "tr" {
				continue
			}
			var cells []string
			for c := range d.ChildNodes() {
				cells = append(cells, textOf(c))
				if c.Data == "th" && d.Parent.Data == "thead" && len(cells) > 1 {
					s.columns = append(s.columns, columnOf(c))
				}
			}
			if d.Parent.Data == "tbody" {
				s.rows = append(s.rows, cells)
			}
		}
		all = append(all, s)
	})
	return all
}

func columnOf(n *html.Node) (c column) {
	c.mode, _ = attribute(n, "data-mode")
	c.name, _ = attribute(n, "data-name")
	c.unit, _ = attribute(n, "data-unit")
	_, c.base = attribute(n, "data-base")
	low, _ := attribute(n, "data-low")
	high, _ := attribute(n, "data-high")
	c.low, _ = strconv.ParseFloat(low, 64) // of heat maps only
	c.high, _ = strconv.ParseFloat(high, 64)
	return c
}

// seconds is a figure of a column of times; NaN where there is none.
func (s sheet) seconds(t *testing.T, row []string, i int) float64 {
	if len(row) <= i+1 || row[i+1] == "" {
		return math.NaN()
	}
	return number(t, row[i+1]) * map[string]float64{"s": 1, "ms": 1e-3, "µs": 1e-6}[s.columns[i].unit]
}

func alike(a, b float64) bool { return math.Abs(a-b) <= 2e-4*math.Abs(b) }

// What stands in a page's percentile curves is what its result says, each of its own
// mode and distribution, and of the base's run where it is the base's.
func TestCurvesAreTheResults(t *testing.T) {
	frozen := sample.Frozen()
	before, now := sample.Freeze(200, 20*time.Second, 2*time.Second, 3*time.Second), sample.Freeze(200, 20*time.Second, 2*time.Second, time.Second)
	streams := sample.Streams() // of one repetition, whose figures the result has
	streams.Trials, streams.Verdicts = streams.Trials[:1], nil
	for name, c := range map[string]struct{ run, base *result.Run }{"frozen": {frozen, nil}, "against": {now, before}, "streams": {streams, nil}} {
		checked, figures := 0, map[string]bool{}
		for _, s := range sheets(t, written(t, c.run, view.Against{Base: c.base})) {
			if s.draw != "curve" {
				continue
			}
			for i, col := range s.columns {
				run := c.run
				if col.base {
					run = c.base
				}
				trial := run.Trials[0]
				if trial.Mode != col.mode || len(run.Trials) > 1 && run.Trials[1].Mode == col.mode {
					continue
				}
				d := map[string]result.Dist{"response": trial.Response, "service": trial.Service, "first event": trial.Phases[result.FirstEvent], "gap": trial.Phases[result.Gap]}[col.name]
				want := map[string]float64{"50": d.P50S, "90": d.P90S, "99": d.P99S, "99.9": d.P999S}
				for _, row := range s.rows {
					if figure, asked := want[row[0]]; asked && row[i+1] != "" {
						checked, figures[col.name] = checked+1, true
						if got := s.seconds(t, row, i); !alike(got, figure) {
							t.Errorf("%s: p%s of %+v is %g s, by the result %g", name, row[0], col, got, figure)
						}
					}
				}
			}
		}
		if checked < 8 {
			t.Errorf("%s: only %d figures were there to be checked", name, checked)
		}
		if name == "streams" && !(figures["first event"] && figures["gap"]) {
			t.Errorf("of streams there are only %v", figures)
		}
	}
	if d := frozen.Trials[0]; alike(d.Response.P99S, d.Service.P99S) {
		t.Error("the sample's response and service times are alike, and tell nothing apart")
	}
	if alike(before.Trials[0].Response.P99S, now.Trials[0].Response.P99S) {
		t.Error("the sample's base is like it, and tells nothing apart")
	}
}

// Promises stand where they are: in the unit of the figures beside them.
func TestLimitsAreThePromises(t *testing.T) {
	curves := 0
	for _, s := range sheets(t, written(t, sample.Frozen(), view.Against{})) {
		if s.draw != "curve" {
			continue
		}
		curves++
		unit := map[string]float64{"s": 1, "ms": 1e-3, "µs": 1e-6}[s.columns[0].unit]
		for i, want := range []float64{1, 0.006, 0.2} {
			if len(s.limits) != 3 || !alike(s.limits[i]*unit, want) {
				t.Errorf("the limits are at %v %s, want %g s", s.limits, s.columns[0].unit, want)
			}
		}
	}
	if curves != 1 {
		t.Errorf("%d charts of curves", curves)
	}
}

// Calls stand in a heat map where their response time is: all but the frozen ones in the
// bins around the server's delay, and the slowest in the one that has its time.
func TestHeatIsWhereCallsAre(t *testing.T) {
	const perS, delay = 200, 0.005
	run := sample.Freeze(perS, 20*time.Second, 2*time.Second, 1100*time.Millisecond)
	slowest := run.Trials[0].Response.MaxS
	for _, s := range sheets(t, written(t, run, view.Against{})) {
		if s.draw != "heat" {
			continue
		}
		quick, all, last := 0.0, 0.0, column{}
		for _, row := range s.rows {
			for i, text := range row[1:] {
				if text == "" {
					continue
				}
				all += number(t, text)
				c := s.columns[i]
				if c.low <= 1.01*delay && 0.99*delay < c.high { // what windows keep is so exact
					quick += number(t, text)
				}
				if c.high > last.high {
					last = c
				}
			}
		}
		if want := 20*perS - 1.1*perS; all != 20*perS || math.Abs(quick-want) > 1 {
			t.Errorf("%g calls, %g of them of %g s; want %d and %g", all, quick, delay, 20*perS, want)
		}
		if slowest < 1.05 || last.low > slowest || last.high < slowest || last.high > 1.3*last.low {
			t.Errorf("the slowest, of %g s, is in the bin from %g to %g s", slowest, last.low, last.high)
		}
		return
	}
	t.Error("there is no heat map")
}

// Over time each percentile is its own, and a second has as many ends as its windows say.
func TestTheCourseIsTheWindows(t *testing.T) {
	run := sample.Freeze(2000, 20*time.Second, 2*time.Second, time.Second)
	for _, s := range sheets(t, written(t, run, view.Against{})) {
		if s.draw != "course" {
			continue
		}
		of := map[string]int{}
		for i, c := range s.columns {
			if c.mode == run.Trials[0].Mode {
				of[c.name] = i
			}
		}
		apart := 0
		for r, row := range s.rows[:len(s.rows)-1] {
			p50, p90, p99 := s.seconds(t, row, of["p50"]), s.seconds(t, row, of["p90"]), s.seconds(t, row, of["p99"])
			if p90 < p50 || p99 < p90 {
				t.Errorf("at %s s the median is %g s, p90 %g s, p99 %g s", row[0], p50, p90, p99)
			}
			if p50 < p90 && p90 < p99 {
				apart++
			}
			from, until, ok := number(t, row[0]), number(t, s.rows[r+1][0]), 0.0
			for _, w := range run.Trials[0].Timeline {
				if w.AtS >= from-1e-9 && w.AtS < until-1e-9 {
					ok += float64(w.OK)
				}
			}
			if got := number(t, row[1+of["ended well"]]); !alike(got, ok/(until-from)) {
				t.Errorf("at %s s %g ended a second, by the windows %g", row[0], got, ok/(until-from))
			}
		}
		if apart == 0 {
			t.Error("the sample's percentiles are alike, and tell nothing apart")
		}
		return
	}
	t.Error("there is no course")
}
