package manifest

import (
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// agentsPolicy lets agents reach the coordinator, names' addresses, and what they are
// to load, and nobody reach them.
func (w *writer) agentsPolicy() *yaml.Node {
	dns := fields("ports", list(fields("protocol", "UDP", "port", 53), fields("protocol", "TCP", "port", 53)))
	egress := list(fields("to", list(fields("podSelector", w.selector(leads))), "ports", list(fields("protocol", "TCP", "port", port))), dns)
	for _, target := range w.Targets {
		egress.Content = append(egress.Content, peer(target))
	}
	return w.object("networking.k8s.io/v1", "NetworkPolicy", follows, "spec", fields(
		"podSelector", w.selector(follows), "policyTypes", texts("Ingress", "Egress"), "ingress", list(), "egress", egress))
}

// coordinatorPolicy lets nobody but agents reach the coordinator.
func (w *writer) coordinatorPolicy() *yaml.Node {
	return w.object("networking.k8s.io/v1", "NetworkPolicy", leads, "spec", fields(
		"podSelector", w.selector(leads), "policyTypes", texts("Ingress"),
		"ingress", list(fields("from", list(fields("podSelector", w.selector(follows))), "ports", list(fields("protocol", "TCP", "port", port))))))
}

// peer is a pattern of --allow-target as a rule. A glob is no network, so it is left to
// the agents, who judge every address themselves.
func peer(pattern string) *yaml.Node {
	host, at := pattern, ""
	if strings.HasPrefix(pattern, "[") || strings.Count(pattern, ":") == 1 {
		if h, p, err := net.SplitHostPort(pattern); err == nil {
			host, at = h, p
		}
	}
	rule := fields()
	if network, ok := networkOf(host); ok {
		with(rule, "to", list(fields("ipBlock", fields("cidr", network.String()))))
	}
	if n, err := strconv.Atoi(at); err == nil {
		with(rule, "ports", list(fields("protocol", "TCP", "port", n)))
	}
	rule.HeadComment = pattern
	return rule
}

func networkOf(host string) (netip.Prefix, bool) {
	if network, err := netip.ParsePrefix(host); err == nil {
		return network.Masked(), true
	}
	if at, err := netip.ParseAddr(host); err == nil {
		at = at.Unmap()
		return netip.PrefixFrom(at, at.BitLen()), true
	}
	return netip.Prefix{}, false
}

// ports of schemes, for URLs that name none.
var ports = map[string]string{
	"http": "80", "https": "443", "ws": "80", "wss": "443", "grpc": "80", "grpcs": "443", "nats": "4222", "tls": "",
	"tcp": "", "redis": "6379", "rediss": "6379", "postgres": "5432", "postgresql": "5432", "mysql": "3306", "mariadb": "3306",
}

// coordinators are the keys below which stands what agents never talk to.
var coordinators = []string{"export", "monitor", "before", "after"}

// Targets finds where a scenario file's calls go, as far as it says so: patterns for
// --allow-target, an address as it is, a name as every address at its port, because
// agents judge what it is resolved to; and the texts of which only variables say where
// they lead. What is on the agents' own machine is left out: that may be loaded anyway.
func Targets(file []byte) (patterns, unknown []string) {
	var root yaml.Node
	if yaml.Unmarshal(file, &root) != nil {
		return nil, nil
	}
	each(&root, "", func(s, key string) {
		host, at, known := place(s, slices.Contains(addresses, key))
		switch {
		case !known:
		case strings.Contains(host+at, "$"):
			unknown = append(unknown, s)
		case !own(host):
			patterns = append(patterns, pattern(host, at))
		}
	})
	slices.Sort(patterns)
	slices.Sort(unknown)
	return slices.Compact(patterns), slices.Compact(unknown)
}

// addresses are the keys of which a text without a scheme is an address: HOST:PORT.
var addresses = []string{"url", "address", "grpc", "nats", "redis", "sql", "tcp", "websocket"}

// each visits the texts of a file that may say where calls go, with the keys at which
// they stand.
func each(n *yaml.Node, key string, visit func(s, key string)) {
	switch n.Kind {
	case yaml.ScalarNode:
		visit(n.Value, key)
	case yaml.MappingNode:
		for k := 0; k+1 < len(n.Content); k += 2 {
			if key := n.Content[k].Value; !slices.Contains(coordinators, key) {
				each(n.Content[k+1], key, visit)
			}
		}
	default:
		for _, below := range n.Content {
			each(below, key, visit)
		}
	}
}

// aVariable is a text that is nothing but variables, or begins with them as a URL does.
var aVariable = regexp.MustCompile(`^\$\{[^}]*\}(/.*|:.*)?$`)

// authority is the beginning of a URL.
var authority = regexp.MustCompile(`^([a-z]+)://(?:[^/?#]*@)?([^/?#]*)`)

// place is the host and port that a text names, if it does.
func place(s string, address bool) (host, at string, known bool) {
	if m := authority.FindStringSubmatch(s); m != nil {
		usual, isOurs := ports[m[1]]
		if !isOurs || m[2] == "" {
			return "", "", false
		}
		if strings.Contains(m[2], "$") {
			return m[2], "", true
		}
		u := url.URL{Host: m[2]}
		if at = u.Port(); at == "" {
			at = usual
		}
		return u.Hostname(), at, true
	}
	if address && aVariable.MatchString(s) {
		return s, "", true
	}
	host, at, err := net.SplitHostPort(s)
	n, wrong := strconv.Atoi(at)
	return host, at, address && err == nil && wrong == nil && n > 0 && n < 65536 && host != "" && !strings.ContainsAny(host, " \t\n")
}

// own tells whether a host is the agent's own machine.
func own(host string) bool {
	at, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && at.Unmap().IsLoopback()
}

func pattern(host, at string) string {
	if _, err := netip.ParseAddr(host); err != nil {
		host = "*"
	}
	if at == "" {
		return host
	}
	return net.JoinHostPort(host, at)
}
