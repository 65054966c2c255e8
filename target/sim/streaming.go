package sim

import (
	nethttp "net/http"
	"time"

	"plimsoll/target"
	"plimsoll/target/chat"
	"plimsoll/target/look"
	"plimsoll/target/value"
)

// told is what a carrier has told last of a stream.
type told struct {
	parts  target.Parts
	stream target.Stream
	events *Events // whose memory the gaps are in
}

// tellStream tells how the answer to a call came. An event is a token, whoever
// asks.
func (c *Carrier) tellStream(w *waiting) {
	e := w.asked.Events
	w.asked.Events = nil
	c.model.release(c.told.events)
	c.told.events = e
	if c.wish(w).Form == chat.Whole {
		return
	}
	c.told.stream = target.Stream{Events: e.Count, Rest: w.asked.At - e.First, Gaps: e.Gaps, Tokens: e.Count}
	c.told.parts = target.Parts{Stream: &c.told.stream}
	c.done.Parts = &c.told.parts
}

// seenStream is the answer to a call whose answer is a stream, all of it.
func (c *Carrier) seenStream(w *waiting) *look.Answer {
	answer := w.asked.Answer(c.wish(w))
	c.reply.Status = nethttp.StatusOK
	c.reply.Head = append(c.reply.Head[:0], "Content-Type: "+answer.Type()+"\r\nCache-Control: no-store\r\n"...)
	c.reply.Body = answer.Append(c.reply.Body[:0])
	return c.showing(w, &c.reply)
}

// wish is what a call says of its answer.
func (c *Carrier) wish(w *waiting) chat.Wish {
	switch {
	case w.prepared == nil:
		return chat.Wish{}
	case w.prepared.wish != nil:
		return *w.prepared.wish
	}
	return w.prepared.wished(w.args)
}

// wished reads the request that a server would be sent.
func (p *prepared) wished(args []value.Value) chat.Wish {
	_, head, body, err := p.Show(args)
	if err != nil {
		return chat.Wish{}
	}
	accept := ""
	for name, value := range (&Reply{Head: head}).Lines {
		if nethttp.CanonicalHeaderKey(name) == "Accept" {
			accept = value
		}
	}
	return chat.Wished(accept, body)
}

// lose has the caller of a call leave, who waits no longer than the patience for
// an answer, or for an event. The model goes on with it.
func (c *Carrier) lose(w *waiting, now, patience time.Duration) {
	last, late := now, false
	wait := func(until time.Duration) bool {
		if late = until-last > patience; !late {
			last = until
		}
		return !late
	}
	if e := w.asked.Events; e != nil && c.wish(w).Form != chat.Whole {
		e.Due(wait)
	} else {
		wait(w.asked.At)
	}
	if late {
		c.model.release(w.asked.Events)
		w.asked = Asked{Departure: Departure{last + patience, target.Timeout}, number: w.asked.number}
	}
}
