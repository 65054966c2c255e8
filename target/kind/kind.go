// Package kind says what every kind of target promises. A kind's settings know
// what can be said before anything is called, and open the target for a trial;
// package kinds is the table of them.
package kind

import (
	"context"
	"time"

	"plimsoll/target"
	"plimsoll/target/random"
	"plimsoll/target/retry"
	"plimsoll/target/value"
)

// Settings are a target's, of whatever kind.
type Settings interface {
	Traits() Traits
	// Open makes the target ready for one trial.
	Open(ctx context.Context, site Site) (*Opened, error)
}

// Traits are what is known of a target before anything is called.
type Traits struct {
	// Kind is the word for it in files. Asks tells that it can be asked for paths
	// and URLs.
	Kind string
	Asks bool
	// Action is the word of the one that steps ask it with; "": there is none. Own
	// is the call that such a target has by itself; nil: it is only asked by steps.
	Action string
	Own    Call
	// Phases are the parts of a call that the kind can tell, in the order of
	// target.Parts.
	Phases []string
	// Operands are the words of what can be looked at in its answers.
	Operands []string
	// Virtual tells that calls can be simulated, under the virtual clock.
	Virtual bool
	// CallTime is about how long one call takes, where that is Known.
	CallTime time.Duration
	Known    bool
	// Timeout bounds every try of a call; 0: nothing does.
	Timeout time.Duration
	// Local tells that calls act on this machine itself: on its programs, or files.
	Local bool
	// Exclusive tells that a call in flight has a connection to itself, and
	// Places how many of those there may be; 0: as many as it takes.
	Exclusive bool
	Places    int
	// Together are the keys of those of its settings that bound all calls together,
	// wherever these come from; Modelled those of the simulated server that the target
	// has, if it has one, by which its calls keep each other waiting.
	Together, Modelled []string
}

// Site is where a target is opened.
type Site struct {
	// Virtual tells that the trial's clock is.
	Virtual bool
	// Streams are the trial's random streams.
	Streams random.Source
	// Patience is the longest that somebody else, who bounds every try of a call,
	// lets one take: the target's own bound must not come before. 0: the target's
	// own bound is the only one.
	Patience time.Duration
	// Observer sees every request and answer; nil, as in a load: nobody does.
	Observer target.Observer
	// Values are the same for the whole trial: those of its sweep, by name.
	Values map[string]value.Value
	// Shook hears of each handshake of TLS, and whether it went on with the session of
	// one before; nil: nobody counts them. It may be called from anywhere.
	Shook func(resumed bool)
	// Connected hears of each connection that is set up, and of the protocol that is
	// spoken on it, as from kinds that tell; nil: nobody counts them. It may be called
	// from anywhere.
	Connected func(protocol string)
	// Permit judges the address that a connection is about to go to, when its name has
	// been resolved: of the network tcp, udp or unix. An error is why it may not; nil:
	// any may.
	Permit func(network, address string) error
	// Serve starts the server that the target's settings describe, as a child
	// process that lives as long as the run.
	Serve func(ctx context.Context, s Service) (Served, error)
}

// ConnectedBy is Connected of a protocol that is known beforehand; nil: nobody counts.
func (s Site) ConnectedBy(protocol string) func() {
	if s.Connected == nil {
		return nil
	}
	return func() { s.Connected(protocol) }
}

// Service is a server of plimsoll's own: the protocol that it speaks, and the
// model of how long it takes (a *sim.Settings).
type Service struct {
	Protocol string
	Model    any
	// Broadcast has what one connection sends go to all of them.
	Broadcast bool
	// Schema describes what it has (a FileDescriptorSet), where a protocol has that.
	Schema []byte
}

// Served is a simulated server in a child process.
type Served interface {
	URL() string
	// Err tells how the child ended by itself; nil as long as it has not.
	Err() error
}

// Opened is a target ready for one trial.
type Opened struct {
	// Engine is the name of what carries the calls, as results have it.
	Engine string
	// Carrier makes one for a loop and its clock. A simulated server is a fresh
	// one each time.
	Carrier func(target.Clock) (target.Carrier, error)
	// Prepare makes of what a step asks (an *httpcall.Call, of the kind http) what
	// Request.Call is, and perhaps Bounded. It comes before Carrier; nil: the kind has
	// no such calls.
	Prepare func(call any) (any, error)
	// Polls tells that the carrier's clock must be a *wait.Poll, and Rings that it had
	// better have a ring.
	Polls, Rings bool
	// Divisible tells that several loops may each have a carrier, if nothing else
	// keeps them from sharing a trial.
	Divisible bool
	// Frugal tells that connections do little but read, and need hardly a
	// processor beside the loop's.
	Frugal bool
	// Timeout bounds every try of a call where the loop shall see to that; 0
	// where the carrier does, or nobody.
	Timeout time.Duration
	Retry   retry.Settings
	// Err tells what of ours has failed meanwhile: a simulated server that is
	// gone makes a trial invalid, whatever its calls met.
	Err   func() error
	Close func()
}

// Bounded is a prepared call that may see to the time of its tries by itself: where
// its answer is a stream that time bounds the first event and each gap.
type Bounded interface {
	// Bound says how long that is, 0 for as long as the target's calls may take.
	// False: the call does not, and whoever makes it shall.
	Bound(time.Duration) bool
}

// Never is an Opened.Err of what cannot fail.
func Never() error { return nil }
