package http1

import (
	"bytes"
	"cmp"
	"math"
)

// startLine reads "HTTP/1.1 200 OK" (RFC 9112, 4). The reason is for nobody.
func (p *Parser) startLine(line []byte) Fault {
	const version = "HTTP/1.1"
	if len(line) <= len(version) || string(line[:5]) != "HTTP/" || line[6] != '.' || line[8] != ' ' || !digit(line[5]) || !digit(line[7]) {
		return p.refuse(line, cmp.Or(foreign(line), BadStatusLine))
	}
	code := line[len(version):]
	for len(code) > 0 && code[0] == ' ' {
		code = code[1:]
	}
	if len(code) < 3 || !digit(code[0]) || !digit(code[1]) || !digit(code[2]) || len(code) > 3 && code[3] != ' ' {
		return p.refuse(line, BadStatusLine)
	}
	p.Status = int(code[0]-'0')*100 + int(code[1]-'0')*10 + int(code[2]-'0')
	major, minor := line[5], line[7]
	p.old = major == '0' || major == '1' && minor == '0'
	p.close = major == '0'
	p.state = fields
	return 0
}

// foreign is what else than HTTP/1.1 a server speaks, by what it begins with; 0 where
// that does not show it: HTTP/2 begins with a frame of SETTINGS, of stream 0 (RFC
// 9113, 3.4), and TLS with a record of a handshake or an alert (RFC 8446, 5.1).
func foreign(start []byte) Fault {
	const frameHead, typed, settings, alert, handshake, major = 9, 3, 4, 0x15, 0x16, 3
	switch {
	case len(start) >= frameHead && start[typed] == settings && start[0] == 0 && string(start[5:frameHead]) == "\x00\x00\x00\x00":
		return SpeaksHTTP2
	case len(start) >= 2 && (start[0] == alert || start[0] == handshake) && start[1] == major:
		return SpeaksTLS
	}
	return 0
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// fields takes in the lines of a head or of a trailer, whose fields are
// checked but mean nothing to framing.
func (p *Parser) fields(b []byte) (n int, fault Fault) {
	for n < len(b) {
		line, used, fault := p.unfolded(b[n:])
		n += used
		switch {
		case fault != 0:
			return n, fault
		case line == nil:
		case len(line) > 0:
			if fault := p.field(line); fault != 0 {
				return n, p.refuse(line, fault)
			}
		case p.state == trailers:
			p.state = complete
			return n, 0
		default:
			return n, p.endHead()
		}
	}
	return n, 0
}

// names marks the bytes of a field's name. The blank is no part of it, but
// net/http lets it pass, and then knows the field no more.
var names = func() (table [256]bool) {
	for _, c := range "!#$%&'*+-.^_`|~ 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" {
		table[c] = true
	}
	return table
}()

// field reads "Name: value" (RFC 9112, 5).
func (p *Parser) field(line []byte) Fault {
	size := 0
	for size < len(line) && names[line[size]] {
		size++
	}
	if size == 0 || size == len(line) || line[size] != ':' || line[0] == ' ' {
		return BadField
	}
	name, value := line[:size], line[size+1:]
	if !printable(value) {
		return BadField
	}
	if p.state == trailers {
		return 0
	}
	switch {
	case size == len("connection") && equalFold(name, "connection"):
		p.connection(value)
	case size == len("content-length") && equalFold(name, "content-length"):
		return p.contentLength(trim(value))
	case size == len("transfer-encoding") && equalFold(name, "transfer-encoding"):
		return p.transferEncoding(trim(value))
	case p.Status/100 == 3 && equalFold(name, "location"):
		value = trim(value)
		p.Location = append(p.Location[:0], value[:min(len(value), longestLocation)]...)
	}
	return 0
}

// longestLocation is how much of a Location is kept.
const longestLocation = 1 << 10

// connection reads the options of the connection (RFC 9110, 7.6.1).
func (p *Parser) connection(list []byte) {
	for more := true; more; {
		var option []byte
		option, list, more = bytes.Cut(list, []byte{','})
		option = trim(option)
		p.close = p.close || equalFold(option, "close")
		p.keep = p.keep || equalFold(option, "keep-alive")
	}
}

// contentLength reads the body's length. Several are well if they are the same
// (RFC 9112, 6.3), to the letter.
func (p *Parser) contentLength(text []byte) Fault {
	var length int64
	for _, c := range text {
		d := int64(c - '0')
		if !digit(c) || length > (math.MaxInt64-d)/10 {
			return BadContentLength
		}
		length = length*10 + d
	}
	if len(text) == 0 || p.lengthText > 0 && (length != p.length || len(text) != p.lengthText) {
		return BadContentLength
	}
	p.length, p.lengthText = length, len(text)
	return 0
}

// transferEncoding takes one "chunked" and nothing else, like net/http and
// nginx; before HTTP/1.1 it means nothing (RFC 9112, 6.1).
func (p *Parser) transferEncoding(coding []byte) Fault {
	switch {
	case p.old:
		return 0
	case p.chunked || !equalFold(coding, "chunked"):
		return BadTransferEncoding
	}
	p.chunked = true
	return 0
}

// endHead decides where the body ends (RFC 9112, 6.3).
func (p *Parser) endHead() Fault {
	if p.Status/100 == 1 && p.Status != 101 {
		if p.interim++; p.interim > p.limits.Interim {
			return ManyInterim
		}
		p.before = p.limits.Head - p.room
		p.Continued = p.Continued || p.Status == 100
		p.framing = framing{length: -1}
		p.state = startLine
		return 0
	}
	p.HeadBytes = int64(p.limits.Head - p.room)
	switch {
	case p.head, p.Status/100 == 1, p.Status == 204, p.Status == 304:
		p.state = complete
	case p.chunked:
		p.state, p.room = chunkSize, p.limits.ChunkLine
	case p.length > 0:
		p.state, p.left = sized, uint64(p.length)
	case p.length == 0:
		p.state = complete
	default:
		p.state, p.unended, p.left = untilClose, true, math.MaxUint64 // it never ends by itself
	}
	return 0
}

// headCut says what became of a head that the connection's end cut off. What
// there is of its last line is judged like a whole one: a server that says
// "go away" and closes was no HTTP server to begin with.
func (p *Parser) headCut() (fault Fault) {
	switch {
	case len(p.carry) == 0:
	case p.state == startLine:
		fault = p.startLine(p.carry)
	default:
		if fault = p.field(p.carry); fault != 0 {
			fault = p.refuse(p.carry, fault)
		}
	}
	if fault == 0 {
		p.carry, fault = p.carry[:0], Closed
	}
	return fault
}
