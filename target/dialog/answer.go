package dialog

import (
	"bytes"
	"fmt"
	"io"

	"plimsoll/target"
	"plimsoll/target/look"
	"plimsoll/target/quantity"
	"plimsoll/target/value"
)

// mostKept is how many bytes of an answer somebody looks at.
const mostKept = 1_000_000

// ErrLarge is why an answer cannot be looked at.
var ErrLarge = fmt.Errorf("the answer is larger than %s, which is as much as is looked into", quantity.Size(mostKept))

// Answer takes in what comes, until the answer is whole. It may be used again.
type Answer struct {
	Body []byte // as far as it is kept
	Size int64  // of all that has come

	receive *Receive
	keep    bool
	seam    []byte // where what came before and this meet
}

// Begin prepares for an answer; keep tells that somebody will look at it.
func (a *Answer) Begin(r *Receive, keep bool) {
	a.Body, a.Size, a.receive, a.keep = a.Body[:0], 0, r, keep
}

// Take takes in some bytes of a stream, and tells how many of them belong to the
// answer, and whether it is whole.
func (a *Answer) Take(b []byte) (used int, whole bool, err error) {
	switch a.receive.How {
	case Bytes:
		used = int(min(int64(len(b)), int64(a.receive.Bytes)-a.Size))
		whole = a.Size+int64(used) == int64(a.receive.Bytes)
	case Until:
		used, whole = a.until(b)
	case Matches:
		err = a.append(b)
		a.Size += int64(len(b))
		return len(b), err == nil && a.receive.RE.Match(a.Body), err
	default:
		used, whole = len(b), a.receive.How == Unsaid
	}
	a.Size += int64(used)
	if a.keep {
		err = a.append(b[:used])
	}
	return used, whole, err
}

func (a *Answer) append(b []byte) error {
	if len(a.Body)+len(b) > mostKept {
		return ErrLarge
	}
	a.Body = append(a.Body, b...)
	return nil
}

// until looks for the answer's end, which may lie across what came before and
// this. Where nobody looks at the answer, only as much is kept as that takes.
func (a *Answer) until(b []byte) (used int, whole bool) {
	end := a.receive.Until
	before := a.Body[max(0, len(a.Body)-len(end)+1):]
	if len(before) > 0 {
		a.seam = append(append(a.seam[:0], before...), b[:min(len(b), len(end)-1)]...)
		if at := bytes.Index(a.seam, end); at >= 0 {
			return at + len(end) - len(before), true
		}
	}
	if at := bytes.Index(b, end); at >= 0 {
		return at + len(end), true
	}
	if !a.keep {
		all := append(before, b[max(0, len(b)-len(end)+1):]...)
		a.Body = append(a.Body[:0], all[max(0, len(all)-len(end)+1):]...)
	}
	return len(b), false
}

// Message takes in a whole message, and tells whether it is the answer.
func (a *Answer) Message(b []byte) (is bool) {
	a.Size += int64(len(b))
	a.Body = append(a.Body[:0], b...)
	return a.receive.Accepts(b)
}

// Accepts tells whether a message is an answer.
func (r *Receive) Accepts(b []byte) bool {
	switch r.How {
	case Bytes:
		return len(b) == r.Bytes
	case Until:
		return bytes.HasSuffix(b, r.Until)
	case Matches:
		return r.RE.Match(b)
	}
	return true
}

// Closed tells whether an answer that the other side has ended is whole, given
// the error of reading.
func (a *Answer) Closed(err error) bool {
	return a.receive.How == Close && (err == io.EOF || err == io.ErrUnexpectedEOF)
}

// Operands are the words of what can be looked at in an answer.
func Operands() []string { return []string{"message", "json", "bytes"} }

// fields are what answers have that HTTP's have not.
type fields []byte

func (f fields) Field(word, _ string) (value.Value, bool) {
	return value.Of(string(f)), word == "message"
}

// Seen is the answer as it is looked at.
func (a *Answer) Seen() *look.Answer {
	return &look.Answer{Body: a.Body, Fields: fields(a.Body)}
}

// Find looks for what is wanted, and keeps how the answer begins where something
// is missing.
func (a *Answer) Find(want []look.Operand, out *target.Outcome, scrub func(string) string) {
	seen := a.Seen()
	out.Found = make([]value.Value, len(want))
	for i := range want {
		found, there := want[i].Find(seen)
		if out.Found[i] = found; !there {
			out.Shown = look.Shown(a.Body, scrub)
		}
	}
}
