package host

import (
	"errors"
	"fmt"
	"net"
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
	Ports                // local ones, for connections to one address
	Buffers
	Memory
)

// refusals are the errors by which a system names its limits. Those of the
// whole system come first: their words begin like the others'.
var refusals = [...]struct {
	limit Limit
	errno syscall.Errno
}{
	{AllDescriptors, syscall.ENFILE},
	{Descriptors, syscall.EMFILE},
	{Ports, syscall.EADDRNOTAVAIL},
	{Ports, syscall.EADDRINUSE},
	{Buffers, syscall.ENOBUFS},
	{Memory, syscall.ENOMEM},
}

// LimitOf is the limit that an error tells of; 0 for none.
func LimitOf(err error) Limit {
	if err == nil {
		return 0
	}
	for _, r := range refusals {
		if errors.Is(err, r.errno) {
			return r.limit
		}
	}
	if dns := (*net.DNSError)(nil); errors.As(err, &dns) {
		return Named(dns.Err) // that of the socket it asked by
	}
	return 0
}

// Named is the limit that a message tells of, in the system's own words; 0 for
// none.
func Named(message string) Limit {
	for _, r := range refusals {
		if strings.Contains(message, r.errno.Error()) {
			return r.limit
		}
	}
	return 0
}

// String says which limit it is, how high, and how to raise it.
func (l Limit) String() string {
	switch l {
	case AllDescriptors:
		return fmt.Sprintf("this system ran out of file descriptors%s: close what holds them, or raise fs.file-max (sysctl)", high("%d for all processes", fileMax()))
	case Descriptors:
		return fmt.Sprintf("this process ran out of file descriptors%s: raise the limit (ulimit -n), or cap `connections`", high("the limit is %d", DescriptorLimit()))
	case Ports:
		return fmt.Sprintf("this machine ran out of local ports%s: keep connections alive (`keepalive`), give it more local addresses (`source`), or widen net.ipv4.ip_local_port_range (sysctl)", high("%d for each address of a target", ports()))
	case Buffers:
		return "this machine ran out of buffers for its sockets: use fewer connections, or raise net.core.wmem_max and net.ipv4.tcp_mem (sysctl)"
	case Memory:
		return fmt.Sprintf("this machine ran out of memory%s: use fewer connections, or give it more", high("the limit is %d bytes", memoryLimit()))
	}
	return "no limit"
}

// high puts how high a limit is in brackets, where it is known.
func high(format string, n int64) string {
	if n <= 0 {
		return ""
	}
	return " (" + fmt.Sprintf(format, n) + ")"
}
