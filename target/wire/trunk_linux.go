package wire

import (
	"io"
	"time"

	"golang.org/x/sys/unix"

	"plimsoll/target"
	"plimsoll/target/wait"
)

// trunk is a connection that carries several calls at once, or the place of one
// that is closed.
type trunk struct {
	m *Multiplexer
	link
	berth
	session Session
	news    news

	user    uint32        // whose it is, or whose call it carried first
	opener  target.ID     // the call that it was set up for
	lasting bool          // it may serve others than those that it carries
	open    bool          // it counts as a connection
	listed  bool          // among those that are joinable
	row     int           // where, if calls spread
	spot    int           // of it
	stirred bool          // it has asked for its turn, to write
	stuck   bool          // the system did not take all that there was to say
	ended   time.Duration // its last call did
	heard   time.Duration // something came last
	carried int           // calls that have ended on it
	written int64         // bytes that the system has taken

	streams []*Stream // with calls
	spare   []*Stream
}

// begin sends a call, with others as the case may be, when the loop has nothing
// else to do, on a connection as soon as that is set up.
func (m *Multiplexer) begin(t *trunk, x *Exchange) {
	m.attempt(x)
	s := t.stream()
	s.x, s.first, s.patience, s.at = x, target.None, 0, len(t.streams)
	s.kept, s.rested = t.carried > 0, 0
	if len(t.streams) == 0 && s.kept {
		s.rested = m.clock - t.ended
	}
	t.lasting = t.lasting && m.lasts(x)
	t.streams = append(t.streams, s)
	m.seated.sit(x, s)
	s.reader.Expect(x)
	s.from, s.before = t.written+int64(len(t.session.Out())), x.BytesOut
	if t.fd < 0 {
		t.end(target.Connect, t.refusal)
		return
	}
	if s.sent = m.clock; t.connected {
		s.waits(m.clock)
	}
	if x.bound > 0 || s.patience > 0 {
		m.deadlines.watch(&s.seat)
	}
	t.session.Begin(s)
	t.stir()
	t.measure()
}

// waits has a body that its request asks leave for wait for the server from now on,
// but not for ever.
func (s *Stream) waits(now time.Duration) {
	if len(s.x.Request.Later) > 0 {
		s.patience = now + patience
	}
}

// account notes that the system has taken so much more.
func (t *trunk) account(n int) {
	t.written += int64(n)
	t.session.Sent(n)
}

// catchUp notes what the system has taken by now of what was said before.
func (t *trunk) catchUp() {
	if t.piece > 0 {
		t.account(t.departed())
	}
}

// left tells whether any of a call's request has left this machine.
func (t *trunk) left(s *Stream) bool { return s.from < t.written }

func (t *trunk) stream() *Stream {
	if last := len(t.spare) - 1; last >= 0 {
		s := t.spare[last]
		t.spare = t.spare[:last]
		return s
	}
	s := &Stream{seat: seat{reader: t.m.codec.Reader()}, news: &t.news, on: t}
	s.over = func() { t.overdue(s) }
	return s
}

// free takes a stream back whose call is not on it any more.
func (t *trunk) free(s *Stream) {
	last := len(t.streams) - 1
	t.streams[s.at] = t.streams[last]
	t.streams[s.at].at = s.at
	t.streams = t.streams[:last]
	s.x = nil
	t.spare = append(t.spare, s)
	if t.connected {
		t.carried++
	}
	t.ended = t.m.clock
}

// takesMore tells whether the connection has room for another call.
func (t *trunk) takesMore() bool {
	return t.lasting && !t.session.Closing() && t.session.Room() > 0
}

// measure notes whether it has. A user's own is noted for as long as it is open, so
// that it is found when the user leaves.
func (t *trunk) measure() {
	if t.m.o.PerUser && t.lasting || t.takesMore() {
		t.m.list(t)
	} else {
		t.m.unlist(t)
	}
}

// stir has the connection write what it has to say, before the loop waits.
func (t *trunk) stir() {
	if t.connected && !t.stirred && len(t.session.Out()) > t.piece {
		t.stirred = true
		t.m.poll.Before(t.place)
	}
}

// up sends what there is on a connection that takes it now. Setting it up took so
// long of the call that it was for, and not of those that have joined it.
func (t *trunk) up(refusal error) {
	if refusal != nil {
		class := target.Connect
		if t.linked {
			class = target.TLS
		}
		t.end(class, refusal)
		return
	}
	now := t.m.now()
	for _, s := range t.streams {
		if s.sent = now; s.carries(t.opener) {
			s.x.measured.Add(t.setup(now))
		}
		if s.waits(now); s.patience > 0 {
			t.m.deadlines.watch(&s.seat)
		}
	}
	t.flush()
}

