package wire

import "bytes"

// answer is what a connection makes of the bytes that come.
type answer struct {
	parser Parser
	found  bool   // the text that Options.Contains asks for
	tail   []byte // of the body so far, where that text may have begun
	start  []byte // of the body, where its status is not accepted
	step   *step  // what keeps it; nil: nothing does
}

// started is how much of a body that is not accepted is kept.
const started = 1000

// listen sets it up for a connection's life.
func (a *answer) listen(o *Options) {
	a.parser = New(Limits{Head: o.MaxHead})
	a.parser.Body = func(piece []byte) { a.body(piece, o) }
}

// expect prepares for the answer to the request of an exchange.
func (a *answer) expect(x *exchange, o *Options) {
	a.parser.Reset(x.request.Head)
	if a.step = x.step; a.step != nil {
		a.step.Expect()
	}
	a.found, a.tail, a.start = len(o.Contains) == 0, a.tail[:0], a.start[:0]
}

// size is how many bytes of it have come, head and body.
func (a *answer) size() int64 { return a.parser.HeadBytes + a.parser.BodyBytes }

// seen is what there is to tell about the failure of its call.
func (a *answer) seen(connected bool, err error) Seen {
	s := Seen{Stage: Awaiting, Err: err, Status: a.parser.Status, Body: a.parser.BodyBytes, Start: a.start, Location: a.parser.Location, Silent: !a.parser.Begun()}
	switch {
	case !connected:
		s.Stage = Connecting
	case a.parser.HeadDone():
		s.Stage = Reading
	}
	return s
}

// feed takes in the next bytes, as Parser.Feed does.
func (a *answer) feed(b []byte) (n int, done bool, err error) {
	n, done, err = a.parser.Feed(b)
	if a.step != nil {
		a.step.Hear(b, a.parser.HeadBytes)
	}
	return n, done, err
}

// body takes in a piece of the body.
func (a *answer) body(piece []byte, o *Options) {
	if a.step != nil {
		a.step.Take(piece, a.parser.Status)
	}
	if !a.found {
		a.search(piece, o.Contains)
	}
	if room := started - len(a.start); room > 0 && !o.Accepts(a.parser.Status) {
		a.start = append(a.start, piece[:min(len(piece), room)]...)
	}
}

// search looks for a text in a body that comes in pieces: where they meet, and
// in each of them. It keeps less than the text's length.
func (a *answer) search(piece, text []byte) {
	most := len(text) - 1
	a.tail = append(a.tail, piece[:min(len(piece), most)]...)
	a.found = bytes.Contains(a.tail, text) || bytes.Contains(piece, text)
	if len(piece) > most {
		a.tail = append(a.tail[:0], piece[len(piece)-most:]...)
	} else if over := len(a.tail) - most; over > 0 {
		a.tail = append(a.tail[:0], a.tail[over:]...)
	}
}

// fault is what the parser holds against the answer.
func (a *answer) fault() explained { return explained{&a.parser} }

// explained is a parser's fault with all that it has to say.
type explained struct{ *Parser }

func (e explained) Error() string { return e.Explain() }
func (e explained) Unwrap() error { return e.Parser.fault }

// Class is the class of error that it counts under.
func (e explained) Class() string { return e.Parser.fault.Class() }
