package http

import (
	"time"

	"plimsoll/target/retry"
	"plimsoll/target/sim"
	"plimsoll/target/wire"
)

// Settings describe an HTTP target, as `http:` gives them, with every default
// filled in by the reader of the scenario file.
type Settings struct {
	// Serve is the simulated server to start for this run; nil when the
	// target is at a URL of its own.
	Serve *sim.Settings
	// Calls are the requests, taken in turn by the call's number; there is at
	// least one. With Serve their URLs are paths ("/", "/items?id=1").
	Calls []Request
	// Timeout bounds each attempt. Default 10 s.
	Timeout time.Duration
	// KeepAlive reuses connections. Default true.
	KeepAlive bool
	// PerUser has each user have connections of its own, closed when it goes.
	PerUser bool
	// Connections caps the pool; a call that finds it full is held. 0: no cap.
	Connections int
	// Protocol is "1.1" (default), "2" or "auto".
	Protocol string
	// Engine is "auto" (default), "std" (net/http), "wire" (package wire), or
	// the name of one of package wire's engines.
	Engine string
	TLS    TLS
	// Route is how connections come to the server.
	Route wire.Route
	// MaxHead is how many bytes an answer's head may have. Default 1 MB.
	MaxHead int
	// MaxBody is how large a body may be, decoded, where somebody looks into it.
	// Default 1 MB.
	MaxBody int
	Success Success
	Retry   retry.Settings
	// Scrub takes secrets (values that came from the environment) out of a
	// text before anybody sees it; nil means there are none.
	Scrub func(string) string `json:"-"`
}

// Request is one request to send.
type Request struct {
	Method  string // default GET, or POST with a body
	URL     string
	Headers []Header
	Body    []byte
}

// Header is one header line; a name may come up several times.
type Header struct{ Name, Value string }

// TLS says whom to trust and who we are; the paths are of PEM files, already
// resolved against the scenario file's folder.
type TLS struct {
	Insecure      bool
	CA, Cert, Key string
	ServerName    string
}

// Success says which answers count as success.
type Success struct {
	// Status are the accepted ranges, both ends included. Default 200–299.
	Status []StatusRange
	// Contains must occur in the body; empty asks nothing.
	Contains string
}

// StatusRange holds the status codes from From to To.
type StatusRange struct{ From, To int }
