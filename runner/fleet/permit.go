package fleet

import (
	"fmt"
	"net"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Permit is what an agent's own user lets coordinators do with this machine; the zero
// value lets them load what is on it, over loopback, and nothing else.
type Permit struct {
	// Local permits what acts on this machine itself: programs that are run, files that
	// are read and written, Unix sockets.
	Local    bool
	patterns []pattern
	names    []string
}

// pattern is where may be connected to: addresses of a network, or of a glob's form.
type pattern struct {
	text    string
	network netip.Prefix // valid, or else glob counts
	glob    string
	port    string // "": every one
}

// NewPermit reads what --allow-target says: addresses (10.1.2.3), globs of them
// (10.1.*), networks (10.0.0.0/8, fd00::/8), with a port behind or without
// (10.1.2.3:8080, [fd00::1]:443). Names are those of nobody: it is what they are
// resolved to that is connected to, and judged.
func NewPermit(texts []string, local bool) (Permit, error) {
	p := Permit{Local: local}
	for _, text := range texts {
		one, err := newPattern(text)
		if err != nil {
			return Permit{}, fmt.Errorf("--allow-target %q: %w", text, err)
		}
		p.patterns = append(p.patterns, one)
	}
	return p, nil
}

func newPattern(text string) (p pattern, err error) {
	p.text, p.glob = text, text
	if strings.HasPrefix(text, "[") || strings.Count(text, ":") == 1 {
		if p.glob, p.port, err = net.SplitHostPort(text); err != nil {
			return p, err
		}
		if n, wrong := strconv.Atoi(p.port); wrong != nil || n < 1 || n > 65535 {
			return p, fmt.Errorf("the port %q is none: write a number from 1 to 65535, or leave it out", p.port)
		}
	}
	if prefix, err := netip.ParsePrefix(p.glob); err == nil {
		p.network = prefix.Masked()
		return p, nil
	}
	if at, err := netip.ParseAddr(p.glob); err == nil {
		at = at.Unmap()
		p.network = netip.PrefixFrom(at, at.BitLen())
		return p, nil
	}
	if strings.Trim(p.glob, "0123456789abcdef.:*?") != "" || p.glob == "" {
		return p, fmt.Errorf("write addresses, such as 10.1.2.3, 10.1.*, 10.0.0.0/8 or 10.1.2.3:8080: names are judged by what they are resolved to")
	}
	_, err = path.Match(p.glob, "")
	return p, err
}

// permits tells whether a connection may go to an address.
func (p pattern) permits(at netip.AddrPort) bool {
	if p.port != "" && p.port != strconv.Itoa(int(at.Port())) {
		return false
	}
	ip := at.Addr().Unmap().WithZone("")
	if p.network.IsValid() {
		return p.network.Contains(ip)
	}
	fits, _ := path.Match(p.glob, ip.String())
	return fits
}

// WithVariables is p, which also lets plans name variables of the environment, and so
// coordinators find out what they hold: NAME, or a glob (SHOP_*).
func (p Permit) WithVariables(names []string) (Permit, error) {
	for _, name := range names {
		if _, err := path.Match(name, ""); err != nil || !variable.MatchString(name) {
			return p, fmt.Errorf("--allow-env %q: write the name of a variable, such as TOKEN, or a glob, SHOP_*", name)
		}
	}
	p.names = slices.Concat(p.names, names)
	return p, nil
}

// variable is what such names are made of.
var variable = regexp.MustCompile(`^[A-Z_*?][A-Z0-9_*?]*$`)

// Variable judges whether a plan may name one of the environment.
func (p Permit) Variable(name string) error {
	for _, one := range p.names {
		if fits, _ := path.Match(one, name); fits {
			return nil
		}
	}
	return fmt.Errorf("the plan asks for the variable %s of the environment, which the agent's user does not permit: that takes --allow-env %[1]s", name)
}

// Address judges where a connection is about to go, of the network tcp, udp or unix.
func (p Permit) Address(network, address string) error {
	if strings.HasPrefix(network, "unix") {
		if p.Local {
			return nil
		}
		return fmt.Errorf("the agent's user does not permit %s, a socket of this machine's: that takes --allow-exec", address)
	}
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("the agent cannot judge the address %q", address)
	}
	if at.Addr().Unmap().IsLoopback() {
		return nil
	}
	for _, one := range p.patterns {
		if one.permits(at) {
			return nil
		}
	}
	return fmt.Errorf("the agent's user does not permit %s: that takes --allow-target %s", at, at.Addr().Unmap())
}
