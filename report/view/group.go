package view

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
	"plimsoll/runner/statistics"
)

// Scenario is one scenario's trials, sorted into groups. One that was judged
// but never run has none.
type Scenario struct {
	Name     string
	Axis     string         // what is swept or counted: result.AxisRequests …; "" for nothing
	Places   []result.Point // along the axis, rising; one empty place where there is none
	Modes    []string       // in the order they ran
	Baseline string         // "" when nothing was compared
	// Counted says that the trials were batches of requests, judged by their
	// makespan; otherwise they ran for a time and are judged by throughput.
	Counted bool
	Groups  []*Group // by place, then by mode
	// Capacity is the search that the trials were steps of; nil for a sweep.
	Capacity *searched
	// Stepped are the steps of iterations, of each mode at one place; none where
	// there are calls.
	Stepped []Stepped
	// Streams are the groups, and steps, of which some calls were streams.
	Streams []Streamed
	// Beside is what went on in the background of each mode at that place.
	Beside []Neighbour

	// Interrupted says how far an interrupted run got; "" where none was.
	Interrupted string

	trials     []*result.Trial // as they ran
	verdicts   []*result.Verdict
	laws       []*result.Scaling
	cpus       int  // of the machine; 0 where it is not known
	confidence bool // percentiles are shown with their intervals
}

// Group is one mode at one place, its repetitions merged.
type Group struct {
	result.Group
	Speedup  *result.Speedup            // nil for the baseline, and where nothing was compared
	Expected map[string]*result.Verdict // published figures, by metric
}

// Metrics of an expectation.
const (
	Makespan = "makespan"
	Rate     = "rate"
	Speedup  = "speedup"
)

// scenarios sorts a run into its scenarios, in the order they ran. It fails
// only on a histogram that cannot be decoded; a run that was loaded has none.
func (o Options) scenarios(run *result.Run) ([]*Scenario, error) {
	groups, err := result.Groups(run.Trials)
	if err != nil {
		return nil, fmt.Errorf("the run cannot be shown: %w", err)
	}
	byName := map[string]*Scenario{}
	var all []*Scenario
	for i := range groups {
		g := &Group{Group: groups[i], Expected: map[string]*result.Verdict{}}
		s := byName[g.Scenario]
		if s == nil {
			s = &Scenario{Name: g.Scenario, Counted: true}
			byName[g.Scenario] = s
			all = append(all, s)
		}
		s.add(g)
	}
	for i := range run.Trials {
		s := byName[run.Trials[i].Scenario]
		s.trials = append(s.trials, &run.Trials[i])
	}
	for i := range run.Verdicts { // promises about what was never run are broken, not gone
		if name := run.Verdicts[i].Scenario; byName[name] == nil {
			byName[name] = &Scenario{Name: name}
			all = append(all, byName[name])
		}
	}
	for _, s := range all {
		if c := run.Searched(s.Name); c != nil {
			s.Capacity = &searched{c, s.Noun()}
		}
		s.cpus, s.confidence = run.Machine.CPUs, o.Confidence
		slices.SortStableFunc(s.Places, comparePlaces)
		slices.SortStableFunc(s.Groups, func(a, b *Group) int { return comparePlaces(a.Sweep, b.Sweep) })
		s.attach(run)
		if err := errors.Join(s.addSteps(), s.addStreams(), s.addBeside()); err != nil {
			return nil, fmt.Errorf("the run cannot be shown: %w", err)
		}
		slices.SortStableFunc(s.verdicts, func(a, b *result.Verdict) int { // as every other table
			return cmp.Or(comparePlaces(a.Point, b.Point), slices.Index(s.Places, a.Point)-slices.Index(s.Places, b.Point), slices.Index(s.Modes, a.Mode)-slices.Index(s.Modes, b.Mode))
		})
	}
	return all, nil
}

func (s *Scenario) add(g *Group) {
	s.Counted = s.Counted && g.Group.Counted()
	s.Axis = cmp.Or(s.Axis, Axis(g.Sweep))
	if !slices.Contains(s.Places, g.Sweep) {
		s.Places = append(s.Places, g.Sweep)
	}
	if !slices.Contains(s.Modes, g.Mode) {
		s.Modes = append(s.Modes, g.Mode)
	}
	s.Groups = append(s.Groups, g)
}

// comparePlaces puts places in order along their axis; values that the scenario
// varies stay in its own order.
func comparePlaces(a, b result.Point) int {
	if a.Vary != "" || b.Vary != "" {
		return 0
	}
	return cmp.Compare(Value(a), Value(b))
}

// attach gives the groups their published figures and speedups. Open loops
// among themselves get no speedups: their throughput is what was asked for.
func (s *Scenario) attach(run *result.Run) {
	s.Interrupted = interruption(run)
	for i := range run.Verdicts {
		v := &run.Verdicts[i]
		if v.Scenario != s.Name {
			continue
		}
		s.verdicts = append(s.verdicts, v)
		if g := s.Group(v.Mode, v.Point); g != nil && v.Kind == result.KindExpect {
			g.Expected[v.Metric] = v
		}
	}
	for i := range run.Scaling {
		if law := &run.Scaling[i]; law.Scenario == s.Name {
			s.laws = append(s.laws, law)
		}
	}
	if s.open() && !published(Speedup, s.Groups) {
		return
	}
	for i := range run.Speedups {
		sp := &run.Speedups[i]
		if sp.Scenario != s.Name {
			continue
		}
		s.Baseline = sp.Baseline
		if g := s.Group(sp.Mode, sp.Point); g != nil && sp.Mode != sp.Baseline {
			g.Speedup = sp
		}
	}
}

