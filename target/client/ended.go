package client

import (
	"net"
	"syscall"
)

// Finished tells whether the end has come of a connection that has no call:
// the server has closed it or, where nothing may come unasked (plain), says
// something. Where the system does not tell, only whoever reads from it knows.
func Finished(conn net.Conn, plain bool) (yes bool) {
	socket, isSocket := conn.(syscall.Conn)
	if !isSocket {
		return false
	}
	raw, err := socket.SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) { yes = Ended(int(fd), plain) })
	}
	return yes || err != nil
}

// Watch tells of one connection without a call whether its end has come, again
// and again and at little cost.
type Watch struct {
	raw  syscall.RawConn
	look func(fd uintptr)
	over bool
}

// NewWatch watches a connection of the system's, on which nothing may come
// unasked if it is plain.
func NewWatch(conn syscall.Conn, plain bool) (*Watch, error) {
	raw, err := conn.SyscallConn()
	w := &Watch{raw: raw}
	w.look = func(fd uintptr) { w.over = Ended(int(fd), plain) }
	return w, err
}

// Finished tells whether the end has come.
func (w *Watch) Finished() bool {
	w.over = false
	err := w.raw.Control(w.look)
	return w.over || err != nil
}
