package http

import (
	"slices"
	"testing"

	"plimsoll/target/wire"
)

// Who is called by a socket of his own is one and the same, whatever the calls
// name him; over TLS the name counts, for the certificate has it.
func TestHostsBehindASocket(t *testing.T) {
	for _, c := range []struct {
		unix, scheme string
		alike        bool
	}{{"", "http", false}, {"/run/app.sock", "http", true}, {"/run/app.sock", "https", false}} {
		s := Settings{Calls: []Request{{URL: c.scheme + "://a/"}, {URL: c.scheme + "://b:81/"}}, Route: wire.Route{Unix: c.unix}}
		first := s.hosts()[0]
		alike := !slices.ContainsFunc(s.hosts(), func(host string) bool { return host != first })
		if alike != c.alike || len(s.hosts()) != 2 {
			t.Errorf("by %q, %s: %q", c.unix, c.scheme, s.hosts())
		}
	}
}
