package main

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// way is how a target of HTTP is called.
type way struct {
	name, settings string
	secure         bool
}

// ways are all there are: each engine with each version, plain and over TLS.
var ways = []way{
	{"auto", "engine: auto", false},
	{"wire-net", "engine: wire-net", false},
	{"std", "engine: std", false},
	{"HTTP 2", `engine: wire, http: "2"`, false},
	{"HTTP 2 by std", `engine: std, http: "2"`, false},
	{"TLS", "engine: wire, tls: {insecure: true}", true},
	{"TLS by wire-net", "engine: wire-net, tls: {insecure: true}", true},
	{"TLS by std", "engine: std, tls: {insecure: true}", true},
	{"HTTP 2 over TLS", `engine: wire, http: "2", tls: {insecure: true}`, true},
	{"whatever there is over TLS", `http: auto, tls: {insecure: true}`, true},
}

func (w way) scheme() string {
	if w.secure {
		return "https"
	}
	return "http"
}

// shares tells whether calls share connections.
func (w way) shares() bool {
	return strings.HasPrefix(w.name, "HTTP 2") || strings.HasPrefix(w.settings, "http: auto")
}

// addresses are where a server listens, HOST:PORT.
type addresses struct{ plain, secure string }

func (a addresses) of(w way) string {
	if w.secure {
		return a.secure
	}
	return a.plain
}

// url is the server's for those who come in some way.
func (a addresses) url(w way) string { return w.scheme() + "://" + a.of(w) }

// serveAll serves each version of HTTP, plain and over TLS.
func serveAll(t testing.TB, handler http.Handler) addresses {
	t.Helper()
	begun := func(start func(*httptest.Server)) string {
		server := everyVersion(handler)
		start(server)
		t.Cleanup(server.Close)
		return server.Listener.Addr().String()
	}
	return addresses{begun((*httptest.Server).Start), begun((*httptest.Server).StartTLS)}
}

// everyVersion is a server, yet to be started, that speaks each of them.
func everyVersion(handler http.Handler) *httptest.Server {
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetHTTP2(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	return server
}
