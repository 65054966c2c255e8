package http

import (
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/real"
	"plimsoll/target/wire"
)

// misled are servers that speak something else than they are asked in, and what there is
// to try instead.
var misled = []struct {
	name    string
	url     func(*testing.T) string
	asks    string // the version of HTTP
	tls     func(*testing.T) client.TLS
	example string // how it ends
}{
	{"HTTP/1.1 to HTTP/2", h2cOnly, "1.1", nil, "does it speak something else here (`http: 2`, `url: https://…`)?"},
	{"HTTP/1.1 to settings, and then silence", byScript(untilSettled), "1.1", nil, "the server speaks HTTP/2 here: try `http: 2`"},
	{"HTTP/1.1 to HTTP/2 of nginx", func(t *testing.T) string { address, _ := real.NginxStreams(t, ""); return "http://" + address }, "1.1", nil, "the server speaks HTTP/2 here: try `http: 2`"},
	{"HTTP/1.1 to Go's TLS", func(t *testing.T) string { return strings.Replace(overTLS(t), "https:", "http:", 1) }, "1.1", nil, "400 Bad Request: the server speaks TLS here: try `url: https://…`"},
	{"HTTP/1.1 to an alert", byScript(says("\x15\x03\x01\x00\x02\x02\x46")), "1.1", nil, "the server speaks TLS here: try `url: https://…`"},
	{"HTTP/2 to HTTP/1.1", byScript(answers), "2", nil, "try `http: 1.1`, or, if it speaks that over TLS alone, `url: https://…`"},
	{"HTTP/2 to an alert", byScript(says("\x15\x03\x01\x00\x02\x02\x46")), "2", nil, ": try `url: https://…`"},
	{"HTTP/2 to HTTP/1.1 over TLS", overTLS, "2", insecurely, "the server does not offer HTTP/2: try `http: 1.1`"},
	{"TLS to HTTP/1.1", func(t *testing.T) string { return secured(newServer(t, false, nil, nil).URL) }, "1.1", insecurely, `the server does not speak TLS here: it begins with "HTTP/": try ` + "`url: http://…`"},
	{"HTTP/2 over TLS to HTTP/1.1", func(t *testing.T) string { return secured(newServer(t, false, nil, nil).URL) }, "2", insecurely, `the server does not speak TLS here: it begins with "HTTP/": try ` + "`url: http://…`"},
	{"an authority of nobody's", overTLS, "1.1", nil, "`tls: {ca: FILE}` trusts an authority, `tls: {insecure: true}` anybody"},
}

// h2cOnly is a server of Go's that speaks HTTP/2 alone, without TLS.
func h2cOnly(t *testing.T) string {
	return newServer(t, false, func(s *httptest.Server) {
		s.Config.Protocols = new(nethttp.Protocols)
		s.Config.Protocols.SetUnencryptedHTTP2(true)
	}, nil).URL
}

// untilSettled begins as HTTP/2 does, and waits for the client to do so.
func untilSettled(c *net.TCPConn, n int) bool {
	says("\x00\x00\x00\x04\x00\x00\x00\x00\x00")(c, n)
	return untilGivenUp(c, n)
}

func insecurely(*testing.T) client.TLS { return client.TLS{Insecure: true} }

func secured(url string) string { return strings.Replace(url, "http:", "https:", 1) }

// Where it is seen that a server speaks something else, its first failure says what to
// write instead, whoever carries the calls.
func TestWhatToWriteInstead(t *testing.T) {
	for _, c := range misled {
		for _, by := range []carrier{{wire.Epoll, c.asks, false}, {wire.Sockets, c.asks, false}, {Std, c.asks, false}} {
			if by.engine == wire.Sockets && c.asks == "2" {
				continue
			}
			t.Run(c.name+", "+by.engine, func(t *testing.T) {
				s := Settings{Calls: []Request{{Method: "GET", URL: c.url(t)}}}
				if c.tls != nil {
					s.TLS = c.tls(t)
				}
				d := newStepper(t, by, s).call(target.Request{})
				if !strings.HasSuffix(d.Example, c.example) {
					t.Errorf("%s: %q", d.Class, d.Example)
				}
			})
		}
	}
}

// A certificate for somebody else says for whom.
func TestWhoseCertificateItIs(t *testing.T) {
	server := newServer(t, true, nil, nil)
	s := Settings{Calls: []Request{{Method: "GET", URL: server.URL}}}
	s.TLS = client.TLS{CA: server.authority(t), ServerName: "else.example"}
	for _, by := range []carrier{{wire.Epoll, "1.1", false}, {Std, "1.1", false}} {
		d := newStepper(t, by, s).call(target.Request{})
		if d.Class != target.TLS || !strings.HasSuffix(d.Example, "not else.example: `tls: {server_name: NAME}` says whose it is to be") {
			t.Errorf("%s: %s: %q", by.name(), d.Class, d.Example)
		}
	}
}
