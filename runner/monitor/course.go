package monitor

import (
	"cmp"
	"fmt"
	"math"

	"plimsoll/runner/result"
)

// course is a series in time, in memory that does not grow: when it has more
// points than a result may, each two become one, and so on.
type course struct {
	series, unit string
	rate         bool // of something that grows
	problem      string

	points []piece
	wide   int // how many looks make a point,
	filled int // and how many of them the last one has

	measured piece // all of what was measured, as one,
	looks    int   // and how many pieces that were
	max      float64
	latest   piece // is not in max yet: what is short may still be added to it

	before    mark // the last look's
	hasBefore bool
}

// piece is the mean over a time that ends at.
type piece struct{ at, width, value float64 }

// join makes one of two pieces.
func (p piece) join(next piece) piece {
	sum := piece{next.at, p.width + next.width, (p.value + next.value) / 2}
	if sum.width > 0 {
		sum.value = (p.value*p.width + next.value*next.width) / sum.width
	}
	return sum
}

// mark is a value and when it was read.
type mark struct {
	moment
	value float64
}

// moment is when a look was: as the trial's clock had it, and for which time it
// was meant.
type moment struct {
	at, meant float64
	measured  bool // meant for the time that is measured
}

// saw takes a reading in.
func (c *course) saw(r reading, m moment) {
	c.unit, c.rate = r.unit, r.total
	before, first := c.before, !c.hasBefore || r.anew
	c.before, c.hasBefore = mark{m, r.value}, true
	if m.meant < 0 {
		return // of the warm-up
	}
	p := piece{at: m.at, value: r.value}
	if !first {
		p.width = max(0, m.at-before.at)
	}
	warm := !first && before.meant < 0
	switch {
	case !r.total && warm:
		p.width = 0
	case r.total && (first || warm || p.width == 0):
		return // it takes two looks to tell how fast it grows
	case r.total:
		grown := r.value - before.value
		if grown < 0 { // it began anew
			grown = r.value
		}
		p.value = grown / p.width
	}
	c.add(p, m.measured, r.total)
}

// shortest is the width, as a share of that of others, below which a rate tells
// little: it becomes part of the one before.
const shortest = 0.5

func (c *course) add(p piece, measured, rate bool) {
	n := len(c.points)
	short := rate && n > 0 && p.width < shortest*c.points[n-1].width/float64(max(1, c.filled))
	switch {
	case n > 0 && (c.filled < c.wide || short):
		c.points[n-1] = c.points[n-1].join(p)
	default:
		c.points, c.filled = append(c.points, p), 0
	}
	if c.filled++; short {
		c.filled--
	}
	if len(c.points) > result.MostPoints {
		c.halve()
	}
	if !measured {
		return
	}
	if c.measured = c.measured.join(p); c.looks == 0 {
		c.measured = p
	}
	c.looks++
	if short && c.latest.width > 0 {
		c.latest = c.latest.join(p)
		return
	}
	c.max, c.latest = max(c.max, c.latest.value), p
}

// halve makes one point of each two; the last, of an odd number, is left to be
// filled up.
func (c *course) halve() {
	n := len(c.points)
	kept := c.points[:0]
	for i := 0; i < n; i += 2 {
		p := c.points[i]
		if i+1 < n {
			p = p.join(c.points[i+1])
		}
		kept = append(kept, p)
	}
	c.points = kept
	c.wide *= 2
}

// enough is the share of the time measured that a rate must be of, to stand for all of
// it.
const enough = 0.5

// result is the series as results keep it, of a trial that measured for so many
// seconds.
func (c *course) result(name string, length float64) result.Series {
	s := result.Series{Name: name, Series: c.series, Unit: c.unit, Problem: c.problem}
	switch {
	case c.looks == 0:
		s.Problem = cmp.Or(s.Problem, "no look at it was within the time that was measured")
		return s
	case c.rate && c.measured.width < enough*length:
		s.Problem = cmp.Or(s.Problem, fmt.Sprintf("it was seen for %.3g s of %.3g s only, too little to tell its mean", c.measured.width, length))
		return s
	}
	s.Mean, s.Max = digits(c.measured.value), digits(max(c.max, c.latest.value))
	for _, p := range c.points {
		s.Points = append(s.Points, [2]float64{math.Round(max(0, p.at)*1e4) / 1e4, digits(p.value)})
	}
	return s
}

// digits rounds to as many as figures that were looked at now and then bear.
func digits(v float64) float64 {
	if v == 0 || math.IsInf(v, 0) {
		return v
	}
	unit := math.Pow(10, 5-math.Floor(math.Log10(math.Abs(v))))
	if rounded := math.Round(v*unit) / unit; !math.IsNaN(rounded) && !math.IsInf(rounded, 0) {
		return rounded
	}
	return v
}
