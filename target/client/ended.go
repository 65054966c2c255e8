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
