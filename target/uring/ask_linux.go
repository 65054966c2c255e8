package uring

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Ask is something to be done: struct io_uring_sqe.
type Ask struct {
	code     uint8
	flags    uint8
	priority uint16 // flags of sockets' operations
	fd       int32
	offset   uint64
	address  uint64
	length   uint32
	kind     uint32 // flags of the operation
	Mark     uint64 // what Done has of it
	group    uint16
	_        [22]uint8
}

// Done is what has become of an ask, or of a part of it: struct io_uring_cqe.
type Done struct {
	Mark  uint64
	Res   int32 // what a system call would return; errors are negative
	flags uint32
}

// More tells that the ask goes on, and that there will be more of it.
func (d Done) More() bool { return d.flags&(1<<1) != 0 }

// Buffer is where what was received lies, if it was.
func (d Done) Buffer() (id uint16, any bool) { return uint16(d.flags >> 16), d.flags&1 != 0 }

const (
	opNothing = 0
	opPoll    = 6
	opCancel  = 14
	opSend    = 26
	opReceive = 27

	selectBuffer = 1 << 5
	skipSuccess  = 1 << 6
	goOn         = 1 << 0 // of polls
	pollFirst    = 1 << 0 // of sockets
	goOnReceive  = 1 << 1
)

// Nothing makes it an ask for nothing, of which nobody hears.
func (a *Ask) Nothing() { *a = Ask{code: opNothing, flags: skipSuccess, fd: -1} }

// Poll asks for these events of a descriptor, once, or whenever some come: poll's
// bits.
func (a *Ask) Poll(fd int, events uint32, again bool) {
	a.code, a.fd, a.kind = opPoll, int32(fd), events
	if again {
		a.length = goOn
	}
}

// Cancel gives up the ask with that mark. One that is not there any more is a
// failure: -ENOENT.
func (a *Ask) Cancel(mark uint64) {
	a.code, a.flags, a.fd, a.address = opCancel, skipSuccess, -1, mark
}

// Receive asks for whatever comes to a socket, in buffers of the ring's, until More
// says otherwise.
func (a *Ask) Receive(fd int) {
	a.code, a.flags, a.priority, a.fd = opReceive, selectBuffer, goOnReceive|pollFirst, int32(fd)
}

// Send asks to send b, which must stay as it is, and be on no stack, until the kernel
// has taken the ask. Then as much of it has been taken as fits; only where that is not
// all, somebody hears of it.
func (a *Ask) Send(fd int, b []byte) {
	a.code, a.flags, a.fd = opSend, skipSuccess, int32(fd)
	a.address, a.length = uint64(uintptr(unsafe.Pointer(&b[0]))), uint32(len(b))
	a.kind = unix.MSG_DONTWAIT | unix.MSG_NOSIGNAL | unix.MSG_WAITALL
}

// Sends tells whether the ask is one to send, and how much.
func (a *Ask) Sends() (n int, yes bool) { return int(a.length), a.code == opSend }
