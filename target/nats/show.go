package nats

import (
	"github.com/nats-io/nats.go"

	"plimsoll/target"
	"plimsoll/target/look"
	"plimsoll/target/value"
)

// Show is the message with these values, and the subject that it goes to.
func (c *Call) Show(args []value.Value) (line string, _, body []byte, _ error) {
	m := c.message(args)
	return "publish " + m.Subject, nil, m.Data, nil
}

// tellSent and tellAnswered show a call to whoever watches, if anybody does.
func (b *broker) tellSent(r *target.Request, m *nats.Msg) {
	if b.observer != nil {
		b.observer.Sent(r.Number, "publish "+m.Subject, nil, m.Data)
	}
}

func (b *broker) tellAnswered(r *target.Request, answer []byte) {
	if b.observer != nil {
		b.observer.Answered(r.Number, &look.Answer{Body: answer}, nil)
	}
}
