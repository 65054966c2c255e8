package scaling

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"plimsoll/runner/result"
)

// Of fits the laws to every mode of a run that was swept over how much it
// asks for at once: batches whose calls are all made at once, over `requests`,
// closed loops over `concurrency`, and what is varied by whole numbers (a program's
// threads) where more of it got more done. Modes that were swept but have too few
// points are in the list, with the reason.
//
// Capacity is the speedup over a mode that makes one call at a time, where the
// scenario has one, and the throughput otherwise.
func Of(run *result.Run) ([]result.Scaling, error) {
	if len(run.Trials) < 2 { // no sweep, which is seen without decoding anything
		return nil, nil
	}
	groups, err := result.Groups(run.Trials)
	if err != nil {
		return nil, err
	}
	var all []result.Scaling
	for _, s := range inScenarios(groups) {
		for _, mode := range s.modes {
			if swept := s.swept(mode); swept != nil {
				all = append(all, swept.laws()...)
			}
		}
	}
	return all, nil
}

// scenario is one scenario's groups.
type scenario struct {
	name   string
	modes  []string
	groups []*result.Group
}

func inScenarios(groups []result.Group) (all []*scenario) {
	byName := map[string]*scenario{}
	for i := range groups {
		g := &groups[i]
		s := byName[g.Scenario]
		if s == nil {
			s = &scenario{name: g.Scenario}
			byName[g.Scenario], all = s, append(all, s)
		}
		if !slices.Contains(s.modes, g.Mode) {
			s.modes = append(s.modes, g.Mode)
		}
		s.groups = append(s.groups, g)
	}
	return all
}

// along is a mode's groups, by place.
func (s *scenario) along(mode string) (groups []*result.Group) {
	for _, g := range s.groups {
		if g.Mode == mode {
			groups = append(groups, g)
		}
	}
	return groups
}

// swept is a mode's sweep; nil where it was not swept, or not over how much it
// asks for at once.
func (s *scenario) swept(mode string) *swept {
	along := s.along(mode)
	axis := axisOf(along)
	if axis == "" || along[0].Sweep.Vary != "" && !pays(along) {
		return nil
	}
	w := &swept{scenario: s.name, mode: mode, axis: axis, smallest: math.MaxInt}
	base := s.oneAtATime(along)
	for _, g := range along {
		n := atOnce(g)
		w.smallest, w.largest = min(w.smallest, n), max(w.largest, n)
		b := find(base, g.Sweep)
		if g.Partial || g.OK == 0 || b != nil && (b.Partial || b.OK == 0) {
			w.leftOut++
			continue
		}
		p := point{n: float64(n), mode: g.Trials}
		if b != nil {
			p.base, w.baseline = b.Trials, b.Mode
			w.failed, w.ended = w.failed+b.Failed, w.ended+b.OK+b.Failed
		}
		w.failed, w.ended = w.failed+g.Failed, w.ended+g.OK+g.Failed
		w.points = append(w.points, p)
	}
	return w
}

// axisOf is the axis along which the mode asks for more and more at once; ""
// if there is none.
func axisOf(along []*result.Group) (axis string) {
	if len(along) < 2 {
		return ""
	}
	for _, g := range along {
		here := ""
		switch {
		case g.RatePerS != 0:
		case g.Sweep.Vary != "":
			if _, workers := inParallel(g); workers && g.Queue == nil { // else a mode's own setting
				here = result.AxisVary
			}
		case g.Sweep.Concurrency > 0 && g.Concurrency == g.Sweep.Concurrency && (g.Requests == 0 || g.Requests >= g.Concurrency):
			here = result.AxisConcurrency
		case g.Sweep.Requests > 0 && g.Requests == g.Sweep.Requests && (g.Concurrency == 0 || g.Concurrency >= g.Requests):
			here = result.AxisRequests
		}
		if here == "" || axis != "" && axis != here {
			return ""
		}
		axis = here
	}
	return axis
}

// inParallel is how much of what is called works at once, as far as what is varied
// may say so: a whole number.
func inParallel(g *result.Group) (n int, is bool) {
	_, value, varies := g.Sweep.Varied()
	n, err := strconv.Atoi(value)
	return n, varies && err == nil && n >= 1 && n <= mostAtOnce
}

// mostAtOnce is what Sweep takes.
const mostAtOnce = 1_000_000_000

// atOnce is how many calls a group has in flight at once, at most.
func atOnce(g *result.Group) int {
	if n, varied := inParallel(g); varied {
		return n
	}
	return max(g.Sweep.Concurrency, g.Sweep.Requests)
}

// pays tells whether more got done with more, of a variable: else it says how much
// there is to do, or something else again, and no law of scaling is about it.
func pays(along []*result.Group) bool {
	least, most := along[0], along[0]
	for _, g := range along {
		if atOnce(g) < atOnce(least) {
			least = g
		}
		if g.ThroughputPerS > most.ThroughputPerS {
			most = g
		}
	}
	return most != least
}

