package wait

import (
	"fmt"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// poller is epoll, as a Sleeper: it sleeps until something happens on a
// descriptor.
//
// Calls that end within the pulse are raw: they keep the processor, which Go's
// scheduler would take some microseconds to give back, and which the collector
// of garbage may want in the meantime. While answers keep coming sleeps are
// without an end of their own, which costs the kernel less than a timer for
// each: the pulse, a timer that goes on by itself, ends those that last.
type poller struct {
	fd      int
	alarm   *Alarm
	timer   int // of the pulse; -1: there is none
	beating bool
	events  []unix.EpollEvent
	count   int // events seen and not yet taken
}

// pulse is the longest that anything of the process waits for a raw sleep.
const pulse = 2 * time.Millisecond

// What is nobody's among the events, where others have the number of their
// place.
const (
	roused = -1 // the alarm
	beaten = -2 // the pulse
)

func newPoller() (*poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	p := &poller{fd: fd, alarm: NewAlarm(), timer: -1, events: make([]unix.EpollEvent, 512)}
	if err := unix.EpollCtl(fd, unix.EPOLL_CTL_ADD, p.alarm.Fd(), &unix.EpollEvent{Events: unix.EPOLLIN, Fd: roused}); err != nil {
		p.Close()
		return nil, fmt.Errorf("epoll: %w", err)
	}
	p.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err == nil {
		err = unix.EpollCtl(fd, unix.EPOLL_CTL_ADD, p.timer, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: beaten})
	}
	if err != nil {
		p.Close()
		return nil, fmt.Errorf("a timer: %w", err)
	}
	return p, nil
}

// add registers a descriptor, once and for all its life.
func (p *poller) add(fd int, at Place) error {
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: everything, Fd: at.number, Pad: at.generation}))
}

// everything is what a descriptor's owner hears of.
const everything = (unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET) & 0xffffffff

// Sleep waits for events, at most for d, and may return before without any.
func (p *poller) Sleep(d time.Duration) (seen bool) {
	if d >= pulse && p.beating {
		const forever = ^uintptr(0)
		seen = p.saw(p.wait(forever))
		if !seen { // nothing has come for a while: time to let go of the processor
			p.beat(0)
		}
		return seen
	}
	seen = p.saw(p.waitFor(d))
	if seen && d >= pulse {
		p.beat(pulse)
	}
	return seen
}

// waitFor waits for events for a time, to the nanosecond where the system can.
func (p *poller) waitFor(d time.Duration) (n uintptr, errno unix.Errno) {
	call := unix.Syscall6
	if d < pulse {
		call = unix.RawSyscall6
	}
	timeout := unix.NsecToTimespec(int64(d))
	n, _, errno = call(unix.SYS_EPOLL_PWAIT2, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])),
		uintptr(len(p.events)), uintptr(unsafe.Pointer(&timeout)), 0, 0)
	if errno == unix.ENOSYS { // before Linux 5.11: in milliseconds, rounded up
		n, _, errno = call(unix.SYS_EPOLL_PWAIT, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])),
			uintptr(len(p.events)), uintptr((d+time.Millisecond-1)/time.Millisecond), 0, 0)
	}
	return n, errno
}

// wait waits for events without letting go of the processor; the timeout is in
// milliseconds.
func (p *poller) wait(timeout uintptr) (n uintptr, errno unix.Errno) {
	n, _, errno = unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])),
		uintptr(len(p.events)), timeout, 0, 0)
	return n, errno
}

// beat sets the pulse going, or with 0 stops it.
func (p *poller) beat(every time.Duration) {
	interval := unix.NsecToTimespec(int64(every))
	err := unix.TimerfdSettime(p.timer, 0, &unix.ItimerSpec{Interval: interval, Value: interval}, nil)
	p.beating = every > 0 && err == nil
}

// Look takes the events that are there.
func (p *poller) Look() bool { return p.saw(p.wait(0)) }

// saw notes the events of what was added.
func (p *poller) saw(n uintptr, errno unix.Errno) bool {
	p.count = 0
	if errno != 0 {
		return false
	}
	for _, event := range p.events[:n] {
		switch event.Fd {
		case roused:
			p.alarm.Reset()
		case beaten:
			var count [8]byte
			_, _ = unix.Read(p.timer, count[:])
		default:
			p.events[p.count] = event
			p.count++
		}
	}
	return p.count > 0
}

// take hands the events over.
func (p *poller) take() []unix.EpollEvent {
	events := p.events[:p.count]
	p.count = 0
	return events
}

func (p *poller) Rouse() { p.alarm.Ring() }

func (p *poller) Close() {
	p.alarm.Close()
	for _, fd := range []*int{&p.timer, &p.fd} {
		if *fd >= 0 { // else it is somebody else's by now
			_ = unix.Close(*fd)
			*fd = -1
		}
	}
}
