package resp

import (
	"bytes"
	"math"
	"strconv"
)

// Parser reads one reply after the other; call Reset before each. The zero
// Parser is ready for its first.
type Parser struct {
	// Size is how many bytes of the reply have come.
	Size int64

	keep   int  // so much of the text; 0: nothing
	over   bool // there is more
	text   []byte
	errors []byte // the first error in it
	failed bool   // there is one

	state state
	fault Fault
	carry []byte // the start of a line that is not whole yet
	left  int64  // bytes of the present string, and of its end
	whole []byte // the present string of an array, where it is kept
	depth int
	array [mostDepth]int64 // elements to come, of each array around the present one
}

// state is what comes next.
type state uint8

const (
	line state = iota
	text       // of a string
	complete
	broken
)

// longestCarry bounds what is kept of a line's memory from one reply to the
// next, and mostError what is kept of an error.
const (
	longestCarry = 4 << 10
	mostError    = 300
)

// Reset prepares for the next reply, of whose text so many bytes are kept.
func (p *Parser) Reset(keep int) {
	p.Size, p.keep, p.over, p.failed = 0, keep, false, false
	p.text, p.errors = p.text[:0], p.errors[:0]
	p.state, p.fault, p.left, p.depth = line, 0, 0, 0
	p.carry, p.whole = p.carry[:0], p.whole[:0]
	p.Rest()
}

// Rest lets go of the memory that a long line, or text, has taken.
func (p *Parser) Rest() {
	for _, b := range []*[]byte{&p.carry, &p.text, &p.whole} {
		if cap(*b) > longestCarry && len(*b) < cap(*b)/4 {
			*b = bytes.Clone(*b)
		}
	}
}

// Feed takes in the next bytes, up to the end of this reply and no further. An
// error is a Fault, ends the reply, and says so again if it is fed more.
func (p *Parser) Feed(b []byte) (n int, done bool, err error) {
	for n < len(b) && p.state < complete {
		var used int
		if p.state == line {
			used = p.line(b[n:])
		} else {
			used = p.string(b[n:])
		}
		n += used
	}
	p.Size += int64(n)
	if p.state == broken {
		return n, false, p.fault
	}
	return n, p.state == complete, nil
}

// Begun tells whether anything of the reply has come.
func (p *Parser) Begun() bool { return p.Size > 0 }

// Text is what the reply says: a string as it is, a number in digits, an array as
// JSON. Over tells that there was more than is kept.
func (p *Parser) Text() (text []byte, over bool) { return p.text, p.over || len(p.text) > p.keep }

// Failure is the first error in the reply, as the server words it.
func (p *Parser) Failure() (text []byte, failed bool) { return p.errors, p.failed }

func (p *Parser) refuse(why Fault) { p.state, p.fault = broken, why }

// line takes in a line, or as much of it as there is.
func (p *Parser) line(b []byte) (used int) {
	end := bytes.IndexByte(b, '\n')
	used = end + 1
	if end < 0 {
		used = len(b)
	}
	l := b[:used]
	switch {
	case len(p.carry) == 0 && !known(b[0]):
		p.refuse(BadType)
		return used
	case len(p.carry)+used > mostLine:
		p.refuse(LongLine)
		return used
	}
	if len(p.carry) > 0 || end < 0 {
		p.carry = append(p.carry, l...)
		l = p.carry
	}
	if end < 0 {
		return used
	}
	p.element(l)
	p.carry = p.carry[:0]
	return used
}

func known(kind byte) bool { return bytes.IndexByte([]byte("+-:$*"), kind) >= 0 }

// element reads the line that an element begins with, or is.
func (p *Parser) element(l []byte) {
	last := len(l) - 2
	if last < 1 || l[last] != '\r' || bytes.IndexByte(l[:last], '\r') >= 0 {
		p.refuse(BadLine)
		return
	}
	switch said := l[1:last]; l[0] {
	case '+':
		p.word(said)
	case '-':
		if !p.failed {
			p.failed, p.errors = true, append(p.errors, said[:min(len(said), mostError)]...)
		}
		p.word(said)
	case ':':
		p.integer(said)
	case '$':
		p.begin(said)
	case '*':
		p.open(said)
	}
}

