// Package socket is what kinds tcp and udp have in common; and the connections of
// the system's that are listened to without a call, or carry datagrams.
package socket

import (
	"context"
	"fmt"
	"strings"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/dialog"
	"plimsoll/target/kind"
	"plimsoll/target/setting"
	"plimsoll/target/sim"
)

// Settings describe a target over a network, "tcp" or "udp".
type Settings struct {
	Network string
	// Address is HOST:PORT; empty where Serve is the server to start for this run.
	Address string
	Serve   *sim.Settings
	client.Settings
	// Receivers are so many more connections that must get each message too.
	Receivers int
	// Own is the target's own call; nil: it is only asked by steps.
	Own *dialog.Call
	// Scrub takes secrets out of a text; nil: there are none.
	Scrub func(string) string `json:"-"`
}

// The numbers of a call's phases.
const (
	connect = iota
	secure
	firstByte
	firstReceiver
	lastReceiver
	allPhases
)

// Traits of the target.
func (s *Settings) Traits() kind.Traits {
	t := kind.Traits{
		Kind: s.Network, Action: dialog.Word, Operands: dialog.Operands(), Phases: s.phases(),
		Timeout: s.Timeout, Exclusive: true, Places: s.Connections, Together: s.Together(), Modelled: s.Serve.Modelled(),
	}
	if s.Receivers > 0 {
		t.Together = append(t.Together, "receivers")
	}
	if s.Own != nil {
		t.Own = s.Own
	}
	if s.Serve != nil {
		t.CallTime, t.Known = s.Serve.CallTime("/"), true
	}
	return t
}

// phases are the names of those that the target's calls can have.
func (s *Settings) phases() []string {
	names := []string{"connect", "tls", "first_byte", "first_receiver", "last_receiver"}
	if s.Receivers == 0 {
		names = names[:firstReceiver]
	}
	return names
}

// Service is the server that the target starts for itself, if it does.
func (s *Settings) Service() (kind.Service, bool) {
	return kind.Service{Protocol: s.Network, Model: s.Serve, Broadcast: s.Receivers > 0}, s.Serve != nil
}

// Subject is whom the target's calls go to.
func (s *Settings) Subject() string {
	if s.Address == "" {
		return s.Network
	}
	return s.Network + "://" + s.Address
}

// Server is whom a trial's calls go to. Err tells what of ours has failed there.
type Server struct {
	Address string
	Err     func() error
}

// Reach finds the server, or starts the one that the target has for itself.
func (s *Settings) Reach(ctx context.Context, site kind.Site) (Server, error) {
	own, has := s.Service()
	if !has {
		return Server{s.Address, kind.Never}, nil
	}
	served, err := site.Serve(ctx, own)
	if err != nil {
		return Server{}, err
	}
	_, address, _ := strings.Cut(served.URL(), "://")
	return Server{address, served.Err}, nil
}

// Open makes the target ready, over connections of the system's.
func (s *Settings) Open(ctx context.Context, site kind.Site) (*kind.Opened, error) {
	server, err := s.Reach(ctx, site)
	if err != nil {
		return nil, err
	}
	here := *s
	here.TLS.Shook, here.Permit = site.Shook, site.Permit
	t := &Target{Settings: &here, address: server.Address, observer: site.Observer}
	if s.Own != nil {
		own, err := site.Own(s.Own)
		if err != nil {
			return nil, err
		}
		t.args = own.Args
	}
	return &kind.Opened{
		Engine: s.Network, Timeout: s.Timeout, Retry: s.Retry, Err: server.Err, Close: t.close,
		Divisible: true,
		Prepare:   s.Prepare,
		Carrier: func(c target.Clock) (target.Carrier, error) {
			return client.Carry(t, c, t.pool.Leave), nil
		},
	}, t.open()
}

// Prepare takes what a step asks.
func (s *Settings) Prepare(call any) (any, error) {
	c, ok := call.(*dialog.Call)
	if !ok {
		return nil, fmt.Errorf("a %s target sends messages, as in send: \"ping\\n\", and makes no call of %T", s.Network, call)
	}
	return c, s.Fits(c)
}

// Fits tells why the target cannot be asked a call.
func (s *Settings) Fits(c *dialog.Call) error {
	how := c.Receive.How
	switch {
	case s.Network == "tcp" && how == dialog.Unsaid:
		return fmt.Errorf("over tcp nothing tells where an answer ends: say it with receive, such as {until: \"\\n\"}, {bytes: 16}, {close: true}, or none where there is no answer")
	case s.Network == "udp" && how == dialog.Close:
		return fmt.Errorf("over udp there is no connection that could be closed: an answer is a datagram, so leave receive out")
	case how == dialog.Close && s.Serve != nil && s.Serve.Errors.Rate == 0:
		return fmt.Errorf("the server that `serve` starts closes no connection, unless its model has calls fail: say what ends its answer, such as {until: \"\\n\"}")
	case (how == dialog.Close || how == dialog.None) && s.Receivers > 0:
		return fmt.Errorf("receivers get one message after another over their connections: say what ends one, such as {until: \"\\n\"}")
	}
	return nil
}

// Written is the target as it stands in a file.
type Written struct {
	Client    client.Settings
	address   setting.At[string]
	serve     setting.At[sim.Settings]
	Receivers setting.At[int]
}

// Fields are the keys that both kinds have.
func Fields() []setting.Field[Written] {
	return []setting.Field[Written]{
		setting.Key("address", "Where to connect to: HOST:PORT.", setting.Secret(setting.Located(setting.Text("HOST:PORT"))), func(w *Written) *setting.At[string] { return &w.address }),
		setting.Key("serve", "Starts plimsoll's own echo server on 127.0.0.1 for this run, instead of `address`, with the delays of this model.", setting.Located(sim.Shape()), func(w *Written) *setting.At[sim.Settings] { return &w.serve }),
	}
}

// Settings fills the defaults in, and checks what one key alone cannot show.
func (w Written) Settings(r *setting.Reader, at setting.Pos, network string, own kind.Call) (*Settings, bool) {
	ok := w.Client.Complete(r, w.serve.Given)
	s := &Settings{Network: network, Address: w.address.Value, Settings: w.Client, Receivers: w.Receivers.Value, Scrub: r.Scrub}
	if w.serve.Given {
		s.Serve = &w.serve.Value
		ok = s.Serve.Served(r, w.serve.Pos) && ok
	}
	called := client.Called{Who: "a " + network + " target", Key: "address", Like: "HOST:PORT", Own: "plimsoll's own echo server", Address: w.address, Served: w.serve.Given}
	ok = called.Complete(r, at, func(text string) error { return client.CheckAddress(text, 7000) }) && ok
	if own != nil {
		s.Own = own.(*dialog.Call)
		if err := s.Fits(s.Own); err != nil {
			r.Problem(s.Own.Pos(), "%v", err)
			ok = false
		}
	}
	return s, ok
}
