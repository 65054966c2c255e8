package wire

import "time"

// Multiplexing is a Codec whose connections carry several calls at once, such as
// HTTP/2's.
type Multiplexing interface {
	Codec
	// Session makes what one place of a connection says, for one connection after
	// the other.
	Session() Session
}

// Session is what is said on a connection that carries several calls at once, each
// on a stream of it: which bytes go, and what those mean that come. It is pure:
// sockets, time and lines of calls are the engine's, whose loop calls it. What a
// stream's answer means, its Reader knows.
type Session interface {
	// Open begins a new connection; what it says first is in Out at once.
	Open()
	// Room is how many more calls may begin on it now, and Closing tells that none
	// ever may.
	Room() int
	Closing() bool
	// Begin says the request of the stream's call, as far as the server lets it; the
	// rest follows when that lets more. It counts in the exchange's BytesOut what it
	// says of it.
	Begin(s *Stream)
	// Proceed says Request.Later, which has been held back so far.
	Proceed(s *Stream)
	// Leave takes leave of a stream whose call is given up: what there is of it in Out,
	// behind the first kept bytes, is not to be said any more, nor counted in BytesOut.
	// Those behind it hear that they are Nearer.
	Leave(s *Stream, kept int)
	// Unsaid is how many of the bytes that BytesOut counts are in Out.
	Unsaid(s *Stream) (bytes int)
	// Feed takes in all that has come. A fault is the connection's, and its end.
	Feed(b []byte) Fault
	// Cut is what is wrong with the answer of a stream whose connection has ended.
	Cut(s *Stream) Fault
	// Out is what is to be said, and Sent hears how much of it the system has taken.
	Out() []byte
	Sent(n int)
}

// Stream is the place of a call on a connection that carries several.
type Stream struct {
	seat
	// Memory is the session's, of this call and of those before it.
	Memory any

	news   *news
	on     interface{ giveUp(s *Stream, class string) } // its connection
	at     int                                          // among its streams with calls
	kept   bool                                         // it had served a call before this one
	rested time.Duration                                // and had nothing to do for so long
	sent   time.Duration                                // the request was
	first  time.Duration                                // the answer began; below 0: it has not
	from   int64                                        // how much the connection had to say before it
	before int64                                        // bytes that the call had sent before
}

// news are what the streams of a connection have been told while it was fed.
type news struct {
	begun, over []*Stream
	faults      []outcome // of those that are over
}

// outcome is how a stream ended.
type outcome struct {
	fault   Fault
	refused bool // the server has not looked at the request
	retired bool // because it retires the connection, on which it has looked at others
}

// Exchange is the call on it.
func (s *Stream) Exchange() *Exchange { return s.x }

// Reader is what reads its answer, which Expects it already.
func (s *Stream) Reader() Reader { return s.reader }

// Began hears that its answer has begun, or an interim one.
func (s *Stream) Began() { s.news.begun = append(s.news.begun, s) }

// Nearer hears that its request begins so many bytes nearer to the front of Out:
// something before it has been taken back.
func (s *Stream) Nearer(bytes int) { s.from -= int64(bytes) }

// Over hears that its answer is whole, or else what is wrong with it; the
// connection goes on. The session is not asked about the stream any more.
func (s *Stream) Over(fault Fault) { s.end(outcome{fault: fault}) }

// Refused hears that the server has not looked at the request, and why. Where it
// retires a connection on which it has looked at others, that may happen to the request
// anew on the next one: each time the others get on.
func (s *Stream) Refused(why Fault, retires bool) { s.end(outcome{why, true, retires}) }

func (s *Stream) end(o outcome) {
	s.news.over, s.news.faults = append(s.news.over, s), append(s.news.faults, o)
}

// NewStream makes a stream for the tests of sessions, which a reader reads; take
// returns what it has been told since it was asked last.
func NewStream(reader Reader) (s *Stream, put func(x *Exchange), take func() (began, over, refused bool, fault Fault)) {
	s = &Stream{seat: seat{reader: reader}, news: new(news)}
	put = func(x *Exchange) { s.x = x }
	take = func() (began, over, refused bool, fault Fault) {
		began = len(s.news.begun) > 0
		if over = len(s.news.over) > 0; over {
			refused, fault = s.news.faults[0].refused, s.news.faults[0].fault
		}
		*s.news = news{}
		return began, over, refused, fault
	}
	return s, put, take
}
