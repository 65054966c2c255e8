package wait

import (
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// sleeper sleeps in the kernel on a thread of its own, with the thread's timer
// slack down from 50 µs to 1 ns; an eventfd rouses it early.
type sleeper struct {
	bound bool
	mu    sync.Mutex // keeps a late rouse from writing into a descriptor given back
	event int
}

func (s *sleeper) bind() {
	if s.bound {
		return
	}
	runtime.LockOSThread()
	// Without the slack or the eventfd waiting is less precise, or wakes late: see sleep.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	event, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		event = -1
	}
	s.mu.Lock()
	s.event, s.bound = event, true
	s.mu.Unlock()
}

func (s *sleeper) sleep(d time.Duration) {
	if s.event < 0 {
		d = min(d, time.Millisecond) // nobody can rouse us: look by ourselves
	}
	timeout := unix.NsecToTimespec(int64(d))
	fds := [1]unix.PollFd{{Fd: int32(s.event), Events: unix.POLLIN}}
	if n, _ := unix.Ppoll(fds[:], &timeout, nil); n > 0 {
		var count [8]byte
		_, _ = unix.Read(s.event, count[:])
	}
}

func (s *sleeper) rouse() {
	one := [8]byte{0: 1}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.event >= 0 {
		_, _ = unix.Write(s.event, one[:])
	}
}

func (s *sleeper) release() {
	if !s.bound {
		return
	}
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) // 0: the process's default
	s.mu.Lock()
	if s.event >= 0 {
		_ = unix.Close(s.event)
	}
	s.event, s.bound = -1, false
	s.mu.Unlock()
	runtime.UnlockOSThread()
}
