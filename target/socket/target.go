package socket

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/dialog"
	"plimsoll/target/value"
)

// Target is a server under load: of datagrams, or one whose messages all receivers
// get. Its calls may come from any number of goroutines.
type Target struct {
	*Settings
	address   string
	dialer    net.Dialer
	tls       *tls.Config // nil: it is not spoken
	pool      *client.Pool[*conn]
	receivers *dialog.Receivers // nil: there are none
	guards    client.Guards
	wary      atomic.Bool // the server has ended an idle connection
	args      func(*target.Request) []value.Value
	observer  target.Observer
}

// parts are what is told of one call.
type parts struct {
	target.Parts
	phases [allPhases]time.Duration
}

// open makes the target ready; nothing is connected yet.
func (t *Target) open() error {
	t.dialer.KeepAlive, t.dialer.Control = -1, t.Permit.Control
	if t.TLS.Given {
		config, err := t.TLS.Config()
		if err != nil {
			return err
		}
		t.tls = config
	}
	t.pool = client.New(client.Options[*conn]{
		Open: t.connect, Close: (*conn).close, Alive: t.alive, Limit: t.Connections, Reuse: t.Reuse,
	})
	if t.Receivers > 0 {
		t.receivers = dialog.NewReceivers(t.Receivers, t.receiver)
	}
	return nil
}

func (t *Target) close() {
	t.pool.Close()
	if t.receivers != nil {
		t.receivers.Close()
	}
}

// connect opens a connection for calls.
func (t *Target) connect(ctx context.Context) (*conn, error) {
	c, err := t.dial(ctx)
	if err == nil && t.receivers != nil {
		c.crowd = dialog.NewCrowd(1)
		c.listen(c.crowd.Ear(0))
	}
	return c, err
}

// receiver opens one that only listens.
func (t *Target) receiver(ctx context.Context, to *dialog.Ear) (hangUp func(), err error) {
	c, err := t.dial(ctx)
	if err != nil {
		return nil, err
	}
	c.listen(to)
	return c.close, nil
}

// Call sends a message, and waits for the answer.
func (t *Target) Call(ctx context.Context, r *target.Request) (out target.Outcome) {
	asked, _ := r.Call.(*dialog.Call)
	args := r.Args
	if asked == nil {
		asked, args = t.Own, t.args(r)
	}
	if t.receivers != nil {
		return t.broadcast(ctx, r, asked, args)
	}
	at, held, err := t.pool.Take(ctx, r.User)
	if out.Held = held; err != nil {
		t.failed(&out, nil, err)
		return out
	}
	c := at.Value
	c.message = asked.Append(c.message[:0], args)
	t.tellSent(r, c)
	guard := t.guards.Begin(ctx, c.socket)
	x, err := c.carryOut(asked, len(r.Want) > 0 || t.observer != nil)
	whole := guard.End()
	told := t.told(at, &x)
	out.Parts, out.Ended, out.BytesIn, out.BytesOut = &told.Parts, x.ended, x.in, x.out
	if err != nil {
		t.failed(&out, c, err)
	} else if len(r.Want) > 0 {
		c.answer.Find(r.Want, &out, t.Scrub)
	}
	t.tellAnswered(r, c, err)
	c.calls, c.since, c.spoilt = c.calls+1, x.ended, err != nil || !whole
	t.pool.Put(at, c.spoilt)
	return out
}

// told are the parts of a call.
func (t *Target) told(at *client.Conn[*conn], x *exchange) *parts {
	p := &parts{phases: [allPhases]time.Duration{target.None, target.None, target.None, target.None, target.None}}
	if at.Fresh {
		p.phases[connect], p.phases[secure] = at.Value.dialled, at.Value.shookHands
	}
	if !x.first.IsZero() && !x.sent.IsZero() {
		p.phases[firstByte] = max(0, x.first.Sub(x.sent))
	}
	p.Phases = p.phases[:firstReceiver]
	if t.Receivers > 0 {
		p.Phases = p.phases[:]
	}
	return p
}

// failed notes why a call failed, on a connection or, nil, while it was set up.
func (t *Target) failed(out *target.Outcome, c *conn, err error) {
	out.Class = dialog.Class(err, c == nil)
	if t.Network == "udp" && errors.Is(err, syscall.ECONNREFUSED) {
		out.Class = target.Connect // what was sent before has come back
	}
	out.Example = dialog.Example(t.address, err, t.Scrub)
	if c != nil && c.calls > 0 && (out.Class == target.Reset || out.Class == target.Closed) && c.answer.Size == 0 {
		t.wary.Store(true)
		out.Example += dialog.Used
	}
}

// broadcast sends a message that receivers must get, too.
func (t *Target) broadcast(ctx context.Context, r *target.Request, asked *dialog.Call, args []value.Value) (out target.Outcome) {
	all, err := t.receivers.Gather(ctx)
	if err != nil {
		t.failed(&out, nil, err)
		return out
	}
	heard := false
	defer func() { t.receivers.Part(all, heard) }()
	at, held, err := t.pool.Take(ctx, r.User)
	if out.Held = held; err != nil {
		heard = true // there was nothing to hear
		t.failed(&out, nil, err)
		return out
	}
	c := at.Value
	c.message = asked.Append(c.message[:0], args)
	t.tellSent(r, c)
	holds := bytes.TrimRight(c.message, "\r\n")
	shout := all.Shout(nil, &asked.Receive, holds, false)
	c.shout = c.crowd.Shout(c.shout, &asked.Receive, holds, true)
	guard := t.guards.Begin(ctx, c.socket)
	var x exchange
	if err = c.send(&x); err == nil && asked.Receive.How != dialog.None {
		err = c.crowd.Wait(ctx, c.shout)
		x.first, x.in = c.shout.First, c.shout.Size
		c.answer.Body, c.answer.Size = c.shout.Body, c.shout.Size
	}
	if err == nil {
		err = all.Wait(ctx, shout)
		heard = err == nil
	}
	whole := guard.End()
	out.Ended = time.Now()
	told := t.told(at, &x)
	if heard {
		told.phases[firstReceiver], told.phases[lastReceiver] = max(0, shout.First.Sub(x.sent)), max(0, shout.Last.Sub(x.sent))
		out.Ended = later(shout.Last, c.shout.Last)
	}
	out.Parts, out.BytesIn, out.BytesOut = &told.Parts, x.in, x.out
	if err != nil {
		t.failed(&out, c, err)
	} else if len(r.Want) > 0 {
		c.answer.Find(r.Want, &out, t.Scrub)
	}
	t.tellAnswered(r, c, err)
	c.calls, c.spoilt = c.calls+1, err != nil || !whole
	t.pool.Put(at, c.spoilt)
	return out
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// tellSent shows the message to whoever watches.
func (t *Target) tellSent(r *target.Request, c *conn) {
	if t.observer != nil {
		t.observer.Sent(r.Number, t.Network+"://"+t.address, nil, c.message)
	}
}

// tellAnswered shows the answer.
func (t *Target) tellAnswered(r *target.Request, c *conn, err error) {
	if t.observer != nil && (err == nil || c.answer.Size > 0) {
		t.observer.Answered(r.Number, c.answer.Seen(), nil)
	}
}
