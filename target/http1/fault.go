package http1

import (
	"fmt"

	"plimsoll/target"
)

// Fault is why an answer is none: the only kind of error that a Parser has.
type Fault uint8

const (
	_                   Fault = iota
	BadStatusLine             // no "HTTP/1.1 200 …"
	BadField                  // a header or trailer line that is none
	BadContentLength          // no number below 2⁶³, or two that differ
	BadTransferEncoding       // other than a single "chunked"
	BadChunk                  // a chunk's size or its line ends
	LargeHead                 // Limits.Head
	LargeTrailer              // Limits.Trailer
	LongChunkLine             // Limits.ChunkLine
	PaddedChunks              // Limits.Padding
	ManyInterim               // Limits.Interim
	Closed                    // the connection ended before the head did
	CutShort                  // the connection ended before the body did
	SpeaksHTTP2               // what comes is HTTP/2
	SpeaksTLS                 // what comes is TLS
)

// Class is the class of error that a call with this fault counts under. An
// answer that breaks off before its head is whole is no answer (reset); one
// that breaks off later is half of one (body), as package http has it.
func (f Fault) Class() string {
	if f == Closed {
		return target.Reset
	}
	return target.Body
}

// Error says what was wrong and what would be right.
func (f Fault) Error() string {
	switch f {
	case BadStatusLine:
		return `malformed status line (want "HTTP/1.1 200 OK")`
	case BadField:
		return `malformed header line (want "Name: value")`
	case BadContentLength:
		return "malformed Content-Length (want one whole number)"
	case BadTransferEncoding:
		return `unsupported Transfer-Encoding (want "chunked" alone)`
	case BadChunk:
		return "malformed chunk (want its size in hexadecimal, its data, and CR LF after both)"
	case LargeHead:
		return "the head is too large"
	case LargeTrailer:
		return "the trailer after the last chunk is too large"
	case LongChunkLine:
		return "the line of a chunk's size is too long"
	case PaddedChunks:
		return "the body's chunks carry far more padding than data"
	case ManyInterim:
		return "too many interim answers (status 1xx) before the final one"
	case Closed:
		return "the server closed the connection before its answer was whole"
	case CutShort:
		return "the body broke off"
	case SpeaksHTTP2:
		return "the server speaks HTTP/2 here: try `http: 2`"
	case SpeaksTLS:
		return "the server speaks TLS here: try `url: https://…`"
	}
	return "no fault"
}

// Explain is the message for people about the fault that Feed or EOF reported,
// with what of the answer shows it; empty without a fault.
func (p *Parser) Explain() string {
	switch {
	case p.fault == 0:
		return ""
	case p.fault == CutShort && p.length > 0 && !p.chunked:
		return fmt.Sprintf("the body ended after %d of %d bytes", p.BodyBytes, p.length)
	case p.fault == CutShort:
		return fmt.Sprintf("the body broke off after %d bytes", p.BodyBytes)
	case p.fault != SpeaksHTTP2 && p.fault != SpeaksTLS && len(p.carry) > 0:
		return fmt.Sprintf("%s: %q", p.fault.Error(), p.carry)
	}
	return p.fault.Error()
}

// shown is how much of a bad line Explain quotes.
const shown = 80

// refuse keeps the start of a bad line for Explain.
func (p *Parser) refuse(line []byte, why Fault) Fault {
	whole := len(line) <= shown
	p.carry = append(p.carry[:0], line[:min(len(line), shown)]...)
	if !whole {
		p.carry = append(p.carry, "…"...)
	}
	return why
}

// Limits bound what a server may ask of a Parser. Everything is in bytes,
// except Interim; zero means the default. Bodies are not kept, so they need no
// limit; the longest line of a head is all the memory that a parser ever takes.
type Limits struct {
	Head      int // the answer's head and all interim ones before it: 1 MB
	Interim   int // interim answers (1xx) before the final one: 100
	ChunkLine int // a chunk's size with its extensions: 4 KiB
	Padding   int // chunking beyond 16 bytes a chunk and twice its data: 16 KiB
	Trailer   int // what follows the last chunk: 4 KiB
}

// UsualHead is the default of Limits.Head.
const UsualHead = 1_000_000

func (l Limits) withDefaults() Limits {
	for _, limit := range []struct {
		value *int
		usual int
	}{
		{&l.Head, UsualHead}, {&l.Interim, 100},
		{&l.ChunkLine, 4 << 10}, {&l.Padding, 16 << 10}, {&l.Trailer, 4 << 10},
	} {
		if *limit.value <= 0 {
			*limit.value = limit.usual
		}
	}
	return l
}
