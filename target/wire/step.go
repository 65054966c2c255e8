package wire

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"plimsoll/target"
	"plimsoll/target/agenda"
	"plimsoll/target/content"
	"plimsoll/target/httpcall"
	"plimsoll/target/look"
	"plimsoll/target/quantity"
	"plimsoll/target/value"
)

// step is what an exchange has besides where its call is a journey's: what is
// asked and, where somebody looks at the answer, that.
type step struct {
	call    *httpcall.Prepared // nil: the target's own call
	user    uint32
	args    []value.Value
	want    []look.Operand
	message httpcall.Message
	request Request       // the message, as it is sent
	hops    bool          // it has been led on by a redirect
	left    time.Duration // of its time, at the last of them

	most  int // of the body, as it comes; whole tells that more is too much
	whole bool
	head  []byte
	body  []byte
	over  bool // there is more of the body
}

// stepFor is what there is to keep of a call; nil for one that is no journey's.
func (d *desk) stepFor(r *target.Request) *step {
	if r.Call == nil && len(r.Want) == 0 {
		return nil
	}
	var s *step
	if last := len(d.steps) - 1; last >= 0 {
		s, d.steps = d.steps[last], d.steps[:last]
	} else {
		s = new(step)
	}
	s.call, _ = r.Call.(*httpcall.Prepared)
	s.user, s.args, s.want, s.hops = r.User, r.Args, r.Want, false
	s.whole, s.most = false, 0
	for i := range s.want {
		s.most = beginning
		if _, body := s.want[i].Needs(); body {
			s.whole, s.most = true, content.Room(d.o.mostBody())
			break
		}
	}
	return s
}

// beginning is how much of a body is kept that nobody looks into: enough to show
// where something else is not there.
const beginning = 1000

// UsualBody is the default of Options.MaxBody.
const UsualBody = 1_000_000

func (o *Options) mostBody() int {
	if o.MaxBody > 0 {
		return o.MaxBody
	}
	return UsualBody
}

// write makes the request of the exchange, where that is a step's.
func (s *step) write(x *exchange) error {
	if s.call == nil {
		return nil
	}
	if err := s.call.Write(&s.message, s.args, s.user); err != nil {
		return err
	}
	s.sends(x)
	return nil
}

// sends has the exchange send the message.
func (s *step) sends(x *exchange) {
	m := &s.message
	s.request = Request{Bytes: m.Bytes, Once: m.Once, Head: m.Method == "HEAD"}
	if m.Asks {
		s.request.Bytes, s.request.Later = m.Bytes[:m.Head], m.Bytes[m.Head:]
	}
	x.request = &s.request
}

// away tells whether the message goes to another server.
func (s *step) away() bool { return s.call != nil && !s.message.Home }

// expect prepares for an answer.
func (s *step) expect() { s.head, s.body, s.over = s.head[:0], s.body[:0], false }

// hear keeps of an answer what is looked at, b being what the parser took n bytes
// of.
func (s *step) hear(p *Parser, b []byte) {
	if size := int64(len(s.head)); !p.HeadDone() {
		s.head = append(s.head, b...)
	} else if size < p.HeadBytes {
		s.head = append(s.head, b[:p.HeadBytes-size]...)
	}
}

// take keeps a piece of the body.
func (s *step) take(piece []byte, status int) {
	if s.follows(status) {
		return
	}
	if room := s.most - len(s.body); len(piece) > room {
		piece, s.over = piece[:room], true
	}
	s.body = append(s.body, piece...)
}

// follows tells whether an answer of that status may lead on.
func (s *step) follows(status int) bool {
	return s.call != nil && s.call.Redirected(&s.message, status)
}

