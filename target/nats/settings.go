package nats

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"

	"plimsoll/target"
	embedded "plimsoll/target/broker"
	"plimsoll/target/client"
	"plimsoll/target/dialog"
	"plimsoll/target/kind"
	"plimsoll/target/sim"
	"plimsoll/target/template"
	"plimsoll/target/value"
)

// Settings are those of `nats:`.
type Settings struct {
	// Own is the call that the target has by itself; nil: there is none.
	Own *Call
	// URL is the broker's, nats://HOST:4222; "": plimsoll starts one of its own.
	URL string
	// JetStream tells that messages are kept, and that acknowledged.
	JetStream bool
	// Receivers are so many connections more that must get each message, too.
	Receivers int
	Client    client.Settings
	Scrub     func(string) string
}

// Call is a message, where it goes, and what is waited for.
type Call struct {
	Publish, Subject template.Template
	Wait             waiting
	holes            template.Holes
}

// waiting is what ends a call.
type waiting uint8

const (
	acknowledgement waiting = iota
	response
	consumption
)

// waits are its words, in that order.
func waits() []string { return []string{"acknowledged", "replied", "consumed"} }

// Name is where the message goes, as it is written.
func (c *Call) Name() string { return "publish " + c.Subject.String() }

// Refs are what stands in it.
func (c *Call) Refs() []template.Ref { return c.holes.Refs() }

// listens tells whether the call is over only when the message has arrived.
func (c *Call) listens(receivers int) bool { return c.Wait == consumption || receivers > 0 }

// Traits of a broker.
func (s *Settings) Traits() kind.Traits {
	t := kind.Traits{
		Kind: "nats", Action: "publish", Phases: phaseNames(), Timeout: s.Client.Timeout, Exclusive: true, Places: s.Client.Connections, Together: s.Client.Together(),
		Operands: dialog.Operands(),
	}
	if s.Own != nil {
		t.Own = s.Own
	}
	return t
}

// Open makes the broker ready, and starts one where none is named.
func (s *Settings) Open(ctx context.Context, site kind.Site) (*kind.Opened, error) {
	b, broken, err := s.broker(ctx, site)
	if err != nil {
		return nil, err
	}
	return &kind.Opened{
		Engine:  "nats",
		Carrier: func(c target.Clock) (target.Carrier, error) { return client.Carry(b, c, b.pool.Leave), nil },
		Prepare: func(call any) (any, error) {
			c, ok := call.(*Call)
			if !ok {
				return nil, fmt.Errorf("a broker is sent messages, as in publish: hello, and knows no %T", call)
			}
			if err := s.fits(c); err != nil {
				return nil, err
			}
			return c, b.ready(c)
		},
		Divisible: true,
		Timeout:   s.Client.Timeout, Retry: s.Client.Retry,
		Err: broken, Close: b.close,
	}, nil
}

// broker is the server, made ready; the second tells what of ours has failed.
func (s *Settings) broker(ctx context.Context, site kind.Site) (*broker, func() error, error) {
	here := *s
	here.Client.TLS.Shook, here.Client.Permit = site.Shook, site.Permit
	b := &broker{Settings: &here, observer: site.Observer, url: s.URL, args: func(*target.Request) []value.Value { return nil }}
	broken := kind.Never
	if s.URL == "" {
		if !embedded.Embedded {
			return nil, nil, errors.New(embedded.Absent)
		}
		served, err := site.Serve(ctx, kind.Service{Protocol: "nats", Model: &sim.Settings{}})
		if err != nil {
			return nil, nil, err
		}
		b.url, broken = served.URL(), served.Err
	}
	b.pool = client.New(client.Options[*nats.Conn]{
		Open: b.open, Close: (*nats.Conn).Close, Alive: (*nats.Conn).IsConnected,
		Limit: s.Client.Connections, Reuse: s.Client.Reuse,
	})
	b.run = fmt.Sprintf("%x-", site.Streams.Key("calls of nats").At(0)^uint64(time.Now().UnixNano()))
	if s.Own != nil {
		own, err := site.Own(s.Own)
		if err != nil {
			return nil, nil, err
		}
		b.own, b.args = s.Own, own.Args
		if err := b.ready(s.Own); err != nil {
			b.close()
			return nil, nil, err
		}
	}
	return b, broken, nil
}

// ready sees to what a call needs: a stream that keeps its messages, somebody who
// hears them.
func (b *broker) ready(c *Call) error {
	pattern := c.pattern()
	if b.JetStream && c.Wait != response {
		if err := b.keep(pattern); err != nil {
			return err
		}
	}
	if !c.listens(b.Receivers) {
		return nil
	}
	if err := b.listen(pattern); err != nil {
		return fmt.Errorf("nobody hears %s: %s", pattern, b.Scrub(reasonOf(err)))
	}
	return nil
}

func (b *broker) close() {
	if b.hearers != nil {
		b.hearers.close()
	}
	b.pool.Close()
	b.clear()
}

// open sets a connection up for calls.
func (b *broker) open(ctx context.Context) (*nats.Conn, error) {
	return b.dial(ctx, nil)
}

// connect sets one up outside of calls; ended is told where it ends by itself.
func (b *broker) connect(ended func(*nats.Conn)) (*nats.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), b.Client.Timeout)
	defer cancel()
	return b.dial(ctx, ended)
}

// dialer dials for one connection, whose setting up a context bounds.
type dialer struct {
	ctx context.Context
	// control is net.Dialer's.
	control func(network, address string, c syscall.RawConn) error
	conn    *hopeful
	err     error // what kept it from that, which the library forgets
}

func (d *dialer) Dial(network, address string) (conn net.Conn, err error) {
	conn, err = (&net.Dialer{Control: d.control}).DialContext(d.ctx, network, address)
	if d.err = err; err != nil {
		return nil, err
	}
	d.conn = &hopeful{Conn: conn}
	return d.conn, nil
}

// hopeful is a connection on which writing does not fail until it is set up: a
// broker that takes no more of them says so at once and closes, and the library
// would not read what it has said.
type hopeful struct {
	net.Conn
	settled atomic.Bool
}

func (h *hopeful) Write(b []byte) (int, error) {
	n, err := h.Conn.Write(b)
	if err != nil && !h.settled.Load() {
		return len(b), nil // reading tells
	}
	return n, err
}

// dial never connects again by itself: a connection that has ended is replaced,
// and counted, by the pool.
func (b *broker) dial(ctx context.Context, ended func(*nats.Conn)) (*nats.Conn, error) {
	by := &dialer{ctx: ctx, control: b.Client.Permit.Control}
	options := []nats.Option{nats.Name("plimsoll"), nats.NoReconnect(), nats.Timeout(b.Client.Timeout), nats.SetCustomDialer(by), nats.MaxPingsOutstanding(1 << 20)}
	if b.Client.TLS.Given || strings.HasPrefix(b.url, "tls://") {
		config, err := b.Client.TLS.Config()
		if err != nil {
			return nil, err
		}
		options = append(options, nats.Secure(config))
	}
	if ended != nil {
		options = append(options, nats.ClosedHandler(ended))
	}
	c, err := nats.Connect(b.url, options...)
	if by.conn != nil {
		by.conn.settled.Store(true)
	}
	if by.err != nil {
		err = by.err
	}
	return c, err
}
