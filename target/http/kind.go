package http

import (
	"cmp"
	"context"
	"net/url"
	"sync/atomic"
	"time"

	"plimsoll/target"
	"plimsoll/target/http1"
	"plimsoll/target/http2"
	"plimsoll/target/kind"
	"plimsoll/target/look"
	"plimsoll/target/wire"
)

// Traits of an HTTP target.
func (s *Settings) Traits() kind.Traits {
	t := kind.Traits{Kind: "http", Asks: true, Timeout: s.Timeout, Operands: look.OfHTTP(), Phases: wire.Phases()}
	if s.Serve != nil {
		t.CallTime, t.Known = s.served(), true
	}
	t.Together, t.Modelled = s.Together(), s.Serve.Modelled()
	t.Exclusive, t.Places = s.version() == "1.1", s.Connections*len(s.hosts())*s.each()
	return t
}

// each is how many calls a connection carries at a time, as far as the file says; 0:
// the server alone does. It may allow fewer.
func (s *Settings) each() int {
	if s.version() == "1.1" {
		return 1
	}
	if engine, err := s.carriedBy(); s.Streams == 0 && err == nil && engine != Std {
		return http2.UsualStreams
	}
	return s.Streams
}

// served is about how long a call to plimsoll's own server takes.
func (s *Settings) served() time.Duration {
	sum := 0.0
	for _, c := range s.Calls {
		sum += float64(s.Serve.CallTime(c.path()))
	}
	return time.Duration(sum / float64(len(s.Calls)))
}

// path is that of the URL.
func (r *Request) path() string {
	u, err := url.Parse(r.URL)
	if err != nil {
		return "/" // cannot be: it has been read
	}
	return cmp.Or(u.Path, "/")
}

// Service is the server that the target starts for itself, if it does.
func (s *Settings) Service() (kind.Service, bool) {
	return kind.Service{Protocol: "http", Model: s.Serve}, s.Serve != nil
}

// Subject is the first request, without a password that its URL may hold.
func (s *Settings) Subject() string {
	request := s.Calls[0]
	u, err := url.Parse(request.URL)
	if err != nil {
		return request.Method // cannot be: it has been read
	}
	return request.Method + " " + u.Redacted()
}

// Open makes the target ready, and starts the server that it is to call.
func (s *Settings) Open(ctx context.Context, site kind.Site) (*kind.Opened, error) {
	base, broken := "", kind.Never
	if own, has := s.Service(); has {
		served, err := site.Serve(ctx, own)
		if err != nil {
			return nil, err
		}
		base, broken = served.URL(), served.Err
	}
	engine, err := s.carriedBy()
	if err != nil {
		return nil, err
	}
	here := *s
	here.TLS.Shook, here.Permit = site.Shook, site.Permit
	if s = &here; s.Timeout > 0 {
		s.Timeout = max(s.Timeout, site.Patience)
	}
	opened := &kind.Opened{Engine: engine, Retry: s.Retry, Err: broken, Close: func() {}}
	if engine == Std {
		return opened, s.openStd(opened, base, site)
	}
	return opened, s.openWire(opened, base, site)
}

func (s *Settings) openStd(o *kind.Opened, base string, site kind.Site) error {
	client, err := Open(*s, base)
	if err != nil {
		return err
	}
	client.observer, client.connected, o.Close = site.Observer, site.Connected, client.Close
	o.Carrier = func(c target.Clock) (target.Carrier, error) { return client.carrier(c), nil }
	steps, err := s.steps(base, client.jars)
	o.Prepare = steps.prepare
	return err
}

func (s *Settings) openWire(o *kind.Opened, base string, site kind.Site) error {
	options, asks, err := s.Wire(base)
	if err != nil {
		return err
	}
	asks.Observer, options.Connected = site.Observer, site.ConnectedBy("HTTP/"+s.version())
	o.Divisible = true
	o.Frugal = o.Engine == wire.Sockets && options.TLS == nil
	server, err := wire.Open(o.Engine, options)
	if err != nil {
		return err
	}
	o.Engine = server.Engine
	o.Polls, o.Rings = wire.Polls(o.Engine), o.Engine == wire.Uring
	steps, err := s.steps(base, asks.Jars)
	if err != nil {
		return err
	}
	abroad, err := Open(*s, base) // a second carrier costs nothing before it is called
	if err != nil {
		return err
	}
	abroad.jars, abroad.observer, abroad.connected = asks.Jars, site.Observer, site.Connected
	o.Prepare, o.Close = steps.prepare, abroad.Close
	var loops atomic.Uint64
	o.Carrier = func(c target.Clock) (target.Carrier, error) {
		asks := asks
		asks.Traces = asks.Traces.Sub(loops.Add(1))
		if asks.Now = c.Now; !o.Polls { // whoever reads is not the loop
			asks.Now = func() time.Duration { return c.At(time.Now()) }
		}
		codec, travelling := s.codec(asks, o.Polls)
		carrier, err := server.Carrier(codec, c)
		if err != nil || !steps.any.Load() {
			return carrier, err
		}
		return travels(carrier, travelling, abroad, c), nil
	}
	return nil
}

// codec is that of the version of HTTP, whose connections one goroutine reads if alone
// says so; and what is in it of every version.
func (s *Settings) codec(asks http1.Options, alone bool) (wire.Codec, *http1.Codec) {
	if s.version() == "2" {
		codec := http2.NewCodec(asks, s.Streams, alone)
		return codec, codec.Codec
	}
	codec := http1.NewCodec(asks, alone)
	return codec, codec
}