// oneAtATime is the first mode that makes one call at a time at every place
// of the others; nil where there is none.
func (s *scenario) oneAtATime(others []*result.Group) []*result.Group {
	for _, mode := range s.modes {
		along := s.along(mode)
		alone := mode != others[0].Mode && others[0].Sweep.Vary == "" // they would vary alike
		for _, g := range others {
			b := find(along, g.Sweep)
			alone = alone && b != nil && b.Concurrency == 1 && b.RatePerS == 0 && (b.Requests > 0) == (g.Requests > 0)
		}
		if alone {
			return along
		}
	}
	return nil
}

func find(groups []*result.Group, at result.Point) *result.Group {
	for _, g := range groups {
		if g.Sweep == at {
			return g
		}
	}
	return nil
}

// swept is a mode's sweep.
type swept struct {
	scenario, mode, axis, baseline string
	smallest, largest              int
	points                         []point
	leftOut                        int   // places at which nothing came of it
	failed, ended                  int64 // calls
}

// point is one place of it: the repetitions of the mode and of its baseline.
type point struct {
	n          float64
	mode, base []*result.Trial
}

// laws are the fits, as a result has them.
func (w *swept) laws() []result.Scaling {
	kept := w.inCommon()
	s := Sweep{Relative: w.baseline != "", Repetitions: len(kept)}
	for _, p := range w.points {
		s.N = append(s.N, p.n)
	}
	s.Capacity = func(without int) []float64 {
		capacities := make([]float64, len(w.points))
		for i, p := range w.points {
			capacities[i] = p.capacity(func(t *result.Trial) bool {
				at := slices.Index(kept, t.Repeat)
				return len(kept) < enough || at >= 0 && at != without
			})
		}
		return capacities
	}
	fits, err := Laws(s)
	if err != nil { // a result that was checked has none
		fits = []Fit{{Law: result.Amdahl, Refused: err.Error()}, {Law: result.USL, Refused: err.Error()}}
	}
	var list []result.Scaling
	for _, f := range fits {
		list = append(list, w.entry(f))
	}
	return list
}

// inCommon are the repetitions that came to their end at every point.
func (w *swept) inCommon() (kept []int) {
	seen := map[int]int{}
	for _, p := range w.points {
		for _, t := range p.mode {
			if p.base == nil || slices.ContainsFunc(p.base, func(b *result.Trial) bool { return b.Repeat == t.Repeat }) {
				seen[t.Repeat]++
			}
		}
	}
	for repeat, times := range seen {
		if times == len(w.points) {
			kept = append(kept, repeat)
		}
	}
	slices.Sort(kept)
	return kept
}

// capacity is the ratio of makespans where calls were counted, of throughputs
// otherwise, of those repetitions that are wanted; without a baseline it is
// the throughput.
func (p point) capacity(wanted func(*result.Trial) bool) float64 {
	mode := only(p.mode, wanted)
	if p.base == nil {
		return result.Throughput(mode)
	}
	base := only(p.base, wanted)
	if p.mode[0].Requests > 0 {
		return result.MeanMakespan(base) / result.MeanMakespan(mode)
	}
	return result.Throughput(mode) / result.Throughput(base)
}

func only(trials []*result.Trial, wanted func(*result.Trial) bool) (list []*result.Trial) {
	for _, t := range trials {
		if wanted(t) {
			list = append(list, t)
		}
	}
	return list
}

// entry is a fit as a result has it.
func (w *swept) entry(f Fit) result.Scaling {
	e := result.Scaling{
		Scenario: w.scenario, Mode: w.mode, Axis: w.axis, Baseline: w.baseline,
		Points: f.Points, Smallest: w.smallest, Largest: w.largest,
		Law: f.Law, Chosen: f.Chosen, Refused: f.Refused, Note: w.note(),
		Serial: result.Value(f.Serial), Crosstalk: result.Value(f.Crosstalk), X1: result.Value(f.X1),
		AICc: f.AICc, Basis: f.Basis, Off: f.Off,
	}
	switch bounded := !math.IsInf(f.Peak.High, 1); {
	case f.Law != result.USL || f.Refused != "":
	case !math.IsInf(f.Peak.Value, 1) && bounded:
		peak := result.Value(f.Peak)
		e.Peak = &peak
	default:
		if finite(f.Peak.Low) {
			e.NoneBelow = f.Peak.Low
		}
	}
	return e
}

func (w *swept) note() string {
	var notes []string
	if w.leftOut > 0 {
		notes = append(notes, fmt.Sprintf("%d of %d places are left out, where no repetition came to its end or no call succeeded", w.leftOut, w.leftOut+len(w.points)))
	}
	if w.failed > 0 {
		notes = append(notes, fmt.Sprintf("%d of %d calls failed, and failing is often fast", w.failed, w.ended))
	}
	return strings.Join(notes, "; ")
}
