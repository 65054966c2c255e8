package http

import (
	"bytes"
	"cmp"
	"context"
	nethttp "net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"time"

	"plimsoll/target"
	"plimsoll/target/agenda"
	"plimsoll/target/client"
	"plimsoll/target/http1"
	"plimsoll/target/httpcall"
	"plimsoll/target/look"
	"plimsoll/target/wire"
)

// step is a journey's call on its way through net/http.
type step struct {
	*httpcall.Course
	reader  httpcall.Reader
	request request // that of now
	status  int     // of the answer
	found   bool    // the text that Success asks for
	again   bool    // it leads on
	tapped  bool    // events are heard on the connection
	renew   func()  // gives the call its time anew; nil: it has all it takes, or no stream
}

func (t *Target) newStep() any {
	return &step{Course: new(httpcall.Course), reader: httpcall.Reader{
		MaxBody: t.settings.MaxBody, Traces: t.traces, Observer: t.observer,
		Show: func(body []byte) string { return look.Shown(body, t.settings.scrub) },
	}}
}

// callStep carries out a journey's call, as far as redirects lead.
func (t *Target) callStep(ctx context.Context, q *target.Request) (out target.Outcome) {
	out.Parts = wire.NewParts(nil)
	s := t.steps.Get().(*step)
	defer func() { s.End(); t.steps.Put(s) }()
	s.reader.Begin(s.Course, q, t.requests[q.Number%uint64(len(t.requests))].stream, t.now)
	if s.Call() == nil {
		s.request = *t.requests[q.Number%uint64(len(t.requests))]
		s.request.step = s
		s.Tell(s.request.head, s.request.body, s.request.template.URL.Scheme+"://"+s.request.template.URL.Host)
		if t.settings.Reuse == client.ByUser {
			u := s.request.template.URL
			s.request.pool = t.poolFor(q.User, u.Scheme, address(u))
		}
	} else if err := s.Write(); err != nil {
		t.tell(&out, s.Call(), "", &failure{class: target.Variable, err: err})
		return out
	} else {
		t.ready(s)
	}
	t.walk(ctx, s, &out)
	t.stream(s, &out)
	return out
}

// callLed goes on with a call that another carrier has had.
func (t *Target) callLed(ctx context.Context, led *http1.Led) (out target.Outcome) {
	s := t.newStep().(*step)
	s.Course = led.Course
	defer s.End()
	s.By(t.now)
	t.ready(s)
	if !led.Begun {
		out.Parts = wire.NewParts(nil)
		t.walk(ctx, s, &out)
		t.stream(s, &out)
		return out
	}
	out = led.Outcome
	timed, cancel := t.within(ctx, led.Left, s)
	defer cancel()
	t.tell(&out, s.Call(), "", t.hop(ctx, timed, s, &out))
	t.stream(s, &out)
	return out
}

// within bounds what is left to do; agenda.Never does not. Each event of a stream
// gives it its time anew.
func (t *Target) within(ctx context.Context, left time.Duration, s *step) (context.Context, context.CancelFunc) {
	if s != nil {
		s.renew = nil
	}
	switch {
	case left == agenda.Never:
		return ctx, func() {}
	case s == nil || !s.Streams():
		return context.WithTimeout(ctx, left)
	}
	anew := cmp.Or(s.Bound(), t.settings.Timeout)
	timed, cancel := context.WithCancel(ctx)
	timer := time.AfterFunc(left, cancel)
	s.renew = func() { timer.Reset(anew) }
	return timed, func() {
		timer.Stop()
		cancel()
	}
}

// bound is what its call says of that time; 0: nothing.
func (s *step) bound() time.Duration {
	if s == nil {
		return 0
	}
	return s.Bound()
}

// now is the time by which events of streams are stamped.
func (t *Target) now() time.Duration { return time.Since(t.zero) }

// stream notes what came of a stream or a page, if the call was one and succeeded.
func (t *Target) stream(s *step, out *target.Outcome) {
	if leads := s.Leads(); leads != nil && out.OK() {
		kept := *leads
		kept.URLs = slices.Clone(kept.URLs)
		out.Parts.Links = &kept
	}
	if told := s.Stream(out.Ended.Sub(t.zero)); told != nil && out.OK() {
		kept := *told // the step serves others from now on
		kept.Gaps = slices.Clone(kept.Gaps)
		out.Parts.Stream = &kept
	}
}

