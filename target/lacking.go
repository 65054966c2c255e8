package target

import (
	"errors"
	"net"
	"os"
	"strings"
	"syscall"
)

// lacks are the errors by which a system says that it has run out of something
// of its own, whoever is called. What is not here may be the server's doing,
// and is counted as that.
var lacks = []struct {
	errno syscall.Errno
	when  func(call, network string) bool // nil: always
	text  string
}{
	{syscall.EMFILE, nil, "this process has no descriptor left: raise its limit (ulimit -n), or cap `connections`"},
	{syscall.ENFILE, nil, "this system has no descriptor left: raise its limit (fs.file-max), or cap `connections`"},
	{syscall.EADDRNOTAVAIL, binding, "`source` is no address of this machine"},
	{syscall.EADDRNOTAVAIL, nil, noPort},
	{syscall.EADDRINUSE, nil, noPort},
	{syscall.EAGAIN, connectingByIP, noPort}, // over a Unix socket it is the server's queue that is full
	{syscall.ENOBUFS, nil, "this system has no buffer left for sockets: give it more memory (net.ipv4.tcp_mem), or cap `connections`"},
	{syscall.ENOMEM, nil, "this machine has no memory left: give it more, or cap `connections`"},
	{syscall.ENOSPC, nil, "this user may watch no more sockets: raise the limit (fs.epoll.max_user_watches), or cap `connections`"},
}

const noPort = "this machine has no port left to call from: keep connections alive, cap `connections`, or name more addresses (`source`)"

func binding(call, _ string) bool { return call == "bind" }

func connectingByIP(call, network string) bool {
	return call == "connect" && strings.HasPrefix(network, "tcp")
}

// Lacking says what this machine lacks, and what helps, where that is why err
// came about; it is empty where it is not. Such a failure has class Generator,
// whichever engine meets it.
func Lacking(err error) string {
	if err == nil {
		return ""
	}
	var (
		dns    *net.DNSError
		socket *net.OpError
		system *os.SyscallError
	)
	call, network, told := "", "", ""
	if errors.As(err, &socket) {
		network = socket.Net
	}
	if errors.As(err, &system) {
		call = system.Syscall
	}
	if errors.As(err, &dns) { // which keeps nothing of its cause but the words
		told = dns.Err
	}
	for _, l := range lacks {
		if (errors.Is(err, l.errno) || told != "" && strings.HasSuffix(told, l.errno.Error())) && (l.when == nil || l.when(call, network)) {
			return l.text
		}
	}
	return ""
}
