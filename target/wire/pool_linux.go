package wire

// connect begins to set up a connection. Its failure shows when a call is
// begun on it.
func (e *Engine) connect() *conn {
	c := e.freshConn()
	e.open++
	c.hello = false
	c.dial(e.clock)
	return c
}

func (e *Engine) freshConn() *conn {
	if n := len(e.closed); n > 0 {
		c := e.closed[n-1]
		e.closed = e.closed[:n-1]
		return c
	}
	c := &conn{engine: e, seat: seat{reader: e.codec.Reader()}}
	c.link = e.sockets.link(c)
	c.over = func() { e.overdue(c) }
	e.conns = append(e.conns, c)
	return c
}

func (e *Engine) close(c *conn) {
	c.hangUp()
	c.reader.Rest()
	c.connected = false
	e.open--
	e.closed = append(e.closed, c)
}

// letGo keeps a connection whose call has ended, or makes room for another.
func (e *Engine) letGo(c *conn, keep bool) {
	if keep {
		e.release(c)
		return
	}
	e.close(c)
	e.admit()
}

// release gives a connection to the next in line, or keeps it.
func (e *Engine) release(c *conn) {
	if e.line.len() == 0 {
		if !e.idle.keep(c.user, c) {
			e.close(c)
		}
		return
	}
	if x := e.nextInLine(); !e.reuse(c, x) {
		e.put(x)
	}
}

// admit sets up connections for those in line, while there may be more.
func (e *Engine) admit() {
	if e.admitting { // further down, and goes on there
		return
	}
	e.admitting = true
	for e.line.len() > 0 && e.open < e.o.Connections && !e.gaveUp {
		e.begin(e.connect(), e.nextInLine())
	}
	e.admitting = false
}