// ready sees to what has happened on the connection.
func (t *trunk) ready(events uint32) {
	generation := t.generation
	if events == 0 || events&(unix.EPOLLOUT|wait.Due) != 0 {
		t.flush()
	}
	if t.generation == generation && events != wait.Due && (events == 0 || events&unix.EPOLLIN != 0 || t.closing) {
		t.read()
	}
}

// flush says what there is to say, as far as the system takes it.
func (t *trunk) flush() {
	t.stirred, t.stuck = false, false
	for range pieces {
		t.catchUp()
		out := t.session.Out()
		if len(out) == 0 || t.posted(len(out)) {
			return
		}
		n, err := t.say(out)
		t.account(n)
		switch rest := len(out) - n; {
		case err != nil:
			t.cut(err)
			return
		case rest > 0 && !t.posted(rest):
			t.stuck = true
			return
		}
	}
	t.again()
}

// cut ends a connection that takes nothing any more. Answers may be there all the
// same.
func (t *trunk) cut(err error) {
	generation := t.generation
	t.m.poll.Again(t.place) // what ends here is there to be taken, however long the loop was to wait
	t.closing = true
	t.read()
	if t.generation == generation && !t.full {
		t.end(breach(err), err)
	}
}

// take takes in what has come, for whatever call.
func (t *trunk) take(b []byte, err error) (more bool) {
	generation := t.generation
	t.catchUp()
	switch err {
	case nil:
		fault := t.session.Feed(b)
		t.heard = t.m.now()
		t.settle()
		switch {
		case t.generation != generation:
		case fault != nil:
			t.sayWhy()
			t.end(fault.Class(), fault)
		default:
			t.goOn()
		}
	case io.EOF, io.ErrUnexpectedEOF:
		t.end("", nil)
	default:
		t.end(breach(err), err)
	}
	return t.generation == generation
}

// sayWhy tells the server why its connection ends, or its streams, if it takes that at once.
func (t *trunk) sayWhy() {
	if out := t.session.Out(); len(out) > 0 {
		n, _ := t.say(out)
		t.account(n)
		t.link.flush()
	}
}

// settle hands over what the streams have been told.
func (t *trunk) settle() {
	for _, s := range t.news.begun {
		if s.x != nil {
			t.begins(s)
		}
	}
	t.news.begun = t.news.begun[:0]
	for i, s := range t.news.over {
		if s.x != nil {
			t.over(s, t.news.faults[i])
		}
	}
	t.news.over, t.news.faults = t.news.over[:0], t.news.faults[:0]
}

// begins hears that an answer has begun, if only an interim one.
func (t *trunk) begins(s *Stream) {
	if s.first < 0 {
		s.first = t.m.clock
	}
	if s.patience == 0 {
		return
	}
	if in := s.reader.(hesitant); in.Answering() {
		s.patience = 0
	} else if in.Asked() {
		s.patience = 0
		t.session.Proceed(s)
	}
}

// over hands the end of a stream's call over, or has it go on.
func (t *trunk) over(s *Stream, o outcome) {
	m, x, in, now := t.m, s.x, s.reader, t.m.clock
	f := Failure{Connected: true, Kept: s.kept, Idle: s.rested}
	x.BytesIn += in.Size()
	x.Done.Ended = now
	sent, first := s.sent, max(s.first, s.sent)
	t.free(s)
	switch {
	case o.refused && (o.retired || !x.refused): // nobody has looked at it: it is sent once more
		x.refused = true
		x.lead()
		x.Attempts++
		x.Resent++
		m.put(x, t)
	case o.fault != nil:
		f.Class, f.Err = o.fault.Class(), o.fault
		m.failed(x, in, f, now)
	default:
		x.begins(first-sent, in.Size())
		if !m.goes(x, in, in.Conclude(x), f, now) {
			return
		}
		if x.lead(); m.lasts(x) && t.takesMore() { // it keeps its place
			m.begin(t, x)
		} else {
			m.put(x, nil)
		}
	}
}

// goOn has the connection take the calls in line for which it has room, or closes
// it where it serves no other.
func (t *trunk) goOn() {
	if len(t.streams) == 0 && t.useless() {
		t.m.close(t)
		return
	}
	t.measure()
	t.m.admit()
	t.stir()
}

// useless tells whether the connection is no good for another call. One whose server
// allows no stream at present may be later, if there may be no other instead.
func (t *trunk) useless() bool {
	return !t.connected || !t.lasting || t.session.Closing() || t.m.o.Connections == 0 && t.session.Room() == 0
}

// overdue hears that it is time to see to a stream's call: to go on with it, where
// the server has not said whether it wants the body, or to give it up.
func (t *trunk) overdue(s *Stream) {
	if s.patience == 0 || s.x.until < s.patience {
		t.giveUp(s, target.Timeout)
		return
	}
	if s.patience = 0; !s.reader.(hesitant).Answering() {
		t.session.Proceed(s)
		t.stir()
	}
	t.m.deadlines.watch(&s.seat)
}
