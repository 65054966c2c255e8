package wire

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"plimsoll/target/agenda"
)

// What the tests of the engines, which speak HTTP over them, see of what is
// inside.

// AWhile is aWhile.
const AWhile = aWhile

// Reading reads the clock.
func (d *desk) Reading() time.Duration { return d.now() }

// InLine is how many calls wait for a connection, and Ended how many have ended
// that nobody has taken.
func (d *desk) InLine() int { return d.line.len() }
func (d *desk) Ended() int  { return len(d.done) - d.next }

// Fill has calls believe that all connections are taken, and Drain lets them go
// on.
func (e *Engine) Fill() { e.open = 1 }
func (e *Engine) Drain() {
	e.open = 0
	e.admit()
}

// GoTo has the engine try these addresses.
func (e *Engine) GoTo(addresses []unix.Sockaddr) {
	e.ways = nil
	for _, address := range addresses {
		e.ways = append(e.ways, way{family: unix.AF_INET, to: address})
	}
}

// Open is how many connections there are, and ReadsInto has what is read come in pieces
// of that size.
func (e *Engine) Open() int          { return e.open }
func (e *Engine) ReadsInto(size int) { e.sockets.buffer = make([]byte, size) }

// Heard tells whether a connection has something to say.
func (n *Net) Heard() bool { return n.inbox.any.Load() }

// Interrupt does so to the first connection.
func (n *Net) Interrupt(class string) { n.conns[0].interrupt(class) }

// Books checks what must always hold with so many calls on connections.
func (e *Engine) Books(calls int) error {
	open, busy, idle := 0, 0, 0
	for i, c := range e.conns {
		if c.fd >= 0 {
			open++
		}
		if c.x == nil {
			continue
		}
		busy++
		watched := watches(e.deadlines, &c.seat)
		if c.fd < 0 || e.o.Timeout > 0 && (!watched || !c.watched || c.watch > c.x.until) {
			return fmt.Errorf("the call on connection %d has no end: %+v", i, *c)
		}
	}
	all := slices.Clone(e.idle.all)
	for _, own := range e.idle.users {
		all = append(all, *own...)
	}
	for _, c := range all {
		if c.fd < 0 || c.x != nil {
			return errors.New("a connection is not idle")
		}
		idle++
	}
	if open != e.open || open != busy+idle || busy != calls || len(e.closed)+open != len(e.conns) || e.deadlines.Len() > 2*len(e.conns) {
		return fmt.Errorf("%d connections are open, %d counted, %d busy with %d calls, %d idle, %d closed of %d; watched by %d entries",
			open, e.open, busy, calls, idle, len(e.closed), len(e.conns), e.deadlines.Len())
	}
	if e.o.Connections > 0 && (open > e.o.Connections || e.line.len() > 0 && open < e.o.Connections) {
		return fmt.Errorf("%d connections of %d, %d calls in line", open, e.o.Connections, e.line.len())
	}
	return nil
}

func (n *Net) Books(calls int) error {
	busy := 0
	for i, c := range n.conns {
		if c.x == nil {
			continue
		}
		busy++
		watched := watches(n.deadlines, &c.seat)
		if n.o.Timeout > 0 && c.why == "" && (!watched || !c.watched || c.watch > c.x.until) {
			return fmt.Errorf("the call on connection %d has no end", i)
		}
	}
	seen := map[*netConn]bool{}
	resting := slices.Clone(n.resting.all)
	for _, own := range n.resting.users {
		resting = append(resting, *own...)
	}
	for _, c := range slices.Concat(resting, n.closed) {
		if c.x != nil || seen[c] {
			return fmt.Errorf("a connection is idle or closed, and not so")
		}
		seen[c] = true
	}
	// Some may have gone without a notice so far.
	if n.open != len(n.conns)-len(n.closed) || n.open < busy+len(resting) || busy != calls || n.deadlines.Len() > 2*len(n.conns) {
		return fmt.Errorf("%d connections are counted, %d busy with %d calls, %d idle, %d closed of %d; watched by %d entries",
			n.open, busy, calls, len(resting), len(n.closed), len(n.conns), n.deadlines.Len())
	}
	if n.o.Connections > 0 && (n.open > n.o.Connections || n.line.len() > 0 && n.open < n.o.Connections) {
		return fmt.Errorf("%d connections of %d, %d calls in line", n.open, n.o.Connections, n.line.len())
	}
	return nil
}

