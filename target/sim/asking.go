package sim

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
	"time"

	"plimsoll/target"
	"plimsoll/target/chat"
	"plimsoll/target/look"
	"plimsoll/target/template"
	"plimsoll/target/value"
)

// Asking is a step's call as far as a simulated server hears of it.
type Asking interface {
	// Target appends the path and the query that the call asks for with these
	// values, as they are sent: "/search?q=a%20b".
	Target(dst []byte, args []value.Value) []byte
	// Fixed tells that they are the same whatever the values.
	Fixed() bool
	// Bodiless tells that the answer has no body (HEAD).
	Bodiless() bool
}

// prepared is a step's call made ready.
type prepared struct {
	asking  Asking
	fixed   bool
	page    page          // where it is fixed
	wish    *chat.Wish    // of its answer, where that is a stream; nil: its values say
	streams bool          // answers may be streams
	bound   time.Duration // of an event to come; 0: the target's
}

// page is what a call asks for.
type page struct {
	path, query string
	way         Way
}

// Prepare makes a step's call ready: it must be an Asking.
func (s *Settings) Prepare(call any) (any, error) {
	asking, ok := call.(Asking)
	if !ok {
		return nil, fmt.Errorf("a simulated server is asked for paths, as in get: /users, and knows no %T", call)
	}
	p := &prepared{asking: asking, fixed: asking.Fixed(), streams: s.Streams()}
	if p.fixed {
		router := newRouter(s.Routes)
		p.page = pageOf(string(asking.Target(nil, nil)), &router)
	}
	if refers, ok := call.(interface{ Refs() []template.Ref }); s.Streams() && ok && len(refers.Refs()) == 0 {
		p.wish = new(p.wished(nil))
	}
	return p, nil
}

// pageOf reads a path and a query, perhaps behind a scheme and a host.
func pageOf(sent string, router *router) page {
	if _, after, whole := strings.Cut(sent, "://"); whole && !strings.HasPrefix(sent, "/") {
		sent = after[min(len(after), strings.IndexAny(after+"/", "/?")):]
	}
	path, query, _ := strings.Cut(sent, "?")
	if strings.Contains(path, "%") {
		if plain, err := url.PathUnescape(path); err == nil {
			path = plain
		}
	}
	path = cmp.Or(path, "/")
	return page{path, query, router.find(path)}
}

// Bound sees to the time of calls to a server of streams.
func (p *prepared) Bound(d time.Duration) bool {
	p.bound = d
	return p.streams
}

// patience is how long such a call waits for an event, unless that is its target's.
func (p *prepared) patience(targets time.Duration) time.Duration {
	if p == nil {
		return targets
	}
	return cmp.Or(p.bound, targets)
}

// waiting is a call under way that asks for something.
type waiting struct {
	id       target.ID
	number   uint64
	asked    Asked
	class    int // in dones
	prepared *prepared
	args     []value.Value
	want     []look.Operand
}

// byAsking marks, in an ID's own byte, a call that is among those waiting.
const byAsking = 255

// ask starts a call that asks for something, or of which something is wanted.
func (c *Carrier) ask(id target.ID, r *target.Request, now time.Duration) waiting {
	w := waiting{id: id.With(byAsking), number: r.Number, args: r.Args, want: r.Want}
	way := c.own
	if p, ok := r.Call.(*prepared); ok {
		w.prepared = p
		way = p.page.way
		if !p.fixed {
			way = noWay
			if c.routed {
				way = c.page(&w).way
			}
		}
	}
	w.asked = c.model.Ask(now, way)
	if patience := w.prepared.patience(c.patience); patience > 0 {
		c.lose(&w, now, patience)
	}
	class := w.asked.Class
	if a := w.asked.answer; class == "" && a != nil {
		class = string(a.failed)
	}
	if class != "" {
		w.class = c.number(class)
	}
	return w
}

// page is what a call that waits asks for.
func (c *Carrier) page(w *waiting) page {
	switch {
	case w.prepared == nil:
		return page{"/", "", c.own}
	case w.prepared.fixed:
		return w.prepared.page
	}
	c.sent = w.prepared.asking.Target(c.sent[:0], w.args)
	return pageOf(string(c.sent), c.router)
}

// answered is the end of a call that asked for something. Of one that nobody
// waits for any more, the next in its slot may have taken the place.
func (c *Carrier) answered(id target.ID) *target.Done {
	w := &c.waiting[id.Slot()]
	if w.id != id {
		return &c.dones[0]
	}
	if c.observer != nil {
		c.tellAnswered(w)
	}
	if len(w.want) == 0 && w.asked.Events == nil {
		return &c.dones[w.class]
	}
	c.done.Outcome = c.dones[w.class].Outcome
	c.look(w)
	if w.asked.Events != nil {
		c.tellStream(w)
	}
	return &c.done
}

// look finds what is wanted in the answer to a call.
func (c *Carrier) look(w *waiting) {
	if len(w.want) == 0 {
		return
	}
	c.done.Found = c.room(len(w.want))
	seen := c.seen(w)
	if seen == nil {
		return
	}
	for i := range w.want {
		found, there := w.want[i].Find(seen)
		if c.done.Found[i] = found; !there {
			c.done.Shown = look.Shown(seen.Body, nil)
		}
	}
}

// seen is the answer to a call; nil: there is none.
func (c *Carrier) seen(w *waiting) *look.Answer {
	if w.asked.Events != nil {
		return c.seenStream(w)
	}
	var p page
	if a := w.asked.answer; a != nil && a.asked {
		p = c.page(w)
	}
	reply := c.model.Reply(&c.reply, &w.asked, p.path, p.query)
	if reply == nil {
		return nil
	}
	return c.showing(w, reply)
}

// showing is a reply as the caller sees it.
func (c *Carrier) showing(w *waiting, reply *Reply) *look.Answer {
	c.answer = look.Answer{Status: reply.Status, Head: reply.Head, Body: reply.Body}
	if w.prepared != nil && w.prepared.asking.Bodiless() {
		c.answer.Body = nil
	}
	return &c.answer
}

// room is for what is found of a call. It is cut off a piece for many, because
// it is the loop's to keep.
func (c *Carrier) room(n int) []value.Value {
	const many = 512
	if len(c.found) < n {
		c.found = make([]value.Value, max(n, many))
	}
	room := c.found[:n:n]
	c.found = c.found[n:]
	return room
}
