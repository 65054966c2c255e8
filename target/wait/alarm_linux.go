package wait

import (
	"sync"

	"golang.org/x/sys/unix"
)

// Alarm is a descriptor that becomes readable when somebody rings: what a
// thread asleep in the kernel is roused by.
type Alarm struct {
	mu sync.Mutex // keeps a late ring out of a descriptor given back
	fd int
}

// NewAlarm makes one. Where the system has no descriptor left, Fd is -1 and
// rings are lost.
func NewAlarm() *Alarm {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		fd = -1
	}
	return &Alarm{fd: fd}
}

// Fd is the descriptor, for the goroutine that closes the alarm.
func (a *Alarm) Fd() int { return a.fd }

// Ring makes the descriptor readable until Reset. It may be called from
// anywhere, also after Close.
func (a *Alarm) Ring() {
	one := [8]byte{0: 1}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fd >= 0 {
		_, _ = unix.Write(a.fd, one[:])
	}
}

// Reset takes the rings so far back.
func (a *Alarm) Reset() {
	var count [8]byte
	_, _ = unix.Read(a.fd, count[:])
}

// Close gives the descriptor back.
func (a *Alarm) Close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fd >= 0 {
		_ = unix.Close(a.fd)
		a.fd = -1
	}
}
