package drive

import (
	"plimsoll/runner/journey"
	"plimsoll/target"
	"plimsoll/target/value"
)

// tellSent tells whoever watches that a strand makes a call.
func (w *walk) tellSent(id uint32, m *journey.Move) {
	w.crew.Tell(id, journey.Event{
		What: journey.Sends, Name: w.j.Program.Rows[m.Call.Row].Name, Call: m.Call, Number: w.again.of[id].request.Number, Args: m.Args,
	})
}

// tellEnd tells that a strand's call has ended.
func (w *walk) tellEnd(id uint32, call *journey.Call, c *Call) {
	w.crew.Tell(id, journey.Event{
		What: journey.Ends, Name: w.j.Program.Rows[call.Row].Name, Call: call, Number: c.Number,
		Class: c.Class, Example: c.Example, For: c.End - c.Start - c.Outcome.Held, Nth: c.Attempts,
	})
}

// tellOver tells that an iteration is over.
func (w *walk) tellOver(id uint32) {
	whole := &w.whole
	w.crew.Tell(id, journey.Event{
		What: journey.Finishes, Class: whole.Class, Example: whole.Example, For: whole.End - whole.Intended, Paused: whole.Paused, Nth: int(whole.Number),
	})
}

// Asked is what a step's call was about.
type Asked struct {
	Iteration uint64
	Call      *journey.Call
	// Args are those of its request, secret ones as ${name}; none of a call that
	// lacked a value. Found is what was found in its last answer.
	Args, Found []value.Value
	Trace       string // that the call has begun; "": none
}

// asked tells whoever sees every call what one was about.
func (w *walk) asked(id uint32, call *journey.Call, c *Call) {
	if w.Recorder.Asked == nil || c.Intended < 0 {
		return
	}
	a := Asked{Iteration: w.crew.Iteration(id), Call: call}
	if c.Class != target.Variable {
		a.Args, a.Trace = w.j.Program.Masked(call, w.again.of[id].request.Args), w.trace(id, call)
	}
	if c.Class != target.Cancelled {
		a.Found = w.crew.Found(id)
	}
	w.Recorder.Asked(c, &a)
}

// tracer is a carrier that knows which traces its calls begin.
type tracer interface{ Trace(number uint64) string }

// trace is the identifier of the trace that a strand's call has begun, where it
// was to begin one.
func (w *walk) trace(id uint32, call *journey.Call) string {
	if asks, ok := call.Prepared.(interface{ Traced() bool }); !ok || !asks.Traced() || int(id) >= len(w.again.of) {
		return ""
	}
	if t, ok := w.again.carriers[call.Carrier].Carrier.(tracer); ok {
		return t.Trace(w.again.of[id].request.Number)
	}
	return ""
}
