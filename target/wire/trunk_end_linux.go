package wire

import "plimsoll/target"

// What follows is how calls are given up, and how connections end.

// giveUp ends a call whose connection goes on. One that is stuck, and has taken
// nothing of the call, takes no other: what is said of calls that nobody waits for
// any more would pile up.
func (t *trunk) giveUp(s *Stream, class string) {
	x, in := s.x, s.reader
	t.catchUp()
	t.lasting = t.lasting && (!t.stuck || t.left(s))
	heard := s.from < t.written+int64(t.piece) // of it, by the server
	t.session.Leave(s, t.piece)
	x.BytesIn += in.Size()
	t.m.failed(x, in, Failure{Class: class, Connected: t.connected, Kept: s.kept, Idle: s.rested}, t.m.now())
	t.free(s)
	if t.goOn(); t.connected && heard { // the server hears of it now: the loop may not wait again
		t.flush()
		t.link.flush()
	}
}

// giveUpAll ends the connection and the calls on it, which the server hears of each:
// unless it is stuck, for that would come behind what cannot leave.
func (t *trunk) giveUpAll() {
	if t.open && t.connected && !t.stuck {
		t.catchUp()
		for _, s := range t.streams {
			t.session.Leave(s, t.piece)
		}
		t.sayWhy()
	}
	t.end(target.Cancelled, nil)
}

// end ends the connection and the calls on it, with that class, or, where the server
// has closed it in an orderly way, "", as far as each of them had come. One of which
// nothing has left this machine takes another connection, if this one has served
// before.
func (t *trunk) end(class string, err error) {
	if !t.open {
		return
	}
	m, now := t.m, t.m.now()
	t.catchUp()
	var unsent []*Exchange
	for _, s := range t.streams {
		x := s.x
		f := Failure{Class: class, Err: err, Connected: t.connected, Kept: s.kept, Idle: s.rested}
		s.x = nil
		x.BytesIn += s.reader.Size()
		if t.left(s) {
			x.BytesOut -= int64(t.session.Unsaid(s))
		} else {
			x.BytesOut = s.before
			if s.kept && (class == "" || class == target.Reset) {
				x.Done.Ended = now
				x.lead() // in its time, as the same attempt
				unsent = append(unsent, x)
				continue
			}
		}
		if class == "" {
			fault := t.session.Cut(s)
			f.Class, f.Err = fault.Class(), fault
		}
		m.failed(x, s.reader, f, now)
	}
	t.spare = append(t.spare, t.streams...)
	t.streams = t.streams[:0]
	m.close(t)
	for _, x := range unsent {
		m.put(x, nil)
	}
}
