package sim

import (
	"plimsoll/target"
	"plimsoll/target/value"
)

// observe has somebody watch every call.
func (c *Carrier) observe(o target.Observer) {
	c.observer = o
	c.asks = c.asks || o != nil
}

// tellSent shows a call to whoever watches, as far as it asks for something.
func (c *Carrier) tellSent(w *waiting) {
	if w.prepared == nil {
		return
	}
	if _, head, body, err := w.prepared.Show(w.args); err == nil {
		c.observer.Sent(w.number, "", head, body)
	}
}

// tellAnswered shows the answer to a call, if it has one.
func (c *Carrier) tellAnswered(w *waiting) {
	if seen := c.seen(w); seen != nil {
		c.observer.Answered(w.number, seen, nil)
	}
}

// shows is a step's call that knows the request it would make.
type shows interface {
	Show(args []value.Value) (path string, head, body []byte, err error)
}

// Show is the request that a server would be sent, with these values.
func (p *prepared) Show(args []value.Value) (path string, head, body []byte, err error) {
	if s, ok := p.asking.(shows); ok {
		return s.Show(args)
	}
	return string(p.asking.Target(nil, args)), nil, nil, nil
}
