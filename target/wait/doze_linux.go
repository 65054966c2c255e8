package wait

import (
	"time"

	"golang.org/x/sys/unix"
)

// nap sleeps in the kernel on whatever thread it is called. It leaves that
// thread's timer slack alone, which children of the process would inherit: a
// timer with a descriptor has none.
type nap struct {
	alarm *Alarm
	timer int // -1: the system had no descriptor left
}

func newNap() Sleeper {
	timer, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		timer = -1
	}
	return &nap{NewAlarm(), timer}
}

// Sleep returns after d at the latest, or when roused. It may return for no
// reason.
func (n *nap) Sleep(d time.Duration) bool {
	if n.alarm.Fd() < 0 {
		d = min(d, time.Millisecond) // nobody can rouse us: look by ourselves
	}
	fds := [2]unix.PollFd{{Fd: int32(n.alarm.Fd()), Events: unix.POLLIN}, {Fd: int32(n.timer), Events: unix.POLLIN}}
	length := unix.NsecToTimespec(int64(max(d, 1)))
	timeout := &length
	if n.timer >= 0 && unix.TimerfdSettime(n.timer, 0, &unix.ItimerSpec{Value: length}, nil) == nil {
		timeout = nil
	}
	if _, err := unix.Ppoll(fds[:], timeout, nil); err == nil && fds[0].Revents != 0 {
		n.alarm.Reset()
	}
	return false
}

func (n *nap) Look() bool { return false }
func (n *nap) Rouse()     { n.alarm.Ring() }

func (n *nap) Close() {
	n.alarm.Close()
	if n.timer >= 0 {
		_ = unix.Close(n.timer)
		n.timer = -1
	}
}
