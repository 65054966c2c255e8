package wire_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"plimsoll/target/wait"
	"plimsoll/target/wire"
)

// forbidding has a process of this test's own forbid io_uring, with that error.
const forbidding = "PLIMSOLL_TEST_FORBIDS_IO_URING"

// Where the kernel forbids io_uring, or does not know it, calls go by epoll, and the
// result is told so.
func TestForbiddenRingFindsEpoll(t *testing.T) {
	for _, errno := range []unix.Errno{unix.EPERM, unix.ENOSYS} {
		t.Run(unix.ErrnoName(errno), func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestWithoutRing$", "-test.v")
			cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", forbidding, errno))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// TestWithoutRing is the other process.
func TestWithoutRing(t *testing.T) {
	var errno int
	if _, err := fmt.Sscan(os.Getenv(forbidding), &errno); err != nil {
		t.Skip("for a process of its own")
	}
	forbid(t, unix.SYS_IO_URING_SETUP, errno)
	if err := wait.RingRefused(); err == nil {
		t.Fatal("io_uring was to be forbidden")
	}
	server, err := wire.Open(wire.Uring, options(serve(t, well), nil).Options)
	if err != nil || server.Engine != wire.Epoll {
		t.Fatalf("%+v, %v", server, err)
	}
	expectOK(t, call(t, kind(server.Engine).open(t, serve(t, well), nil), 3))
}

// forbid has a system call fail from now on, in all threads.
func forbid(t *testing.T, call uint32, errno int) {
	t.Helper()
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS}, // the call's number
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: call},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(errno)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	_, _, failed := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	if failed != 0 {
		t.Skipf("seccomp: %v", failed)
	}
}
