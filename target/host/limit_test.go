package host

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

// What this machine lacks is told from what the server did, in whatever an
// error is wrapped; in doubt it was not this machine.
func TestWhatThisMachineLacks(t *testing.T) {
	dialled := func(network, call string, errno syscall.Errno) error {
		return &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError(call, errno)}
	}
	for _, c := range []struct {
		err  error
		want string // part of it
	}{
		{syscall.EMFILE, "ulimit -n"},
		{dialled("tcp", "socket", syscall.EMFILE), "ulimit -n"},
		{fmt.Errorf("write: %w", dialled("tcp", "socket", syscall.ENFILE)), "fs.file-max"},
		{&net.DNSError{Err: "dial udp 127.0.0.53:53: socket: too many open files", Name: "shop.example"}, "ulimit -n"},
		{dialled("tcp", "connect", syscall.EADDRNOTAVAIL), "ran out of local ports"},
		{dialled("tcp", "bind", syscall.EADDRINUSE), "ran out of local ports"},
		{dialled("tcp", "connect", syscall.EAGAIN), "ran out of local ports"},
		{dialled("tcp6", "connect", syscall.EAGAIN), "ran out of local ports"},
		{dialled("tcp", "bind", syscall.EADDRNOTAVAIL), "`source` is no address"},
		{syscall.ENOBUFS, "buffer"},
		{dialled("tcp", "write", syscall.ENOMEM), "memory"},
		{os.NewSyscallError("epoll_ctl", syscall.ENOSPC), "max_user_watches"},

		{nil, ""},
		{&os.PathError{Op: "write", Path: "run.json", Err: syscall.ENOSPC}, ""},
		{&net.OpError{Op: "listen", Net: "tcp", Err: os.NewSyscallError("bind", syscall.EADDRINUSE)}, ""},
		{errors.New("too many open files"), ""}, // somebody else's words
		{&net.DNSError{Err: "no such host", Name: "nobody.invalid"}, ""},
		{dialled("unix", "connect", syscall.EAGAIN), ""}, // the server's queue
		{dialled("tcp", "read", syscall.EAGAIN), ""},
		{dialled("tcp", "connect", syscall.ECONNREFUSED), ""},
		{dialled("tcp", "connect", syscall.ETIMEDOUT), ""},
		{dialled("tcp", "connect", syscall.EHOSTUNREACH), ""},
		{dialled("tcp", "connect", syscall.ENETUNREACH), ""},
		{dialled("tcp", "connect", syscall.EPERM), ""},
		{dialled("tcp", "connect", syscall.EACCES), ""},
		{dialled("tcp", "read", syscall.ECONNRESET), ""},
		{dialled("tcp", "write", syscall.EPIPE), ""},
	} {
		if got := LimitOf(c.err); (got == 0) != (c.want == "") || got != 0 && !strings.Contains(got.String(), c.want) {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
}