// watches tells whether a connection is among those that are looked at.
func watches(d deadlines, c *seat) bool {
	return slices.ContainsFunc(d.Agenda, func(entry agenda.Entry[*seat]) bool { return entry.What == c && entry.At == c.watch })
}

// Fill has calls believe that all connections are taken, and Drain lets them go
// on.
func (m *Multiplexer) Fill() { m.open = 1 }
func (m *Multiplexer) Drain() {
	m.open = 0
	m.admit()
}

// Open is how many connections there are.
func (m *Multiplexer) Open() int { return m.open }

// Backlog is how much is to be said on all connections that the system has not
// taken.
func (m *Multiplexer) Backlog() (bytes int) {
	for _, t := range m.trunks {
		if t.open {
			bytes += len(t.session.Out())
		}
	}
	return bytes
}

// Written is how much the system has taken on all connections there are.
func (m *Multiplexer) Written() (bytes int64) {
	for _, t := range m.trunks {
		bytes += t.written
	}
	return bytes
}

// Books checks what must always hold with so many calls on connections.
func (m *Multiplexer) Books(calls int) error {
	open, busy, streams := 0, 0, 0
	for i, t := range m.trunks {
		streams += len(t.streams) + len(t.spare)
		if t.open != (t.fd >= 0) || !t.open && (len(t.streams) > 0 || t.listed) {
			return fmt.Errorf("connection %d is open or closed, and not so: %+v", i, *t)
		}
		if !t.open {
			continue
		}
		open++
		busy += len(t.streams)
		pool, listed := m.withRoomNow(), 0
		if m.joinable.users != nil {
			pool = *m.joinable.own(t.user)
		}
		for _, other := range pool {
			if other == t {
				listed++
			}
		}
		if t.listed != (m.o.PerUser && t.lasting || t.takesMore()) || t.listed != (listed == 1) || listed > 1 {
			return fmt.Errorf("connection %d is listed %d times (%v), takes more: %v", i, listed, t.listed, t.takesMore())
		}
		if len(t.streams) == 0 && t.useless() {
			return fmt.Errorf("connection %d is of no use", i)
		}
		for at, s := range t.streams {
			if s.at != at || s.x == nil || s.on != t || m.seated.of(s.x.ID) != s || m.o.Timeout > 0 && (!s.watched || s.watch > s.x.until) {
				return fmt.Errorf("stream %d of connection %d is not as it should be: %+v", at, i, *s)
			}
		}
	}
	switch {
	case open != m.open || busy != calls || open+len(m.closed) != len(m.trunks) || m.deadlines.Len() > 2*streams:
		return fmt.Errorf("%d connections are open, %d counted, %d closed of %d; %d calls on them, want %d; watched by %d entries",
			open, m.open, len(m.closed), len(m.trunks), busy, calls, m.deadlines.Len())
	case m.o.Connections > 0 && open > m.o.Connections, m.line.len() > 0 && (open < m.o.Connections || m.takes(m.line.first())):
		return fmt.Errorf("%d connections of %d, %d with room, %d calls in line", open, m.o.Connections, len(m.withRoomNow()), m.line.len())
	}
	return nil
}

// takes tells whether a connection with room takes a call: one that was refused waits for
// a word from those with calls.
func (m *Multiplexer) takes(x *Exchange) bool {
	return slices.ContainsFunc(m.withRoomNow(), func(t *trunk) bool { return !x.refused || !t.doubtful(x.Done.Ended) })
}

// withRoomNow are those that all users share, and are listed.
func (m *Multiplexer) withRoomNow() []*trunk {
	if m.spreads() {
		return slices.Concat(m.spread.rows...)
	}
	return m.joinable.all
}