// answered sees to a whole answer: whether it leads on, or else what is found in
// it. The class is what is wrong.
func (d *desk) answered(x *exchange, a *answer) (class string, err error, again bool) {
	s := x.step
	head := s.head[a.parser.interimBytes():]
	status := a.parser.Status
	if s.call != nil {
		location := s.call.Learn(&s.message, head, s.user)
		if s.follows(status) {
			again, err = s.call.Follow(&s.message, status, location, s.args, s.user)
			if err != nil {
				return target.Variable, err, false
			}
			if again {
				x.Hops = s.message.Hops
				return "", nil, true
			}
		}
	}
	class = d.judge(status, a.found)
	if class != target.Body && s.call != nil && s.call.AnyStatus {
		class = ""
		if !a.found {
			class = target.Body
		}
	}
	if len(s.want) == 0 {
		return class, nil, false
	}
	if err := d.look(x, head, status); err != nil && class == "" {
		return target.Body, err, false
	}
	return class, nil, false
}

// look finds what is wanted. The error says why the body could not be looked at.
func (d *desk) look(x *exchange, head []byte, status int) (err error) {
	s := x.step
	a := look.Answer{Status: status, Head: head}
	encodings := httpcall.Encodings(head)
	switch {
	case s.whole && len(s.body) > 0:
		a.Body, err = d.decode(s, encodings)
	case encodings == "":
		a.Body = s.body
	}
	x.Found = make([]value.Value, len(s.want))
	lacks := false
	for i := range s.want {
		if _, body := s.want[i].Needs(); body && err != nil {
			continue
		}
		v, found := s.want[i].Find(&a)
		if found {
			x.Found[i] = v
		}
		lacks = lacks || !found
	}
	if lacks && d.o.Show != nil {
		x.Shown = d.o.Show(a.Body)
	}
	return err
}

// decode is the body as it is looked into.
func (d *desk) decode(s *step, encodings string) ([]byte, error) {
	most := d.o.mostBody()
	err := content.Known(encodings)
	var body []byte
	switch {
	case err != nil:
	case s.over:
		err = content.TooLarge
	default:
		body, err = d.decoder.Decode(s.body, encodings, most)
	}
	if errors.Is(err, content.TooLarge) {
		err = fmt.Errorf("the body is larger than %s, and it is looked into: a higher max_body of the target lets it pass", quantity.Size(int64(most)))
	}
	return body, err
}

// leadOn readies an exchange for the request that a redirect asks for, and tells
// whether that is this server's to answer.
func (d *desk) leadOn(x *exchange, at time.Duration) (here bool) {
	s := x.step
	if s.hops, s.left = true, agenda.Never; x.until != agenda.Never {
		s.left = x.until - at
	}
	if s.away() {
		d.elsewhere(x, at)
		return false
	}
	s.sends(x)
	return true
}

// elsewhere ends an exchange that would go on at another server.
func (d *desk) elsewhere(x *exchange, at time.Duration) {
	m := &x.step.message
	d.failed(x, target.Other, Seen{Err: fmt.Errorf("the request leads to %s://%s, and the engine calls one server", m.Scheme, m.Host)}, at)
}

// give takes back what an exchange that has been handed out was made in.
func (d *desk) give(x *exchange) {
	s := x.step
	s.args, s.want, s.call = nil, nil, nil
	if cap(s.body) > roomy && cap(s.body) > 4*len(s.body) {
		s.body = nil
	}
	x.step = nil
	d.steps = append(d.steps, s)
}

// roomy is from when on memory that is hardly used is given back.
const roomy = 64 << 10

// Show makes what is told of a body in which something is missing: its first
// characters, without secrets.
func Show(body []byte, scrub func(string) string) string {
	const enough = 4 * target.MostShown * 2
	text := strings.ToValidUTF8(string(body[:min(len(body), enough)]), "\uFFFD")
	if scrub != nil {
		text = scrub(text)
	}
	if runes := []rune(text); len(runes) > target.MostShown {
		text = string(runes[:target.MostShown])
	}
	return text
}

// forget takes leave of a user.
func (d *desk) forget(user uint32) {
	if d.o.Jars != nil {
		d.o.Jars.Leave(user)
	}
}
