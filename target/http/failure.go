package http

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"strconv"
	"strings"
	"time"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/http1"
	"plimsoll/target/httpcall"
	"plimsoll/target/plain"
	"plimsoll/target/quantity"
)

// stage is how far an attempt had come when it failed.
type stage int

const (
	connecting stage = iota // up to the end of the TLS handshake
	awaiting                // the request under way, or the answer's head
	reading                 // the answer's body
)

// failure is why an attempt failed. Its class comes from err, unless it is
// known from the start; its message is only made when somebody will read it.
type failure struct {
	class string
	stage stage
	err   error

	unsent bool          // nothing has left this machine
	kept   bool          // the connection had carried a call before
	rested time.Duration // since that
	silent bool          // nothing of the answer has come

	streams bool          // its answer comes event by event
	bound   time.Duration // that its step set; 0: the target's

	whole     bool   // the answer is
	status    int    // where the status is the failure
	location  string // where it points, if that is elsewhere
	follows   bool   // redirects would have been followed, up to
	most      int
	read      content
	announced int64 // the body's length; -1: not announced
}

// tapped puts right what net/http makes of an exchange by what was seen of it
// on the connection.
func (f *failure) tapped(seen sight) *failure {
	var malformed *flaw
	switch errors.As(seen.fault, &malformed); {
	case f == nil && malformed == nil:
		return nil
	case f == nil:
		f = &failure{stage: reading}
	}
	f.silent = seen.silent
	f.unsent = seen.out == 0 && seen.silent
	switch {
	case malformed != nil:
		f.class, f.status, f.err, f.whole = malformed.class, 0, malformed, false
	case f.err != nil && seen.fault != nil && !errors.Is(seen.fault, net.ErrClosed):
		f.err = seen.fault
	}
	return f
}

// classify names the class of err. A body that ends early on an orderly close
// is class body, for the server had nothing more to say; a connection broken
// off is class reset. Name servers that do not answer in time are class dns.
func (f *failure) classify(trial, attempt context.Context) {
	err := f.err
	if f.class != "" || err == nil {
		return // known from the start
	}
	switch f.class = client.Class(err, false); {
	case trial.Err() != nil:
		f.class = target.Cancelled
	case f.class == target.Generator, f.class == target.DNS:
	case attempt.Err() != nil:
		f.class = target.Timeout
	case f.class != target.Reset:
	case f.stage == reading && !broken(err), malformed(err), nonsense(err):
		f.class = target.Body
	}
}

// broken tells whether the connection, or the stream, was broken off. What
// HTTP/2 says then has no type that we could ask for.
func broken(err error) bool {
	var network *net.OpError
	text := err.Error()
	return errors.As(err, &network) || strings.HasPrefix(text, "stream error") || strings.HasPrefix(text, "http2: ")
}

// malformed tells whether what came was no HTTP. net/http has only words for it.
func malformed(err error) bool {
	return strings.Contains(err.Error(), "malformed") || tooLargeHead(err) || strange(err)
}

// tooLargeHead tells whether it was a head beyond Settings.MaxHead.
func tooLargeHead(err error) bool {
	text := err.Error()
	return errors.Is(err, http1.LargeHead) || strings.Contains(text, "server response headers exceeded") || strings.Contains(text, "header list larger")
}

// strange tells whether the frames that came were none of HTTP/2's, for all
// that net/http says of them: to it a head far beyond the limit is one of these.
func strange(err error) bool {
	text := err.Error()
	return text == "connection error: PROTOCOL_ERROR" || text == "connection error: COMPRESSION_ERROR"
}

// nonsense tells whether it was HTTP/2 that made no sense, and we who said so.
// net/http's errors of the kind have no type that we could ask for.
func nonsense(err error) bool {
	var stream streamError
	if errors.As(err, &stream) {
		return stream.Cause == nil || stream.Cause.Error() != "received from peer"
	}
	text := err.Error()
	return strings.HasPrefix(text, "connection error: ") || strings.Contains(text, "frame too large") || strings.Contains(text, "reading the frame")
}

// unprocessed tells that the server has declared it has not looked at the
// request (RFC 9113, 8.7): it refused the stream, or named a last one before it.
func (f *failure) unprocessed() bool {
	var stream streamError
	switch {
	case f.err == nil || f.stage != awaiting || f.class != target.Reset:
		return false
	case errors.As(f.err, &stream):
		return stream.Code == refusedStream && !nonsense(f.err)
	}
	text := f.err.Error() // of errors without a type
	return unsent(f.err) || text == goneAway || strings.HasPrefix(text, "http2: Transport received GOAWAY from server")
}

const goneAway = "http2: Transport received Server's graceful shutdown GOAWAY"

// unsent tells that an HTTP/2 connection took no request any more.
func unsent(err error) bool { return err.Error() == "http2: client conn not usable" }

// unusable tells that an HTTP/2 connection never will take a request again.
func unusable(err error) bool {
	var stream streamError
	switch {
	case err == nil:
		return false
	case errors.As(err, &stream):
		return stream.Code == protocolError
	}
	return unsent(err) || err.Error() == goneAway
}

