// Package capacity decides a search for the highest load that keeps its
// promises: what to try next, given what was seen, and what the answer is. It
// knows no clock, no target and no trial.
//
//	what was seen ─▶ turn (which levels keep the promises, by all their steps)
//	              ─▶ Next: grow ─▶ bisect ─▶ repeat on either side of the edge
//	              ─▶ Answer: where the promise turns, with an interval
//
// Near the edge a step's p99 is a random variable, so a single verdict there
// is the toss of a coin, and a search that believes it ends where the first
// wrong one sends it. Here no verdict is believed: each step gives a margin,
// how far from the limit it was, and all margins around the edge together,
// repeated with other random draws, say where the margin crosses zero and how
// surely (see fit). So a wrong verdict is outvoted by the next ones.
package capacity

import (
	"math"
	"math/bits"
	"slices"
	"strconv"
)

// Settings say what to search, and how closely.
type Settings struct {
	// From and To are the lowest and the highest load that are ever tried, in
	// calls a second or calls in flight, 0 < From ≤ To.
	From, To float64
	// Precision is how wide the answer's interval may be to either side, as a
	// share of it, above 0.
	Precision float64
	// Whole keeps to whole numbers: there is no half a call in flight.
	Whole bool
}

// Step is what was seen at a level.
type Step struct {
	Level float64
	// Void says that the generator could not keep its schedule: the step
	// tells nothing about the target.
	Void bool
	// Margin is how far from the limit the promise was that was furthest
	// gone: 0 or below kept, above 0 broken, −1 and 1 at the most; see Margin.
	Margin float64
	// Limit names that promise.
	Limit string
	// Print is a fingerprint of all that was measured, 0 for none: steps at
	// one level with the same one were the same experiment twice.
	Print uint64
}

// Pass tells whether the step's promises were kept.
func (s Step) Pass() bool { return !s.Void && s.Margin <= 0 }

const (
	// repeats is how often what an answer rests on is tried: the steps on
	// either side of the edge, or at the end of the range.
	repeats = 3
	// confirmations are the most steps spent around the edge once it is
	// bracketed. More would halve a noisy answer's interval only for four
	// times the steps: longer ones are the better remedy.
	confirmations = 16
	// digit is a little more than half of the last of a level's four digits.
	digit = 0.0006
	// voids at one level end the search; a single one may be a hiccup of the
	// machine.
	voids = 2
)

// Search is a search under way.
type Search struct {
	settings Settings
	levels   []float64
	steps    [][]Step // by level
	taken    int
}

// New begins a search.
func New(s Settings) *Search {
	levels := ladder(s)
	return &Search{settings: s, levels: levels, steps: make([][]Step, len(levels))}
}

// ladder is every level that may be tried, rising: as close to each other as
// the precision asks for, each doubling in equal parts so that growing and
// bisecting stay on it and steps at one level add up.
func ladder(s Settings) []float64 {
	parts := math.Exp2(math.Ceil(math.Log2(math.Ln2 / math.Log1p(s.Precision))))
	levels := []float64{s.From}
	for k := 1.0; ; k++ {
		level := s.pleasant(s.From*math.Exp2(k/parts), levels[len(levels)-1]*(1+s.Precision))
		if level >= s.To {
			return append(levels, s.To)
		}
		if level > levels[len(levels)-1] {
			levels = append(levels, level)
		}
	}
}

// pleasant makes a level a number that is pleasant to read, whole or of four
// digits, without costing the precision: between it and the one before nothing
// else may be wanted.
func (s Settings) pleasant(level, furthest float64) float64 {
	if s.Whole {
		return min(math.Round(level), math.Floor(furthest)+1)
	}
	if level = rounded(level); level > furthest {
		level = rounded(furthest)
	}
	if level > furthest {
		level = rounded(furthest * (1 - digit))
	}
	return level
}

// rounded is a number to four digits.
func rounded(v float64) float64 {
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64) // its own print can be read
	return v
}

// Bound is the most steps that the search can take.
func (s *Search) Bound() int {
	growing, widest := 1, 1
	for at := 0; at < len(s.levels)-1; at = s.above(at) {
		growing++
		widest = max(widest, s.above(at)-at)
	}
	return growing + bits.Len(uint(widest-1)) + confirmations
}

// above is where growing goes on from a level: to twice as much.
func (s *Search) above(at int) int {
	next, _ := slices.BinarySearch(s.levels, 2*s.levels[at])
	return min(next, len(s.levels)-1)
}

// Saw takes in what was seen at a level that Next named.
func (s *Search) Saw(step Step) {
	s.taken++
	if at, found := slices.BinarySearch(s.levels, step.Level); found {
		s.steps[at] = append(s.steps[at], step)
	}
}

