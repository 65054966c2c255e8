package drive

import (
	"time"

	"plimsoll/runner/journey"
	"plimsoll/target"
)

// What follows is what a walk records: of calls, of blocks and of iterations, those
// that have ended and those that are left behind.

// close records the blocks that have ended, and gives up the calls of branches
// that another's failure has ended.
func (w *walk) close() {
	for _, b := range w.crew.Closed {
		w.whole = Call{Intended: b.Began, Ready: b.Began, Start: b.Began, End: b.Ended, Paused: b.Paused, Row: b.By, Iteration: b.Iteration, Outcome: &w.became}
		w.became = target.Outcome{Class: b.Class, Example: b.Example}
		w.Recorder.Block(b.Row, b.Due, &w.whole)
	}
	w.crew.Closed = w.crew.Closed[:0]
	for _, id := range w.crew.Left {
		w.giveUp(id)
	}
	w.crew.Left = w.crew.Left[:0]
}

// giveUp ends a strand's call, if it has one under way, as cancelled; or its
// pause.
func (w *walk) giveUp(id uint32) {
	if int(id) >= len(w.slots) {
		return
	}
	if w.calls[id].call != nil {
		x := &w.again.of[id]
		if !x.pausing {
			x.carrier.Cancel(target.NewID(id, w.slots[id].serial), w.now)
		}
		w.leaveBehind(id, w.now)
	}
	w.release(id)
}

// leaveBehind records a call as cancelled that nobody waits for any more, unless
// it never began.
func (w *walk) leaveBehind(id uint32, now time.Duration) {
	call, x, s := w.calls[id].call, &w.again.of[id], w.slots[id]
	if !w.calls[id].begun {
		return
	}
	c := &Call{
		Number: x.request.Number, Intended: s.intended, Ready: s.ready, Start: s.start + x.late, End: max(now, s.start+x.late), Outcome: x.leftBehind(),
	}
	w.record(id, call.Row, c, nil)
	w.asked(id, call, c)
}

// record takes in a strand's call.
func (w *walk) record(id uint32, row int, c *Call, records []journey.Recorded) {
	start, _ := w.crew.Begun(id)
	w.Recorder.Step(row, w.j.Program.Rows[row].Outside, start.Intended, c, records)
}

// leave records what has not come back, as cancelled.
func (w *walk) leave() {
	for id := range w.calls {
		if w.calls[id].call != nil {
			w.leaveBehind(uint32(id), w.now)
		}
	}
	for _, id := range w.crew.UnderWay() {
		start, paused := w.crew.Begun(id)
		w.Recorder.Iteration(start.Place, &Call{
			Number: start.Iteration, Intended: start.Intended, Ready: start.Ready, Start: start.Began, End: w.now, Paused: paused,
			Outcome: &target.Outcome{Class: target.Cancelled},
		})
		if w.j.pass != nil {
			w.j.pass.Values = w.crew.Held(id)
		}
	}
}

// finishIteration records an iteration that is over.
func (w *walk) finishIteration(id uint32, m *journey.Move) {
	w.became = target.Outcome{Class: m.Whole.Class, Example: m.Whole.Example}
	w.whole = Call{
		Number: m.Start.Iteration, Intended: m.Start.Intended, Ready: m.Start.Ready, Start: m.Start.Began,
		End: m.Whole.Ended, Paused: m.Whole.Paused, Row: m.Whole.By, Iteration: m.Start.Iteration, Outcome: &w.became,
	}
	w.Recorder.Iteration(m.Start.Place, &w.whole)
	if w.crew.Watched() {
		w.tellOver(id)
	}
	if w.j.pass != nil {
		w.j.pass.Values, w.j.pass.Class, w.j.pass.Example = m.Kept, m.Whole.Class, m.Whole.Example
	}
	if len(w.j.Sources) > 0 {
		w.giveBack(id, m.Whole.Ended)
	}
	user := uint32(0)
	if w.j.Places > 0 {
		user = m.Start.User / uint32(max(1, w.j.Loops))
	}
	if w.crew.World.Once {
		w.leaving++
	}
	w.over(&w.whole, user)
}
