package http

import (
	"strings"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/wire"
)

// told answers every request with a text, and keeps the connection.
func told(text string) func(*visit) bool {
	return func(v *visit) bool { return v.say(text) }
}

// last answers with a text, and closes the connection.
func last(text string) func(*visit) bool {
	return func(v *visit) bool { v.say(text); return false }
}

// brokenOff answers with a text, and resets the connection.
func brokenOff(text string) func(*visit) bool {
	return func(v *visit) bool { v.say(text); v.breakOff(); return false }
}

const okHead = "HTTP/1.1 200 OK\r\n"

var (
	good, body, reset, late = []string{""}, []string{target.Body}, []string{target.Reset}, []string{target.Timeout}
	chunky                  = okHead + "Transfer-Encoding: chunked\r\n\r\n"
)

var framing = []conduct{
	{"a length", told(wellDone), nil, good, conductMore{}},
	{"the same length twice", told(okHead + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nOK"), nil, good, conductMore{}},
	{"two lengths", last(okHead + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nOKAY"), nil, body, conductMore{}},
	{"a list of lengths", last(okHead + "Content-Length: 2, 2\r\n\r\nOK"), nil, body, conductMore{}},
	{"a length below nothing", last(okHead + "Content-Length: -2\r\n\r\nOK"), nil, body, conductMore{}},
	{"a length with a sign", last(okHead + "Content-Length: +2\r\n\r\nOK"), nil, body, conductMore{}},
	{"a length in words", last(okHead + "Content-Length: two\r\n\r\nOK"), nil, body, conductMore{}},
	{"no length, until the end", last(okHead + "\r\nOK"), nil, good, conductMore{}},
	{"chunks", told(chunky + "2\r\nOK\r\n0\r\n\r\n"), nil, good, conductMore{}},
	{"chunks with extensions and a trailer", told(chunky + "2;a=b\r\nOK\r\n0\r\nA: b\r\n\r\n"), nil, good, conductMore{}},
	{"chunks and a length", told(okHead + "Transfer-Encoding: chunked\r\nContent-Length: 7\r\n\r\n2\r\nOK\r\n0\r\n\r\n"), nil, good, conductMore{}},
	{"an unknown coding", last(okHead + "Transfer-Encoding: gzip\r\n\r\nOK"), nil, body, conductMore{}},
	{"two codings", last(okHead + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), nil, body, conductMore{}},
	{"a chunk without its end", last(chunky + "2\r\nOKAY\r\n0\r\n\r\n"), nil, body, conductMore{}},
	{"chunks before HTTP/1.1", last("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n0\r\n\r\n"), nil, good, conductMore{}},
	{"more than announced", told(wellDone + "and more"), nil, good, conductMore{}},
	{"a second answer, unasked", told(wellDone + wellDone), nil, good, conductMore{}},
	{"a body after HEAD", told(wellDone), sending("HEAD", ""), good, conductMore{}},
	{"a body where none may be", told("HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nOK"), nil, good, conductMore{}},
	{"a length that means nothing", told("HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n"), nil, []string{"status-304"}, conductMore{}},
}

var heads = []conduct{
	{"an early hint", told("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + wellDone), nil, good, conductMore{}},
	{"a hint of its own kind", told("HTTP/1.1 199 Odd\r\n\r\n" + wellDone), nil, good, conductMore{}},
	{"hints without an end", func(v *visit) bool {
		for v.say(strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 10)) {
		}
		return false
	}, nil, body, conductMore{}},
	{"another protocol", last("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"), nil, []string{"status-101"}, conductMore{}},
	{"a folded line", told(okHead + "A: b\r\n c\r\nContent-Length: 2\r\n\r\nOK"), nil, good, conductMore{}},
	{"lines without CR", told(strings.ReplaceAll(wellDone, "\r", "")), nil, good, conductMore{}},
	{"no reason", told("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nOK"), nil, good, conductMore{}},
	{"a reason of its own", told("HTTP/1.1 200 Fine by me\r\nContent-Length: 2\r\n\r\nOK"), nil, good, conductMore{}},
	{"blanks around a value", told(okHead + "Content-Length:  \t2  \r\nA:b\r\n\r\nOK"), nil, good, conductMore{}},
	{"a status of four digits", last("HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"), nil, body, conductMore{}},
	{"a status with a sign", last("HTTP/1.1 +20 OK\r\nContent-Length: 0\r\n\r\n"), nil, body, conductMore{}},
	{"another version", told("HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nOK"), nil, good, conductMore{}},
	{"small letters", last("http/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"), nil, body, conductMore{}},
	{"a line without a colon", last(okHead + "nothing\r\n\r\n"), nil, body, conductMore{}},
	{"a control character", last(okHead + "A: b\x01\r\nContent-Length: 2\r\n\r\nOK"), nil, body, conductMore{}},
	{"an empty line first", last("\r\n" + wellDone), nil, body, conductMore{}},
	{"a line of megabytes", last(okHead + "A: " + strings.Repeat("b", 1200<<10) + "\r\n\r\n"), nil, body, conductMore{long: true}},
	{"something else", last("SSH-2.0-OpenSSH_9.9\r\n"), nil, body, conductMore{}},
	{"an error with a body", told("HTTP/1.1 503 Busy\r\nContent-Length: 5\r\n\r\nlater"), nil, []string{"status-503"}, conductMore{}},
}

var ends = []conduct{
	{"closed instead of an answer", last(""), nil, reset, conductMore{}},
	{"reset instead of an answer", brokenOff(""), nil, reset, conductMore{}},
	{"closed between two lines", last(okHead + "A: b\r\n"), nil, reset, conductMore{}},
	{"closed in a line", last(okHead + "Conten"), nil, body, conductMore{}},
	{"reset in the head", brokenOff(okHead + "A: b\r\n"), nil, reset, conductMore{}},
	{"closed in a body", last(okHead + "Content-Length: 9\r\n\r\nhello"), nil, body, conductMore{}},
	{"reset in a body", brokenOff(okHead + "Content-Length: 9\r\n\r\nhello"), nil, reset, conductMore{}},
	{"closed between chunks", last(chunky + "2\r\nOK\r\n"), nil, body, conductMore{}},
	{"closed in a trailer", last(chunky + "2\r\nOK\r\n0\r\nA: b\r\n"), nil, body, conductMore{}},
	{"closed, as announced", last(okHead + "Connection: close\r\nContent-Length: 2\r\n\r\nOK"), nil, good, conductMore{}},
	{"closed behind the answer, in time", last(wellDone), nil, good, conductMore{settles: true, races: true, unread: "it has just closed"}},
	{"reset behind the answer, in time", brokenOff(wellDone), nil, good, conductMore{settles: true, races: true, unread: "it has just closed"}},
	{"closed under the second request", func(v *visit) bool { return v.number == 0 && v.say(wellDone) }, nil, []string{"", target.Reset}, conductMore{}},
	{"closed under the second POST", func(v *visit) bool { return v.number == 0 && v.say(wellDone) }, sending("POST", "x"), []string{"", target.Reset}, conductMore{}},
	{"reset under the second request", func(v *visit) bool {
		if v.number == 0 {
			return v.say(wellDone)
		}
		v.breakOff()
		return false
	}, nil, []string{"", target.Reset}, conductMore{}},
	{"closed unread", nil, nil, reset, conductMore{unread: "it closes what it accepts", partial: true, plain: true, open: func(*visit) {}}},
	{"an upload refused at once", nil, sending("PUT", strings.Repeat("x", 8<<20)), []string{"status-413"}, conductMore{
		unread: "it answers before it has read the upload", partial: true, long: true, open: func(v *visit) {
			_, _ = v.in.ReadString('\n')
			v.say("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
			v.leaveReading()
		}}},
}

var timing = []conduct{
	{"silent", silent(""), nil, late, conductMore{long: true}},
	{"silent in a line", silent("HTTP/1.1 2"), nil, late, conductMore{long: true}},
	{"silent behind a hint", silent("HTTP/1.1 103 Early Hints\r\n\r\n"), nil, late, conductMore{long: true}},
	{"silent in a body", silent(okHead + "Content-Length: 9\r\n\r\nhello"), nil, late, conductMore{long: true}},
	{"silent in a chunk", silent(chunky + "9\r\nhello"), nil, late, conductMore{long: true}},
	{"silent where only the end can tell", silent(okHead + "\r\nhello"), nil, late, conductMore{long: true}},
	{"deaf", nil, sending("PUT", strings.Repeat("x", 16<<20)), late, conductMore{
		unread: "it never reads", partial: true, long: true, open: func(v *visit) { time.Sleep(2 * v.patience) }}},
	{"byte by byte", func(v *visit) bool {
		for i := range wellDone {
			v.say(wellDone[i : i+1])
		}
		return true
	}, nil, good, conductMore{}},
	{"late, but in time", func(v *visit) bool { time.Sleep(20 * time.Millisecond); return v.say(wellDone) }, nil, good, conductMore{long: true}},
	{"a body that never ends", func(v *visit) bool {
		for v.say(okHead + "\r\n"); v.say("x"); {
			time.Sleep(5 * time.Millisecond)
		}
		return false
	}, nil, late, conductMore{long: true, partial: true}},
}

// silent says so much, and nothing more.
func silent(text string) func(*visit) bool {
	return func(v *visit) bool { v.say(text); v.silence(); return false }
}

// leaveReading keeps the connection for as long as an answer needs to be read,
// which an end with unread bytes would take back.
func (v *visit) leaveReading() {
	for until := time.Now().Add(v.patience); time.Now().Before(until) && !client.Finished(v.raw, false); {
		time.Sleep(time.Millisecond)
	}
}

// Whatever a server of HTTP/1.1 does, all engines tell the same, over TLS too.
func TestEnginesTellTheSame(t *testing.T) {
	for theme, conducts := range map[string][]conduct{"framing": framing, "heads": heads, "ends": ends} {
		tellTheSame(t, theme, conducts)
	}
}

// Whenever it does it.
func TestEnginesTellTheSameInTime(t *testing.T) { tellTheSame(t, "timing", timing) }

func tellTheSame(t *testing.T, theme string, conducts []conduct) {
	var all []carrier
	for _, engine := range wires() {
		all = append(all, carrier{engine, "1.1", false})
	}
	all = append(all, carrier{Std, "1.1", false}, carrier{wire.Sockets, "1.1", true}, carrier{Std, "1.1", true}, carrier{wire.Epoll, "1.1", true}, carrier{wire.Uring, "1.1", true})
	for _, c := range conducts {
		t.Run(theme+"/"+c.name, func(t *testing.T) { expectAlike(t, c, all) })
	}
}
