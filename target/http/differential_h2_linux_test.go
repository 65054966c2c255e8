package http

import (
	"encoding/binary"
	"io"
	"strings"
	"testing"

	"plimsoll/target/wire"
)

// Frames of HTTP/2 (RFC 9113, 6), written by hand: the servers of these tests
// must be able to do what no library lets them.
const (
	frameData         = 0
	frameHeaders      = 1
	frameReset        = 3
	frameSettings     = 4
	framePush         = 5
	framePing         = 6
	frameGoAway       = 7
	frameContinuation = 9

	endStream  = 1
	ack        = 1
	endHeaders = 4
	padded     = 8
)

// framed is a request of HTTP/2 that a house has read whole.
type framed struct {
	*visit
	id     uint32
	number int // of the stream on its connection, from 0
}

func (v *visit) frame(kind, flags byte, id uint32, payload string) bool {
	head := make([]byte, 9, 9+len(payload))
	head[0], head[1], head[2] = byte(len(payload)>>16), byte(len(payload)>>8), byte(len(payload))
	head[3], head[4] = kind, flags
	binary.BigEndian.PutUint32(head[5:], id)
	_, err := v.conn.Write(append(head, payload...))
	return err == nil
}

// fields is a block of header fields, none of which is indexed (RFC 7541,
// 6.2.2), but for the status.
func fields(status string, pairs ...string) string {
	block := "\x08" + string(rune(len(status))) + status // the name is the table's 8th
	for i := 0; i < len(pairs); i += 2 {
		block += "\x00" + string(rune(len(pairs[i]))) + pairs[i] + string(rune(len(pairs[i+1]))) + pairs[i+1]
	}
	return block
}

func (s framed) head(flags byte, status string, pairs ...string) bool {
	return s.frame(frameHeaders, endHeaders|flags, s.id, fields(status, pairs...))
}

func (s framed) data(flags byte, text string) bool { return s.frame(frameData, flags, s.id, text) }

func (s framed) reset(code uint32) bool {
	return s.frame(frameReset, 0, s.id, string(binary.BigEndian.AppendUint32(nil, code)))
}

// goAway says which stream is the last that it has looked at, and why.
func (s framed) goAway(last, code uint32) bool {
	return s.frame(frameGoAway, 0, 0, string(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, last), code)))
}

// well answers the request.
func (s framed) well() bool {
	return s.head(0, "200", "content-length", "2") && s.data(endStream, "OK")
}

// byStream reads frames, and hands every whole request to the script.
func byStream(script func(framed) (goOn bool)) func(*visit) { return byStreams("", script) }

// byStreams begins with those settings.
func byStreams(settings string, script func(framed) (goOn bool)) func(*visit) {
	return func(v *visit) {
		preface := make([]byte, 24)
		if _, err := io.ReadFull(v.in, preface); err != nil || !v.frame(frameSettings, 0, 0, settings) {
			return
		}
		number := 0
		head := make([]byte, 9)
		for {
			if _, err := io.ReadFull(v.in, head); err != nil {
				return
			}
			payload := make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))
			if _, err := io.ReadFull(v.in, payload); err != nil {
				return
			}
			kind, flags, id := head[3], head[4], binary.BigEndian.Uint32(head[5:])
			switch {
			case kind == frameSettings && flags&ack == 0:
				v.frame(frameSettings, ack, 0, "")
			case kind == framePing && flags&ack == 0:
				v.frame(framePing, ack, 0, string(payload))
			case (kind == frameHeaders || kind == frameData) && flags&endStream != 0:
				v.whole.Add(1)
				if !script(framed{v, id, number}) {
					v.takeLeave()
					return
				}
				number++
			}
		}
	}
}

// takeLeave closes the connection in an orderly way. A system resets one that is
// closed when there is something to read, and clients of HTTP/2 say something
// (the settings are well, the window is larger) whenever they like.
func (v *visit) takeLeave() {
	if half, can := v.conn.(interface{ CloseWrite() error }); can && half.CloseWrite() == nil {
		v.silence()
	}
}

// Error codes besides those that the product knows.
const (
	internalError = 2
	cancelStream  = 8
	calmDown      = 11
)

