package http2

import (
	"fmt"
	"strings"
	"testing"

	"plimsoll/target"
	"plimsoll/target/http1"
)

// rule is what follows when a server says that behind its greeting, while a GET is
// on stream 1 and another one on stream 3.
type rule struct {
	section string // of RFC 9113
	what    string
	frames  []byte
	end     string   // how the first call ended, "" where it has not; the start of a message, or "well"
	fault   string   // the start of the connection's
	said    []string // behind our acknowledgement of the greeting
}

func head200(flags byte, more ...string) []byte {
	return frameOf(headers, endHeaders|flags, 1, blockOf(append([]string{":status", "200"}, more...)...))
}

func body(flags byte, text string) []byte { return frameOf(data, flags, 1, text) }

func number(k kind, stream, n uint32) []byte { return appendNumber(nil, k, stream, n) }

func setting(which uint16, value uint32) []byte {
	return frameOf(settings, 0, 0, string(appendSetting(nil, which, value)))
}

func away(last uint32, why code, debug string) []byte {
	payload := string(number(0, last, last)[9:]) + string(number(0, 0, uint32(why))[9:])
	return frameOf(goAway, 0, 0, payload+debug)
}

const (
	resetFirst = "RST_STREAM 1 PROTOCOL_ERROR"
	breach     = "GOAWAY 0 PROTOCOL_ERROR"
	wrongSize  = "GOAWAY 0 FRAME_SIZE_ERROR"
)