// word is an element that is a line.
func (p *Parser) word(said []byte) {
	if p.depth == 0 {
		p.tell(said)
	} else {
		p.quote(said)
	}
	p.end()
}

func (p *Parser) integer(said []byte) {
	if _, err := strconv.ParseInt(string(said), 10, 64); err != nil {
		p.refuse(BadNumber)
		return
	}
	if p.keeps() {
		if said[0] == '+' { // JSON has none
			said = said[1:]
		}
		p.tell(said)
	}
	p.end()
}

// length reads a length; −1 says that there is nothing.
func (p *Parser) length(said []byte, most int64, long Fault) (n int64, ok bool) {
	if string(said) == "-1" {
		return -1, true
	}
	for _, c := range said {
		if c < '0' || c > '9' || n > math.MaxInt64/100 {
			p.refuse(BadNumber)
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	switch {
	case len(said) == 0:
		p.refuse(BadNumber)
	case n > most:
		p.refuse(long)
	default:
		return n, true
	}
	return 0, false
}

// begin begins a string of so many bytes.
func (p *Parser) begin(said []byte) {
	n, ok := p.length(said, mostString, LongString)
	switch {
	case !ok:
	case n < 0:
		p.nothing()
	default:
		p.state, p.left, p.whole = text, n+2, p.whole[:0]
	}
}

// nothing is an element that is not there.
func (p *Parser) nothing() {
	if p.depth > 0 && p.keeps() {
		p.tell([]byte("null"))
	}
	p.end()
}

// string takes in a piece of a string, or of its end.
func (p *Parser) string(b []byte) (used int) {
	if inside := p.left - 2; inside > 0 {
		piece := b[:min(int64(len(b)), inside)]
		if p.left -= int64(len(piece)); p.depth == 0 {
			p.tell(piece)
		} else if room := max(0, p.keep-len(p.text)-len(p.whole)); p.keep > 0 {
			p.over = p.over || len(piece) > room
			p.whole = append(p.whole, piece[:min(len(piece), room)]...)
		}
		return len(piece)
	}
	if b[0] != "\r\n"[2-p.left] {
		p.refuse(BadEnd)
		return 0
	}
	if p.left--; p.left > 0 {
		return 1
	}
	p.state = line
	if p.depth > 0 {
		p.quote(p.whole)
	}
	p.end()
	return 1
}

// open begins an array of so many elements.
func (p *Parser) open(said []byte) {
	n, ok := p.length(said, mostArray, LongArray)
	switch {
	case !ok:
	case n < 0:
		p.nothing()
	case p.depth == mostDepth:
		p.refuse(Deep)
	case n == 0:
		if p.keeps() {
			p.tell([]byte("[]"))
		}
		p.end()
	default:
		if p.keeps() {
			p.tell([]byte("["))
		}
		p.array[p.depth] = n
		p.depth++
	}
}

// end ends an element, and with it the arrays that it is the last of.
func (p *Parser) end() {
	for p.depth > 0 {
		if p.array[p.depth-1]--; p.array[p.depth-1] > 0 {
			if p.keeps() {
				p.tell([]byte(","))
			}
			return
		}
		p.depth--
		if p.keeps() {
			p.tell([]byte("]"))
		}
	}
	p.state = complete
}

// keeps tells whether there is room for more text.
func (p *Parser) keeps() bool {
	p.over = p.over || p.keep > 0 && len(p.text) >= p.keep
	return p.keep > 0 && !p.over
}

// quote keeps a string of an array.
func (p *Parser) quote(s []byte) {
	if !p.keeps() {
		return
	}
	if room := p.keep - len(p.text); len(s) > room {
		p.over = true
		s = s[:room]
	}
	p.text = appendString(p.text, s)
}

// tell keeps a piece of the text, as far as there is room.
func (p *Parser) tell(piece []byte) {
	if room := p.keep - len(p.text); len(piece) > room {
		p.over = true
		piece = piece[:max(0, room)]
	}
	p.text = append(p.text, piece...)
}
