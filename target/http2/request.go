package http2

import (
	"bytes"

	"plimsoll/target/hpack"
	"plimsoll/target/wire"
)

// Heads know the head of an exchange's request.
type Heads interface {
	// Head is it, valid until the next; it may be made in memory of the connection's.
	Head(x *wire.Exchange, m *Memory) Head
}

// Head is the head of a request.
type Head struct {
	Block []byte // of fields, in a way that leaves nothing behind (hpack.Append)
	Size  int    // how much of the request's bytes it is; the rest are the body
	// Bodiless tells that the answer has no body: the method is HEAD.
	Bodiless bool
}

// Memory is what heads are made in.
type Memory struct {
	lower []byte // a field's name in small letters
	coded []byte // a block
}

// request makes the block of a request that begins with that head of HTTP/1.1, in
// memory that it is given.
func (c *Codec) request(block, text []byte, lower *[]byte) Head {
	size := bytes.Index(text, []byte("\r\n\r\n")) + len("\r\n\r\n")
	first, lines, _ := bytes.Cut(text[:size-len("\r\n")], []byte("\r\n"))
	method, target, _ := bytes.Cut(first, []byte{' '})
	if at := bytes.LastIndexByte(target, ' '); at >= 0 {
		target = target[:at]
	}
	host := []byte(c.host)
	for rest := lines; len(rest) > 0; {
		var name, value []byte
		if name, value, rest = cutLine(rest); bytes.EqualFold(name, []byte("host")) {
			host = value
			break
		}
	}
	block = hpack.Append(block, []byte(":method"), method, false)
	block = hpack.Append(block, []byte(":scheme"), []byte(c.scheme), false)
	block = hpack.Append(block, []byte(":authority"), host, false)
	block = hpack.Append(block, []byte(":path"), target, false)
	for len(lines) > 0 {
		var name, value []byte
		name, value, lines = cutLine(lines)
		*lower = appendLower((*lower)[:0], name)
		if goes(*lower, value) {
			block = hpack.Append(block, *lower, value, secret(*lower))
		}
	}
	return Head{block, size, string(method) == "HEAD"}
}

// cutLine takes the first line off a head's, and takes it apart.
func cutLine(lines []byte) (name, value, rest []byte) {
	line, rest, _ := bytes.Cut(lines, []byte("\r\n"))
	name, value, _ = bytes.Cut(line, []byte{':'})
	return name, bytes.Trim(value, " \t"), rest
}

func appendLower(dst, name []byte) []byte {
	for _, c := range name {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

// goes tells whether a field goes over HTTP/2, which has no connections between
// neighbours (RFC 9113, 8.2.2) and names the host elsewhere.
func goes(name, value []byte) bool {
	switch string(name) {
	case "host", "http2-settings":
		return false
	case "te":
		return bytes.EqualFold(value, []byte("trailers"))
	}
	return len(name) > 0 && !neighbourly(name)
}

// secret tells whether nobody is to keep a field who passes it on.
func secret(name []byte) bool {
	switch string(name) {
	case "authorization", "proxy-authorization", "cookie":
		return true
	}
	return false
}
