package wire

import (
	"io"

	"golang.org/x/sys/unix"

	"plimsoll/target"
	"plimsoll/target/client"
)

// breach is the class of an error of reading from a connection.
func breach(err error) string {
	if client.Alert(err) {
		return target.TLS
	}
	if err == io.ErrUnexpectedEOF {
		return target.Body
	}
	return target.Reset
}

// scarce tells whether it is this machine that has no room.
func scarce(err error) bool { return err == unix.ENOBUFS || err == unix.ENOMEM }

// cut ends a call whose request cannot be sent. The answer may be there all the
// same: a server may refuse and close.
func (e *Engine) cut(c *conn, err error) {
	if !scarce(err) {
		seen := c.sight()
		c.unsent, c.closing = nil, true
		if c.read(); !seen.here() || c.full {
			return
		}
	}
	e.lose(c, breach(err), err)
}

// bounced hears that the system has not taken the end of what was written. Where that
// was all of a request, on a kept connection, this was gone before.
func (c *conn) bounced(_ int, err error) {
	e := c.engine
	switch {
	case c.x == nil:
		e.dismiss(c)
	case c.reused && !c.heard && c.accepted() == c.mark && !scarce(err):
		x := c.x
		c.x, x.BytesOut = nil, c.before
		e.unsent(x)
		e.close(c)
		e.now()
		e.put(x)
	default:
		e.cut(c, err)
	}
}

// bounced hears the same of a connection with several calls, which has not counted these
// bytes.
func (t *trunk) bounced(_ int, err error) { t.cut(err) }
