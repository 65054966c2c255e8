package http

import (
	"plimsoll/target/client"
	"plimsoll/target/sim"
	"plimsoll/target/stream"
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
	// Settings are what every kind has that goes over a network.
	client.Settings
	// Protocol is "1.1" (default), "2" or "auto".
	Protocol string
	// Streams is how many calls a connection of HTTP/2 carries at once at most; 0: as
	// many as the server lets.
	Streams int
	// Engine is "auto" (default), "std" (net/http), "wire" (package wire), or
	// the name of one of package wire's engines.
	Engine string
	// Route is how connections come to the server.
	Route wire.Route
	// MaxHead is how many bytes an answer's head may have. Default 1 MB.
	MaxHead int
	// MaxBody is how large a body may be, decoded, where somebody looks into it.
	// Default 1 MB.
	MaxBody int
	Success Success
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
	// Stream is how the answer is read where it comes event by event; nil: it does
	// not.
	Stream *stream.Reading
}

// Header is one header line; a name may come up several times.
type Header struct{ Name, Value string }

// Success says which answers count as success.
type Success struct {
	// Status are the accepted ranges, both ends included. Default 200–299.
	Status []StatusRange
	// Contains must occur in the body; empty asks nothing.
	Contains string
}

// accepts tells whether a status counts as success.
func (s Success) accepts(status int) bool {
	if len(s.Status) == 0 {
		return status/100 == 2
	}
	for _, r := range s.Status {
		if r.From <= status && status <= r.To {
			return true
		}
	}
	return false
}

// StatusRange holds the status codes from From to To.
type StatusRange struct{ From, To int }
