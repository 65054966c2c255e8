package sim

import (
	"strconv"
	"strings"
	"time"

	"plimsoll/target/delay"
	"plimsoll/target/quantity"
	"plimsoll/target/retry"
)

// Settings describe a simulated server, as `sim:` and `serve:` give them. It
// is plain data: `serve:` sends it to a child process as JSON. The zero value
// is a server that answers at once, without limits.
type Settings struct {
	// Delay is how long a call takes alone.
	Delay delay.Delay
	// Stream is how its answer comes instead, event by event; nil: it does not.
	Stream *Stream `json:",omitempty"`
	// Servers is how many calls are served at once; 0 means no limit.
	Servers int
	// Queue is the waiting room behind the servers; nil means no limit, and 0
	// that a call which finds every server taken is rejected.
	Queue *int
	// Contention slows a call down by what is in service beside it.
	Contention Contention
	// Errors make a share of the calls fail.
	Errors Errors
	// Stall freezes the server now and then.
	Stall Stall
	// Quota bounds the calls admitted in any (t − Per, t]; zero means none.
	Quota quantity.Rate

	// Answer is what a successful call gets back; nil: a line that says OK.
	Answer *Answer `json:",omitempty"`
	// Turns are taken by the calls in turn, as they arrive.
	Turns []Manner `json:",omitempty"`
	// Routes are for calls to some paths.
	Routes []Route `json:",omitempty"`
	// Site are the pages that are the answers, instead; nil: there are none.
	Site *Site `json:",omitempty"`

	// Timeout is how long the caller of a call waits, 0 for as long as it takes,
	// and Retry what it tries again. A target has them; no server knows of them.
	Timeout time.Duration
	Retry   retry.Settings
}

// Contention is the Universal Scalability Law (Gunther 2007): a call admitted
// as the n-th in service takes its delay × (1 + Serial·(n−1) + Crosstalk·n(n−1)).
// Both are shares of 1, from 0 up.
type Contention struct {
	Serial, Crosstalk float64
}

// ErrorKind says how a failing call fails; it is also the call's error class.
type ErrorKind string

// The kinds of simulated failure; besides there is "status-NNN" for every
// status that is one.
const (
	Status500 ErrorKind = "status-500" // an answer that says 500
	Reset     ErrorKind = "reset"      // the connection is broken off
	Timeout   ErrorKind = "timeout"    // no answer; the caller gives up
)

const statusPrefix = "status-"

// The statuses that an answer may have, and from where on they say a failure.
const (
	lowestStatus  = 200
	lowestFailure = 300
	highestStatus = 599
)

// Status is that of a failure which is an answer; 0 where it is none.
func (k ErrorKind) Status() int {
	digits, isStatus := strings.CutPrefix(string(k), statusPrefix)
	status, err := strconv.Atoi(digits)
	if !isStatus || err != nil || len(digits) != 3 || status < lowestFailure || status > highestStatus {
		return 0
	}
	return status
}

// Errors make calls fail with chance Rate (0 to 1).
type Errors struct {
	Rate float64
	Kind ErrorKind
	// After is how long a failing call takes; nil means the drawn delay.
	After *time.Duration
}

// Stall freezes the server in [At, At+For) and every Every after that. The
// zero Stall never freezes; Every 0 freezes once.
type Stall struct {
	Every, For, At time.Duration
}

// Modelled are the keys of what its calls keep each other waiting by: whoever has a
// server of its own meets nobody else's. Nil is no server.
func (s *Settings) Modelled() (keys []string) {
	if s == nil {
		return nil
	}
	for _, one := range []struct {
		key   string
		given bool
	}{
		{"servers", s.Servers > 0}, {"queue", s.Queue != nil}, {"contention", s.Contention != Contention{}},
		{"quota", !s.Quota.IsZero()}, {"turns", len(s.Turns) > 0},
	} {
		if one.given {
			keys = append(keys, one.key)
		}
	}
	return keys
}