// Error codes of HTTP/2 (RFC 9113, 7).
const (
	protocolError = 1
	refusedStream = 7
)

// streamError takes in net/http's own error of that name, which is not
// exported but turns into any type with the same fields. Cause is set when the
// error came from the server.
type streamError struct {
	StreamID, Code uint32
	Cause          error
}

func (streamError) Error() string { return "stream error" }

func statusClass(status int) string { return "status-" + strconv.Itoa(status) }

// of notes whose failure it is: a step's follows redirects.
func (f *failure) of(call *httpcall.Prepared) {
	if call != nil {
		f.follows, f.most = true, call.Redirects
		f.streams, f.bound = call.Stream != nil, call.Limit()
	}
}

// which names the failures that have one example.
type which struct {
	call  *httpcall.Prepared // nil: the target's own
	class string
}

// example is the message for a failure: made once a class, from its first one.
func (t *Target) example(call *httpcall.Prepared, label string, f *failure) string {
	is := which{call, f.class}
	if known, ok := t.examples.Load(is); ok {
		return known.(string)
	}
	text := f.example(label, t.settings)
	if call != nil && f.status > 0 { // it may hold what one user alone is to see
		return text
	}
	made, _ := t.examples.LoadOrStore(is, text)
	return made.(string)
}

// labelOf is how examples name a step's call; those of pages are named by who visits
// them.
func labelOf(call *httpcall.Prepared) string {
	if call.Links != nil {
		return ""
	}
	return plain.Clip(call.Action, 100)
}

// example is the message for a failure of a call that has a label, or goes without.
func (f *failure) example(label string, s Settings) string {
	if label != "" {
		label += ": "
	}
	return plain.Clip(s.scrub(label+f.reason(s)), 200)
}

// reason says what went wrong, and where a kept connection broke, how to tell
// whether that is the server's time-out.
func (f *failure) reason(s Settings) string {
	text := f.remedied(s)
	switch {
	case f.class != target.Reset || !f.silent || f.stage != awaiting:
		return text
	case !f.kept && s.version() == "1.1" && !s.secure():
		return text + ": a crash, or does it speak something else here (`http: 2`, `url: https://…`)?"
	case !f.kept:
		return text
	}
	idle := quantity.Duration(f.rested.Round(max(time.Microsecond, f.rested/100)))
	return text + fmt.Sprintf(", on a connection kept idle for %s: a keep-alive time-out of the server, or a crash? keepalive: false tells", idle)
}

// cause says what went wrong.
func (f *failure) cause(s Settings) string {
	switch {
	case f.class == target.Cancelled:
		return "given up, because the trial ended"
	case f.class == target.Timeout:
		lacks := [...]string{"no connection", "no answer", "no end of the body"}[f.stage]
		if f.streams && f.stage == reading {
			lacks = "no event"
		}
		return fmt.Sprintf("%s within %s", lacks, quantity.Duration(cmp.Or(f.bound, s.Timeout)))
	case f.status != 0:
		text := strconv.Itoa(f.status) + " " + nethttp.StatusText(f.status)
		switch {
		case f.status/100 == 3 && f.location != "" && f.follows:
			return text + fmt.Sprintf(", not followed (redirects: %d): Location: %s", f.most, f.location)
		case f.status/100 == 3 && f.location != "":
			return text + ", redirects are not followed: Location: " + f.location
		}
		if plainToTLS(f.status, f.read.start) {
			return text + ": " + http1.SpeaksTLS.Error()
		}
		if f.read.start != "" {
			text += ": " + f.read.start
		}
		return text
	case f.err != nil && tooLargeHead(f.err):
		return fmt.Sprintf("the answer's head is larger than %s: a higher max_head of the target lets it pass", quantity.Size(int64(cmp.Or(s.MaxHead, http1.UsualHead))))
	case f.err != nil && strange(f.err):
		return fmt.Sprintf("%v: the answer is no HTTP/2, or its head is larger than %s (max_head)", f.err, quantity.Size(int64(cmp.Or(s.MaxHead, http1.UsualHead))))
	case f.class == target.Connect && s.Route.Unix != "":
		return s.Route.Unix + ": " + words(f.err)
	case f.err == nil:
		return fmt.Sprintf("the body (%d bytes) does not contain %q", f.read.size, s.Success.Contains)
	case f.class == target.Body && errors.Is(f.err, io.ErrUnexpectedEOF) && f.announced > 0:
		return fmt.Sprintf("the body ended after %d of %d bytes", f.read.size, f.announced)
	case f.class == target.Body && errors.Is(f.err, io.ErrUnexpectedEOF):
		return fmt.Sprintf("the body broke off after %d bytes", f.read.size)
	}
	return words(f.err)
}

// words is an error's message without net/http's own words.
func words(err error) string {
	text := client.Reason(err)
	for _, clutter := range []string{"net/http: HTTP/1.x transport connection broken: ", "net/http: ", "http: ", "http2: Transport ", "http2: "} {
		text = strings.TrimPrefix(text, clutter)
	}
	return text
}
