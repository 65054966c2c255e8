package redis

import (
	"fmt"

	"plimsoll/target"
	"plimsoll/target/look"
	"plimsoll/target/value"
	"plimsoll/target/wire"
)

// codec is RESP as a wire's carrier speaks it.
type codec struct {
	settings *Settings
	own      *prepared // nil: the target has no call of its own
	args     args      // of it
	observer target.Observer
	reader   replies // as a connection's begins

	spare    []*course
	scratch  []byte
	classes  map[string]string // by the first words of errors
	examples map[which]string
}

// which is a kind of failure, of which one message is enough.
type which struct {
	*Call
	class string
}

// another is a codec for one more loop.
func (c *codec) another() *codec {
	fresh := *c
	fresh.classes, fresh.examples = map[string]string{}, map[which]string{}
	fresh.reader.codec = &fresh
	return &fresh
}

// course is a call on its way. Its memory is used again.
type course struct {
	wire.Request
	*prepared
	own  []byte // memory for a request that is not always the same
	want []look.Operand
}

// Enter writes the commands of a call.
func (c *codec) Enter(x *wire.Exchange, r *target.Request) wire.Next {
	var s *course
	if last := len(c.spare) - 1; last >= 0 {
		s, c.spare = c.spare[last], c.spare[:last]
	} else {
		s = new(course)
	}
	args := r.Args
	if s.prepared, _ = r.Call.(*prepared); s.prepared == nil {
		s.prepared, args = c.own, c.args(r)
	}
	if s.want = r.Want; s.fixed != nil {
		s.Bytes = s.fixed
	} else {
		s.own, c.scratch = s.append(s.own[:0], c.scratch, args)
		s.Bytes = s.own
	}
	x.Own, x.Request = s, &s.Request
	if c.observer != nil {
		line, _, body, _ := s.Show(args)
		c.observer.Sent(x.Number, line, nil, body)
	}
	return wire.Next{Turn: wire.Goes}
}

// Reader makes what reads a connection's replies.
func (c *codec) Reader() wire.Reader {
	r := c.reader
	return &r
}

// Release takes a course back.
func (c *codec) Release(x *wire.Exchange) {
	if s, is := x.Own.(*course); is {
		if s.want = nil; cap(s.own) > roomy {
			s.own = nil
		}
		c.spare = append(c.spare, s)
	}
	x.Own = nil
}

// roomy is from when on memory of a request is given back.
const roomy = 64 << 10

// mostBody is how much of an answer is kept where somebody looks at it.
const mostBody = 1_000_000

// keeps is how much of the last answer there is to be kept.
func (c *codec) keeps(s *course) int {
	if len(s.want) > 0 || c.observer != nil {
		return mostBody
	}
	return 0
}

// look finds what is wanted in the text of the last answer.
func (c *codec) look(x *wire.Exchange, want []look.Operand, text []byte) {
	a := look.Answer{Body: text}
	x.Found = make([]value.Value, len(want))
	for i := range want {
		found, there := want[i].Find(&a)
		if x.Found[i] = found; !there {
			x.Shown = look.Shown(text, c.settings.scrub)
		}
	}
}

// classOf is the class of an error that a server tells: its first word.
func (c *codec) classOf(text []byte) string {
	word := firstWord(text)
	class, known := c.classes[string(word)]
	if !known {
		class = "redis-" + string(word)
		c.classes[string(word)] = class
	}
	return class
}

// generic is the first word of errors that have none of their own.
var generic = []byte("ERR")

// firstWord is the code that an error begins with. Scripts may say anything.
func firstWord(text []byte) []byte {
	for i, c := range text {
		switch {
		case 'A' <= c && c <= 'Z', c == '_', i > 0 && '0' <= c && c <= '9':
		case c == ' ' && i > 0 && i <= 40:
			return text[:i]
		default:
			return generic
		}
	}
	if len(text) == 0 || len(text) > 40 {
		return generic
	}
	return text
}

// told is an error in the server's own words.
type told struct{ class, text string }

func (t told) Error() string { return t.text }
func (t told) Class() string { return t.class }

// Explain makes the message of a failure, one a call and class.
func (c *codec) Explain(x *wire.Exchange, in wire.Reader, f wire.Failure) string {
	s, is := x.Own.(*course)
	if !is {
		return f.Class
	}
	key := which{s.Call, f.Class}
	text, known := c.examples[key]
	if !known {
		r, _ := in.(*replies)
		text = c.settings.scrub(fmt.Sprintf("%s: %s", s.name, c.reason(r, f)))
		c.examples[key] = text
	}
	return text
}
