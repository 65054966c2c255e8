package client

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Ended tells whether the end of a connection without a call has come: the
// server has closed it or, where nothing may come unasked, says something.
func Ended(fd int, plain bool) bool {
	poll := unix.PollFd{Fd: int32(fd), Events: unix.POLLRDHUP}
	if plain {
		poll.Events |= unix.POLLIN
	}
	var now unix.Timespec
	n, _, errno := unix.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&poll)), 1, uintptr(unsafe.Pointer(&now)), 0, 0, 0)
	return errno == 0 && n > 0
}
