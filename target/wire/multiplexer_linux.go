package wire

import (
	"slices"
	"time"

	"plimsoll/target"
	"plimsoll/target/wait"
)

// Multiplexer does what Engine does, over connections that carry several calls at
// once. A call goes to the connection used last that has room for it, and only
// where none has does another one begin. Where their number is given calls spread:
// up to that many have a connection each, and the others go where the fewest are.
type Multiplexer struct {
	desk
	*sockets
	sessions Multiplexing

	trunks    []*trunk        // all there ever were
	closed    []*trunk        // to be used again
	joinable  resting[*trunk] // with room, or, where each user has its own, all that are open
	spread    evenly          // those with room instead, where the number of connections is given
	seated    seated[Stream]
	open      int  // connections there are
	admitting bool // those in line are being seen to
}

func newMultiplexer(o Options, codec Multiplexing, server found, poll *wait.Poll) *Multiplexer {
	m := &Multiplexer{desk: newDesk(o, codec, poll), sockets: newSockets(o, server, poll), sessions: codec}
	if o.PerUser {
		m.joinable.perUser()
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
	switch {
	case m.gaveUp:
		m.abandon(x)
	case m.lost != nil:
		x.Attempts++
		m.failed(x, nil, Failure{Class: target.DNS, Err: m.lost}, m.now())
	default:
		if t := m.find(x, besides); t != nil {
			m.begin(t, x)
		} else {
			m.hold(x)
		}
	}
}

// find finds a connection for a call, or begins another; nil: it is to be held.
func (m *Multiplexer) find(x *Exchange, besides *trunk) *trunk {
	if m.crowded() || m.lasts(x) {
		if t := m.withRoom(x, besides); t != nil && (m.crowded() || !m.spreads() || len(t.streams) == 0) {
			return t
		}
	}
	if m.crowded() { // even now that those are closed that had gone
		return nil
	}
	return m.connect(x)
}

// spreads tells whether calls go where the fewest are, to a new connection rather than
// to one that has a call.
func (m *Multiplexer) spreads() bool { return m.o.Connections > 0 }

// crowded tells whether there may be no more connections.
func (m *Multiplexer) crowded() bool { return m.o.Connections > 0 && m.open >= m.o.Connections }

// lasts tells whether a call's connection may serve others.
func (m *Multiplexer) lasts(x *Exchange) bool { return m.o.KeepAlive && !x.Request.Once }

// withRoom finds a connection of the call's user with room, another than the given one
// unless there may be no more of them; nil: there is none.
func (m *Multiplexer) withRoom(x *Exchange, besides *trunk) *trunk {
	for {
		t := m.listed(x, besides)
		if t == nil || !t.gone() {
			return t
		}
		m.close(t) // and who was in line may have been given others
	}
}

// listed is the one of those that are listed which comes first for a call; nil: none does.
func (m *Multiplexer) listed(x *Exchange, besides *trunk) *trunk {
	if m.spreads() {
		return m.spread.first(func(t *trunk) bool { return t.joins(x, besides, m.spread.count) })
	}
	pool := *m.joinable.pool(x.User)
	for _, t := range slices.Backward(pool) {
		if t.joins(x, besides, len(pool)) {
			return t
		}
	}
	return nil
}

// joins tells whether a call may go there, where so many are listed.
func (t *trunk) joins(x *Exchange, besides *trunk, listed int) bool {
	if t == besides && (!t.m.crowded() || listed > 1) {
		return false
	}
	return t.takesMore() && !(x.refused && t.doubtful(x.Done.Ended))
}

// doubtful tells whether a connection, older than that and with calls, has not been heard
// of since: a server that has refused a call then may be about to refuse it here, too,
// for it takes fewer than we believe.
func (t *trunk) doubtful(since time.Duration) bool {
	return len(t.streams) > 0 && max(t.began, t.heard) < since
}

// gone tells whether the connection has ended that has had nothing to do.
func (t *trunk) gone() bool {
	return len(t.streams) == 0 && t.connected && t.spent(false)
}

// Take returns the next call that has ended.
func (m *Multiplexer) Take(now time.Duration) (*target.Done, time.Duration) {
	return m.take(m.poll, now)
}

// Cancel ends a call now; its connection goes on.
func (m *Multiplexer) Cancel(id target.ID, now time.Duration) {
	m.clock = now
	if m.withdraw(id) {
		return
	}
	if s := m.seated.of(id); s != nil && s.carries(id) {
		s.on.giveUp(s, target.Cancelled)
	}
}

// CancelAll ends every call now.
func (m *Multiplexer) CancelAll(now time.Duration) {
	m.clock, m.gaveUp = now, true
	for _, t := range m.trunks {
		t.giveUpAll()
	}
	m.cancel()
}

// Leave forgets a user, and closes the connections that were its own, those with
// calls as soon as these have ended.
func (m *Multiplexer) Leave(user uint32) {
	m.forget(user)
	for _, t := range m.joinable.leave(user) {
		if t.listed, t.lasting = false, false; len(t.streams) == 0 {
			m.close(t)
		}
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
	t.user, t.lasting, t.opener = x.User, m.lasts(x), x.ID
	t.carried, t.written, t.listed, t.open, t.stirred, t.stuck = 0, 0, false, true, false, false
	t.heard = 0
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
	for _, s := range t.spare {
		s.reader.Rest()
	}
	t.open, t.connected = false, false
	m.open--
	m.closed = append(m.closed, t)
	m.admit()
}

// list has a connection be found, where its number of calls says if they spread, and
// unlist has it not be.
func (m *Multiplexer) list(t *trunk) {
	switch {
	case m.spreads():
		m.spread.put(t)
		t.listed = true
	case !t.listed:
		t.listed = m.joinable.keep(t.user, t)
	}
}

func (m *Multiplexer) unlist(t *trunk) {
	if !t.listed {
		return
	}
	if t.listed = false; m.spreads() {
		m.spread.remove(t)
	} else {
		m.joinable.dismiss(t.user, t)
	}
}

// admit lets those in line go on, first come first served, while there is room or
// may be another connection.
func (m *Multiplexer) admit() {
	if m.admitting { // further down, and goes on there
		return
	}
	m.admitting = true
	for m.line.len() > 0 && !m.gaveUp {
		t := m.find(m.line.first(), nil)
		if t == nil {
			break
		}
		m.begin(t, m.nextInLine())
	}
	m.admitting = false
}