// walk sends the step's request and all that redirects ask for, in one time-out
// that begins when there is a place for the first.
func (t *Target) walk(ctx context.Context, s *step, out *target.Outcome) {
	f := t.attempt(ctx, &s.request, out, func(timed context.Context, f *failure) *failure {
		if f == nil && s.again {
			return t.hop(ctx, timed, s, out)
		}
		return f
	})
	if f != nil {
		f.streams = s.Streams()
	}
	t.tell(out, s.Call(), s.request.label, f)
}

// hop sends the requests that redirects ask for.
func (t *Target) hop(ctx, timed context.Context, s *step, out *target.Outcome) (f *failure) {
	for again := true; again; again = f == nil && s.again {
		t.ready(s)
		at, held, err := s.request.pool.take(timed, wish{once: s.request.once})
		if out.Held += held; err != nil {
			out.Ended = time.Now()
			f = &failure{stage: connecting, err: err}
			f.classify(ctx, timed)
			return f
		}
		before := out.Attempts
		f = t.exchanges(ctx, timed, at, &s.request, out)
		out.Attempts -= min(1, out.Attempts-before) // a hop is a part of the try
	}
	return f
}

// tell notes a failure, if it is one.
func (t *Target) tell(out *target.Outcome, call *httpcall.Prepared, label string, f *failure) {
	if f == nil {
		return
	}
	if call != nil {
		label = labelOf(call)
	}
	f.of(call)
	out.Class, out.Example = f.class, t.example(call, label, f)
}

// ready makes the step's message what is sent. It has memory of its own, for
// net/http may still look at it when the answer is there.
func (t *Target) ready(s *step) {
	m := &s.Message
	text := bytes.Clone(m.Bytes)
	lines := heading{Headers: linesOf(text[:m.Head])}
	u := &url.URL{Scheme: m.Scheme, Host: m.Host}
	if u.Opaque = string(m.Target); strings.HasPrefix(u.Opaque, "//") { // it would be taken for a host
		u.Opaque = ""
		if of, err := url.ParseRequestURI("http://x" + string(m.Target)); err == nil {
			u.Path, u.RawPath, u.RawQuery, u.ForceQuery = of.Path, of.RawPath, of.RawQuery, of.ForceQuery
		}
	}
	s.request = request{
		head: text[:m.Head], body: text[m.Head:], once: m.Once, asks: m.Asks, step: s,
		pool: t.poolFor(s.User(), m.Scheme, m.Host),
		template: nethttp.Request{
			Method: m.Method, URL: u, Host: lines.get("Host"), Header: lines.canonical(),
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			ContentLength: int64(len(text) - m.Head), Close: m.Once,
		},
	}
}

// linesOf are the lines of a prepared head.
func linesOf(head []byte) (all []Header) {
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		if name, value, is := bytes.Cut(line, []byte(": ")); is {
			all = append(all, Header{string(name), string(value)})
		}
	}
	return all
}

// sees notes what there is to judge. A plain call, nil, does not.
func (s *step) sees(answer *nethttp.Response, found bool) {
	if s != nil {
		s.status, s.found = answer.StatusCode, found
	}
}

// takes keeps a piece of the body.
func (s *step) takes(answer *nethttp.Response, piece []byte) {
	if s == nil {
		return
	}
	s.Take(piece, answer.StatusCode)
	if s.Streams() && !s.tapped {
		s.heard(s.Event(piece, false))
	}
}

// heard gives the call its time anew, where an event has come.
func (s *step) heard(came bool) {
	if came && s.renew != nil {
		s.renew()
	}
}

// conclude judges a step's whole answer. Failures that were none of the answer's
// are left as they are.
func (t *Target) conclude(s *step, interim int, f *failure, out *target.Outcome) *failure {
	s.again = false
	if f != nil && !f.whole {
		return f
	}
	a := httpcall.Answer{Status: s.status, Interim: interim, Found: s.found, Ended: t.now()}
	switch {
	case f != nil:
		a.Class = f.class
	case !s.found:
		a.Class = target.Body
	}
	class, err, again := s.reader.Answered(s.Course, a, out)
	switch s.again = again; {
	case class == "":
		return nil
	case f != nil && class == f.class:
		return f
	case err != nil:
		return &failure{class: class, stage: reading, err: err}
	}
	return &failure{class: class, stage: reading, read: content{size: f.read.size}}
}

// lines are a head as a step hears it, of an answer that came without lines.
func lines(r *nethttp.Response) []byte {
	var text bytes.Buffer
	names := make([]string, 0, len(r.Header))
	for name := range r.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, v := range r.Header[name] {
			text.WriteString(name + ": " + textproto.TrimString(v) + "\r\n")
		}
	}
	return text.Bytes()
}
