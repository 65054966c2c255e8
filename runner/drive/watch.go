package drive

import "plimsoll/runner/journey"

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
