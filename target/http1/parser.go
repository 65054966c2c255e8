// Package http1 is HTTP/1.1: the requests of calls, and what the bytes mean that
// come back. Codec speaks it over the connections of package wire.
//
// Parser reads the answers. It is fed bytes as they come from a non-blocking
// socket, in any pieces, keeps only what a line cut in two needs, and allocates
// nothing in the steady state. It understands what framing needs (RFC 9112:
// where the answer ends, and whether the connection may serve the next call)
// and merely checks the rest. What it accepts and refuses is what net/http's
// ReadResponse does; the few differences are listed in fuzz_test.go.
package http1

import "bytes"

// state is what comes next.
type state uint8

const (
	startLine state = iota
	fields
	sized      // a body of known length
	untilClose // a body that ends with the connection
	chunkSize
	chunkData
	chunkCR // the line end after a chunk's data
	chunkLF
	trailers
	complete
	failed
)

// Parser reads one answer after the other; call Reset before each. The zero
// value is of no use: see New. It is not safe for several goroutines at once.
type Parser struct {
	// Body, unless nil, is shown the answer's body, chunking undone, in pieces
	// that are only valid during the call. Status is known then.
	Body func(piece []byte)
	// Chunk, unless nil, is told that a chunk of the body is whole.
	Chunk func()

	framing // what the present head said
	// Location is where an answer of status 3xx says that there is more.
	Location []byte
	// Continued tells that the server has asked for the request's body (100).
	Continued bool
	// HeadBytes is the size of the answer's head with its empty line, interim
	// answers before it included; 0 until HeadDone.
	HeadBytes int64
	// BodyBytes is the size of the body so far, chunking undone.
	BodyBytes int64

	state   state
	fault   Fault // why state is failed
	head    bool  // the request's method is HEAD
	unended bool  // the body's end is the connection's
	last    *memory

	left    uint64 // bytes of the body, or of the present chunk, to come
	excess  int64  // bytes of chunking beyond what is decent
	before  int    // bytes of interim answers
	interim int    // interim answers so far

	room   int    // bytes left to the present head, trailer or chunk's line
	carry  []byte // the start of a line that is not whole yet; of a failed one, for Explain
	ended  bool   // carry is whole, unless the next line continues it
	limits Limits
}

// framing is what the status line and the fields of a head say of its body and
// of the connection.
type framing struct {
	// Status is the answer's code, 000 to 999, valid once HeadDone.
	Status     int
	old        bool  // the version knows neither chunks nor lasting connections
	close      bool  // Connection: close, or a version that always does
	keep       bool  // Connection: keep-alive
	chunked    bool  // Transfer-Encoding: chunked
	length     int64 // Content-Length; -1: none
	lengthText int   // digits that Content-Length had
}

// memory is the last head that came whole and in one piece, and what it said. A
// server mostly sends the same one for a second, until its Date changes; what
// has been read once need not be read again. Parsers of one thread may share
// it.
type memory struct {
	text     []byte
	location []byte
	framing
}

// longestCarry bounds what is kept of a line's memory from one answer to the
// next.
const longestCarry = 16 << 10

// longestMemory bounds the heads that are remembered.
const longestMemory = 1 << 10

// New makes a parser that is ready for its first answer, to a request that is
// not HEAD. Limits that are zero get their defaults.
func New(limits Limits) Parser {
	p := Parser{limits: limits.withDefaults(), last: new(memory)}
	p.Reset(false)
	return p
}

// Reset prepares for the next answer; head tells that the request's method is
// HEAD, whose answers have no body.
func (p *Parser) Reset(head bool) {
	p.state, p.fault, p.head = startLine, 0, head
	p.HeadBytes, p.BodyBytes = 0, 0
	p.left, p.excess, p.interim, p.before = 0, 0, 0, 0
	p.room, p.carry, p.ended = p.limits.Head, p.carry[:0], false
	p.shrink()
	p.framing, p.unended, p.Continued = framing{length: -1}, false, false
	p.Location = p.Location[:0]
}

// shrink lets go of what a long line has taken.
func (p *Parser) shrink() {
	if cap(p.carry) > longestCarry {
		p.carry = bytes.Clone(p.carry[:min(len(p.carry), shown)])
	}
}

