// Package nats is the kind of target whose calls are messages to a NATS broker: a
// call is over when the broker has kept the message (JetStream), when somebody has
// replied, or when it has come back to a consumer of plimsoll's own.
package nats

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/dialog"
	"plimsoll/target/template"
	"plimsoll/target/value"
)

// The numbers of a call's phases.
const (
	connecting = iota
	acknowledged
	consumed
	firstReceiver
	lastReceiver
	phases
)

func phaseNames() []string {
	return []string{"connect", "acknowledged", "consumed", "first_receiver", "last_receiver"}
}

// broker is the server, and how it is called.
type broker struct {
	*Settings
	url      string
	pool     *client.Pool[*nats.Conn]
	hearers  *hearers        // the first of them is the consumer; nil: nobody waits for messages to arrive
	made     []string        // streams that are ours
	run      string          // what its messages are known by
	observer target.Observer // nil: nobody watches
	own      *Call
	args     func(*target.Request) []value.Value // of its own call
}

// parts are what is told of one call.
type parts struct {
	target.Parts
	phases [phases]time.Duration
}

// Call publishes a message, and waits for what is waited for.
func (b *broker) Call(ctx context.Context, r *target.Request) (out target.Outcome) {
	asked, _ := r.Call.(*Call)
	args := r.Args
	if asked == nil {
		asked, args = b.own, b.args(r)
	}
	told := &parts{phases: [phases]time.Duration{target.None, target.None, target.None, target.None, target.None}}
	told.Phases, out.Parts = told.phases[:], &told.Parts
	c, held, err := b.pool.Take(ctx, r.User)
	out.Held = held
	if err != nil {
		b.fail(ctx, &out, err, true)
		return out
	}
	if c.Fresh {
		told.phases[connecting] = c.Connect
	}
	message := asked.message(args)
	b.tellSent(r, message)
	out.BytesOut = int64(len(message.Data))
	answer, err := b.publish(ctx, c.Value, asked, message, told)
	out.Ended = time.Now()
	b.pool.Put(c, !c.Value.IsConnected())
	if err != nil {
		b.fail(ctx, &out, cause(c.Value, err), false)
		return out
	}
	out.BytesIn = int64(len(answer))
	b.tellAnswered(r, answer)
	if len(r.Want) > 0 {
		(&dialog.Answer{Body: answer}).Find(r.Want, &out, b.Scrub)
	}
	return out
}

// publish sends the message, and is handed the answer: the acknowledgement, the
// reply, or the message as it has arrived.
func (b *broker) publish(ctx context.Context, c *nats.Conn, asked *Call, m *nats.Msg, told *parts) (answer []byte, err error) {
	var mine *heard
	if b.hearers != nil && asked.listens(b.Receivers) {
		mine = b.hearers.expect(m)
		defer b.hearers.forget(mine)
	}
	sent := time.Now()
	if asked.Wait == consumption && !b.JetStream {
		err = c.PublishMsg(m)
	} else {
		var reply *nats.Msg
		if reply, err = c.RequestMsgWithContext(ctx, m); err == nil {
			answer = reply.Data
		}
		if asked.Wait != response && err == nil {
			told.phases[acknowledged] = time.Since(sent)
			err = refused(answer)
		}
	}
	if mine == nil || err != nil {
		return answer, err
	}
	if err = b.hearers.wait(ctx, mine); err != nil {
		return answer, err
	}
	if b.Receivers > 0 {
		told.phases[firstReceiver], told.phases[lastReceiver] = mine.first.Sub(sent), mine.last.Sub(sent)
	}
	if asked.Wait == consumption {
		told.phases[consumed], answer = mine.own.Sub(sent), m.Data
	}
	return answer, nil
}

// fail names what went wrong.
func (b *broker) fail(ctx context.Context, out *target.Outcome, err error, opening bool) {
	if out.Ended.IsZero() {
		out.Ended = time.Now()
	}
	if ctx.Err() != nil {
		out.Class = target.Cancelled
		return
	}
	out.Class, out.Example = classOf(err, opening), b.Scrub(reasonOf(err))
}

// own are the errors of NATS that have classes of its own.
var own = []struct {
	err   error
	class string
}{
	{nats.ErrNoResponders, "nats-no-responders"},
	{nats.ErrAuthorization, "nats-authorization-violation"},
	{nats.ErrAuthExpired, "nats-authentication-expired"},
	{nats.ErrAuthRevoked, "nats-authentication-revoked"},
	{nats.ErrPermissionViolation, "nats-permissions-violation"},
	{nats.ErrMaxPayload, "nats-maximum-payload"},
	{errors.New("maximum connections exceeded"), "nats-maximum-connections"}, // in the broker's words, and in the library's
	{nats.ErrBadSubject, "nats-bad-subject"},
}

func classOf(err error, opening bool) string {
	for _, o := range own {
		if errors.Is(err, o.err) || strings.Contains(strings.ToLower(err.Error()), strings.TrimPrefix(o.err.Error(), "nats: ")) {
			return o.class
		}
	}
	var api *refusal
	switch {
	case malformed(err):
		return target.Body
	case errors.As(err, &api):
		return fmt.Sprintf("nats-%d", api.code)
	case errors.Is(err, nats.ErrConnectionClosed), errors.Is(err, nats.ErrDisconnected), errors.Is(err, errDeaf):
		return target.Reset
	case errors.Is(err, nats.ErrTimeout):
		return target.Timeout
	case errors.Is(err, nats.ErrSecureConnRequired), errors.Is(err, nats.ErrSecureConnWanted):
		return target.TLS
	}
	return client.Class(err, opening)
}

// malformed tells whether what came is not what brokers say.
func malformed(err error) bool {
	var syntax *json.SyntaxError
	if errors.Is(err, nats.ErrNoInfoReceived) || errors.As(err, &syntax) {
		return true
	}
	for _, words := range []string{"Parse Error", "MsgArgs", "expected 'PONG'"} { // these have no names
		if strings.Contains(err.Error(), words) {
			return true
		}
	}
	return false
}

// cause is why a connection has ended, where an error says no more than that it
// has.
func cause(c *nats.Conn, err error) error {
	if last := c.LastError(); last != nil && (errors.Is(err, nats.ErrConnectionClosed) || errors.Is(err, nats.ErrDisconnected)) {
		return last
	}
	return err
}

func reasonOf(err error) string {
	var network *net.OpError
	if errors.As(err, &network) || errors.Is(err, io.EOF) {
		return client.Reason(err)
	}
	return strings.TrimPrefix(err.Error(), "nats: ")
}

// message is the call's, with values in its holes.
func (c *Call) message(args []value.Value) *nats.Msg {
	return &nats.Msg{
		Subject: string(c.Subject.Append(nil, args, template.AsIs)),
		Data:    c.Publish.Append(nil, args, template.AsIs),
	}
}
