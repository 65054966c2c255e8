package redis

import (
	"bytes"
	"fmt"

	"plimsoll/target"
	"plimsoll/target/look"
	"plimsoll/target/quantity"
	"plimsoll/target/resp"
	"plimsoll/target/wire"
)

// replies reads what comes on one connection: as many replies as there were
// commands.
type replies struct {
	codec  *codec
	greets int // commands that the connection begins with

	parser resp.Parser
	left   int    // replies to come, the present one among them
	keep   int    // bytes of the last one
	size   int64  // of those before
	failed bool   // one of them was an error:
	error  []byte // the first
	hello  bool   // they are to what the connection begins with
}

// Expect prepares for the replies to a call's commands, or to hello.
func (r *replies) Expect(x *wire.Exchange) {
	r.left, r.keep, r.hello = r.greets, 0, x == nil
	if x != nil {
		s := x.Own.(*course)
		r.left, r.keep = len(s.commands), r.codec.keeps(s)
	}
	r.size, r.failed, r.error = 0, false, r.error[:0]
	r.next()
}

// next prepares for the next reply. Of the last one the text is kept.
func (r *replies) next() {
	if r.left == 1 {
		r.parser.Reset(r.keep)
	} else {
		r.parser.Reset(0)
	}
}

// Feed takes in the next bytes, up to the last reply's end.
func (r *replies) Feed(b []byte) (n int, end wire.End, fault wire.Fault) {
	for n < len(b) {
		used, done, err := r.parser.Feed(b[n:])
		n += used
		if err != nil {
			return n, wire.More, told{target.Body, err.Error()}
		}
		if !done {
			break
		}
		if text, is := r.parser.Failure(); is && !r.failed {
			r.failed, r.error = true, append(r.error, text...)
		}
		r.left--
		switch {
		case r.parts():
			return n, wire.Last, r.refusal()
		case r.left == 0:
			return n, wire.Whole, r.refusal()
		}
		r.size += r.parser.Size
		r.next()
	}
	return n, wire.More, nil
}

// farewells are how errors begin after which Redis closes the connection: before
// it was asked anything, or in the middle of what it was.
var farewells = []string{"ERR max number of clients", "ERR Protocol error"}

// parts tells whether the server takes its leave with an error.
func (r *replies) parts() bool {
	if !r.failed {
		return false
	}
	for _, words := range farewells {
		if bytes.HasPrefix(r.error, []byte(words)) {
			return true
		}
	}
	return false
}

// refusal is why a connection cannot be used, if its hello has been answered so.
func (r *replies) refusal() wire.Fault {
	if !r.hello || !r.failed {
		return nil
	}
	return told{"redis-" + string(firstWord(r.error)), string(r.error)}
}

// EOF hears that the server has closed the connection: no reply ends so.
func (r *replies) EOF() (bool, wire.Fault) {
	return false, told{target.Reset, "the server closed the connection before its answer was whole"}
}

// Size is how many bytes of the replies have come.
func (r *replies) Size() int64 { return r.size + r.parser.Size }

// Rest lets go of memory.
func (r *replies) Rest() { r.parser.Rest() }

// Conclude judges whole replies, and finds what is wanted in the last one.
func (r *replies) Conclude(x *wire.Exchange) wire.Next {
	c, s := r.codec, x.Own.(*course)
	text, over := r.parser.Text()
	if c.observer != nil {
		c.observer.Answered(x.Number, &look.Answer{Body: text}, nil)
	}
	class := ""
	if r.failed {
		class = c.classOf(r.error)
	}
	if len(s.want) == 0 {
		return wire.Next{Class: class}
	}
	if over && class == "" {
		return wire.Next{Class: target.Body, Err: fmt.Errorf("the answer is larger than %s, and it is looked into", quantity.Size(mostBody))}
	}
	c.look(x, s.want, text)
	return wire.Next{Class: class}
}
