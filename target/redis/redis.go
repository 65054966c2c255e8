// Package redis is the kind of target whose calls are commands of Redis, or
// pipelines of them: one write, and all answers read.
//
// It speaks RESP2 over the connections of package wire, so that a call has a
// connection to itself and nothing is pipelined that nobody asked for: client
// libraries do that by themselves, and measure something else.
package redis

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/kind"
	"plimsoll/target/resp"
	"plimsoll/target/value"
	"plimsoll/target/wire"
)

// Settings are those of `redis:`.
type Settings struct {
	Address string // HOST:PORT
	DB      int
	// User and Password are whom connections say they are; no Password: nobody.
	User, Password string
	client.Settings
	// Own is the call that the target has by itself; nil: there is none.
	Own *Call
	// Scrub takes secrets out of a text; nil: there are none.
	Scrub func(string) string `json:"-"`

	engine string // of package wire; "": the first that can
}

// UsualAddress is the default of Settings.Address.
const UsualAddress = "127.0.0.1:6379"

// Traits of the target.
func (s *Settings) Traits() kind.Traits {
	t := kind.Traits{
		Kind: "redis", Action: Word, Phases: []string{"connect"}, Operands: []string{"body", "json", "bytes"},
		Timeout: s.Timeout, Exclusive: true, Places: s.Connections, Together: s.Together(),
	}
	if s.Own != nil {
		t.Own = s.Own
	}
	return t
}

// Subject is whom the calls go to.
func (s *Settings) Subject() string { return "redis://" + s.Address }

// Open makes the target ready.
func (s *Settings) Open(_ context.Context, site kind.Site) (*kind.Opened, error) {
	reached := s.Settings
	reached.TLS.Shook, reached.Permit = site.Shook, site.Permit
	engine, o, err := wire.Reaching(s.Address, &reached, site.Patience)
	if err != nil {
		return nil, err
	}
	o.Hello, o.Tell, engine = s.hello(), wire.OneConnect, cmp.Or(s.engine, engine)
	shared := &codec{settings: s, observer: site.Observer, reader: replies{greets: s.greets()}}
	if s.Own != nil {
		own, err := site.Own(s.Own)
		if err != nil {
			return nil, err
		}
		shared.own, shared.args = prepare(s.Own), own.Args
	}
	server, err := wire.Open(engine, o)
	if err != nil {
		return nil, err
	}
	return &kind.Opened{
		Engine: server.Engine, Polls: wire.Polls(server.Engine), Rings: server.Engine == wire.Uring, Frugal: server.Engine == wire.Sockets && o.TLS == nil,
		Divisible: true, Retry: s.Retry, Err: kind.Never, Close: func() {},
		Prepare: s.prepare,
		Carrier: func(c target.Clock) (target.Carrier, error) { return server.Carrier(shared.another(), c) },
	}, nil
}

// hello is what a connection begins with.
func (s *Settings) hello() (text []byte) {
	switch {
	case s.User != "":
		text = append(text, resp.Command("AUTH", s.User, s.Password)...)
	case s.Password != "":
		text = append(text, resp.Command("AUTH", s.Password)...)
	}
	if s.DB > 0 {
		text = append(text, resp.Command("SELECT", strconv.Itoa(s.DB))...)
	}
	return text
}

// greets is how many commands hello has.
func (s *Settings) greets() (n int) {
	if s.User != "" || s.Password != "" {
		n++
	}
	if s.DB > 0 {
		n++
	}
	return n
}

// prepare makes ready what a step asks.
func (s *Settings) prepare(call any) (any, error) {
	c, ok := call.(*Call)
	if !ok {
		return nil, errors.New(`a redis target carries out commands, as in redis: [GET, "user:1"]`)
	}
	return prepare(c), nil
}

func (s *Settings) scrub(text string) string {
	if s.Password != "" {
		text = strings.ReplaceAll(text, s.Password, "xxxxx")
	}
	if s.Scrub != nil {
		text = s.Scrub(text)
	}
	return text
}

// args are the values of a call's holes, where it is the target's own.
type args func(*target.Request) []value.Value
