package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"

	"plimsoll/target"
)

// Route says how to come to a server where that is not told by its name. The
// zero Route is the usual way.
type Route struct {
	// Unix is the path of the socket that the server listens on, instead of an
	// address and a port. It begins with @ where it is no file's (Linux).
	Unix string
	// Hosts are addresses that names have, whatever name servers say; the names
	// are in small letters.
	Hosts map[string]netip.Addr
	// Sources are the addresses of this machine that connections come from, in
	// turn: each has a range of ports of its own.
	Sources []netip.Addr
}

// Check tells which source is no address of this machine.
func (r Route) Check() error {
	for _, source := range r.Sources {
		conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(source, 0)))
		if err != nil {
			return fmt.Errorf("source: %s is no address of this machine", source)
		}
		_ = conn.Close()
	}
	return nil
}

// lead is HOST:PORT with the host's address in its place, where that is given.
func (r Route) lead(hostport string) string {
	if name, port, err := net.SplitHostPort(hostport); err == nil {
		if ip, ok := r.Hosts[name]; ok {
			return net.JoinHostPort(ip.String(), port)
		}
	}
	return hostport
}

// errFamily is why there is no way to a server.
var errFamily = errors.New("the server has no address of the family (IPv4, IPv6) of any `source`")

// Dialer connects to servers as a Route says, for any number of goroutines.
type Dialer struct {
	Route
	plain net.Dialer
	turn  atomic.Uint32 // of the sources
}

// NewDialer makes a dialer. Of the plain one its Control judges where to connect.
func NewDialer(r Route, plain net.Dialer) *Dialer {
	return &Dialer{Route: r, plain: plain}
}

// Dial connects to HOST:PORT, and tells how long it took to find the address of
// the name, if it is one.
func (d *Dialer) Dial(ctx context.Context, hostport string) (conn net.Conn, dns time.Duration, err error) {
	if d.Unix != "" {
		conn, err = d.plain.DialContext(ctx, "unix", d.Unix)
		return conn, target.None, err
	}
	hostport = d.lead(hostport)
	look := lookup{began: time.Now()}
	if len(d.Sources) == 0 {
		conn, err = look.with(d.plain, nil).DialContext(ctx, "tcp", hostport)
		return conn, look.time(hostport), err
	}
	first := d.turn.Add(1) - 1
	for k := range uint32(len(d.Sources)) {
		from := d.plain
		from.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(d.Sources[(first+k)%uint32(len(d.Sources))], 0))
		conn, err = look.with(from, lateBinding).DialContext(ctx, "tcp", hostport)
		var mismatch *net.AddrError // of another family than all of the host's addresses
		if !errors.As(err, &mismatch) {
			return conn, look.time(hostport), err
		}
	}
	return nil, target.None, &net.OpError{Op: "dial", Net: "tcp", Err: errFamily}
}

// lookup is the search for a name's address, which is over when the first socket
// is made: several may be tried at once.
type lookup struct {
	began time.Time
	took  atomic.Int64 // 0: it is not over
}

// with is a dialer that tells, and does to its sockets what else is to be done.
func (l *lookup) with(d net.Dialer, control func(network, address string, c syscall.RawConn) error) *net.Dialer {
	permits := d.Control
	d.ControlContext = func(_ context.Context, network, address string, c syscall.RawConn) error {
		l.took.CompareAndSwap(0, max(1, int64(time.Since(l.began))))
		if permits != nil {
			if err := permits(network, address, c); err != nil {
				return err
			}
		}
		if control == nil {
			return nil
		}
		return control(network, address, c)
	}
	return &d
}

// time is how long it took; an address is no name.
func (l *lookup) time(hostport string) time.Duration {
	host, _, _ := net.SplitHostPort(hostport)
	if _, err := netip.ParseAddr(host); err == nil {
		return target.None
	}
	return time.Duration(l.took.Load())
}
