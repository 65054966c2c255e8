package wait

import (
	"fmt"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// epoll is that, as a poller.
type epoll struct {
	pulse
	fd     int
	alarm  *Alarm
	events []unix.EpollEvent
	count  int // events seen and not yet taken
}

// What is nobody's among the events, where others have the number of their
// place.
const (
	roused = -1 // the alarm
	beaten = -2 // the pulse
)

func newEpoll() (p *epoll, err error) {
	p = &epoll{fd: -1, alarm: NewAlarm(), events: make([]unix.EpollEvent, 512)}
	p.pulse, err = newPulse()
	if err == nil {
		err = p.open()
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

func (p *epoll) open() (err error) {
	if p.fd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return fmt.Errorf("epoll: %w", err)
	}
	for fd, number := range map[int]int32{p.alarm.Fd(): roused, p.timer: beaten} {
		if err := unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: number}); err != nil {
			return fmt.Errorf("epoll: %w", err)
		}
	}
	return nil
}

// add registers a descriptor, once and for all its life.
func (p *epoll) add(fd int, at Place) error {
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: everything, Fd: at.number, Pad: at.generation}))
}

// leave has nothing to do: a descriptor that is closed leaves by itself.
func (p *epoll) leave(Place) {}

// everything is what a descriptor's owner hears of.
const everything = (unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET) & 0xffffffff

// Sleep waits for events, at most for d, and may return before without any.
func (p *epoll) Sleep(d time.Duration) (seen bool) { return p.sleep(d, p) }

// waitFor waits for events for a time, to the nanosecond where the system can.
func (p *epoll) waitFor(d time.Duration) bool {
	if d == forEver {
		return p.saw(p.wait(^uintptr(0)))
	}
	call := unix.Syscall6
	if d < beat {
		call = unix.RawSyscall6
	}
	timeout := unix.NsecToTimespec(int64(d))
	n, _, errno := call(unix.SYS_EPOLL_PWAIT2, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])),
		uintptr(len(p.events)), uintptr(unsafe.Pointer(&timeout)), 0, 0)
	if errno == unix.ENOSYS { // before Linux 5.11: in milliseconds, rounded up
		n, _, errno = call(unix.SYS_EPOLL_PWAIT, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])),
			uintptr(len(p.events)), uintptr((d+time.Millisecond-1)/time.Millisecond), 0, 0)
	}
	return p.saw(n, errno)
}

// wait waits for events without letting go of the processor; the timeout is in
// milliseconds.
func (p *epoll) wait(timeout uintptr) (n uintptr, errno unix.Errno) {
	n, _, errno = unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])),
		uintptr(len(p.events)), timeout, 0, 0)
	return n, errno
}

// Look takes the events that are there.
func (p *epoll) Look() bool { return p.saw(p.wait(0)) }

// saw notes the events of what was added.
func (p *epoll) saw(n uintptr, errno unix.Errno) bool {
	p.count = 0
	if errno != 0 {
		return false
	}
	for _, event := range p.events[:n] {
		switch event.Fd {
		case roused:
			p.alarm.Reset()
		case beaten:
			p.heard()
		default:
			p.events[p.count] = event
			p.count++
		}
	}
	return p.count > 0
}

// take hands the events over.
func (p *epoll) take() (events []unix.EpollEvent, left rest) {
	events = p.events[:p.count]
	p.count = 0
	if len(events) == cap(p.events) {
		left = another
	}
	return events, left
}

func (p *epoll) Rouse() { p.alarm.Ring() }

func (p *epoll) Close() {
	p.alarm.Close()
	p.close()
	if p.fd >= 0 { // else it is somebody else's by now
		_ = unix.Close(p.fd)
		p.fd = -1
	}
}
