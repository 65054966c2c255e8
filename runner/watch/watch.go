// Package watch judges promises while a trial goes on, whenever a whole second of
// it has passed: over windows that slide along the trial, or over all so far. It
// is told what happened in each second, by the loops that share the trial, and
// knows no clock.
package watch

import (
	"fmt"
	"math"
	"time"

	"plimsoll/runner/result"
	"plimsoll/runner/verdict"
)

// Promise is a threshold that is looked at while the trial goes on.
type Promise struct {
	verdict.Rule
	verdict.Watch
	// Part is whose calls it is about, by any number.
	Part int
}

// Judge looks at the promises of one trial.
type Judge struct {
	promises []*promise
	parts    map[int]*course
	loops    []loop
	at       int64   // the last look: so many seconds have passed for every loop
	recent   []int64 // where the last looks were, the oldest first
	longest  int64   // of all windows, in seconds
	settled  int64   // the first look of all promises has been
}

// loop is how far a loop has come, and whether something was under way then: at the
// last second, and at those that others have not come to.
type loop struct {
	at   int64
	told []underWay
}

type underWay struct {
	at int64
	is bool
}

func (l *loop) tell(at int64, is bool) {
	l.at = max(l.at, at)
	l.told = append(l.told, underWay{l.at, is})
}

// busy tells whether something of the loop's was under way at a second that it has
// come to: as it told of it, or else of the next one. Seconds do not decrease.
func (l *loop) busy(second int64) bool {
	for len(l.told) > 1 && l.told[0].at < second {
		l.told = l.told[1:]
	}
	return l.told[0].is
}

// promise is one, and what was seen of it.
type promise struct {
	Promise
	worst   found   // of the windows of which nothing new is heard any more
	pending []found // the others, in order
	last    found   // what the last look saw
	stopped found   // with what the trial was to be ended
}

// found is the figure of the window that ends after so many seconds; none: there
// was nothing in it to judge by.
type found struct {
	verdict.Seen
	at       int64
	none     bool
	underWay bool // something was, at its end
}

// slack is for how many looks a window is judged anew where calls are heard of
// late: a call counts in the second in which it ended, and between that and its
// loop's hearing of it others may have the processor.
const slack = 10

// New makes the judge of a trial that so many loops share.
func New(loops int, promises []Promise) *Judge {
	j := &Judge{parts: map[int]*course{}, loops: make([]loop, loops)}
	for _, p := range promises {
		j.promises = append(j.promises, &promise{Promise: p, worst: found{none: true}, last: found{none: true}, stopped: found{none: true}})
		j.longest = max(j.longest, p.length())
		j.settled = max(j.settled, p.First())
	}
	for _, p := range j.promises {
		if j.parts[p.Part] == nil {
			j.parts[p.Part] = newCourse(j.longest)
		}
	}
	return j
}

// length is that of its windows, in seconds; 0: all so far.
func (p *Promise) length() int64 { return int64(p.Over / time.Second) }

// Take takes in what happened to a part within (second, second + 1 s], as far as it
// was not told before.
func (j *Judge) Take(part int, second int64, s *verdict.Stretch) { j.parts[part].add(second, s) }

// Look tells that a loop has come to a whole second, and told what it has heard of
// until then; underWay says that it has calls in flight. What is broken is why the
// trial is to end now; nil: it goes on.
func (j *Judge) Look(loop int, second int64, underWay bool) (broken *Broken) {
	j.loops[loop].tell(second, underWay)
	until := int64(math.MaxInt64)
	for _, l := range j.loops {
		until = min(until, l.at)
	}
	broken = j.again()
	if until == math.MaxInt64 { // all are over: nobody looks any more
		return broken
	}
	if j.at == until {
		return broken
	}
	for j.at < until {
		j.at = j.next(until)
		busy := false
		for i := range j.loops {
			busy = j.loops[i].busy(j.at) || busy
		}
		if b := j.look(busy); broken == nil {
			broken = b
		}
	}
	j.settle()
	return broken
}

// Over tells that a loop comes to no second any more.
func (j *Judge) Over(loop int) (broken *Broken) { return j.Look(loop, math.MaxInt64, false) }

// next is when to look next: the next second, or, where all windows up to then are
// empty like those before, the end of the next second in which something happened.
func (j *Judge) next(until int64) int64 {
	next := min(until, j.Next())
	for _, c := range j.parts {
		next = min(next, c.after(j.at)+1)
	}
	return max(j.at+1, next)
}