// open tells whether every mode is limited to a rate.
func (s *Scenario) open() bool {
	return !slices.ContainsFunc(s.Groups, func(g *Group) bool { return g.RatePerS == 0 })
}

// Group finds a mode's group at a place; nil where it did not run.
func (s *Scenario) Group(mode string, at result.Point) *Group {
	for _, g := range s.Groups {
		if g.Mode == mode && g.Sweep == at {
			return g
		}
	}
	return nil
}

// Along is a mode's groups along the axis; nil stands where it did not run.
func (s *Scenario) Along(mode string) []*Group {
	groups := make([]*Group, len(s.Places))
	for i, p := range s.Places {
		groups[i] = s.Group(mode, p)
	}
	return groups
}

// Measured is the group's figure of a metric: seconds, per second, or a
// ratio; NaN where there is none, as the speedup of the baseline.
func (g *Group) Measured(metric string) float64 {
	switch {
	case metric == Makespan:
		return g.MakespanS
	case metric == Rate:
		return g.ThroughputPerS
	case metric == Speedup && g.Speedup != nil && g.Speedup.Ratio > 0:
		return g.Speedup.Ratio
	}
	return math.NaN()
}

// Judged is the metric that the scenario compares its modes by.
func (s *Scenario) Judged() string {
	if s.Counted {
		return Makespan
	}
	return Rate
}

// repetitions is the most that any group has.
func (s *Scenario) repetitions() int {
	most := 0
	for _, g := range s.Groups {
		most = max(most, len(g.Trials)+len(g.LeftOut))
	}
	return most
}

// Axis names the field that is set in a place, or the variable that is varied; ""
// for none.
func Axis(p result.Point) string {
	name, _, varies := p.Varied()
	switch {
	case varies:
		return Clean(name)
	case p.Requests != 0:
		return result.AxisRequests
	case p.Concurrency != 0:
		return result.AxisConcurrency
	case p.RatePerS != 0:
		return result.AxisRate
	}
	return ""
}

// Value is how far along its axis a place lies; NaN where that is no number.
func Value(p result.Point) float64 {
	if _, text, varies := p.Varied(); varies {
		if v, err := strconv.ParseFloat(text, 64); err == nil {
			return v
		}
		return math.NaN()
	}
	switch Axis(p) {
	case result.AxisRequests:
		return float64(p.Requests)
	case result.AxisConcurrency:
		return float64(p.Concurrency)
	}
	return p.RatePerS
}

// AxisLabel is an axis for people, with its unit.
func AxisLabel(axis string) (name, unit string) {
	if axis == result.AxisRate {
		return "rate", "/s"
	}
	return axis, ""
}

// At describes a place: "requests 100", "rate 500/s"; "" where there is no
// axis.
func At(p result.Point) string {
	name, unit := AxisLabel(Axis(p))
	if name == "" {
		return ""
	}
	return name + " " + placeText(p) + unit
}

// placeText is the number of a place on its axis.
func placeText(p result.Point) string {
	if Axis(p) == "" {
		return None
	}
	if _, text, varies := p.Varied(); varies {
		return Clean(text)
	}
	return plainScale("").asWritten(Value(p))
}

// where names a trial for people.
func where(t *result.Trial) string {
	s := Clean(t.Mode)
	if at := At(t.Sweep); at != "" {
		s += " at " + at
	}
	if t.Repeat > 0 {
		s += fmt.Sprintf(", repetition %d", t.Repeat+1)
	}
	return s
}

// quantile is in seconds; NaN without any value.
func quantile(h *latency.Histogram, percent float64) float64 {
	if h.Count() == 0 {
		return math.NaN()
	}
	return h.Quantile(percent).Seconds()
}

// longestOf is the largest value in seconds; NaN without any.
func longestOf(h *latency.Histogram) float64 {
	if h.Count() == 0 {
		return math.NaN()
	}
	return h.Max().Seconds()
}

// supports tells whether there are enough values for a percentile to be shown.
func supports(h *latency.Histogram, percent float64) bool {
	return statistics.Supports(h.Count(), percent/100)
}

// Percentile is in seconds; NaN where there are too few values for it.
func Percentile(h *latency.Histogram, percent float64) float64 {
	if !supports(h, percent) {
		return math.NaN()
	}
	return quantile(h, percent)
}

// AtLast are the groups at the last place of the axis, the largest value.
func (s *Scenario) AtLast() []*Group {
	var groups []*Group
	for _, g := range s.Groups {
		if g.Sweep == s.Places[len(s.Places)-1] {
			groups = append(groups, g)
		}
	}
	return groups
}

// Nth is a mode's number in the order they ran.
func (s *Scenario) Nth(mode string) int { return slices.Index(s.Modes, mode) }

// meanOf is in seconds; NaN without any value.
func meanOf(h *latency.Histogram) float64 {
	if h.Count() == 0 {
		return math.NaN()
	}
	return h.Mean() / 1e9
}
