package drive

import (
	"time"

	"plimsoll/runner/goodput"
	"plimsoll/runner/journey"
	"plimsoll/runner/latency"
	"plimsoll/runner/schedule"
	"plimsoll/target"
)

// Part is of what seconds are kept.
type Part int

// The parts of a trial: its calls, or iterations; the calls of all steps together,
// but for those outside of iterations; and each row by itself.
const (
	Whole Part = iota
	Calls
	rows
)

// OfRow is the part that a row is.
func OfRow(row int) Part { return rows + Part(row) }

// Row is the number of the row that a part is; below 0: it is none.
func (p Part) Row() int { return int(p - rows) }

// Seconds keep apart what ended in each second of a trial, or was dropped, for
// somebody who looks at it while the trial goes on. They are one loop's.
type Seconds struct {
	// Looker looks whenever a whole second of the trial has passed, until Until at
	// the latest.
	Looker Looker
	Until  time.Duration
	Loop   int // which one of those that share the trial

	parts []bool
	kept  []Second // since the last look
	seen  int64    // the last look
	next  time.Duration
	quiet bool // the next look is not after the next second, unless something ends or is under way, or nothing is any more
	busy  bool // something was under way at the last look
	shut  bool // the trial was ended: what is cancelled is so by that
}

// Second is what ended within (Number, Number + 1 s], as latency.Instant has it,
// or became due and was dropped; nil where nothing of a part was.
type Second struct {
	Number int64
	Parts  []*Interval // by Part
}

// Looker looks at a trial.
type Looker interface {
	// Look tells what a loop has recorded since it told the last time. It must not
	// wait. Next is the second of the next look that may see something else, if
	// nothing happens until then; above all that there are, if none may.
	Look(l Look) (next int64)
}

// Look is how far a loop has come.
type Look struct {
	Loop int
	At   int64 // the whole seconds that have passed: what ended before, and was heard of, is told
	// UnderWay says that calls, or iterations, are in flight.
	UnderWay bool
	// Seconds are mostly the last one, besides what was heard of late.
	Seconds []Second
	// Last says that the loop is over, and At has passed for it.
	Last bool
}

// NewSeconds keeps those of some parts.
func NewSeconds(looker Looker, until time.Duration, loop int, of []Part) *Seconds {
	s := &Seconds{Looker: looker, Until: until, Loop: loop}
	for _, p := range of {
		for int(p) >= len(s.parts) {
			s.parts = append(s.parts, false)
		}
		s.parts[p] = true
	}
	s.expect(1)
	return s
}

// expect has the next look at a whole second.
func (s *Seconds) expect(second int64) {
	s.next = schedule.Never
	if second <= int64(s.Until/time.Second) {
		s.next = time.Duration(second) * time.Second
	}
}

// of is a part's interval of the second that an instant is in; nil: nobody looks
// at it.
func (s *Seconds) of(p Part, at time.Duration) *Interval {
	if int(p) >= len(s.parts) || !s.parts[p] || at < 0 || at >= s.Until {
		return nil
	}
	second := s.second(int64(at / time.Second))
	if second.Parts[p] == nil {
		second.Parts[p] = newInterval(latency.NewSparse)
	}
	return second.Parts[p]
}

// second is the one of a number, most often the last.
func (s *Seconds) second(number int64) *Second {
	for i := len(s.kept) - 1; i >= 0; i-- {
		if s.kept[i].Number == number {
			return &s.kept[i]
		}
	}
	s.kept = append(s.kept, Second{number, make([]*Interval, len(s.parts))})
	return &s.kept[len(s.kept)-1]
}

// look hands over what was recorded, so many seconds having passed.
func (s *Seconds) look(at int64, underWay bool) {
	kept := s.kept
	s.kept, s.seen = nil, at
	next := s.Looker.Look(Look{s.Loop, at, underWay, kept, false})
	s.quiet, s.busy = next > at+1, underWay
	s.expect(next)
}

// over hands over what is left, when the loop is over: where the trial has its
// whole length that is until then, though nothing became due in what was left.
func (s *Seconds) over(whole bool) {
	at := s.seen
	if whole && s.Until < schedule.Never {
		at = int64(s.Until / time.Second)
	}
	s.Looker.Look(Look{s.Loop, at, false, s.kept, true})
	s.kept, s.next = nil, schedule.Never
}

// stir goes on looking where something has happened: at the end of the second that
// it is in. What has begun at the very end of a second is seen a second later.
func (s *Seconds) stir(now time.Duration, underWay bool) {
	if !s.quiet || len(s.kept) == 0 && underWay == s.busy {
		return
	}
	next := int64(now/time.Second) + 1
	for _, k := range s.kept {
		next = min(next, k.Number+1)
	}
	s.quiet = false
	s.expect(min(max(s.seen+1, next), int64(s.next/time.Second)))
}

// keep takes a call, or an iteration, into its second; nil where that is all that
// there is to be kept of it.
func (r *Recorder) keep(p Part, promised []goodput.Limits, c *Call) *Interval {
	if c.Class == target.Cancelled && r.Seconds.shut {
		return nil
	}
	warm := c.Intended < 0
	if warm && !r.spills(c) {
		return nil
	}
	i := r.Seconds.of(p, latency.Instant(c.start(), c.End))
	switch {
	case i == nil:
		return nil
	case warm:
		r.spill(i, promised, c)
		return nil
	}
	r.note(i, nil, c)
	r.more(i, promised, c)
	return i
}

// keepIteration takes an iteration into its second.
func (r *Recorder) keepIteration(c *Call) {
	if i := r.keep(Whole, r.Promises.Whole, c); i != nil && c.OK() {
		i.Elapsed.Record(c.End - c.Intended)
	}
}

// keepStep takes a step's call into its second.
func (r *Recorder) keepStep(row int, outside bool, c *Call, records []journey.Recorded) {
	if !outside {
		r.keep(Calls, nil, c)
	}
	i := r.keep(OfRow(row), r.Promises.Of(row), c)
	if i == nil {
		return
	}
	for _, n := range records {
		i.record(n)
	}
}
