package view

import (
	"fmt"
	"math"

	"plimsoll/runner/result"
)

// atLeast stands before a figure that is known to be no less.
const atLeast = "≥ "

// bound marks a figure that depends on how long the calls would have taken
// that were given up, as far as one would see it.
func (d *draft) bound(g *Group, s scale, f result.Figure) {
	if s.text(f.Least.High) == s.text(f.Most.High) {
		return
	}
	d.text = atLeast + d.text
	d.notes = append(d.notes, g.givenUp())
}

// givenUp says why figures are only known to be at least what they are.
func (g *Group) givenUp() string {
	return fmt.Sprintf("%d of %s were given up at the end of the drain: they took at least as long as they had been under way, up to %s, and nobody knows how long",
		g.CancelledResponse.Count(), plural(g.Started, g.noun()), alone(longestOf(g.CancelledResponse)))
}

// boundFields are a mean, a maximum or a percentile for a CSV file: in full
// precision where it is known, and else as what it is at least.
func boundField(known float64, f result.Figure) string {
	if f.Known() || math.IsNaN(known) {
		return exact(known)
	}
	return "≥" + exact(f.Least.High)
}

// Known is a percentile of the response time in seconds; NaN where there are
// too few calls for it, or where it depends on those that were given up.
func (g *Group) Known(percent float64) float64 {
	times := response.times(g)
	if f := times.Quantile(percent); f.Known() {
		return Percentile(times.Lowest(), percent)
	}
	return math.NaN()
}