// frames are conducts that only HTTP/2 has.
var frames = []struct {
	name   string
	script func(framed) (goOn bool)
	change func(*Settings)
	ends   []string
	more   conductMore
}{
	{"well", framed.well, nil, good, conductMore{}},
	{"no body", func(s framed) bool { return s.head(endStream, "204") }, nil, good, conductMore{}},
	{"a POST", framed.well, sending("POST", "hello"), good, conductMore{}},
	{"an early hint", func(s framed) bool { return s.head(0, "103", "link", "x") && s.well() }, nil, good, conductMore{}},
	{"hints without an end", func(s framed) bool {
		for range 150 {
			s.head(0, "100")
		}
		return s.well()
	}, nil, body, conductMore{}},
	{"a head in two frames", func(s framed) bool {
		block := fields("200", "content-length", "2")
		return s.frame(frameHeaders, 0, s.id, block[:5]) && s.frame(frameContinuation, endHeaders, s.id, block[5:]) && s.data(endStream, "OK")
	}, nil, good, conductMore{}},
	{"padding", func(s framed) bool { return s.head(0, "200") && s.data(padded|endStream, "\x03OK\x00\x00\x00") }, nil, good, conductMore{}},
	{"a trailer", func(s framed) bool {
		return s.head(0, "200") && s.data(0, "OK") && s.frame(frameHeaders, endHeaders|endStream, s.id, "\x00\x01a\x01b")
	}, nil, good, conductMore{}},
	{"a frame of no known kind", func(s framed) bool { return s.frame(0x42, 0, 0, "what?") && s.well() }, nil, good, conductMore{}},
	{"an error with a body", func(s framed) bool { return s.head(0, "503") && s.data(endStream, "later") }, nil, []string{"status-503"}, conductMore{}},

	{"reset instead of an answer", func(s framed) bool { return s.reset(internalError) }, nil, reset, conductMore{}},
	{"reset instead of an answer to a POST", func(s framed) bool { return s.reset(internalError) }, sending("POST", "hello"), reset, conductMore{}},
	{"reset for a breach that nobody committed", func(s framed) bool { return s.reset(protocolError) }, nil, reset, conductMore{}},
	{"reset behind the head", func(s framed) bool { return s.head(0, "200") && s.reset(internalError) }, nil, reset, conductMore{}},
	{"reset in the body", func(s framed) bool {
		return s.head(0, "200", "content-length", "9") && s.data(0, "hello") && s.reset(cancelStream)
	}, nil, reset, conductMore{partial: true}},
	{"refused for ever", func(s framed) bool { return s.reset(refusedStream) }, nil, reset, conductMore{attempts: 2, resent: 1}},
	{"a POST refused for ever", func(s framed) bool { return s.reset(refusedStream) }, sending("POST", "hello"), reset, conductMore{attempts: 2, resent: 1}},
	{"refused behind the head", func(s framed) bool { return s.head(0, "200") && s.reset(refusedStream) }, nil, reset, conductMore{}},
	{"gone away before it, for ever", func(s framed) bool { s.goAway(0, 0); return false }, nil, reset, conductMore{attempts: 2, resent: 1, races: true}},
	{"gone away before it, annoyed", func(s framed) bool { s.goAway(0, calmDown); return false }, nil, reset, conductMore{attempts: 2, resent: 1, races: true}},
	{"gone away behind it", func(s framed) bool { s.goAway(s.id, 0); s.well(); return false }, nil, good, conductMore{attempts: -1, races: true}},
	{"gone away in its midst", func(s framed) bool { s.goAway(s.id, 0); s.head(0, "200"); return false }, nil, reset, conductMore{attempts: -1, partial: true, races: true}},

	{"closed instead of an answer", func(s framed) bool { return false }, nil, reset, conductMore{races: true}},
	{"closed in the body", func(s framed) bool { s.head(0, "200", "content-length", "9"); s.data(0, "hello"); return false }, nil, body, conductMore{races: true}},
	{"less than announced", func(s framed) bool { return s.head(0, "200", "content-length", "9") && s.data(endStream, "hello") }, nil, body, conductMore{}},
	{"more than announced", func(s framed) bool { return s.head(0, "200", "content-length", "2") && s.data(endStream, "OKAY") }, nil, body, conductMore{}},
	{"two lengths", func(s framed) bool {
		return s.head(0, "200", "content-length", "2", "content-length", "3") && s.data(endStream, "OK")
	}, nil, body, conductMore{}},
	{"a length with a sign", func(s framed) bool { return s.head(0, "200", "content-length", "+2") && s.data(endStream, "OK") }, nil, body, conductMore{}},
	{"no status", func(s framed) bool { return s.frame(frameHeaders, endHeaders|endStream, s.id, "\x00\x01a\x01b") }, nil, body, conductMore{}},
	{"a status in words", func(s framed) bool { return s.head(endStream, "two") }, nil, body, conductMore{}},
	{"a body without a head", func(s framed) bool { return s.data(endStream, "OK") }, nil, body, conductMore{}},
	{"a body after HEAD", func(s framed) bool { return s.head(0, "200") && s.data(endStream, "OK") }, sending("HEAD", ""), good, conductMore{}},
	{"a push", func(s framed) bool {
		return s.frame(framePush, endHeaders, s.id, "\x00\x00\x00\x02\x82") && s.well()
	}, nil, body, conductMore{races: true}},
	{"a frame that is too large", func(s framed) bool { return s.head(0, "200") && s.data(endStream, strings.Repeat("x", 2<<20)) }, nil, body, conductMore{partial: true, races: true}},
	{"nonsense for fields", func(s framed) bool {
		return s.frame(frameHeaders, endHeaders|endStream, s.id, "\xff\xff\xff\xff\xff\xff")
	}, nil, body, conductMore{races: true}},
	{"silent", func(s framed) bool { return true }, nil, late, conductMore{long: true}},
	{"silent in the body", func(s framed) bool { return s.head(0, "200") && s.data(0, "hello") }, nil, late, conductMore{long: true}},
}

// Whatever a server of HTTP/2 does, plain or over TLS, is told alike; and what
// it has declared unprocessed, and nothing else, is sent once more.
func TestStreamsTellTheSame(t *testing.T) {
	for _, f := range frames {
		c := conduct{f.name, nil, f.change, f.ends, f.more}
		c.more.serve = byStream(f.script)
		t.Run(f.name, func(t *testing.T) {
			expectAlike(t, c, []carrier{{Std, "2", false}, {Std, "2", true}, {wire.Epoll, "2", false}, {wire.Uring, "2", false}, {wire.Epoll, "2", true}, {wire.Uring, "2", true}})
		})
	}
}
