package runner_test

import (
	"net/http"
	"net/http/httptest"
	"runtime"
)

// shared has an engine speak HTTP/2 without TLS, where calls share connections.
const shared = `wire, http: "2"`

// serveBoth starts a server that speaks HTTP/1.1 and, to whoever begins with that,
// HTTP/2.
func serveBoth(handler http.Handler) *httptest.Server {
	server := httptest.NewUnstartedServer(handler)
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	return server
}

// ring is an engine that goes over a ring, where there may be one.
var ring = map[bool]string{true: "wire-uring", false: "wire"}[runtime.GOOS == "linux"]
