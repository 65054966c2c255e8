package uring_test

import (
	"errors"
	"io"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"plimsoll/target/uring"
)

// A ring that is closed is given back, though its thread lives on: nothing keeps the
// sockets that it had to do with.
func TestClosedRingsLetGoOfSockets(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	r, err := uring.New(16, 32)
	if err != nil {
		t.Skip(err)
	}
	defer r.Close()
	if err := errors.Join(r.Provide(4, 4096), r.Enable()); err != nil {
		t.Fatal(err)
	}
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	peer := os.NewFile(uintptr(fds[1]), "peer")
	defer func() { _ = peer.Close() }()
	r.Ask().Receive(fds[0])
	r.Enter(uring.NotAtAll, true)
	_ = unix.Close(fds[0])
	r.Close()
	_ = peer.SetReadDeadline(time.Now().Add(20 * time.Second))
	if n, err := peer.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the other side read %d bytes, %v", n, err)
	}
}
