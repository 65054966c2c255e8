// Package grpc is the kind of target whose calls are those of gRPC: unary ones, and
// those whose answer is a stream. Messages are written in JSON, and their schema is
// asked of the server, or read from a file.
//
// It speaks gRPC by itself, over the connections of package wire and the sessions of
// package http2. Only what knows of schemas is Google's (protobuf) and Buf's
// (protocompile).
package grpc

import (
	"cmp"
	"context"
	"errors"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/kind"
	"plimsoll/target/look"
	"plimsoll/target/sim"
	"plimsoll/target/stream"
	"plimsoll/target/wire"
)

// Settings are those of `grpc:`.
type Settings struct {
	Address string // HOST:PORT; empty where Serve is the server to start for this run
	Serve   *sim.Settings
	// Schema is where methods are described.
	Schema Schema
	// Metadata goes with every call.
	Metadata []Field
	// Streams is how many calls a connection carries at once at most; 0: 100.
	Streams int
	// Content is what an event of a stream must have to count, and Tokens where
	// events tell how many tokens there have been; nil: all do, nobody is asked.
	Content, Tokens *look.Operand
	client.Settings
	// Own is the call that the target has by itself; nil: there is none.
	Own *Call
	// Scrub takes secrets out of a text; nil: there are none.
	Scrub func(string) string `json:"-"`

	engine string // "": the first that can
}

// Traits of the target.
func (s *Settings) Traits() kind.Traits {
	t := kind.Traits{Kind: "grpc", Action: Word, Phases: []string{"connect"}, Operands: operands(), Timeout: s.Timeout, Together: s.Together(), Modelled: s.Serve.Modelled()}
	if s.Own != nil {
		t.Own = s.Own
	}
	if s.Serve != nil {
		t.CallTime, t.Known = s.Serve.CallTime("/"), true
	}
	return t
}

// Subject is whom the calls go to, and what they ask.
func (s *Settings) Subject() string {
	text := s.scheme() + s.Address
	if s.Own != nil {
		text += "/" + s.Own.rpc
	}
	return s.scrub(text)
}

// scheme is what addresses of the target begin with where people read them.
func (s *Settings) scheme() string {
	if s.TLS.Given {
		return "grpcs://"
	}
	return "grpc://"
}

// Service is the server that the target starts for itself, if it does.
func (s *Settings) Service() (kind.Service, bool) {
	if s.Serve == nil {
		return kind.Service{}, false
	}
	return kind.Service{Protocol: "grpc", Model: s.Serve, Schema: packed(s.Schema.files)}, true
}

// Open makes the target ready: it asks the server for its schema, unless that is
// known.
func (s *Settings) Open(ctx context.Context, site kind.Site) (*kind.Opened, error) {
	opened := &kind.Opened{Divisible: true, Retry: s.Retry, Err: kind.Never}
	address := s.Address
	if own, has := s.Service(); has {
		served, err := site.Serve(ctx, own)
		if err != nil {
			return nil, err
		}
		address, opened.Err = hostOf(served.URL()), served.Err
	}
	here, quiet := *s, *s // what is asked for a schema is none of the trial's
	here.TLS.Shook = site.Shook
	here.Permit, quiet.Permit = site.Permit, site.Permit
	s, aside := &here, &quiet
	engine, o, err := wire.Reaching(address, &s.Settings, site.Patience, "h2")
	if err != nil {
		return nil, err
	}
	if engine = cmp.Or(s.engine, engine); !wire.Polls(engine) {
		opened.Engine, aside = Std, s
	}
	all, err := newStd(aside, address, o)
	if err != nil {
		return nil, err
	}
	opened.Close = all.close
	if o.Connected = site.ConnectedBy("HTTP/2"); opened.Engine == Std {
		all.o.Connected = o.Connected
	}
	p := &preparing{settings: s, address: address, timeout: o.Timeout, schema: s.Schema.open(ctx, all, address)}
	opened.Prepare = p.call
	a := &asking{settings: s, address: address, observer: site.Observer}
	a.reading = stream.Reading{Format: stream.Messages, Content: s.Content, Tokens: s.Tokens}
	if err := a.takeOwn(p, site); err != nil {
		all.close()
		return nil, err
	}
	if opened.Engine == Std {
		opened.Carrier = all.carrier(a)
		return opened, nil
	}
	o.Tell = wire.OneConnect
	server, err := wire.Open(engine, o)
	if err != nil {
		all.close()
		return nil, err
	}
	opened.Engine, opened.Polls, opened.Rings = server.Engine, true, server.Engine == wire.Uring
	opened.Carrier = func(c target.Clock) (target.Carrier, error) { return server.Carrier(a.codec(c.Now), c) }
	return opened, nil
}

// takeOwn makes the target's own call ready, if it has one.
func (a *asking) takeOwn(p *preparing, site kind.Site) error {
	if a.settings.Own == nil {
		return nil
	}
	own, err := site.Own(a.settings.Own)
	if err != nil {
		return err
	}
	a.args = own.Args
	a.own, err = p.prepare(a.settings.Own)
	return err
}

func (s *Settings) scrub(text string) string {
	if s.Scrub != nil {
		text = s.Scrub(text)
	}
	return text
}

// errNoCall tells what a target can be asked.
var errNoCall = errors.New("a grpc target calls methods, as in rpc: shop.Carts/Add")
