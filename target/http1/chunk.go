package http1

import (
	"bytes"
	"math"
)

// chunkSize reads the line before a chunk's data: its size in hexadecimal, and
// extensions that mean nothing to us (RFC 9112, 7.1). Unlike in a head, lines
// must end in CR LF.
func (p *Parser) chunkSize(line []byte) Fault {
	text, crlf := bytes.CutSuffix(line, []byte("\r\n"))
	if !crlf || bytes.IndexByte(text, '\r') >= 0 {
		return p.refuse(text, BadChunk)
	}
	digits := text
	for len(digits) > 0 && blank(digits[len(digits)-1]) {
		digits = digits[:len(digits)-1]
	}
	if end := bytes.IndexByte(digits, ';'); end >= 0 {
		digits = digits[:end]
	}
	size, ok := hexadecimal(digits)
	if !ok || size > uint64(math.MaxInt64-p.BodyBytes) {
		return p.refuse(text, BadChunk)
	}
	if size == 0 {
		p.state, p.room = trailers, p.limits.Trailer
		return 0
	}
	// A chunk may be a single byte, and extensions are legal, but there must
	// be an end to a server that sends hardly any data: the measure is
	// net/http's. The data is counted up to 4 GiB, so that nothing overflows.
	p.excess = max(0, p.excess+int64(len(line))-16-2*int64(min(size, math.MaxUint32)))
	if p.excess > int64(p.limits.Padding) {
		return PaddedChunks
	}
	p.state, p.left = chunkData, size
	return 0
}

// hexadecimal reads up to 16 digits.
func hexadecimal(text []byte) (n uint64, ok bool) {
	for _, c := range text {
		switch {
		case digit(c):
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		n = n<<4 | uint64(c)
	}
	return n, 0 < len(text) && len(text) <= 16
}

// chunkEnd takes in the CR or the LF after a chunk's data.
func (p *Parser) chunkEnd(c byte) (n int, fault Fault) {
	switch {
	case p.state == chunkCR && c == '\r':
		p.state = chunkLF
	case p.state == chunkLF && c == '\n':
		p.state, p.room = chunkSize, p.limits.ChunkLine
	default:
		return 0, BadChunk
	}
	return 1, 0
}
