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
