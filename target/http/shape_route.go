package http

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"plimsoll/target/quantity"
	"plimsoll/target/setting"
	"plimsoll/target/wire"
)

// detour is how the way to the server is written, where it is not the usual.
type detour struct {
	unix    setting.At[string]
	resolve setting.At[[]setting.Entry[setting.At[netip.Addr]]]
	source  setting.At[setting.Several[netip.Addr]]
}

func routeFields() []setting.Field[written] {
	return []setting.Field[written]{
		setting.Key("unix", "The Unix socket that the server listens on, instead of the address in `url`, whose host then only goes into the Host header.", setting.Located(setting.Text("the path of a socket")), func(w *written) *setting.At[string] { return &w.unix }),
		setting.Key("resolve", "Addresses of hosts, which no name server is then asked for: HOST: IP.", setting.Located(setting.Map("addresses by host", setting.Located(ip()))), func(w *written) *setting.At[[]setting.Entry[setting.At[netip.Addr]]] { return &w.resolve }),
		setting.Key("source", "The address of this machine that connections come from, or a list of them, taken in turn: each gives 28,000 ports or so.", setting.Located(setting.OneOrMore(source())), func(w *written) *setting.At[setting.Several[netip.Addr]] { return &w.source }),
		setting.Key("max_body", "How large the body of an answer may be, decoded, where a step looks into it. Default 1MB.", headSizes(), func(w *written) *int { return &w.maxBody }),
		setting.Key("max_head", "How large the head of an answer may be. Default 1MB.", headSizes(), func(w *written) *int { return &w.maxHead }),
	}
}

func headSizes() setting.Shape[int] {
	const least, most = 1_000, 100_000_000
	read := func(text string) (int, error) {
		n, err := quantity.ParseSize(text)
		if err == nil && (n < least || n > most) {
			err = fmt.Errorf("%s is out of range: from %s to %s", text, quantity.Size(least), quantity.Size(most))
		}
		return int(n), err
	}
	return setting.Parsed("a size such as 64KB or 1MB", read, func() *jsonschema.Schema {
		return setting.Spelled(quantity.SizePattern)
	})
}

func ip() setting.Shape[netip.Addr] {
	read := func(text string) (netip.Addr, error) {
		address, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
		if err != nil {
			return address, fmt.Errorf("%q is no IP address: write one such as 127.0.0.1 or ::1", text)
		}
		return address.Unmap(), nil
	}
	return setting.Parsed("an IP address such as 127.0.0.1 or ::1", read, func() *jsonschema.Schema {
		return setting.Spelled(`\[?[0-9a-fA-F:.]+(%[^\s\]]+)?\]?`)
	})
}

func source() setting.Shape[netip.Addr] {
	return setting.Where(ip(), func(address netip.Addr) error {
		if address.IsUnspecified() || address.IsMulticast() {
			return fmt.Errorf("%s is no address that a connection can come from: write one of this machine's", address)
		}
		return nil
	})
}

// route makes of it how to come to the server of these calls.
func (d detour) route(r *setting.Reader, calls []Request) (route wire.Route, good bool) {
	good = d.consistent(r)
	if d.unix.Valid {
		var ok bool
		route.Unix, ok = socket(r, d.unix)
		good = good && ok
	}
	servers := map[string]netip.Addr{} // by the names in the calls; invalid: not known before it is asked for
	for _, c := range calls {
		if u, err := parse(c.URL); err == nil && u.Hostname() != "" {
			servers[strings.ToLower(u.Hostname())], _ = netip.ParseAddr(u.Hostname())
		}
	}
	for _, entry := range d.resolve.Value {
		name, err := ascii(strings.ToLower(entry.Key))
		switch _, called := servers[name]; {
		case err != nil:
			r.Problem(entry.Pos, "%v", err)
			good = false
			continue
		case !called && len(servers) > 0:
			r.Problem(entry.Pos, "no call goes to the host %q%s", entry.Key, setting.Suggest(name, slices.Sorted(maps.Keys(servers))))
			good = false
		}
		if route.Hosts == nil {
			route.Hosts = map[string]netip.Addr{}
		}
		route.Hosts[name], servers[name] = entry.Value.Value, entry.Value.Value
	}
	if d.source.Given {
		route.Sources = d.source.Value.Values()
	}
	return route, d.families(r, servers) && good
}

// consistent reports what excludes each other.
func (d detour) consistent(r *setting.Reader) bool {
	if !d.unix.Given {
		return true
	}
	for name, pos := range map[string]setting.At[bool]{
		"resolve": {Pos: d.resolve.Pos, Given: d.resolve.Given}, "source": {Pos: d.source.Pos, Given: d.source.Given},
	} {
		if pos.Given {
			r.Problem(pos.Pos, "%s and unix exclude each other, for a socket has no address: leave one of them out", name)
			return false
		}
	}
	return true
}

// families reports sources from which no way leads to a server, as far as that
// can be known.
func (d detour) families(r *setting.Reader, servers map[string]netip.Addr) bool {
	for name, server := range servers {
		if len(d.source.Value.Items) == 0 || !server.IsValid() || slices.ContainsFunc(d.source.Value.Items, func(s setting.At[netip.Addr]) bool {
			return !s.Valid || s.Value.Is4() == server.Unmap().Is4()
		}) {
			continue
		}
		first := d.source.Value.Items[0]
		r.Problem(first.Pos, "from %s, which is %s, there is no way to %s, which is %s: give a source of its family", first.Value, family(first.Value), cmp.Or(name, server.String()), family(server))
		return false
	}
	return true
}

func family(address netip.Addr) string {
	if address.Unmap().Is4() {
		return "IPv4"
	}
	return "IPv6"
}

// longestSocket is what fits into the smallest of the systems' addresses.
const longestSocket = 103

// socket finds a Unix socket. It need not be there yet.
func socket(r *setting.Reader, path setting.At[string]) (string, bool) {
	name := path.Value
	if !strings.HasPrefix(name, "@") {
		name = r.Path(name)
	}
	info, err := os.Stat(name)
	switch {
	case path.Value == "" || path.Value == "@":
		err = errors.New("unix names no socket: write its path")
	case len(name) > longestSocket:
		err = fmt.Errorf("the path of a socket has %d bytes at most, and %q has %d: put the socket, or a link to it, elsewhere", longestSocket, name, len(name))
	case strings.Contains(path.Value, "://"):
		err = fmt.Errorf("%q is no path of a socket: write it without the scheme, such as /run/app.sock", path.Value)
	case err == nil && info.Mode().Type() != os.ModeSocket:
		err = fmt.Errorf("%q is no socket", path.Value)
	default:
		return name, true
	}
	r.Problem(path.Pos, "%v", err)
	return "", false
}

// local is what the calls' URLs are relative to where only a socket is named.
var local = url.URL{Scheme: "http", Host: "localhost", Path: "/"}
