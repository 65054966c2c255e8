// Package serve is the simulated server over real HTTP/1.1 and HTTP/2 (h2c):
// the model of package sim behind a socket. It stands alone (Run), or serves
// one run of a scenario file from a process of its own (Start, RunChild), so
// that the load's generator and its target do not share a scheduler.
//
// Every path is answered by the model, whose time 0 is the server's start;
// besides there are
//
//	/delay/SECONDS  answers after that time; also /delay/50ms
//	/status/CODE    answers with that status
//	/bytes/N        answers with N bytes
//	/echo           answers with the request, as JSON
//	/health         answers at once: the server is up
//
// unless a route of the model begins with such a word, or it has a site.
//
// The model's failures appear as a client would meet them: status-NNN as that
// status, rejected as 503, throttled as 429 with Retry-After, reset as a
// connection (in HTTP/2 a stream) broken off, timeout as no answer until the
// client leaves.
//
// Where the model streams, it speaks the dialect of package chat, each event when
// it is due.
//
// Of gRPC it has an echo, also as a stream, and the usual check of health (see
// methods).
//
// Over TCP, UDP and WebSockets, which have no requests, it says back what it is
// sent, each message when the model says so (see echoes, sockets).
package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	nethttp "net/http"
	"time"

	"github.com/coder/websocket"

	"plimsoll/target/broker"
	"plimsoll/target/kind"
	"plimsoll/target/random"
	"plimsoll/target/sim"
)

// Options describe a simulated server. They are plain data: Start sends them
// to the child as JSON.
type Options struct {
	Protocol string // which is spoken; "" is http
	// Broadcast has what one connection sends go to all of them: of protocols that
	// are no requests and answers.
	Broadcast bool
	// Schema is a FileDescriptorSet that describes the server's services: of gRPC,
	// whose reflection tells it.
	Schema   []byte
	Addr     string // HOST:PORT to listen at; empty means a free port on 127.0.0.1
	Settings sim.Settings
	Seed     uint64
	Names    []string // what the random streams depend on besides the seed, see random.New
	Spin     float64  // share of a core, 0 to 1, that waiting may burn; see wait.New
}

// Take has the server be one that a target asks for.
func (o *Options) Take(s kind.Service) error {
	settings, ok := s.Model.(*sim.Settings)
	if _, spoken := protocols()[s.Protocol]; !ok || !spoken {
		return fmt.Errorf("nobody serves %s by a %T", s.Protocol, s.Model)
	}
	o.Protocol, o.Broadcast, o.Schema, o.Settings = s.Protocol, s.Broadcast, s.Schema, *settings
	return nil
}

// protocol is one that is spoken: what its URLs begin with, and whether a server
// says over HTTP that it is there; else it is when it listens.
type protocol struct {
	scheme string
	health bool
}

func protocols() map[string]protocol {
	return map[string]protocol{
		"": {"http", true}, "http": {"http", true}, "websocket": {"ws", true}, "tcp": {"tcp", false}, "udp": {"udp", false}, "nats": {"nats", false}, "grpc": {"grpc", true},
	}
}

// URL is where such a server answers that listens at an address.
func (o *Options) URL(address string) string { return protocols()[o.Protocol].scheme + "://" + address }

// grace is how long calls in progress may take to end when the server stops.
const grace = 5 * time.Second

// Run serves until ctx is done, then lets the calls in progress end, for 5 s
// at most. ready is called with the address as soon as clients may come.
func Run(ctx context.Context, o Options, ready func(addr string)) error {
	return run(ctx, o, grace, ready)
}

func run(ctx context.Context, o Options, grace time.Duration, ready func(addr string)) error {
	if o.Protocol == "nats" {
		return broker.Run(ctx, o.Addr, ready)
	}
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	pacer := newPacer(o.Spin)
	defer pacer.stop()
	calls, giveUp := context.WithCancel(context.Background())
	defer giveUp()
	h := &handler{
		settings: o.Settings,
		pacer:    pacer,
		stopping: ctx.Done(),
		stopped:  ctx,
		began:    time.Now(),
		model:    sim.New(o.Settings, random.New(o.Seed, o.Names...)),
		patience: usual,
		routed:   routed(o.Settings.Routes),
	}
	if o.Protocol == "tcp" || o.Protocol == "udp" {
		return h.talk(ctx, o, ready)
	}
	server := newServer(h, calls)
	if o.Protocol == "grpc" {
		m := methods{handler: h}
		if len(o.Schema) > 0 {
			var err error
			if m.reflector, err = newReflector(o.Schema); err != nil {
				return err
			}
		}
		server.Handler = m
	}
	if o.Protocol == "websocket" {
		server.Handler = &sockets{handler: h, broadcast: o.Broadcast, all: map[*websocket.Conn]bool{}}
		server.ConnContext = func(ctx context.Context, conn net.Conn) context.Context { return context.WithValue(ctx, under{}, conn) }
	}
	return serve(ctx, server, giveUp, o.Addr, grace, ready)
}

// serve speaks HTTP until ctx is done, and then lets calls in progress end.
func serve(ctx context.Context, server *nethttp.Server, giveUp func(), address string, grace time.Duration, ready func(addr string)) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("the simulated server cannot listen at %s: %w", address, cause(err))
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	ready(listener.Addr().String())
	select {
	case err := <-failed:
		return fmt.Errorf("the simulated server broke down: %w", err)
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if server.Shutdown(ending) != nil {
		giveUp()
		_ = server.Close()
	}
	<-failed
	return nil
}

// patience is how long a client may keep a connection busy without getting on:
// whoever only holds connections open must not hold the server's memory.
type patience struct {
	head time.Duration // from a connection's first moment, or a request's first byte, to the head's end
	idle time.Duration // between two requests
	body time.Duration // between two pieces of a body, in either direction
}

// usual is generous, because a busy machine is no attacker.
var usual = patience{head: 10 * time.Second, idle: 2 * time.Minute, body: 30 * time.Second}

// longestHead is the largest head of a request in bytes.
const longestHead = 64 << 10

func newServer(h *handler, calls context.Context) *nethttp.Server {
	protocols := new(nethttp.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &nethttp.Server{
		Handler:     h,
		Protocols:   protocols,
		BaseContext: func(net.Listener) context.Context { return calls },
		// No ReadTimeout: it would end calls that the model answers late.
		ReadHeaderTimeout: h.patience.head,
		IdleTimeout:       h.patience.idle,
		MaxHeaderBytes:    longestHead,
		// What limits the calls at once is the model, not HTTP/2.
		HTTP2: &nethttp.HTTP2Config{MaxConcurrentStreams: 1 << 16},
	}
}

// cause is what went wrong, without the operation and the address before it.
func cause(err error) error {
	var network *net.OpError
	if errors.As(err, &network) {
		return network.Err
	}
	return err
}
