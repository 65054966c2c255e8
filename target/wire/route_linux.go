package wire

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// lateBinding has a socket's port chosen when it connects, so that another
// one to another server may have the same.
func lateBinding(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) { bindLate(int(fd)) })
}

func bindLate(fd int) { _ = unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1) }

// way is one address to try, and whence.
type way struct {
	family  int
	to      unix.Sockaddr
	sources []unix.Sockaddr // in turn; none: as the system chooses
}

// found is how to come to a server.
type found struct {
	ways []way
	lost error // why it has no address
}

func find(o Options) (f found) {
	f.ways, f.lost = o.Route.ways(o.Host)
	return f
}

// ways finds how to come to HOST:PORT, in the resolver's order.
func (r Route) ways(hostport string) ([]way, error) {
	if r.Unix != "" {
		return []way{{family: unix.AF_UNIX, to: &unix.SockaddrUnix{Name: r.Unix}}}, nil
	}
	host, service, err := net.SplitHostPort(r.lead(hostport))
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(service)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	return r.from(ips, port), nil
}

// from is the ways to these addresses, as far as there are sources of their
// families.
func (r Route) from(ips []netip.Addr, port int) (ways []way) {
	sources := map[int][]unix.Sockaddr{}
	for _, ip := range r.Sources {
		family, address := sockaddr(ip, 0)
		sources[family] = append(sources[family], address)
	}
	for _, ip := range ips {
		family, address := sockaddr(ip, port)
		if len(r.Sources) == 0 || len(sources[family]) > 0 {
			ways = append(ways, way{family, address, sources[family]})
		}
	}
	return ways
}

func sockaddr(ip netip.Addr, port int) (family int, address unix.Sockaddr) {
	if ip = ip.Unmap(); ip.Is4() {
		return unix.AF_INET, &unix.SockaddrInet4{Port: port, Addr: ip.As4()}
	}
	return unix.AF_INET6, &unix.SockaddrInet6{Port: port, Addr: ip.As16(), ZoneId: zone(ip.Zone())}
}

// zone is the number of the network that a link-local address belongs to.
func zone(name string) uint32 {
	if network, err := net.InterfaceByName(name); err == nil {
		return uint32(network.Index)
	}
	number, _ := strconv.ParseUint(name, 10, 32)
	return uint32(number)
}