var rules9113 = []rule{
	{"3.4", "settings first, with something in them", setting(mostStreams, 7), "", "", []string{"SETTINGS ACK"}},

	{"4.1", "a frame of no known type", join(frameOf(0x42, 0xff, 0, "what?"), frameOf(0xff, 0xff, 1, ""), answerOf(1)), "well", "", nil},
	{"4.1", "a reserved bit", join([]byte("\x00\x00\x01\x01\x05\x80\x00\x00\x01\x88")), "well", "", nil},
	{"4.1", "flags that mean nothing", join(frameOf(ping, 0xf0, 0, "12345678"), answerOf(1)), "well", "", []string{"PING ACK 3132333435363738"}},
	{"4.2", "the largest frame", join(head200(0), body(0, strings.Repeat("x", usualFrame)), body(endStream, "")), "well", "", nil},
	{"4.2", "a frame beyond the largest", join(head200(0), body(0, strings.Repeat("x", usualFrame+1))), "", "a frame of 16385 bytes", []string{wrongSize}},
	{"4.2", "a frame of no known type beyond the largest", frameOf(0x42, 0, 0, strings.Repeat("x", usualFrame+1)), "", "a frame of 16385 bytes", []string{wrongSize}},
	{"4.3", "fields that are no HPACK", frameOf(headers, endHeaders|endStream, 1, "\x80"), "", "malformed header fields: there is no field of index 0", []string{"GOAWAY 0 COMPRESSION_ERROR"}},
	{"4.3", "fields that are none, of a stream that has ended", join(answerOf(1), frameOf(headers, endHeaders, 1, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")), "well", "malformed header fields", []string{"GOAWAY 0 COMPRESSION_ERROR"}},
	{"4.3", "a frame of another type between fields", join(frameOf(headers, 0, 1, "\x88"), frameOf(ping, 0, 0, "12345678")), "", "a frame of type 6 in the midst", []string{breach}},
	{"4.3", "a frame of no known type between fields", join(frameOf(headers, 0, 1, "\x88"), frameOf(0x42, 0, 0, "")), "", "a frame of type 66 in the midst", []string{breach}},
	{"4.3", "fields of another stream between fields", join(frameOf(headers, 0, 1, "\x88"), frameOf(continuation, endHeaders, 3, "")), "", "a frame of type 9 in the midst", []string{breach}},
	{"4.3", "a table that outlives a head that is malformed", join(frameOf(headers, endHeaders|endStream, 1, "\x40\x01A\x01b"), frameOf(headers, endHeaders|endStream, 3, "\x88\xbe")), "malformed head: no :status", "", []string{resetFirst, "RST_STREAM 3 PROTOCOL_ERROR"}},

	{"4.3", "a head that is malformed, twice", join(head200(endStream, "A", "b"), frameOf(headers, endHeaders|endStream, 3, blockOf(":status", "200", "A", "b"))), "malformed header name", "", []string{resetFirst, "RST_STREAM 3 PROTOCOL_ERROR"}},
	{"4.3", "a trailer, then the same as a head", join(head200(0), frameOf(headers, endHeaders|endStream, 1, blockOf("a", "b")), frameOf(headers, endHeaders|endStream, 3, blockOf("a", "b"))), "well", "", []string{"RST_STREAM 3 PROTOCOL_ERROR"}},

	{"5.1", "DATA on a stream that nobody has begun", frameOf(data, 0, 5, ""), "", "DATA on stream 5, which nobody has begun", []string{breach}},
	{"5.1", "HEADERS on a stream that nobody has begun", frameOf(headers, endHeaders, 5, "\x88"), "", "HEADERS on stream 5", []string{breach}},
	{"5.1", "HEADERS on a stream of the server's", frameOf(headers, endHeaders, 2, "\x88"), "", "HEADERS on stream 2", []string{breach}},
	{"5.1", "RST_STREAM on a stream that nobody has begun", number(reset, 5, 0), "", "RST_STREAM on stream 5", []string{breach}},
	{"5.1", "WINDOW_UPDATE on a stream that nobody has begun", number(window, 5, 1), "", "WINDOW_UPDATE on stream 5", []string{breach}},
	{"5.1", "PRIORITY on a stream that nobody has begun", join(frameOf(priority, 0, 9, "12345"), frameOf(priority, 0, 2, "12345"), answerOf(1)), "well", "", nil},
	{"5.1", "frames on a stream that has ended", join(answerOf(1), number(window, 1, 1), number(window, 1, 0), number(reset, 1, 0), frameOf(priority, 0, 1, "12345"), body(0, "more"), head200(0)), "well", "", nil},
	{"5.1.2", "no streams at all, then some", join(setting(mostStreams, 0), setting(mostStreams, 100), answerOf(1)), "well", "", []string{"SETTINGS ACK", "SETTINGS ACK"}},

	{"6.1", "DATA without a stream", frameOf(data, 0, 0, "x"), "", "DATA without a stream", []string{breach}},
	{"6.1", "padding", join(head200(0), body(padded|endStream, "\x03OK\x00\x00\x00")), "well", "", nil},
	{"6.1", "nothing but padding", join(head200(0), body(padded, "\x03\x00\x00\x00"), body(padded|endStream, "\x00")), "well", "", nil},
	{"6.1", "padding as long as the frame", join(head200(0), body(padded, "\x05OK\x00\x00")), "", "DATA with more padding", []string{breach}},
	{"6.1", "padding of which nobody says how long", join(head200(0), body(padded, "")), "", "DATA with more padding", []string{breach}},
	{"6.1", "padding of which nobody says how long", frameOf(headers, endHeaders|padded, 1, ""), "", "HEADERS with more padding", []string{breach}},
	{"6.2", "padded fields with a priority", join(frameOf(headers, endHeaders|padded|prioritized|endStream, 1, "\x02"+"12345"+"\x88"+"\x00\x00")), "well", "", nil},
	{"6.2", "a priority that is cut", frameOf(headers, endHeaders|prioritized, 1, "1234"), "", "HEADERS of 4 bytes with a priority", []string{wrongSize}},
	{"6.2", "fields with padding as long as they are", frameOf(headers, endHeaders|padded, 1, "\x03\x88\x00"), "", "HEADERS with more padding", []string{breach}},
	{"6.2", "HEADERS without a stream", frameOf(headers, endHeaders, 0, "\x88"), "", "HEADERS without a stream", []string{breach}},
	{"6.3", "PRIORITY without a stream", frameOf(priority, 0, 0, "12345"), "", "PRIORITY without a stream", []string{breach}},
	{"6.3", "PRIORITY of another size", frameOf(priority, 0, 1, "1234"), "PRIORITY of 4 bytes", "", []string{"RST_STREAM 1 FRAME_SIZE_ERROR"}},
	{"6.4", "RST_STREAM without a stream", number(reset, 0, 0), "", "RST_STREAM without a stream", []string{breach}},
	{"6.4", "RST_STREAM of another size", frameOf(reset, 0, 1, "12345"), "", "RST_STREAM of 5 bytes", []string{wrongSize}},
	{"6.4", "a reset", number(reset, 1, 2), "the server reset the stream (INTERNAL_ERROR)", "", nil},
	{"6.4", "a reset for a reason of its own", number(reset, 1, 77), "the server reset the stream (error 77)", "", nil},
	{"6.4", "a reset behind a head", join(head200(0), number(reset, 1, 0)), "the server reset the stream (NO_ERROR)", "", nil},
	{"6.5", "SETTINGS with a stream", frameOf(settings, 0, 1, ""), "", "SETTINGS with a stream, 1", []string{breach}},
	{"6.5", "SETTINGS cut short", frameOf(settings, 0, 0, "12345"), "", "SETTINGS of 5 bytes", []string{wrongSize}},
	{"6.5", "an acknowledgement with something in it", frameOf(settings, ack, 0, "123456"), "", "an acknowledgement of SETTINGS of 6 bytes", []string{wrongSize}},
	{"6.5", "an acknowledgement", join(frameOf(settings, ack, 0, ""), frameOf(settings, ack, 0, ""), answerOf(1)), "well", "", nil},
	{"6.5.2", "ENABLE_PUSH 1", setting(enablePush, 1), "", "SETTINGS of a server with ENABLE_PUSH 1", []string{breach}},
	{"6.5.2", "ENABLE_PUSH 2", setting(enablePush, 2), "", "SETTINGS of a server with ENABLE_PUSH 2", []string{breach}},
	{"6.5.2", "ENABLE_PUSH 0", join(setting(enablePush, 0), answerOf(1)), "well", "", []string{"SETTINGS ACK"}},
	{"6.5.2", "the widest window", join(setting(initialWindow, widest), answerOf(1)), "well", "", []string{"SETTINGS ACK"}},
	{"6.5.2", "a window that is too wide", setting(initialWindow, widest+1), "", "SETTINGS with INITIAL_WINDOW_SIZE 2147483648", []string{"GOAWAY 0 FLOW_CONTROL_ERROR"}},
	{"6.5.2", "MAX_FRAME_SIZE below the least", setting(frameSize, usualFrame-1), "", "SETTINGS with MAX_FRAME_SIZE 16383", []string{breach}},
	{"6.5.2", "MAX_FRAME_SIZE beyond the largest", setting(frameSize, largestFrame+1), "", "SETTINGS with MAX_FRAME_SIZE 16777216", []string{breach}},
	{"6.5.2", "MAX_FRAME_SIZE", join(setting(frameSize, usualFrame), setting(frameSize, largestFrame), answerOf(1)), "well", "", []string{"SETTINGS ACK", "SETTINGS ACK"}},
	{"6.5.2", "settings that nobody knows", join(setting(0x99, 1), setting(headSize, 1), answerOf(1)), "well", "", []string{"SETTINGS ACK", "SETTINGS ACK"}},
	{"6.6", "a push", frameOf(push, endHeaders, 1, "\x00\x00\x00\x02\x82"), "", "the server pushes", []string{breach}},
	{"6.7", "PING with a stream", frameOf(ping, 0, 1, "12345678"), "", "PING with a stream", []string{breach}},
	{"6.7", "PING of another size", frameOf(ping, 0, 0, "1234567"), "", "PING of 7 bytes", []string{wrongSize}},
	{"6.7", "PING", frameOf(ping, 0, 0, "12345678"), "", "", []string{"PING ACK 3132333435363738"}},
	{"6.7", "an answer to a PING of nobody's", frameOf(ping, ack, 0, "12345678"), "", "", nil},
	{"6.8", "GOAWAY with a stream", frameOf(goAway, 0, 1, "12345678"), "", "GOAWAY with a stream", []string{breach}},
	{"6.8", "GOAWAY of another size", frameOf(goAway, 0, 0, "1234567"), "", "GOAWAY of 7 bytes", []string{wrongSize}},
	{"6.8", "GOAWAY before the stream", away(0, 0, ""), "refused: the server went away (NO_ERROR) before it looked", "", nil},
	{"6.8", "GOAWAY before the stream, with a word", away(0, calm, "too\x1b many"), `refused: the server went away (ENHANCE_YOUR_CALM) before it looked at the request: "too\x1b many"`, "", nil},
	{"6.8", "GOAWAY behind the stream", join(away(1, 0, ""), answerOf(1)), "well", "", nil},
	{"6.8", "GOAWAY in two steps", join(away(widest, 0, ""), away(1, 0, ""), answerOf(1)), "well", "", nil},
	{"6.9", "WINDOW_UPDATE of another size", frameOf(window, 0, 1, "12345"), "", "WINDOW_UPDATE of 5 bytes", []string{wrongSize}},
	{"6.9", "WINDOW_UPDATE of the connection by nothing", number(window, 0, 0), "", "WINDOW_UPDATE by nothing", []string{breach}},
	{"6.9", "WINDOW_UPDATE of a stream by nothing", number(window, 1, 0), "WINDOW_UPDATE by nothing", "", []string{resetFirst}},
	{"6.9", "WINDOW_UPDATE with a reserved bit", join(number(window, 1, 1<<31|1), answerOf(1)), "well", "", nil},
	{"6.9.1", "a connection's window that is too wide", number(window, 0, widest), "", "WINDOW_UPDATE of the connection to more", []string{"GOAWAY 0 FLOW_CONTROL_ERROR"}},
	{"6.9.1", "a stream's window that is too wide", number(window, 1, widest), "WINDOW_UPDATE of a stream to more", "", []string{"RST_STREAM 1 FLOW_CONTROL_ERROR"}},
	{"6.9.1", "a stream's window at its widest", join(number(window, 1, widest-usualWindow), answerOf(1)), "well", "", nil},
	{"6.9.2", "settings that make a window too wide", join(number(window, 1, 1<<30), setting(initialWindow, widest)), "", "SETTINGS with INITIAL_WINDOW_SIZE 2147483647 make the window of a stream too wide", []string{"GOAWAY 0 FLOW_CONTROL_ERROR"}},
	{"6.9.2", "settings that would have made the window of a stream too wide that has ended", join(number(window, 1, 1<<30), answerOf(1), setting(initialWindow, widest), setting(initialWindow, widest)), "well", "", []string{"SETTINGS ACK", "SETTINGS ACK"}},
	{"6.10", "CONTINUATION of nothing", frameOf(continuation, endHeaders, 1, "\x88"), "", "CONTINUATION of nothing", []string{breach}},
	{"6.10", "CONTINUATION behind fields that are whole", join(head200(0), frameOf(continuation, endHeaders, 1, "\x88")), "", "CONTINUATION of nothing", []string{breach}},
	{"6.10", "fields in four frames", join(frameOf(headers, endStream, 1, "\x88\x00"), frameOf(continuation, 0, 1, ""), frameOf(continuation, 0, 1, "\x01a"), frameOf(continuation, endHeaders, 1, "\x01b")), "well", "", nil},

	{"8.1", "a trailer", join(head200(0), body(0, "OK"), frameOf(headers, endHeaders|endStream, 1, blockOf("a", "b"))), "well", "", nil},
	{"8.1", "a trailer with nothing in it", join(head200(0), frameOf(headers, endHeaders|endStream, 1, "")), "well", "", nil},
	{"8.1", "a trailer that ends nothing", join(head200(0), frameOf(headers, endHeaders, 1, blockOf("a", "b"))), "malformed answer: a head behind its head", "", []string{resetFirst}},
	{"8.1", "a trailer with a pseudo-header field", join(head200(0), head200(endStream)), "malformed trailer: \":status\" in it", "", []string{resetFirst}},
	{"8.1", "a trailer with large letters", join(head200(0), frameOf(headers, endHeaders|endStream, 1, blockOf("A", "b"))), "malformed header name", "", []string{resetFirst}},
	{"8.1", "an interim answer", join(frameOf(headers, endHeaders, 1, blockOf(":status", "103", "link", "x")), answerOf(1)), "well", "", nil},
	{"8.1", "an interim answer that ends all", frameOf(headers, endHeaders|endStream, 1, blockOf(":status", "103")), "malformed answer: it ends with an interim head (103)", "", []string{resetFirst}},
	{"8.1", "a body without a head", body(endStream, "OK"), "malformed answer: a body without a head", "", []string{resetFirst}},
	{"8.1", "a body behind an interim head", join(frameOf(headers, endHeaders, 1, blockOf(":status", "100")), body(endStream, "OK")), "malformed answer: a body without a head", "", []string{resetFirst}},
	{"8.1", "interim answers without an end", []byte(strings.Repeat(string(frameOf(headers, endHeaders, 1, blockOf(":status", "100"))), 101)), "too many interim answers", "", []string{"RST_STREAM 1 ENHANCE_YOUR_CALM"}},
	{"8.1", "a hundred interim answers", join([]byte(strings.Repeat(string(frameOf(headers, endHeaders, 1, blockOf(":status", "100"))), 100)), answerOf(1)), "well", "", nil},
	{"8.1.1", "less than announced", join(head200(0, "content-length", "9"), body(endStream, "hello")), "the body ended after 5 of 9 bytes", "", []string{resetFirst}},
	{"8.1.1", "nothing of what is announced", head200(endStream, "content-length", "9"), "the body ended after 0 of 9 bytes", "", []string{resetFirst}},
	{"8.1.1", "less than announced, then a trailer", join(head200(0, "content-length", "9"), frameOf(headers, endHeaders|endStream, 1, blockOf("a", "b"))), "the body ended after 0 of 9 bytes", "", []string{resetFirst}},
	{"8.1.1", "more than announced", join(head200(0, "content-length", "2"), body(endStream, "OKAY")), "the body goes on behind its end", "", []string{resetFirst}},
	{"8.1.1", "more than announced, later", join(head200(0, "content-length", "2"), body(0, "OK"), body(0, ""), body(endStream, "AY")), "the body goes on behind its end", "", []string{resetFirst}},
	{"8.1.1", "something where nothing is announced", join(head200(0, "content-length", "0"), body(endStream, "x")), "the body goes on behind its end", "", []string{resetFirst}},
	{"8.1.1", "what is announced, and its end later", join(head200(0, "content-length", "2"), body(0, "OK"), body(endStream, "")), "well", "", nil},
	{"8.1.1", "what is announced, and no end", join(head200(0, "content-length", "2"), body(0, "OK")), "", "", nil},
	{"8.1.1", "a length that is none", head200(endStream, "content-length", "+2"), "malformed Content-Length", "", []string{resetFirst}},
	{"8.1.1", "two lengths", head200(endStream, "content-length", "2", "content-length", "3"), "malformed Content-Length", "", []string{resetFirst}},
	{"8.1.1", "a length without a body", frameOf(headers, endHeaders|endStream, 1, blockOf(":status", "304", "content-length", "2")), "well", "", nil},
	{"8.2.1", "large letters", head200(endStream, "Server", "x"), "malformed header name (want small letters): \"Server\"", "", []string{resetFirst}},
	{"8.2.1", "a name with a blank", head200(endStream, "a b", "x"), "malformed header name", "", []string{resetFirst}},
	{"8.2.1", "a name with a colon", head200(endStream, "a:", "x"), "malformed header name", "", []string{resetFirst}},
	{"8.2.1", "a name of no letters", head200(endStream, "", "x"), "malformed header name", "", []string{resetFirst}},
	{"8.2.1", "a name beyond ASCII", head200(endStream, "\xe4", "x"), "malformed header name", "", []string{resetFirst}},
	{"8.2.1", "a value with an end of line", head200(endStream, "a", "x\r\nb: y"), "malformed header value of \"a\"", "", []string{resetFirst}},
	{"8.2.1", "a value with a zero", head200(endStream, "a", "\x00"), "malformed header value", "", []string{resetFirst}},
	{"8.2.1", "a value with DEL", head200(endStream, "a", "x\x7f"), "malformed header value", "", []string{resetFirst}},
	{"8.2.1", "a value beyond ASCII", head200(endStream, "a", "\x80\xff\t ~"), "well", "", nil},
	{"8.2.1", "a value with blanks around it, which net/http lets pass, too", head200(endStream, "a", " \tx "), "well", "", nil},
	{"8.2.1", "a value beyond ASCII", head200(endStream, "a", "\xff"), "well", "", nil},
	{"8.2.2", "connection", head200(endStream, "connection", "close"), "malformed head: connection is between neighbours", "", []string{resetFirst}},
	{"8.2.2", "keep-alive", head200(endStream, "keep-alive", "1"), "malformed head: keep-alive", "", []string{resetFirst}},
	{"8.2.2", "proxy-connection", head200(endStream, "proxy-connection", "close"), "malformed head: proxy-connection", "", []string{resetFirst}},
	{"8.2.2", "transfer-encoding", head200(endStream, "transfer-encoding", "chunked"), "malformed head: transfer-encoding", "", []string{resetFirst}},
	{"8.2.2", "upgrade", head200(endStream, "upgrade", "x"), "malformed head: upgrade", "", []string{resetFirst}},
	{"8.3", "no status", frameOf(headers, endHeaders|endStream, 1, blockOf("a", "b")), "malformed head: no :status before \"a\"", "", []string{resetFirst}},
	{"8.3", "nothing", frameOf(headers, endHeaders|endStream, 1, ""), "malformed head: no :status", "", []string{resetFirst}},
	{"8.3", "two of status", head200(endStream, ":status", "200"), "malformed head: two of :status", "", []string{resetFirst}},
	{"8.3", "status behind a field", frameOf(headers, endHeaders|endStream, 1, blockOf("a", "b", ":status", "200")), "malformed head: no :status before", "", []string{resetFirst}},
	{"8.3", "a field of requests", head200(endStream, ":path", "/"), "malformed head: \":path\" in an answer", "", []string{resetFirst}},
	{"8.3", "a pseudo-header field of nobody's", head200(endStream, ":what", "/"), "malformed head: \":what\" in an answer", "", []string{resetFirst}},
	{"8.3.2", "a status in words", frameOf(headers, endHeaders|endStream, 1, blockOf(":status", "two")), "malformed status", "", []string{resetFirst}},
	{"8.3.2", "a status of two digits", frameOf(headers, endHeaders|endStream, 1, blockOf(":status", "99")), "malformed status", "", []string{resetFirst}},
	{"8.3.2", "a status of four digits", frameOf(headers, endHeaders|endStream, 1, blockOf(":status", "2000")), "malformed status", "", []string{resetFirst}},
	{"8.3.2", "a status below them", frameOf(headers, endHeaders|endStream, 1, blockOf(":status", "099")), "malformed status", "", []string{resetFirst}},
	{"8.3.2", "a status that nobody knows", frameOf(headers, endHeaders|endStream, 1, blockOf(":status", "799")), "well", "", nil},
	{"8.6", "another protocol", frameOf(headers, endHeaders, 1, blockOf(":status", "101")), "malformed head: HTTP/2 has no status 101", "", []string{resetFirst}},
	{"8.7", "a stream that is refused", number(reset, 1, uint32(refusedStream)), "refused: the server reset the stream (REFUSED_STREAM)", "", nil},
	{"8.7", "one that is refused behind its head", join(head200(0), number(reset, 1, uint32(refusedStream))), "the server reset the stream (REFUSED_STREAM)", "", nil},
	{"10.5", "DATA with nothing in it, often", join(head200(0), []byte(strings.Repeat(string(body(0, "")), 10_000)), body(endStream, "")), "well", "", nil},
	{"10.5.1", "a head that is too large", join(tooLarge(false), head200(endStream)), "the head is too large", "", []string{resetFirst}},
	{"10.5.1", "a head that is far too large", tooLarge(true), "", "the head is too large", []string{"GOAWAY 0 ENHANCE_YOUR_CALM"}},
	{"10.5.1", "a head in frames without an end", join(frameOf(headers, 0, 1, "\x88"), []byte(strings.Repeat(string(frameOf(continuation, 0, 1, "")), 200_000))), "", "the head is too large", []string{"GOAWAY 0 ENHANCE_YOUR_CALM"}},
	{"10.5.1", "a head that grows in being decoded", join(bomb(400), answerOf(3)), "the head is too large", "", []string{resetFirst}},
}

// tooLarge is a head of more bytes than one may have.
func tooLarge(far bool) []byte {
	block := "\x88" + strings.Repeat("\x00\x01a\x7f\x99\x07"+strings.Repeat("v", 127+7*128+25), http1.UsualHead/1048)
	if far {
		block += block
	}
	all := frameOf(headers, 0, 1, block[:10])
	for block = block[10:]; len(block) > usualFrame; block = block[usualFrame:] {
		all = append(all, frameOf(continuation, 0, 1, block[:usualFrame])...)
	}
	return append(all, frameOf(continuation, endHeaders, 1, block)...)
}

// bomb is a field of 4,000 bytes, and an index for it, often.
func bomb(times int) []byte {
	block := "\x88\x40\x01a\x7f\xa1\x1e" + strings.Repeat("v", 127+0x21+0x1e*128) + strings.Repeat("\xbe", times)
	return frameOf(headers, endHeaders, 1, block)
}

func TestRules(t *testing.T) {
	for _, c := range rules9113 {
		t.Run(c.section+" "+c.what, func(t *testing.T) {
			whole := c.play(t, func(left int) int { return left })
			if bytewise := c.play(t, func(int) int { return 1 }); bytewise != whole {
				t.Errorf("in one piece\n%s\nbyte by byte\n%s", whole, bytewise)
			}
		})
	}
}

// play has a session hear the frames in pieces, and tells all that came of it.
func (c rule) play(t *testing.T, cut func(left int) int) string {
	r := newRig(t)
	first, _ := r.call(0), r.call(0)
	r.says()
	r.hears(greeting)
	for rest := c.frames; len(rest) > 0; {
		n := cut(len(rest))
		r.hears(rest[:n])
		rest = rest[n:]
	}
	said := sayings(t, r.says())[1:]
	switch {
	case c.end == "" && first.end != "", !strings.HasPrefix(first.end, c.end):
		t.Errorf("the call ended %q, and not %q", first.end, c.end)
	case c.fault == "" && r.fault != nil, c.fault != "" && (r.fault == nil || !strings.HasPrefix(r.fault.Error(), c.fault)):
		t.Errorf("the connection is at fault with %v, and not %q", r.fault, c.fault)
	case fmt.Sprint(said) != fmt.Sprint(c.said):
		t.Errorf("it says %q, and not %q", said, c.said)
	}
	if again := r.Feed(greeting); fmt.Sprint(again) != fmt.Sprint(r.fault) {
		t.Errorf("%v, and then %v", r.fault, again)
	}
	want := target.Body
	if strings.Contains(first.end, "the server reset") || strings.Contains(first.end, "went away") {
		want = target.Reset
	}
	if first.class != "" && first.class != want || r.fault != nil && r.fault.Class() != target.Body {
		t.Errorf("classes %q and %v", first.class, r.fault)
	}
	return fmt.Sprint(first.end, first.class, first.began, r.places[1].end, r.fault, said, first.stream.Reader().Size())
}