// Feed takes in the next bytes, up to the end of this answer and no further:
// where n < len(b), the answer is done and what follows belongs to the next
// one. A body without any framing is only done at EOF. An error is a Fault,
// ends the answer, and says so again if it is fed more; n tells nothing then.
func (p *Parser) Feed(b []byte) (n int, done bool, err error) {
	fresh := p.state == startLine && p.room == p.limits.Head
	if fresh {
		n = p.recall(b)
	}
	learn := fresh && n == 0
	for n < len(b) && p.state < complete {
		used, fault := p.step(b[n:])
		n += used
		if fault != 0 {
			p.state, p.fault = failed, fault
		}
	}
	if learn {
		p.remember(b)
	}
	if p.state == failed {
		return n, false, p.fault
	}
	return n, p.state == complete, nil
}

// recall takes in a head that is, to the byte, the one remembered.
func (p *Parser) recall(b []byte) (n int) {
	if n = len(p.last.text); n == 0 || n > p.room || !bytes.HasPrefix(b, p.last.text) {
		return 0
	}
	p.framing = p.last.framing
	p.Location = append(p.Location, p.last.location...)
	p.room -= n
	p.endHead()
	return n
}

// remember keeps the head that b began with, if it was whole and the only one.
func (p *Parser) remember(b []byte) {
	if p.HeadBytes > 0 && p.HeadBytes <= min(int64(len(b)), longestMemory) && p.interim == 0 {
		p.last.text, p.last.framing = append(p.last.text[:0], b[:p.HeadBytes]...), p.framing
		p.last.location = append(p.last.location[:0], p.Location...)
	}
}

// EOF tells the parser that the server has closed the connection in an orderly
// way, and asks whether that was the end of the answer. The error is a Fault.
func (p *Parser) EOF() (done bool, err error) {
	switch p.state {
	case complete:
		return true, nil
	case untilClose:
		p.state = complete
		return true, nil
	case startLine, fields:
		p.state, p.fault = failed, p.headCut()
	case sized, chunkSize, chunkData, chunkCR, chunkLF, trailers:
		p.state, p.fault = failed, CutShort
	}
	return false, p.fault
}

// Fault is what is wrong with the answer; 0 if nothing is so far.
func (p *Parser) Fault() Fault { return p.fault }

// Begun tells whether anything of the answer has come.
func (p *Parser) Begun() bool { return p.room < p.limits.Head || p.HeadBytes > 0 }

// Interim is how many bytes of the head are of interim answers.
func (p *Parser) Interim() int { return p.before }

// HeadDone tells whether the head is whole, so that the body is next, if any.
func (p *Parser) HeadDone() bool { return p.HeadBytes > 0 }

// Chunked tells whether its body comes in chunks, once HeadDone.
func (p *Parser) Chunked() bool { return p.chunked }

// KeepAlive tells whether the connection may serve another call: the answer is
// complete, nobody asked to close (RFC 9112, 9.3), its end was not the
// connection's, and it did not switch to another protocol.
func (p *Parser) KeepAlive() bool {
	return p.state == complete && !p.close && (!p.old || p.keep) && !p.unended && p.Status >= 200
}

// step takes in what belongs to the present state, or as much of it as came.
func (p *Parser) step(b []byte) (n int, fault Fault) {
	switch p.state {
	case startLine:
		line, n, fault := p.line(b)
		switch {
		case line != nil:
			fault = p.startLine(chomp(line))
		case fault == 0: // other protocols need not have lines
			fault = foreign(p.carry)
		}
		return n, fault
	case fields, trailers:
		return p.fields(b)
	case chunkSize:
		line, n, fault := p.line(b)
		if line != nil {
			fault = p.chunkSize(line)
		}
		return n, fault
	case sized, chunkData, untilClose:
		return p.data(b[:min(uint64(len(b)), p.left)]), 0
	}
	return p.chunkEnd(b[0])
}

// data takes in a piece of the body.
func (p *Parser) data(piece []byte) int {
	p.BodyBytes += int64(len(piece))
	p.left -= uint64(len(piece))
	if p.Body != nil {
		p.Body(piece)
	}
	switch {
	case p.left > 0:
	case p.state == sized:
		p.state = complete
	case p.state == chunkData:
		if p.state = chunkCR; p.Chunk != nil {
			p.Chunk()
		}
	}
	return len(piece)
}
