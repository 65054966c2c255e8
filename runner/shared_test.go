package runner_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"runtime"
)

// shared has an engine speak HTTP/2 without TLS, where calls share connections.
const shared = `wire, http: "2"`

// secured has an engine trust whoever it meets over TLS.
const secured = `, tls: {insecure: true}`

// web is how a target of HTTP is called: the engine with what it is told, and
// whether the server speaks TLS.
type web struct {
	engine string
	secure bool
}

// everyWeb is all that carries calls of HTTP, plain and over TLS.
var everyWeb = []web{
	{"std", false}, {"wire", false}, {"wire-net", false}, {shared, false},
	{ring, false}, {ring + `, http: "2"`, false}, {ring + secured, true},
	{"wire" + secured, true}, {shared + secured, true}, {"wire-net" + secured, true}, {`std, http: "2"` + secured, true},
}

// serveBoth starts a server that speaks HTTP/1.1 and, to whoever begins with that,
// HTTP/2.
func serveBoth(handler http.Handler) *httptest.Server { return web{}.serve(handler) }

// serve starts one that does so, over TLS if that is how it is called.
func (w web) serve(handler http.Handler) *httptest.Server {
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetHTTP2(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	if w.secure {
		server.StartTLS()
	} else {
		server.Start()
	}
	return server
}

// ring is an engine that goes over a ring, where there may be one.
var ring = map[bool]string{true: "wire-uring", false: "wire"}[runtime.GOOS == "linux"]
