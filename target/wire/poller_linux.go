package wire

import (
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"plimsoll/target/wait"
)

// poller is epoll, as a sleeper for package wait: it sleeps until something
// happens on a socket. Calls that cannot block are raw: they keep the
// processor, which a scheduler would take some microseconds to give back.
type poller struct {
	fd     int
	alarm  *wait.Alarm
	events []unix.EpollEvent
	count  int // events seen and not yet taken
}

// roused marks the alarm among the events, where sockets have their
// connection's number.
const roused = -1

func newPoller() (*poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	p := &poller{fd: fd, alarm: wait.NewAlarm(), events: make([]unix.EpollEvent, 512)}
	if err := unix.EpollCtl(fd, unix.EPOLL_CTL_ADD, p.alarm.Fd(), &unix.EpollEvent{Events: unix.EPOLLIN, Fd: roused}); err != nil {
		p.Close()
		return nil, fmt.Errorf("epoll: %w", err)
	}
	return p, nil
}

// add registers a socket, once and for all its life.
func (p *poller) add(fd int, number, generation int32) error {
	const all = unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET
	return unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: all & 0xffffffff, Fd: number, Pad: generation})
}

// Sleep waits for events, at most for d.
func (p *poller) Sleep(d time.Duration) bool {
	timeout := unix.NsecToTimespec(int64(d))
	n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])),
		uintptr(len(p.events)), uintptr(unsafe.Pointer(&timeout)), 0, 0)
	if errno == unix.ENOSYS { // before Linux 5.11: in milliseconds, rounded up
		n, _, errno = unix.Syscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])),
			uintptr(len(p.events)), uintptr((d+time.Millisecond-1)/time.Millisecond), 0, 0)
	}
	return p.saw(n, errno)
}

// Look takes the events that are there.
func (p *poller) Look() bool {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])),
		uintptr(len(p.events)), 0, 0, 0)
	return p.saw(n, errno)
}

// saw notes the events, without the alarm's.
func (p *poller) saw(n uintptr, errno unix.Errno) bool {
	p.count = 0
	if errno != 0 {
		return false
	}
	for _, event := range p.events[:n] {
		if event.Fd == roused {
			p.alarm.Reset()
			continue
		}
		p.events[p.count] = event
		p.count++
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
	_ = unix.Close(p.fd)
}
