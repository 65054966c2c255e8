// Package offset finds out how two clocks differ, from messages that went to and fro
// between them: pure, it reads no clock.
//
// A round trip bounds the difference from both sides, whatever the ways took, and
// however unlike the way back was to the way there (RFC 5905, section 8: the true
// offset lies within half the round trip's delay of the estimate): nothing is heard
// before it was sent. Of two clocks that go evenly the difference is a straight line
// over time. It lies below all bounds from above, and above all from below; the lines
// that do are a polygon, and what its corners say at an instant are the least and the
// most that the difference can be there. So a lucky round trip early and another one
// late tell the drift, and the rest need not be thrown away.
package offset

import (
	"math"
	"time"
)

// MostDrift is how unlike clocks may go, as a share: 500 µs a second, as RFC 5905 has
// it of frequency tolerances; those of machines stay below a fifth of it.
const MostDrift = 500e-6

// Round is one round trip, by two clocks: Sent and Back are read here, Heard and
// Answered there.
type Round struct{ Sent, Heard, Answered, Back time.Duration }

// Took is how long the message and its answer were under way, together.
func (r Round) Took() time.Duration { return r.Back - r.Sent - (r.Answered - r.Heard) }

// Estimate is how another clock stands to the one here, at an instant of it.
type Estimate struct {
	// Offset is what the clock there shows more than the one here, give or take the
	// Uncertainty.
	Offset, Uncertainty time.Duration
	// Drift is by which share the clock there goes faster, give or take the
	// DriftUncertainty: 1e-6 is a microsecond each second.
	Drift, DriftUncertainty float64
}

// Rounds are the round trips with one other clock, of which only those are kept that
// can tell something. The zero value has none.
type Rounds struct {
	n             int
	least         time.Duration
	above, below  []point // seconds here, seconds that the clock there shows more
	origin, level time.Duration
}

// point is a bound of the difference at an instant, both in seconds since the first
// round, so that nothing is lost of them.
type point struct{ at, bound float64 }

// Count is how many round trips there have been.
func (r *Rounds) Count() int { return r.n }

// Least is the shortest of them.
func (r *Rounds) Least() time.Duration { return r.least }

// Add takes one more, which came back after those before; one that contradicts
// itself is left out.
func (r *Rounds) Add(t Round) {
	if t.Back < t.Sent || t.Answered < t.Heard || t.Took() < 0 {
		return
	}
	if r.n == 0 {
		r.origin, r.level, r.least = t.Sent, t.Heard-t.Sent, t.Took()
	}
	r.n++
	r.least = min(r.least, t.Took())
	r.above = hull(r.above, point{(t.Sent - r.origin).Seconds(), (t.Heard - t.Sent - r.level).Seconds()}, 1)
	r.below = hull(r.below, point{(t.Back - r.origin).Seconds(), (t.Answered - t.Back - r.level).Seconds()}, -1)
}

// hull adds a point to those that a line can touch which lies below all of them
// (side 1), or above (-1): Andrew's monotone chain. Messages may overtake each other
// a little, so it is put where it belongs.
func hull(h []point, p point, side float64) []point {
	k := len(h)
	for k > 0 && h[k-1].at > p.at {
		k--
	}
	later := append([]point(nil), h[k:]...)
	h = h[:k]
	for _, q := range append([]point{p}, later...) {
		for n := len(h); n > 0; n = len(h) {
			last := h[n-1]
			if last.at == q.at {
				if side*(q.bound-last.bound) >= 0 {
					q = last
				}
				h = h[:n-1]
				continue
			}
			if n < 2 || side*cross(h[n-2], last, q) > 0 {
				break
			}
			h = h[:n-1]
		}
		h = append(h, q)
	}
	return h
}

// cross is positive where the way from a over b to c turns to the left.
func cross(a, b, c point) float64 {
	return (b.at-a.at)*(c.bound-a.bound) - (b.bound-a.bound)*(c.at-a.at)
}

// Estimate is how the clocks stand to each other at an instant of the one here. False:
// there has been no round trip.
func (r *Rounds) Estimate(at time.Duration) (Estimate, bool) {
	if r.n == 0 {
		return Estimate{}, false
	}
	slack := max(0, -r.widest()/2)
	slowest, fastest := r.slopes(slack)
	t := (at - r.origin).Seconds()
	most := highest(slowest, fastest, func(drift float64) float64 { return r.ceiling(drift) + slack + drift*t })
	least := -highest(slowest, fastest, func(drift float64) float64 { return -(r.floor(drift) - slack + drift*t) })
	half := max(0, most-least) / 2
	return Estimate{
		Offset: r.level + seconds((most+least)/2), Uncertainty: seconds(half+slack) + time.Nanosecond,
		Drift: (slowest + fastest) / 2, DriftUncertainty: (fastest - slowest) / 2,
	}, true
}

func seconds(s float64) time.Duration { return time.Duration(math.Round(s * 1e9)) }

// ceiling is the highest that a line of such a slope may begin, and floor the lowest.
func (r *Rounds) ceiling(drift float64) float64 {
	lowest := math.Inf(1)
	for _, p := range r.above {
		lowest = min(lowest, p.bound-drift*p.at)
	}
	return lowest
}

func (r *Rounds) floor(drift float64) float64 {
	highest := math.Inf(-1)
	for _, p := range r.below {
		highest = max(highest, p.bound-drift*p.at)
	}
	return highest
}

// room is how far apart the two are: below zero no line of that slope fits. It is
// concave, as the ceiling is, and the floor's negative.
func (r *Rounds) room(drift float64) float64 { return r.ceiling(drift) - r.floor(drift) }

// widest is the room of the slope that has the most of it. It is below zero where the
// clocks did not go evenly: then half of what is missing is given to each bound.
func (r *Rounds) widest() float64 { return highest(-MostDrift, MostDrift, r.room) }

// slopes are the least and the greatest that fit.
func (r *Rounds) slopes(slack float64) (slowest, fastest float64) {
	fits := func(drift float64) bool { return r.room(drift)+2*slack >= -tiny }
	middle := argmax(-MostDrift, MostDrift, r.room)
	return edge(middle, -MostDrift, fits), edge(middle, MostDrift, fits)
}

// tiny is far below a nanosecond, in seconds: what rounding may amount to.
const tiny = 1e-12

// steps halve, or cut by a third, MostDrift down to where doubles end.
const steps = 100

// edge is the last between one that fits and an end that may not.
func edge(inside, outside float64, fits func(float64) bool) float64 {
	if fits(outside) {
		return outside
	}
	for range steps {
		if middle := (inside + outside) / 2; fits(middle) {
			inside = middle
		} else {
			outside = middle
		}
	}
	return outside // the bound is to hold, whatever was rounded
}

// argmax is where a concave function has its highest, highest how high that is.
func argmax(from, to float64, f func(float64) float64) float64 {
	for range 2 * steps {
		third := (to - from) / 3
		if f(from+third) < f(to-third) {
			from += third
		} else {
			to -= third
		}
	}
	return (from + to) / 2
}

func highest(from, to float64, f func(float64) float64) float64 {
	return max(f(argmax(from, to, f)), f(from), f(to))
}