// Next is the second of the next look that may see what the last one did not, if
// nothing happens until then; math.MaxInt64: there is none.
func (j *Judge) Next() (second int64) {
	if len(j.loops) > 1 || j.at < j.settled {
		return j.at + 1
	}
	for _, c := range j.parts {
		if c.any(j.at-j.longest-1, j.at) {
			return j.at + 1
		}
	}
	second = math.MaxInt64
	for _, p := range j.promises {
		second = min(second, p.falls())
	}
	return second
}

// falls is the next second by which a rate over all so far may have come down to
// its limit, while nothing happens; math.MaxInt64: it cannot, or nobody minds.
func (p *promise) falls() (second int64) {
	if !p.OfRates() || p.length() > 0 || p.last.none || p.last.Broken || p.Op == "<" || p.Op == "<=" {
		return math.MaxInt64
	}
	at := float64(p.last.at) * p.last.Least.Low / p.Value
	if !(at < math.MaxInt64) { // of no limit, either
		return math.MaxInt64
	}
	return max(p.last.at+1, int64(at))
}

// look judges the windows that end now.
func (j *Judge) look(underWay bool) (broken *Broken) {
	windows := map[span]*verdict.Stretch{}
	for _, p := range j.promises {
		if j.at < p.First() {
			continue
		}
		f := j.see(p, j.at, underWay, windows)
		p.last = f
		if p.length() > 0 {
			p.pending = append(p.pending, f)
		}
		if b := p.breaks(f); broken == nil {
			broken = b
		}
	}
	return broken
}

// again judges the windows anew that have changed since.
func (j *Judge) again() (broken *Broken) {
	for part, c := range j.parts {
		late := c.late
		c.late = math.MaxInt64
		if late >= j.at {
			continue
		}
		windows := map[span]*verdict.Stretch{}
		for _, p := range j.promises {
			for i := range p.pending {
				was := p.pending[i]
				if p.Part != part || was.at <= late {
					continue
				}
				p.pending[i] = j.see(p, was.at, was.underWay, windows)
				if b := p.breaks(p.pending[i]); broken == nil {
					broken = b
				}
			}
		}
	}
	return broken
}

// span is a window of a part.
type span struct {
	part     int
	from, to int64
}

// see judges the window of a promise that ends after so many seconds. It is cut off
// where the trial begins.
func (j *Judge) see(p *promise, at int64, underWay bool, windows map[span]*verdict.Stretch) found {
	w := span{p.Part, 0, at}
	if n := p.length(); n > 0 {
		w.from = max(0, at-n)
	}
	if windows[w] == nil {
		windows[w] = j.parts[p.Part].between(w.from, w.to)
	}
	seen, some := p.See(windows[w], time.Duration(w.to-w.from)*time.Second, underWay)
	return found{seen, at, !some, underWay}
}

// worse is the worse one of two; the earlier one where they are alike.
func (p *promise) worse(a, b found) found {
	if b.none || !a.none && !p.Worse(b.Seen, a.Seen) {
		return a
	}
	return b
}

// breaks tells whether a figure ends the trial.
func (p *promise) breaks(f found) *Broken {
	if !p.Stop || !f.Broken || !p.stopped.none {
		return nil
	}
	p.stopped = f
	return &Broken{f.at, p.Promise}
}

// settle keeps the worst of the windows of which nothing new is expected, and
// forgets the seconds before.
func (j *Judge) settle() {
	j.recent = append(j.recent, j.at)
	if len(j.recent) <= slack {
		return
	}
	until := j.recent[0]
	j.recent = j.recent[1:]
	for _, p := range j.promises {
		for len(p.pending) > 0 && p.pending[0].at <= until {
			p.worst, p.pending = p.worse(p.worst, p.pending[0]), p.pending[1:]
		}
	}
	for _, c := range j.parts {
		c.forget(until - j.longest)
	}
}

// Watched is what was seen of each promise.
func (j *Judge) Watched() (all []result.Watched) {
	for _, p := range j.promises {
		worst := p.worst
		for _, f := range p.pending {
			worst = p.worse(worst, f)
		}
		// What has ended the trial stays broken, whatever was heard of later.
		if !p.stopped.none && !worst.Broken {
			worst = p.stopped
		}
		if worst.none {
			worst.at = 0
		}
		all = append(all, p.Watch.Watched(p.Rule, worst.Seen, worst.at))
	}
	return all
}

// Broken is a promise that ends its trial, after so many seconds.
type Broken struct {
	At int64
	Promise
}

// Reason says so.
func (b *Broken) Reason() string {
	w := b.Watched(b.Rule, verdict.Seen{}, 0)
	return fmt.Sprintf("stop: %s was broken at %d s", w.Promise(), b.At)
}
