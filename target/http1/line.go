package http1

import (
	"bytes"
	"encoding/binary"
)

// line takes the next line, with its end, out of b; nil if it is not whole
// yet. The line is valid until the next one is asked for.
func (p *Parser) line(b []byte) (line []byte, n int, fault Fault) {
	n = bytes.IndexByte(b, '\n') + 1
	whole := n > 0
	if !whole {
		n = len(b)
	}
	if n > p.room {
		return nil, 0, p.tooLong()
	}
	p.room -= n
	if whole && len(p.carry) == 0 {
		return b[:n], n, 0
	}
	line = append(p.carry, b[:n]...)
	if !whole {
		p.carry = line
		return nil, n, 0
	}
	p.carry = line[:0]
	return line, n, 0
}

// tooLong says which limit a line meets.
func (p *Parser) tooLong() Fault {
	limit := LargeHead
	switch p.state {
	case chunkSize:
		limit = LongChunkLine
	case trailers:
		limit = LargeTrailer
	}
	p.carry = p.carry[:0]
	return limit
}

// unfolded takes the next line of a head or trailer out of b, without its end;
// nil if it is not whole yet. A line that begins with a blank continues the one
// before (RFC 9112, 5.2: obsolete, but clients must understand it), so a line
// is only whole when the next one has begun. The empty line has no successor.
func (p *Parser) unfolded(b []byte) (line []byte, n int, fault Fault) {
	if p.ended {
		p.ended = false
		if !blank(b[0]) {
			line, p.carry = p.carry, p.carry[:0]
			return line, 0, 0
		}
	}
	raw, n, fault := p.line(b)
	if raw == nil {
		return nil, n, fault
	}
	line = chomp(raw)
	if p.state == trailers && len(raw)-len(line) != len("\r\n") {
		return nil, n, p.refuse(line, BadField)
	}
	if len(line) == 0 || n < len(b) && !blank(b[n]) {
		return line, n, 0
	}
	if bytes.IndexByte(line, ':') < 0 {
		return nil, n, p.refuse(line, BadField) // a name cannot be folded
	}
	if len(raw) > n { // of several pieces: it is kept already
		p.carry = line
	} else {
		p.carry = append(p.carry[:0], line...)
	}
	p.ended = true
	return nil, n, 0
}

// chomp takes the end off a line: CR LF, or LF alone (RFC 9112, 2.2).
func chomp(line []byte) []byte {
	end := len(line) - 1
	if end > 0 && line[end-1] == '\r' {
		end--
	}
	return line[:end]
}

func blank(c byte) bool { return c == ' ' || c == '\t' }

// trim takes the blanks off both ends.
func trim(b []byte) []byte {
	for len(b) > 0 && blank(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && blank(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

// equalFold tells whether b, which has no control characters, is text, which
// is of small letters and hyphens, in any case of ASCII. (bytes.EqualFold would
// take the Kelvin sign for a k.)
func equalFold(b []byte, text string) bool {
	if len(b) != len(text) {
		return false
	}
	for i, c := range b {
		if c|0x20 != text[i] { // 0x20 is what makes a letter small, and part of a hyphen
			return false
		}
	}
	return true
}

// printable tells whether b holds no control characters besides tabs (RFC
// 9110, 5.5). It looks at eight bytes at a time, for values are most of a head.
func printable(b []byte) bool {
	const (
		each = 0x0101010101010101
		high = 0x80 * each
	)
	if len(b) < 8 {
		return allPrintable(b)
	}
	last := len(b) - 8
	for at := 0; ; at = min(at+8, last) {
		x := binary.LittleEndian.Uint64(b[at:])
		del := x ^ 0x7f*each
		// A borrow out of a byte can only mark one above a byte that is marked
		// itself: the sum of the marks is exact.
		suspects := ((x - 0x20*each) &^ x) | ((del - each) &^ del)
		if suspects&high != 0 && !allPrintable(b[at:at+8]) {
			return false
		}
		if at == last {
			return true
		}
	}
}

func allPrintable(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
