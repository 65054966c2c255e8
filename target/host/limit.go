package host

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
)

// Limit is one of this machine's that calls may meet before they are sent:
// what it refuses them says nothing about the target.
type Limit int

// The limits; 0 is none.
const (
	_              Limit = iota
	AllDescriptors       // of the whole system
	Descriptors          // of this process
	Source               // an address to call from that is none of this machine's
	Ports                // local ones, for connections to one address
	Buffers
	Memory
	Watches // sockets that an event loop may watch
)

// refusals are the errors by which a system names its limits, of two that fit
// the first. What is not here may be the server's doing, and is counted as that.
var refusals = [...]struct {
	limit Limit
	errno syscall.Errno
	when  func(doing) bool // nil: always
}{
	{AllDescriptors, syscall.ENFILE, nil},
	{Descriptors, syscall.EMFILE, nil},
	{Source, syscall.EADDRNOTAVAIL, func(d doing) bool { return d.call == "bind" }},
	{Ports, syscall.EADDRNOTAVAIL, nil},
	{Ports, syscall.EADDRINUSE, func(d doing) bool { return d.op != "listen" }},
	{Ports, syscall.EAGAIN, func(d doing) bool { // over a Unix socket it is the server's queue that is full
		return d.call == "connect" && strings.HasPrefix(d.network, "tcp")
	}},
	{Buffers, syscall.ENOBUFS, nil},
	{Memory, syscall.ENOMEM, nil},
	{Watches, syscall.ENOSPC, func(d doing) bool { return d.call == "epoll_ctl" }},
}

// doing is what an error came of, as far as it tells.
type doing struct{ op, network, call string }

// LimitOf is the limit that an error tells of; 0 for none.
func LimitOf(err error) Limit {
	if err == nil {
		return 0
	}
	var (
		dns    *net.DNSError
		socket *net.OpError
		system *os.SyscallError
		d      doing
		told   string // by a question for a name, which keeps nothing of its cause but the words
	)
	if errors.As(err, &socket) {
		d.op, d.network = socket.Op, socket.Net
	}
	if errors.As(err, &system) {
		d.call = system.Syscall
	}
	if errors.As(err, &dns) {
		told = dns.Err
	}
	for _, r := range refusals {
		met := errors.Is(err, r.errno) || told != "" && strings.HasSuffix(told, r.errno.Error())
		if met && (r.when == nil || r.when(d)) {
			return r.limit
		}
	}
	return 0
}

// Named is the limit that a message of ours tells of; 0 for none.
func Named(message string) Limit {
	for l := AllDescriptors; l <= Watches; l++ {
		if strings.Contains(message, l.met()) {
			return l
		}
	}
	return 0
}

// met says which limit was met.
func (l Limit) met() string {
	switch l {
	case AllDescriptors:
		return "this system ran out of file descriptors"
	case Descriptors:
		return "this process ran out of file descriptors"
	case Source:
		return "`source` is no address of this machine"
	case Ports:
		return "this machine ran out of local ports"
	case Buffers:
		return "this machine ran out of buffers for its sockets"
	case Memory:
		return "this machine ran out of memory"
	case Watches:
		return "this user may watch no more sockets"
	}
	return "no limit"
}

// String says which limit it is, how high, and how to raise it.
func (l Limit) String() string {
	switch text := l.met(); l {
	case AllDescriptors:
		return text + high("%d for all processes", fileMax()) + ": close what holds them, or raise fs.file-max (sysctl)"
	case Descriptors:
		return text + high("the limit is %d", DescriptorLimit()) + ": raise the limit (ulimit -n), or cap `connections`"
	case Source:
		return text + ": name those that it has (ip address)"
	case Ports:
		return text + high("%d for each address of a target", ports()) + ": keep connections alive (`keepalive`), give it more local addresses (`source`), or widen net.ipv4.ip_local_port_range (sysctl)"
	case Buffers:
		return text + ": use fewer connections, or raise net.core.wmem_max and net.ipv4.tcp_mem (sysctl)"
	case Memory:
		return text + high("the limit is %d bytes", memoryLimit()) + ": use fewer connections, or give it more"
	case Watches:
		return text + ": use fewer connections, or raise fs.epoll.max_user_watches (sysctl)"
	default:
		return text
	}
}

// high puts how high a limit is in brackets, where it is known.
func high(format string, n int64) string {
	if n <= 0 {
		return ""
	}
	return " (" + fmt.Sprintf(format, n) + ")"
}
