package wire

import (
	"slices"
	"time"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/wait"
)

// Multiplexer does what Engine does, over connections that carry several calls at
// once. A call goes to the connection used last that has room for it, and only
// where none has does another one begin.
type Multiplexer struct {
	desk
	*sockets
	sessions Multiplexing

	trunks    []*trunk // all there ever were
	closed    []*trunk // to be used again
	roomy     resting[*trunk]
	seated    seated[Stream]
	open      int // connections there are
	admitting bool
}

func newMultiplexer(o Options, codec Multiplexing, server found, poll *wait.Poll) *Multiplexer {
	m := &Multiplexer{desk: newDesk(o, codec, poll), sockets: newSockets(o, server, poll), sessions: codec}
	if o.PerUser {
		m.roomy.perUser()
	}
	return m
}

// Send sends the request of the call's number.
func (m *Multiplexer) Send(id target.ID, r *target.Request, now time.Duration) time.Duration {
	m.clock = now
	if x, goes := m.enter(id, r); goes {
		m.put(x, nil)
	}
	return m.due()
}

// put puts a call on a connection, another than the given one where there may be
// one, or in line.
func (m *Multiplexer) put(x *Exchange, besides *trunk) {
	if m.gaveUp {
		m.abandon(x)
		return
	}
	full := m.o.Connections > 0 && m.open >= m.o.Connections
	if full || m.lasts(x) {
		if t := m.withRoom(x.User, besides, full); t != nil {
			m.begin(t, x)
			return
		}
	}
	switch {
	case full:
		m.hold(x)
	case m.lost != nil:
		x.Attempts++
		m.failed(x, nil, Failure{Class: target.DNS, Err: m.lost}, m.now())
	default:
		m.begin(m.connect(x), x)
	}
}

// lasts tells whether a call's connection may serve others.
func (m *Multiplexer) lasts(x *Exchange) bool { return m.o.KeepAlive && !x.Request.Once }

// withRoom finds a connection of the user's with room, another than the given one
// unless there may be no more of them; nil: there is none.
func (m *Multiplexer) withRoom(user uint32, besides *trunk, full bool) *trunk {
	pool := m.roomy.pool(user)
	for last := len(*pool) - 1; last >= 0; last-- {
		t := (*pool)[last]
		switch {
		case t == besides && (!full || len(*pool) > 1):
		case t.gone():
			m.close(t)
		default:
			return t
		}
	}
	return nil
}

// gone tells whether the connection has ended that has had nothing to do.
func (t *trunk) gone() bool {
	return len(t.streams) == 0 && t.connected && !t.m.poll.Fresh() && client.Ended(t.fd, false)
}

// Take returns the next call that has ended, as Engine's does.
func (m *Multiplexer) Take(now time.Duration) (*target.Done, time.Duration) {
	done := m.handOut()
	if done == nil && m.deadlines.next() <= now {
		if m.deadlines.expire(m.poll.Seen()); m.deadlines.next() <= now {
			m.poll.Refresh()
		}
		done = m.handOut()
	}
	return done, m.due()
}

// Cancel ends a call now; its connection goes on.
func (m *Multiplexer) Cancel(id target.ID, now time.Duration) {
	m.clock = now
	if m.withdraw(id) {
		return
	}
	if s := m.seated.of(id); s != nil && s.carries(id) {
		s.on.giveUp(s, target.Cancelled)
		return
	}
	for _, t := range m.trunks {
		if at := slices.IndexFunc(t.streams, func(s *Stream) bool { return s.carries(id) }); at >= 0 {
			t.giveUp(t.streams[at], target.Cancelled)
			return
		}
	}
}

// CancelAll ends every call now.
func (m *Multiplexer) CancelAll(now time.Duration) {
	m.clock, m.gaveUp = now, true
	for _, t := range m.trunks {
		t.end(target.Cancelled, nil)
	}
	m.cancel()
}

// Leave forgets a user, and closes the connections that were its own.
func (m *Multiplexer) Leave(user uint32) {
	m.forget(user)
	for _, t := range m.roomy.leave(user) {
		m.close(t)
	}
}

// Close closes every connection.
func (m *Multiplexer) Close() {
	for _, t := range m.trunks {
		t.hangUp()
	}
	m.sockets.close()
}

// connect begins to set up a connection for a call. Its failure shows when the call
// is begun on it.
func (m *Multiplexer) connect(x *Exchange) *trunk {
	t := m.fresh()
	t.user, t.lasting = x.User, m.lasts(x)
	t.carried, t.written, t.listed, t.open, t.stirred = 0, 0, false, true, false
	t.session.Open()
	m.open++
	t.dial(m.clock)
	return t
}

func (m *Multiplexer) fresh() *trunk {
	if last := len(m.closed) - 1; last >= 0 {
		t := m.closed[last]
		m.closed = m.closed[:last]
		return t
	}
	t := &trunk{m: m, session: m.sessions.Session()}
	t.link = m.sockets.link(t)
	m.trunks = append(m.trunks, t)
	return t
}

// close closes a connection without a call.
func (m *Multiplexer) close(t *trunk) {
	if !t.open {
		return
	}
	t.hangUp()
	m.unlist(t)
	t.open, t.connected = false, false
	m.open--
	m.closed = append(m.closed, t)
	m.admit()
}

// list has a connection be found that has room, and unlist one that has none.
func (m *Multiplexer) list(t *trunk) {
	if !t.listed {
		t.listed = true
		m.roomy.keep(t.user, t)
	}
}

func (m *Multiplexer) unlist(t *trunk) {
	if t.listed {
		t.listed = false
		m.roomy.dismiss(t.user, t)
	}
}

// admit sets up connections for those in line, while there may be more.
func (m *Multiplexer) admit() {
	if m.admitting { // further down, and goes on there
		return
	}
	m.admitting = true
	for m.line.len() > 0 && m.open < m.o.Connections && !m.gaveUp {
		x := m.nextInLine()
		m.begin(m.connect(x), x)
	}
	m.admitting = false
}
