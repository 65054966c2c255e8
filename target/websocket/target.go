package websocket

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/dialog"
	"plimsoll/target/quantity"
	"plimsoll/target/value"
)

// Target is a server under load. Its calls may come from any number of
// goroutines.
type Target struct {
	*Settings
	url       string
	tls       *tls.Config // nil: it is not spoken
	pool      *client.Pool[*conn]
	receivers *dialog.Receivers // nil: there are none
	args      func(*target.Request) []value.Value
	observer  target.Observer

	closing atomic.Bool // all at once
	leaving sync.WaitGroup
}

// parts are what is told of one call.
type parts struct {
	target.Parts
	phases [allPhases]time.Duration
}

// open makes the target ready; nothing is connected yet.
func (t *Target) open() (err error) {
	if t.tls, err = t.overTLS(); err != nil {
		return err
	}
	t.pool = client.New(client.Options[*conn]{
		Open: t.connect, Close: t.leave, Limit: t.Connections, Reuse: t.Reuse,
		Alive: func(c *conn) bool { return c.crowd.Err() == nil },
	})
	if t.Receivers > 0 {
		t.receivers = dialog.NewReceivers(t.Receivers, t.receiver)
	}
	return nil
}

// close takes leave on all connections, at the same time.
func (t *Target) close() {
	t.closing.Store(true)
	t.pool.Close()
	if t.receivers != nil {
		t.receivers.Close()
	}
	t.leaving.Wait()
}

// leave takes leave on one connection.
func (t *Target) leave(c *conn) {
	if t.closing.Load() {
		t.leaving.Go(c.close)
		return
	}
	c.close()
}

// connect opens a connection for calls.
func (t *Target) connect(ctx context.Context) (*conn, error) {
	crowd := dialog.NewCrowd(1)
	c, err := t.dial(ctx, crowd.Ear(0))
	if err == nil {
		c.crowd = crowd
	}
	return c, err
}

// receiver opens one that only listens.
func (t *Target) receiver(ctx context.Context, to *dialog.Ear) (hangUp func(), err error) {
	c, err := t.dial(ctx, to)
	if err != nil {
		return nil, err
	}
	return func() { t.leave(c) }, nil
}

// Call sends a message, and waits for the one that answers it.
func (t *Target) Call(ctx context.Context, r *target.Request) (out target.Outcome) {
	asked, _ := r.Call.(*dialog.Call)
	args := r.Args
	if asked == nil {
		asked, args = t.Own, t.args(r)
	}
	var all *dialog.Company
	heard := false
	if t.receivers != nil {
		var err error
		if all, err = t.receivers.Gather(ctx); err != nil {
			t.failed(&out, nil, err)
			return out
		}
		defer func() { t.receivers.Part(all, heard) }()
	}
	at, held, err := t.pool.Take(ctx, r.User)
	if out.Held = held; err != nil {
		heard = true // there was nothing to hear
		t.failed(&out, nil, err)
		return out
	}
	c := at.Value
	c.message = asked.Append(c.message[:0], args)
	if t.observer != nil {
		t.observer.Sent(r.Number, t.url, nil, c.message)
	}
	x := exchange{call: asked, keep: len(r.Want) > 0 || t.observer != nil}
	err = x.carryOut(ctx, c, all)
	heard = err == nil
	t.told(at, &x, heard, &out)
	if err != nil {
		t.failed(&out, c, err)
	} else {
		t.look(r, &x, &out)
	}
	c.calls, c.spoilt = c.calls+1, err != nil
	t.pool.Put(at, c.spoilt)
	return out
}

// exchange is what went over a connection, and to the receivers.
type exchange struct {
	call   *dialog.Call
	keep   bool
	sent   time.Time
	ended  time.Time
	answer *dialog.Shout // to the call itself
	shout  *dialog.Shout // to the receivers; nil: there are none
}

