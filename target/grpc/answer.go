package grpc

import (
	"bytes"
	"fmt"
	nethttp "net/http"
	"strconv"
	"time"

	"plimsoll/target"
	"plimsoll/target/look"
	"plimsoll/target/plain"
	"plimsoll/target/quantity"
	"plimsoll/target/stream"
	"plimsoll/target/value"
)

// answer is what comes of one call after the other: a head, messages, a trailer.
type answer struct {
	frames
	call  *prepared
	meter stream.Meter // of streams

	status int    // of HTTP
	typed  bool   // it is gRPC, by its content-type
	form   []byte // which is this, where it is not
	code   code   // in the trailer
	early  code   // in the head, which is the trailer where nothing else comes
	said   []byte // grpc-message
	size   int64
}

// mostSaid is how much of a grpc-message is kept.
const mostSaid = 1000

// begin prepares for the answer to a call, whose messages are kept where somebody
// looks at them. Those of a stream are read so, by that clock.
func (a *answer) begin(p *prepared, keep bool, reading *stream.Reading, now func() time.Duration) {
	a.call = p
	switch {
	case p.stream:
		a.meter.Begin(reading, now)
		keep = keep || reading.Looks()
	case a.meter.On():
		a.meter.Begin(nil, nil)
	}
	a.reset(keep)
	a.status, a.typed, a.form = 0, false, a.form[:0]
	a.code, a.early, a.said, a.size = unsaid, unsaid, a.said[:0], 0
}

// field takes in a field of the head or the trailer.
func (a *answer) field(name, value []byte, trailer bool) {
	switch string(name) {
	case ":status":
		a.status, _ = strconv.Atoi(string(value))
	case "content-type":
		if a.typed = isGRPC(value); !a.typed {
			if a.form = append(a.form[:0], value[:min(len(value), 100)]...); len(value) > 100 {
				a.form = append(a.form, "…"...) // a secret may have been cut off with it
			}
		}
	case "grpc-status":
		if trailer {
			a.code = readCode(value)
		} else {
			a.early = readCode(value)
		}
	case "grpc-message":
		a.said = append(a.said[:0], value[:min(len(value), mostSaid)]...)
	}
}

// isGRPC tells whether a content-type is gRPC's: application/grpc+proto and so on
// are, and application/grpc-web is not.
func isGRPC(value []byte) bool {
	rest, is := bytes.CutPrefix(value, []byte(contentType))
	return is && (len(rest) == 0 || rest[0] == '+' || rest[0] == ';' || rest[0] == ' ')
}

// feed takes in a piece of what follows the head, and tells whether there was a
// message in it that counts as an event.
func (a *answer) feed(b []byte) (counted bool, wrong *fault) {
	a.size += int64(len(b))
	if !a.typed || a.status != nethttp.StatusOK {
		return false, nil // whatever it is, nobody can make anything of it
	}
	a.meter.Piece()
	for len(b) > 0 {
		n, whole, wrong := a.next(b)
		if wrong != nil {
			return counted, wrong
		}
		if b = b[n:]; !whole {
			continue
		}
		switch {
		case a.call.stream:
			text, wrong := a.event()
			if wrong != nil {
				return counted, wrong
			}
			counted = a.meter.Event(text) || counted
		case a.count > 1:
			return false, malformed("there is more than one message in the answer to a unary call")
		}
	}
	return counted, nil
}

// event is the message that is whole, in JSON where somebody looks into it.
func (a *answer) event() (text []byte, wrong *fault) {
	if !a.meter.Looks() {
		return nil, nil
	}
	text, err := a.json()
	if err != nil {
		return nil, malformed("%v", err)
	}
	return text, nil
}

// json is the last message.
func (a *answer) json() ([]byte, error) {
	if a.over {
		return nil, fmt.Errorf("a message is larger than %s, and it is looked into", quantity.Size(mostKept))
	}
	return a.call.decode(a.text)
}

// judge names what is wrong with an answer that is at its end; "": nothing is. why
// is nil where the server has said it (told).
func (a *answer) judge() (class string, why error) {
	is := a.code
	if is == unsaid && a.count == 0 && !a.within() {
		is = a.early
	}
	switch {
	case is == ok && a.within():
		return target.Body, fmt.Errorf("the answer ends in the midst of a message")
	case is == ok && !a.call.stream && a.count == 0:
		return target.Body, fmt.Errorf("there is no message in the answer, though its status is OK")
	case is != unsaid:
		return is.class(), nil
	case a.status != nethttp.StatusOK:
		return ofHTTP(a.status).class(), fmt.Errorf("the server answered with status %d of HTTP, and none of gRPC", a.status)
	case !a.typed:
		return unknown.class(), fmt.Errorf("the answer is no gRPC: its content-type is %q", a.form)
	}
	return target.Body, fmt.Errorf("the answer ends without a status (grpc-status)")
}

// told is what the server has said of a failure.
func (a *answer) told() string {
	text := plain.Clip(unescape(a.said), 200)
	is := a.code
	if is == unsaid {
		is = a.early
	}
	switch {
	case int(is) >= len(classes):
		text = fmt.Sprintf("status %d: %s", is, text)
	case text == "":
		text = "the server says no more"
	}
	return text
}

// conclude judges an answer that was whole by then, and finds what is wanted in
// its last message.
func (a *answer) conclude(out *target.Outcome, ended time.Duration, want []look.Operand, scrub func(string) string) (class string, why error) {
	if class, why = a.judge(); class != "" {
		return class, why
	}
	if a.meter.On() {
		if err := a.meter.End(ended); err != nil {
			return target.Body, err
		}
	}
	if len(want) == 0 {
		return "", nil
	}
	var text []byte
	if a.count > 0 {
		var err error
		if text, err = a.json(); err != nil {
			return target.Body, err
		}
	}
	seen := look.Answer{Body: text, Fields: message(text)}
	out.Found = make([]value.Value, len(want))
	for i := range want {
		found, there := want[i].Find(&seen)
		if out.Found[i] = found; !there {
			out.Shown = look.Shown(text, scrub)
		}
	}
	return "", nil
}

// operands are the words of what answers have.
func operands() []string { return []string{"message", "json"} }

// message is the last one, in JSON.
type message []byte

// Field is all of it.
func (m message) Field(word, _ string) (value.Value, bool) {
	return value.Of(string(m)), word == "message" && len(m) > 0
}
