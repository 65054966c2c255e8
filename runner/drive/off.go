package drive

import (
	"time"

	"plimsoll/target"
	"plimsoll/target/agenda"
)

// How a walk ends: when nothing more starts, users who come back go, and have the
// trial's drain for that. Where iterations are given up, those of users who go
// are not: these, too, have the drain. When that is over, or after an interrupt
// at once, everything is given up.

// off tells whether a strand has been given up, so that nothing of it goes on but,
// where a look has ended the trial, the call that it has under way.
func (w *walk) off(id uint32) bool {
	return (w.cancelled || w.halted) && (w.abandoned || !w.crew.Leaving(id))
}

// callOff has what is off given up, as soon as whatever goes on now is done.
func (w *walk) callOff() {
	w.calling = true
	w.again.askAll(w.now)
}

// callNow gives up every strand that is off: its call ends soon, or goes on where
// nothing was cancelled; its pause ends now.
func (w *walk) callNow(now time.Duration) {
	w.calling = false
	w.refuse(now)
	for place := range w.slots {
		id := uint32(place)
		if free(w.slots[id].serial) || !w.off(id) {
			continue
		}
		x := w.again.at(id)
		switch u := w.calls[id]; {
		case u.call != nil && !x.pausing:
			if w.cancelled {
				x.carrier.Cancel(target.NewID(id, w.slots[id].serial), now)
			}
		case u.begun:
			w.finish(id, &target.Outcome{Class: target.Cancelled}, now)
		default:
			w.forgo(id, now)
		}
	}
	w.again.askAll(now)
	w.run(now)
}

// forgo ends a strand that pauses, or whose call has not begun, as cancelled: of
// that call no row tells, since nothing of it was sent.
func (w *walk) forgo(id uint32, now time.Duration) {
	if int(id) < len(w.slots) {
		w.release(id)
	}
	w.crew.Fail(id, now, target.Cancelled, "")
	w.close()
}

// abandon gives up users who go as well.
func (w *walk) abandon() {
	if w.abandoned {
		return
	}
	w.abandoned, w.cancelled = true, true
	w.callOff()
	w.due = w.now
	w.deadline = agenda.Later(w.now, cancelGrace)
}

// allGone tells whether every user has gone, once nothing more starts: those who
// come back do so now.
func (w *walk) allGone() bool {
	if !w.left {
		w.left = true
		if !w.abandoned {
			if w.j.Places > 0 && w.j.Program.Leaves() {
				w.leaving += w.crew.LeaveAll(w.now)
			}
			w.deadline = agenda.Later(w.now, w.Drain)
			w.run(w.now)
		}
	}
	return w.leaving == 0
}

// gone tells carriers that a user is no more.
func (w *walk) gone(user uint32) {
	w.leaving--
	for _, l := range w.leavers {
		l.Leave(user)
	}
}
