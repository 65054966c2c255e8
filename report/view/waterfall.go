package view

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Waterfall is where the time of one mode's iterations goes.
type Waterfall struct {
	Mode string
	Bars []StepBar // the whole iteration, then its steps in the order of the file
	Left string    // what is said of the steps that are not there
}

// StepBar is a step on an iteration's own time, from when that was due on and
// with its pauses: when it begins, for how long it lasts, both at the median.
// What is not known is NaN.
type StepBar struct {
	Name                  string
	Part                  Part
	BeginS, LengthS, P99S float64 // P99S is as a length
	// Nine of ten begin from EarlyS to LateS.
	EarlyS, LateS float64
}

// Part is what a bar is of.
type Part int

// The parts. Blocks and all of an iteration last with their pauses.
const (
	OfCall Part = iota
	OfBlock
	OfAll
)

// EndS is where the bar ends.
func (b StepBar) EndS() float64 { return b.BeginS + b.LengthS }

// Waterfalls are those of the given modes, of at most so many bars in all, but
// for a few of each.
func (s *Scenario) Waterfalls(modes []string, most int) (all []Waterfall) {
	const few = 6
	for _, of := range s.Stepped {
		if !slices.Contains(modes, of.Mode) || of.OK == 0 {
			continue
		}
		rows := rowsOf(of.Steps, false)
		bars := of.bars(rows)
		kept, left := mostTime(rows, max(few, most/len(modes)), spent(&of.Sum))
		w := Waterfall{Mode: of.Mode, Bars: []StepBar{of.whole()}}
		var failed []string
		for _, r := range kept {
			if b, succeeded := bars[r.Path]; succeeded {
				w.Bars = append(w.Bars, b)
			} else if r.Started > 0 && r.Kind != "" {
				failed = append(failed, Clean(r.Name))
			}
		}
		w.Left = joined([]string{sentence(left), neverSucceeded(failed)}, " ")
		all = append(all, w)
	}
	return all
}

// neverSucceeded is a remark on steps that have no bar, since bars are of successes.
func neverSucceeded(steps []string) string {
	const few = 6
	switch n := len(steps); {
	case n == 0:
		return ""
	case n > few:
		return fmt.Sprintf("Without %d steps that never succeeded.", n)
	}
	return "Without what never succeeded: " + strings.Join(steps, ", ") + "."
}

// sentence is a text that stands by itself.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return capital(text) + "."
}

// whole is the bar of iterations.
func (of Stepped) whole() StepBar {
	times := of.ElapsedTimes().Lowest()
	return StepBar{Name: "iteration", Part: OfAll, LengthS: quantile(times, 50), P99S: Percentile(times, 99), EarlyS: math.NaN(), LateS: math.NaN()}
}

// bars are those of the steps that ever succeeded, by their paths.
func (of Stepped) bars(rows []stepRow) map[string]StepBar {
	bars, known, started := map[string]StepBar{}, map[string]int{}, map[string]int64{}
	for _, r := range rows {
		known[r.Path], started[r.Path] = r.depth, r.Started
	}
	for _, r := range rows {
		if r.OK == 0 {
			continue
		}
		b := r.bar()
		each := of.Started
		if block, inside := r.around(known); inside {
			each = started[block]
		}
		if times := float64(r.Started) / float64(max(1, each)); times > 1.05 {
			b.Name += fmt.Sprintf(" ×%.3g", times)
		}
		bars[r.Path] = b
	}
	return bars
}

func (r stepRow) bar() StepBar {
	part, times := OfCall, r.ResponseTimes().Lowest()
	if r.Elapsed != nil {
		part, times = OfBlock, r.Elapsed
	}
	return StepBar{
		Name: strings.Repeat("· ", r.depth) + Clean(r.Name), Part: part,
		BeginS: quantile(r.Begin, 50), LengthS: quantile(times, 50), P99S: Percentile(times, 99),
		EarlyS: quantile(r.Begin, 5), LateS: quantile(r.Begin, 95),
	}
}
