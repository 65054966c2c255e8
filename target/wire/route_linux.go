package wire

import (
	"context"
	"net"
	"net/netip"
	"slices"
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

// way is one address to try, and whence. It is one engine's: package unix writes to
// addresses whenever they are used.
type way struct {
	family  int
	to      unix.Sockaddr
	sources []unix.Sockaddr // in turn; none: as the system chooses
}

// found is how to come to a server, for any number of engines.
type found struct {
	route Route
	ips   []netip.Addr // in the resolver's order
	port  int
	lost  error // why it has no address
}

func find(o Options) (f found) {
	f.route = o.Route
	if o.Route.Unix == "" {
		f.ips, f.port, f.lost = o.Route.resolve(o.Host)
	}
	if o.Permit != nil {
		f.permit(o.Permit)
	}
	return f
}

// permit leaves those addresses that may be connected to; of none, why they may not.
func (f *found) permit(may func(network, address string) error) {
	if f.route.Unix != "" {
		if f.lost = may("unix", f.route.Unix); f.lost != nil {
			f.route.Unix = ""
		}
		return
	}
	f.ips = slices.DeleteFunc(f.ips, func(ip netip.Addr) bool {
		err := may("tcp", netip.AddrPortFrom(ip.Unmap(), uint16(f.port)).String())
		if err != nil {
			f.lost = err
		}
		return err != nil
	})
	if len(f.ips) > 0 {
		f.lost = nil
	}
}

// resolve finds the addresses of HOST:PORT.
func (r Route) resolve(hostport string) (ips []netip.Addr, port int, err error) {
	host, service, err := net.SplitHostPort(r.lead(hostport))
	if err != nil {
		return nil, 0, err
	}
	if port, err = strconv.Atoi(service); err != nil {
		return nil, 0, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	ips, err = net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	return ips, port, err
}

// ways are those to the server, as far as there are sources of their families.
func (f found) ways() (ways []way) {
	if f.route.Unix != "" {
		return []way{{family: unix.AF_UNIX, to: &unix.SockaddrUnix{Name: f.route.Unix}}}
	}
	sources := map[int][]unix.Sockaddr{}
	for _, ip := range f.route.Sources {
		family, address := sockaddr(ip, 0)
		sources[family] = append(sources[family], address)
	}
	for _, ip := range f.ips {
		family, address := sockaddr(ip, f.port)
		if len(f.route.Sources) == 0 || len(sources[family]) > 0 {
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