// carryOut sends the message, and waits until all have heard it.
func (x *exchange) carryOut(ctx context.Context, c *conn, all *dialog.Company) (err error) {
	var holds []byte
	if all != nil {
		holds = c.message
		x.shout = all.Shout(nil, &x.call.Receive, holds, false)
	}
	c.shout = c.crowd.Shout(c.shout, &x.call.Receive, holds, x.keep)
	x.answer = c.shout
	form := websocket.MessageText
	if x.call.Binary() {
		form = websocket.MessageBinary
	}
	if err = c.ws.Write(ctx, form, c.message); err != nil {
		if gone := c.crowd.Err(); gone != nil && ctx.Err() == nil {
			return gone // which says why
		}
		return err
	}
	x.sent = time.Now()
	x.ended = x.sent
	if x.call.Receive.How != dialog.None {
		if err = c.crowd.Wait(ctx, c.shout); err != nil {
			return err
		}
		x.ended = c.shout.Last
	} else {
		c.crowd.Forget(c.shout)
	}
	if all != nil {
		err = all.Wait(ctx, x.shout)
		if x.shout.Last.After(x.ended) {
			x.ended = x.shout.Last
		}
	}
	return err
}

// told notes the parts of a call.
func (t *Target) told(at *client.Conn[*conn], x *exchange, heard bool, out *target.Outcome) {
	p := &parts{phases: [allPhases]time.Duration{target.None, target.None, target.None, target.None, target.None}}
	if at.Fresh {
		copy(p.phases[:], at.Value.phases[:])
	}
	p.Phases = p.phases[:firstReceiver]
	if t.receivers != nil {
		p.Phases = p.phases[:]
		if heard {
			p.phases[firstReceiver], p.phases[lastReceiver] = max(0, x.shout.First.Sub(x.sent)), max(0, x.shout.Last.Sub(x.sent))
		}
	}
	out.Parts, out.Ended = &p.Parts, x.ended
	if heard {
		out.BytesIn = x.answer.Size
	}
	if !x.sent.IsZero() {
		out.BytesOut = int64(len(at.Value.message))
	}
}

// look finds what is wanted in the answer, and shows it to whoever watches.
func (t *Target) look(r *target.Request, x *exchange, out *target.Outcome) {
	if !x.keep {
		return
	}
	answer := dialog.Answer{Body: x.answer.Body, Size: x.answer.Size}
	if len(r.Want) > 0 {
		answer.Find(r.Want, out, t.Scrub)
	}
	if t.observer != nil {
		t.observer.Answered(r.Number, answer.Seen(), nil)
	}
}

// failed notes why a call failed, on a connection or, nil, while it was set up.
func (t *Target) failed(out *target.Outcome, c *conn, err error) {
	var class, text string
	var no *refusal
	var upgrading *upgradeError
	var closed websocket.CloseError
	switch {
	case errors.As(err, &closed):
		class, text = closeClass(closed.Code), closeText(closed)
	case errors.Is(err, websocket.ErrMessageTooBig):
		class, text = target.Body, fmt.Sprintf("a message is larger than %s, which is as much as is read", quantity.Size(mostMessage))
	case errors.As(err, &no) && no.status == 101:
		class, text = target.Body, no.text
	case errors.As(err, &no):
		class, text = "status-"+strconv.Itoa(no.status), no.text
	case errors.As(err, &upgrading) && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)):
		class, text = target.Reset, "the server closed the connection before it was a WebSocket"
	case errors.As(err, &upgrading) && strings.Contains(err.Error(), "malformed"):
		class, text = target.Body, "the answer is no HTTP: "+upgrading.Error()
	case c != nil && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)):
		class, text = closeClass(websocket.StatusAbnormalClosure), "the server closed the connection without a word"
	case c != nil && violated(err):
		class, text = target.Body, err.Error()
	default:
		class, text = client.Class(err, c == nil && upgrading == nil), client.Reason(err)
	}
	out.Class, out.Example = class, dialog.Told(t.url, text, t.Scrub)
}

func closeClass(code websocket.StatusCode) string { return "close-" + strconv.Itoa(int(code)) }

// closeText says how the server closed a connection.
func closeText(closed websocket.CloseError) string {
	text := fmt.Sprintf("the server closed the connection: %d", int(closed.Code))
	if closed.Reason != "" {
		text += ", " + closed.Reason
	}
	return text
}

// violated tells whether it was no WebSocket that was spoken. The library has only
// words for that.
func violated(err error) bool { return strings.Contains(err.Error(), "received ") }
