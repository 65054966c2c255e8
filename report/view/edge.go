package view

import (
	"fmt"
	"math"
	"slices"

	"plimsoll/runner/result"
)

// levels are what a monitor saw of one series over the loads of a search, from the
// lowest to the highest: means of the steps at each. Void steps are left out.
type levels struct {
	name, series, unit string
	at, value          []float64
	last               int // how many steps the last of them is of
}

// edges are what was at its limit where a search ended: all processors of the
// machine, or a series that rose with the load and then no more. Nothing is said of
// what is not seen to be so.
func (s *Scenario) edges() (notes []Note) {
	c := s.Capacity
	if c.Bound != result.Found {
		return nil
	}
	if text := s.allCores(); text != "" {
		notes = append(notes, Note{Plain, text})
	}
	for _, l := range s.overLoads() {
		if ceiling, from := l.ceiling(c.Value); ceiling > 0 {
			notes = append(notes, Note{Plain, fmt.Sprintf("at its limit there: %s of %s, which stayed at %s from %s on", Clean(l.series), Clean(l.name), seriesText(l.unit, ceiling), c.load(from))})
		}
	}
	return notes
}

// overLoads are the series whose limit could be one: numbers and processors, and not
// what only ever grows or is there anyway.
func (s *Scenario) overLoads() (all []*levels) {
	for _, step := range s.Capacity.byLevel() {
		t := s.stepTrial(step.CapacityStep)
		if t == nil || step.Verdict == result.Void {
			continue
		}
		for _, one := range t.Monitor {
			if !one.Seen() || one.Unit != "" && one.Unit != Cores || one.Unit == "" && slices.Contains([]string{"threads", "descriptors"}, one.Series) {
				continue
			}
			i := slices.IndexFunc(all, func(l *levels) bool { return l.name == one.Name && l.series == one.Series })
			if i < 0 {
				i = len(all)
				all = append(all, &levels{name: one.Name, series: one.Series, unit: one.Unit})
			}
			all[i].add(step.Level, one.Mean)
		}
	}
	return all
}

// add takes in a step; those of one level are their mean, as they come together.
func (l *levels) add(level, value float64) {
	if end := len(l.at) - 1; end >= 0 && l.at[end] == level {
		l.last++
		l.value[end] += (value - l.value[end]) / float64(l.last)
		return
	}
	l.at, l.value, l.last = append(l.at, level), append(l.value, value), 1
}

// How a series must go for its ceiling to be told: alike within so much at two loads
// or more from the edge on that are so far apart, and so much lower well below it.
const (
	alike, apart    = 0.03, 1.08
	wellBelow, less = 0.8, 0.9
)

// ceiling is the value that a series rose to with the load and then kept, and the load
// from which it did; 0: it has none around the edge.
func (l *levels) ceiling(edge float64) (value, from float64) {
	var above []float64
	first := -1
	for i, level := range l.at {
		if level >= edge*(1-alike) {
			if first < 0 {
				first = i
			}
			above = append(above, l.value[i])
		}
	}
	last := len(l.at) - 1
	if len(above) < 2 || l.at[last] < apart*l.at[first] {
		return 0, 0
	}
	low, high := slices.Min(above), slices.Max(above)
	if !(low > 0) || high > low*(1+alike) {
		return 0, 0
	}
	for i := first; i >= 0; i-- {
		if l.at[i] <= wellBelow*edge {
			if l.value[i] <= less*low {
				return (low + high) / 2, l.at[first]
			}
			break
		}
	}
	return 0, 0
}

// allCores says that the machine had no processor left around the edge, which what
// is watched and plimsoll itself took; "" where some were left, or nobody knows.
func (s *Scenario) allCores() string {
	c := s.Capacity
	worst, own, of, at := 0.0, 0.0, "", 0.0
	for _, step := range c.byLevel() {
		t := s.stepTrial(step.CapacityStep)
		if t == nil || t.MachineUse == nil || step.Verdict == result.Void || step.Level < c.Low || step.Level > max(c.High, c.Value*apart) {
			continue
		}
		ours := over(t.MachineUse.CPUS, t.MachineUse.WallS)
		for _, one := range t.Monitor {
			if one.Unit == Cores && one.Seen() && one.Mean+ours > worst+own {
				worst, own, of, at = one.Mean, ours, one.Name, step.Level
			}
		}
	}
	const nearlyAll = 0.95
	if s.cpus == 0 || worst+own < nearlyAll*float64(s.cpus) {
		return ""
	}
	return fmt.Sprintf("at %s all of the machine's %s were taken: %s by %s, %s by plimsoll itself", c.load(at), plural(s.cpus, "core"), looked(math.Round(worst*100)/100), Clean(of), looked(math.Round(own*100)/100))
}

// over is a/b; 0 where nothing is known.
func over(a, b float64) float64 {
	if b <= 0 {
		return 0
	}
	return a / b
}

// stepTrial is the trial of a step; nil: it is not there.
func (s *Scenario) stepTrial(step result.CapacityStep) *result.Trial {
	for _, t := range s.trials {
		if t.Sweep == s.Capacity.At(step) && t.Repeat == step.Repeat {
			return t
		}
	}
	return nil
}