// Next is what to try next: a level, and how often it was tried before. It is
// false when the search is over.
func (s *Search) Next() (level float64, repeat int, more bool) {
	at := s.next()
	if at < 0 || s.taken >= s.Bound() {
		return 0, 0, false
	}
	return s.levels[at], len(s.steps[at]), true
}

// next is the index of the level to try next; −1 for none.
func (s *Search) next() int {
	low, high := s.turn()
	if at, stopped := s.void(); at >= 0 { // once more, unless it was enough
		if stopped {
			return -1
		}
		return at
	}
	switch {
	case low < 0 && high < 0:
		return 0
	case low < 0: // not even the lowest keeps the promises
		return s.untilSure(high)
	case high < 0 && low == len(s.levels)-1:
		return s.untilSure(low)
	case high < 0:
		return s.above(low)
	case high-low > 1:
		return (low + high) / 2
	}
	return s.confirm(low, high)
}

// untilSure is a level at the end of the range, until it was repeated.
func (s *Search) untilSure(at int) int {
	if len(s.steps[at]) >= repeats || s.settled(at) {
		return -1
	}
	return at
}

// settled tells that a level was tried twice with the same outcome, to the
// last digit: nothing about it is left to chance, and once more would tell
// nothing.
func (s *Search) settled(at int) bool {
	prints := map[uint64]bool{}
	for _, step := range s.steps[at] {
		if step.Print != 0 && prints[step.Print] {
			return true
		}
		prints[step.Print] = true
	}
	return false
}

// unsettled is the level on either side of the edge that is to be tried a
// second time to see whether anything is left to chance, −1 for none: either
// there is, or both are settled.
func (s *Search) unsettled(low, high int) int {
	for _, at := range []int{low, high} {
		switch {
		case s.settled(at):
		case len(s.steps[at]) > 1:
			return -1
		default:
			return at
		}
	}
	return -1
}

// confirm repeats steps on either side of the edge, wherever the fit has it,
// until the interval is as narrow as was asked for. The noisier the margins
// are, the further from the edge it goes to tell where they turn.
func (s *Search) confirm(low, high int) int {
	if s.settled(low) && s.settled(high) {
		return -1
	}
	if at := s.unsettled(low, high); at >= 0 {
		return at
	}
	e, points := s.edge(low, high)
	below, above := 0, 0
	for _, p := range points {
		if p.level < e.value {
			below++
		} else {
			above++
		}
	}
	if below >= repeats && above >= repeats && s.precise(e) {
		return -1
	}
	at := s.upper(e.value)
	reach := s.reach(at, e.noise)
	lower, upper := max(0, at-1-reach), min(len(s.levels)-1, at+reach)
	if below < above || below == above && len(s.steps[lower]) <= len(s.steps[upper]) {
		return lower
	}
	return upper
}

// reach is how many levels further than the next one to go for the noise: as
// far as one step's noise moves the edge, within half of what counts.
func (s *Search) reach(at int, noise float64) (levels int) {
	furthest := s.levels[at] * (1 + min(noise, window/2))
	for at+levels+1 < len(s.levels) && s.levels[at+levels+1] <= furthest {
		levels++
	}
	return levels
}

// void finds a level whose steps so far were void; stopped tells that there
// were enough of them. A level that was also judged is none.
func (s *Search) void() (at int, stopped bool) {
	for at, steps := range s.steps {
		n := 0
		for _, step := range steps {
			if step.Void {
				n++
			}
		}
		if n > 0 && n == len(steps) {
			return at, n >= voids
		}
	}
	return -1, false
}

// turn finds the highest level that keeps the promises and the lowest tried
// one above it, −1 for none. Levels are judged by the mean margin of their
// steps; where a higher level did better than a lower one, which more load
// cannot do, both are judged by their common mean (isotonic regression, by
// pooling adjacent violators).
func (s *Search) turn() (low, high int) {
	type pool struct {
		sum   float64
		n     float64
		first int
		last  int
	}
	var pools []pool
	for at, steps := range s.steps {
		p := pool{first: at, last: at}
		for _, step := range steps {
			if !step.Void {
				p.sum, p.n = p.sum+step.Margin, p.n+1
			}
		}
		if p.n == 0 {
			continue
		}
		for n := len(pools); n > 0 && pools[n-1].sum/pools[n-1].n >= p.sum/p.n; n = len(pools) {
			p.sum, p.n, p.first = p.sum+pools[n-1].sum, p.n+pools[n-1].n, pools[n-1].first
			pools = pools[:n-1]
		}
		pools = append(pools, p)
	}
	low, high = -1, -1
	for _, p := range pools {
		if p.sum > 0 {
			return low, p.first
		}
		low = p.last
	}
	return low, high
}
