// Package target says what a call is and what may become of it.
//
// A target is whatever a scenario loads: a simulated model, an HTTP server.
// It never hears of runs, schedules or reports: it is asked to carry out one
// call and answers with an Outcome. A failed call is a measurement, so an
// Outcome is a value and no Go error; Go errors are for a broken harness.
package target

import (
	"context"
	"time"

	"plimsoll/target/value"
)

// Caller carries out calls that block, one at a time for each goroutine; Call
// may be called from many at once and returns when the call has ended or, soon
// after, when ctx is done. Package workers carries them.
type Caller interface {
	Call(ctx context.Context, r *Request) Outcome
}

// Outcome is what became of one call.
type Outcome struct {
	// Class names the failure (one of the Class constants or a kind's own,
	// such as "status-503"); empty means the call succeeded.
	Class string
	// Example is the message of the failure, for people. Secrets are already
	// taken out of it.
	Example string
	// Ended is the clock's reading where the call ended. The zero time asks
	// the caller to read the clock itself.
	Ended time.Time
	// Held is the time the call waited for a place in the target's own pool
	// (an HTTP target's `connections`) before it was sent.
	Held time.Duration
	// Attempts counts every try, the first one too. 0 counts as 1.
	Attempts int
	// Resent counts those of Attempts that `retry` did not ask for: a request
	// that the protocol itself declared unprocessed, sent once more.
	Resent int
	// BytesIn and BytesOut are the bytes of the answers' and requests'
	// bodies and, where they are known, heads.
	BytesIn, BytesOut int64
	// Found is what the request's Want has found, one value each, of the kind
	// None where there was nothing. It is the loop's to keep.
	Found []value.Value
	// Shown is how the answer's body begins, without its secrets, where
	// something that is wanted was not there.
	Shown string
	// Hops counts the redirects that were followed.
	Hops int
	// Parts are what its kind can tell of the call besides, valid until the next
	// Take; nil: nothing. Where it was tried again they are of the last try.
	Parts *Parts
}

// OK tells whether the call succeeded.
func (o Outcome) OK() bool { return o.Class == "" }

// Classes of failure that several kinds of target share. A status code makes
// its own class, "status-404".
const (
	Timeout   = "timeout"   // no answer within the timeout
	Connect   = "connect"   // connection refused or unreachable
	Reset     = "reset"     // connection broken off before the answer was whole
	TLS       = "tls"       // handshake or certificate
	DNS       = "dns"       // the name does not resolve
	Body      = "body"      // the answer is not what `success` asks for, or is cut short or malformed
	Check     = "check"     // a condition of a step does not hold
	Extract   = "extract"   // the answer lacks what a step extracts
	Until     = "until"     // a poll's condition did not hold within its time
	Variable  = "variable"  // a variable has no value
	Rejected  = "rejected"  // the simulated server's waiting room was full
	Throttled = "throttled" // over the simulated server's quota
	Cancelled = "cancelled" // given up by the harness itself: no error of the target's
	Other     = "other"     // none of these
	Generator = "generator" // this machine lacked descriptors, ports, buffers or memory: no error of the target's
	Broken    = "broken"    // the target itself panicked: ends the trial
)
