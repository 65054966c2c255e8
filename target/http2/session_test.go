package http2

import (
	"fmt"
	"strings"
	"testing"

	"plimsoll/target"
	"plimsoll/target/http1"
	"plimsoll/target/wire"
)

// What a server begins with that speaks something else is told, in whatever pieces
// it comes.
func TestForeignServers(t *testing.T) {
	for _, c := range []struct{ comes, want string }{
		{"HTTP/1.1 400 Bad Request\r\n\r\n", `the server does not speak HTTP/2: it begins with "HTTP/1.1 400 Bad…"`},
		{"220 mail.example.org ESMTP\r\n", `the server does not speak HTTP/2: it begins with "220 mail.example…"`},
		{"no way\n", `the server does not speak HTTP/2: it begins with "no way\n"`},
		{string(frameOf(ping, 0, 0, "12345678")), `the server does not speak HTTP/2: it begins with "\x00\x00\b\x06`},
		{string(frameOf(settings, ack, 0, "")), "the server does not begin with its settings"},
		{"oh", "the server closed the connection before its answer was whole"},
		{string(greeting), "the server closed the connection before its answer was whole"},
	} {
		for _, piece := range []int{len(c.comes), 1, 3} {
			r := newRig(t)
			p := r.call(0)
			for rest := c.comes; len(rest) > 0; {
				n := min(piece, len(rest))
				r.hears([]byte(rest[:n]))
				rest = rest[n:]
			}
			f := r.fault
			if f == nil {
				f = r.Cut(p.stream)
			}
			if !strings.HasPrefix(f.Error(), c.want) {
				t.Errorf("%q: %v", c.comes, f)
			}
		}
	}
}

// What an answer lacks whose connection ends.
func TestConnectionsThatEnd(t *testing.T) {
	for _, c := range []struct {
		what   string
		frames []byte
		want   string
		class  string
	}{
		{"nothing has come", nil, "the server closed the connection before its answer was whole", target.Reset},
		{"a head that is cut", frameOf(headers, 0, 1, "\x88"), "the server closed the connection before its answer was whole", target.Reset},
		{"an interim head", frameOf(headers, endHeaders, 1, blockOf(":status", "103")), "the server closed the connection before its answer was whole", target.Reset},
		{"less than is announced", join(head200(0, "content-length", "9"), body(0, "hello")), "the body ended after 5 of 9 bytes", target.Body},
		{"what is announced", join(head200(0, "content-length", "5"), body(0, "hello")), "the body broke off after 5 bytes", target.Body},
		{"a body of any length", join(head200(0), body(0, "hello")), "the body broke off after 5 bytes", target.Body},
		{"behind GOAWAY", join(away(1, 0, ""), head200(0), body(0, "hello")), "the server went away (NO_ERROR) and closed the connection before its answer was whole", target.Reset},
	} {
		r := newRig(t)
		p := r.call(0)
		r.hears(join(greeting, c.frames))
		if f := r.Cut(p.stream); r.fault != nil || p.end != "" || f.Error() != c.want || f.Class() != c.class {
			t.Errorf("%s: %v, %v, %q", c.what, f, r.fault, p.end)
		}
	}
}

// How many calls may begin.
func TestRoom(t *testing.T) {
	r := rigged(t, http1.Options{}, 1000)
	expect := func(room int, closing bool) {
		t.Helper()
		if got := r.Room(); got != room || r.Closing() != closing {
			t.Errorf("room for %d, closing %v", got, r.Closing())
		}
	}
	expect(100, false) // before the server has said anything
	r.call(0)
	expect(99, false)
	r.hears(greeting)
	expect(999, false) // it has set no limit
	r.hears(setting(mostStreams, 2))
	expect(1, false)
	r.call(0)
	expect(0, false)
	r.hears(answerOf(1))
	expect(1, false)
	r.Leave(r.places[1].stream, 0)
	expect(2, false)
	r.hears(setting(mostStreams, 0))
	expect(0, false)
	r.hears(setting(mostStreams, 1<<32-1))
	expect(1000, false)
	r.hears(away(3, noError, ""))
	expect(0, true)
	r.Open()
	expect(100, false)   // however many it let before
	r.hears(answerOf(1)) // no settings
	expect(0, true)

	few := rigged(t, http1.Options{}, 3)
	few.hears(greeting)
	if few.Room() != 3 {
		t.Errorf("room for %d", few.Room())
	}
	if usual := newRig(t); usual.Room() != 100 {
		t.Errorf("room for %d", usual.Room())
	}
}

// The identifiers of streams come to their end.
func TestIdentifiersEnd(t *testing.T) {
	r := newRig(t)
	r.hears(greeting)
	r.next = widest - 2
	first, last := r.call(0), r.newPlace()
	if r.Closing() || r.Room() == 0 {
		t.Fatal("there is one more")
	}
	last.again(0)
	if !r.Closing() || r.Room() != 0 {
		t.Error("there is none any more")
	}
	r.hears(answerOf(widest))
	r.hears(answerOf(widest - 2))
	if first.end != "well" || last.end != "well" || r.fault != nil {
		t.Errorf("%q, %q, %v", first.end, last.end, r.fault)
	}
}

// GOAWAY refuses those behind the last stream, in their order; the others go on.
func TestGoAway(t *testing.T) {
	r := newRig(t)
	var places []*place
	for range 40 {
		places = append(places, r.call(0))
	}
	r.hears(join(greeting, away(41, noError, "")))
	for i, p := range places {
		if refused := strings.HasPrefix(p.end, "refused: "); refused != (i > 20) {
			t.Errorf("call %d: %q", i, p.end)
		}
	}
	r.hears(answerOf(41))
	r.hears(answerOf(43)) // it says nothing to us
	if places[20].end != "well" || r.fault != nil {
		t.Errorf("%q, %v", places[20].end, r.fault)
	}
}

// What is given up is reset; what still comes of it is passed over, but counts.
func TestLeave(t *testing.T) {
	r := newRig(t)
	left, stays := r.call(0), r.call(0)
	r.says()
	r.hears(join(greeting, frameOf(headers, 0, 1, "\x88\x40\x01a")))
	r.Leave(left.stream, 0)
	r.Leave(left.stream, 0)
	r.hears(frameOf(continuation, endHeaders, 1, "\x01b"))
	r.hears(body(endStream, "what?"))
	r.hears(frameOf(headers, endHeaders|endStream, 3, "\x88\xbe")) // as the table has it now
	if left.end != "" || stays.end != "well" || r.fault != nil || r.owed != 5 {
		t.Errorf("%q, %q, %v, %d", left.end, stays.end, r.fault, r.owed)
	}
	if got := fmt.Sprint(sayings(t, r.says())); got != "[SETTINGS ACK RST_STREAM 1 CANCEL]" {
		t.Error(got)
	}
	left.again(0)
	r.hears(answerOf(5))
	if left.end != "well" {
		t.Errorf("the next call at the place: %q", left.end)
	}
	half := r.call(0)
	r.hears(join(frameOf(headers, endHeaders, 7, "\x88"), frameOf(data, endStream, 7, "half of it")[:12]))
	r.Leave(half.stream, 0)
	half.again(0)
	r.hears([]byte("f of it"))
	r.hears(answerOf(9))
	if half.end != "well" || r.fault != nil || half.stream.Reader().Size() != int64(len("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nOK")) {
		t.Errorf("%q, %v", half.end, r.fault)
	}
}

// HEAD, 204 and 304 have no body: what comes all the same is nobody's.
func TestNoBodies(t *testing.T) {
	for _, c := range []struct{ request, status string }{{head, "200"}, {get, "204"}, {get, "304"}} {
		for _, last := range []bool{true, false} {
			r := newRig(t, c.request)
			p := r.call(0)
			block := blockOf(":status", c.status, "content-length", "9")
			if r.hears(join(greeting, frameOf(headers, endHeaders|endStream, 1, block))); !last {
				p = r.call(0)
				r.hears(join(frameOf(headers, endHeaders, 3, block), frameOf(data, 0, 3, "OK")))
				if p.end != "" {
					t.Errorf("%s: it is not over", c.status)
				}
				r.hears(frameOf(data, endStream, 3, ""))
			}
			if p.end != "well" || r.fault != nil {
				t.Errorf("%s: %q, %v", c.status, p.end, r.fault)
			}
		}
	}
}

// An answer that comes while the request is still on its way ends that.
func TestAnswersBeforeTheRequest(t *testing.T) {
	r := newRig(t, post(100_000))
	p := r.call(0)
	r.says()
	r.hears(join(greeting, answerOf(1)))
	if p.end != "well" || p.x.BytesOut != int64(len(post(100_000))-100_000+usualWindow) {
		t.Errorf("%q, %d", p.end, p.x.BytesOut)
	}
	r.hears(join(number(window, 0, 1000), number(window, 1, 1000), number(reset, 1, 0)))
	if got := fmt.Sprint(sayings(t, r.says())); got != "[SETTINGS ACK RST_STREAM 1 CANCEL]" || r.fault != nil {
		t.Errorf("%s, %v", got, r.fault)
	}
}

// A body that is held back goes when it is asked for, or never.
func TestProceed(t *testing.T) {
	r := newRig(t, "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
	own := &r.codec.requests[0]
	own.Later = []byte("OK")
	r.says()
	asked := r.call(0)
	if got := fmt.Sprint(sayings(t, r.says())); got != "[HEADERS 1 :method=POST :scheme=http :authority=x :path=/ expect=100-continue content-length=2]" {
		t.Error(got)
	}
	r.hears(join(greeting, frameOf(headers, endHeaders, 1, blockOf(":status", "100"))))
	if in := asked.stream.Reader().(interface{ Asked() bool }); !in.Asked() {
		t.Error("the reader has not heard of it")
	}
	r.Proceed(asked.stream)
	if got := fmt.Sprint(sayings(t, r.says())); got != "[SETTINGS ACK DATA 1 END 2]" || asked.x.BytesOut != int64(len(own.Bytes)+2) {
		t.Errorf("%s; %d", got, asked.x.BytesOut)
	}
	r.hears(answerOf(1))
	never := r.call(0)
	r.says()
	r.hears(answerOf(3))
	r.Proceed(never.stream)
	if got := fmt.Sprint(sayings(t, r.says())); got != "[RST_STREAM 3 CANCEL]" || asked.end+never.end != "wellwell" {
		t.Errorf("%s; %q, %q", got, asked.end, never.end)
	}
}

// Heads that are larger than a frame go in several; a smaller frame than at first
// is not possible.
func TestLargeRequestHeads(t *testing.T) {
	request := "GET / HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("\xff", 50_000) + "\r\n\r\n"
	r := newRig(t, request)
	r.call(0)
	first := r.says()
	r.hears(join(greeting, setting(frameSize, 40_000), setting(tableSize, 0)))
	r.says()
	r.call(0)
	second := r.says()
	count := func(b []byte) (sizes []int) {
		f := frame{}
		for ; len(b) >= frameHead; b = b[frameHead+f.length:] {
			if f.read(b); f.kind == headers || f.kind == continuation {
				sizes = append(sizes, f.length)
			}
			if f.kind == continuation && f.flags&^endHeaders != 0 {
				t.Errorf("CONTINUATION with flags %x", f.flags)
			}
		}
		return sizes
	}
	if got := fmt.Sprint(count(first[len(preface):]), count(second)); got != "[16384 16384 16384 861] [40000 10014]" {
		t.Error(got)
	}
	want := "END :method=GET :scheme=http :authority=x :path=/ a=" + strings.Repeat("\xff", 50_000)
	for _, b := range [][]byte{first, second} {
		if said := sayings(t, b); !strings.HasSuffix(said[len(said)-1], want) {
			t.Errorf("%.200q", said)
		}
	}
}

// A server that keeps a smaller table than before hears that we need none.
func TestTableOfTheServer(t *testing.T) {
	r := newRig(t)
	begins := func() byte {
		r.says()
		r.call(0)
		return r.Out()[frameHead]
	}
	r.hears(greeting)
	for _, c := range []struct {
		size uint32
		tell bool
	}{{5000, false}, {4096, true}, {4096, false}, {100, true}, {9000, false}, {0, true}} {
		r.hears(setting(tableSize, c.size))
		if told := begins() == 0x20; told != c.tell {
			t.Errorf("at %d: %v", c.size, told)
		}
		if begins() == 0x20 {
			t.Errorf("at %d: it is told again", c.size)
		}
	}
	r.hears(join(setting(tableSize, 9000), frameOf(settings, 0, 0, string(appendSetting(appendSetting(nil, tableSize, 10), tableSize, 9000)))))
	if begins() != 0x20 {
		t.Error("a table that is larger again was smaller before")
	}
	r.hears(setting(tableSize, 0))
	r.Open()
	if begins() == 0x20 {
		t.Error("another connection has its usual table")
	}
}

// A server that wants to hear much and listens to nothing is told so, and costs no
// more memory; one that listens may ask as often as it likes.
func TestAsksWithoutListening(t *testing.T) {
	for name, frame := range map[string][]byte{"PING": frameOf(ping, 0, 0, "12345678"), "SETTINGS": setting(initialWindow, 5)} {
		many := []byte(strings.Repeat(string(frame), 1000))
		deaf, listens := newRig(t), newRig(t)
		deaf.call(0)
		listens.call(0)
		deaf.hears(greeting)
		listens.hears(greeting)
		for range 100 {
			deaf.hears(many)
			listens.hears(many)
			listens.Sent(len(listens.Out()) - 1)
		}
		if want := "the server asks for answers (to PING, SETTINGS) and does not read them"; deaf.fault == nil || deaf.fault.Error() != want {
			t.Errorf("%s: %v", name, deaf.fault)
		}
		if listens.fault != nil || len(deaf.Out()) > mostAcks+1000 || cap(deaf.Out()) > 2*mostAcks {
			t.Errorf("%s: %v; %d bytes are to be said, in %d", name, listens.fault, len(deaf.Out()), cap(deaf.Out()))
		}
	}
}

// A body waits for its stream's window, whatever opens that: settings, which may
// also close it below zero, or an update.
func TestWindowsOfBodies(t *testing.T) {
	r := newRig(t, post(1000))
	r.hears(join(greeting, setting(initialWindow, 0)))
	r.call(0)
	r.says()
	for _, c := range []struct {
		hears []byte
		said  string
	}{
		{number(window, 0, 9), "[]"},
		{setting(initialWindow, 100), "[SETTINGS ACK DATA 1 100]"},
		{setting(initialWindow, 10), "[SETTINGS ACK]"},
		{number(window, 1, 90), "[]"},
		{number(window, 1, 1), "[DATA 1 1]"},
		{setting(initialWindow, 2000), "[SETTINGS ACK DATA 1 END 899]"},
	} {
		r.hears(c.hears)
		if said := fmt.Sprint(sayings(t, r.says())); said != c.said {
			t.Errorf("%s, and not %s", said, c.said)
		}
	}
}

// A long body takes no more memory where the system never takes all that is ready.
func TestMemoryOfBodies(t *testing.T) {
	r := newRig(t, post(5_000_000))
	r.hears(join(greeting, setting(initialWindow, widest), number(window, 0, 1<<30)))
	r.call(0)
	for len(r.Out()) > 1000 {
		if r.Sent(len(r.Out()) - 1000); cap(r.out) > roomy {
			t.Fatalf("%d bytes of memory for %d that are ready", cap(r.out), len(r.Out()))
		}
	}
	if r.ring != 0 {
		t.Error("the body has not gone")
	}
}

// Large answers have the windows of what comes be opened again, each time when half
// of them has been used.
func TestWindowsOfAnswers(t *testing.T) {
	r := newRig(t)
	p := r.call(0)
	r.hears(join(greeting, head200(0)))
	r.says()
	const half = widest / 2
	r.owed, p.stream.Memory.(*call).owed = half-6, half-6
	r.hears(body(0, "hello"))
	if len(r.Out()) > 0 {
		t.Errorf("%q", sayings(t, r.says()))
	}
	r.hears(body(padded, "\x01x\x00"))
	want := fmt.Sprintf("[WINDOW_UPDATE 0 %d WINDOW_UPDATE 1 %d]", half+2, half+2)
	if got := fmt.Sprint(sayings(t, r.says())); got != want {
		t.Errorf("%s, and not %s", got, want)
	}
	if r.hears(body(0, "more")); len(r.Out()) > 0 { // it is not told of the same again
		t.Errorf("behind that: %q", sayings(t, r.says()))
	}
	r.owed, p.stream.Memory.(*call).owed = half, half
	r.hears(body(endStream, "x"))
	if got := fmt.Sprint(sayings(t, r.says())); got != fmt.Sprintf("[WINDOW_UPDATE 0 %d]", half+1) {
		t.Errorf("at its end: %s", got)
	}
}

// Heads that come in several frames have nothing of those before them.
func TestHeadsInPieces(t *testing.T) {
	r := newRig(t)
	r.hears(greeting)
	first, second := r.call(0), r.call(1)
	for _, p := range []*place{first, second} {
		id := p.stream.Memory.(*call).id
		r.hears(join(frameOf(headers, endStream, id, "\x88\x00"), frameOf(continuation, endHeaders, id, "\x01a\x01b")))
	}
	if first.end != "well" || second.end != "well" || first.stream.Reader().Size() != second.stream.Reader().Size() {
		t.Errorf("%q, %d bytes; %q, %d bytes; %v", first.end, first.stream.Reader().Size(), second.end, second.stream.Reader().Size(), r.fault)
	}
}

// A connection that is opened again knows nothing of the one before.
func TestOpenAgain(t *testing.T) {
	r := newRig(t, post(70_000))
	cut, other := r.call(0), r.call(0)
	r.says()
	r.hears(join(greeting, setting(initialWindow, 7), away(widest, calm, ""), frameOf(headers, 0, 1, "\x88\x40\x01a\x01b")))
	r.hears(frameOf(continuation, 0, 1, "")[:5])
	r.Open()
	fresh := newRig(t, post(70_000))
	cut.again(0)
	fresh.call(0)
	if a, b := sayings(t, r.says()), sayings(t, fresh.says()); fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("%q\n%q", a, b)
	}
	r.hears(join(greeting, answerOf(1)))
	if cut.end != "well" || other.end != "" || r.fault != nil || r.Room() != 100 {
		t.Errorf("%q, %q, %v, %d", cut.end, other.end, r.fault, r.Room())
	}
}

// The last that is said is GOAWAY.
func TestNothingBehindGoAway(t *testing.T) {
	r := newRig(t, post(70_000))
	r.call(0)
	r.says()
	r.hears(join(greeting, number(window, 0, 1000), number(window, 1, 1000), frameOf(push, 0, 1, "")))
	if said := sayings(t, r.says()); said[len(said)-1] != breach {
		t.Errorf("%q", said)
	}
}

// fielded is a reader of fields, as another protocol has it.
type fielded struct {
	wire.Reader
	text  strings.Builder
	fault wire.Fault
}

func (f *fielded) Field(name, value []byte, trailer bool) wire.Fault {
	fmt.Fprintf(&f.text, "%s=%s", name, value)
	if f.text.WriteString(" "); trailer {
		f.text.WriteString("(trailer) ")
	}
	if string(name) == "bad" {
		return nonsense("bad")
	}
	return nil
}

func (f *fielded) Reset(code uint32, name string) wire.Fault {
	fmt.Fprintf(&f.text, "RESET %d %s", code, name)
	return nonsense("reset")
}

func (f *fielded) Feed(b []byte) (int, wire.End, wire.Fault) {
	fmt.Fprintf(&f.text, "%q ", b)
	return len(b), wire.More, nil
}

func (f *fielded) EOF() (bool, wire.Fault) {
	f.text.WriteString("END")
	return f.fault == nil, f.fault
}

// place makes a place that the reader reads, with a call of it.
func (f *fielded) place(r *rig) *place {
	p := &place{rig: r, x: new(wire.Exchange)}
	p.stream, p.put, p.take = wire.NewStream(f)
	r.places = append(r.places, p)
	p.x.Request = &r.codec.requests[0].Request
	p.put(p.x)
	r.Begin(p.stream)
	return p
}

// A head is as large for them as for others.
func TestLargeFields(t *testing.T) {
	for size, want := range map[int]string{50: "well", 90: "the head is too large"} {
		r := rigged(t, http1.Options{MaxHead: 100}, 0)
		p := new(fielded).place(r)
		if r.hears(join(greeting, head200(endStream, "a", strings.Repeat("b", size)))); p.end != want {
			t.Errorf("%d bytes: %q", size, p.end)
		}
	}
}

// Readers of other protocols get the fields as they are.
func TestFields(t *testing.T) {
	for _, c := range []struct {
		frames    []byte
		text, end string
	}{
		{join(frameOf(headers, endHeaders, 1, blockOf(":status", "103", "a", "b")), head200(0, "a", "b"), body(0, "x"), frameOf(headers, endHeaders|endStream, 1, blockOf("c", "d"))), `:status=200 a=b "x" c=d (trailer) END`, "well"},
		{head200(endStream, "grpc-status", "5"), ":status=200 grpc-status=5 END", "well"},
		{head200(0, "bad", "b", "c", "d"), ":status=200 bad=b ", "bad"},
		{join(head200(0), frameOf(headers, endHeaders|endStream, 1, blockOf("bad", "d"))), ":status=200 bad=d (trailer) ", "bad"},
		{join(head200(0), frameOf(reset, 0, 1, "\x00\x00\x00\x08")), ":status=200 RESET 8 CANCEL", "reset"},
		{head200(0, "A", "b"), ":status=200 ", `malformed header name (want small letters): "A"`},
	} {
		r := newRig(t)
		reader := new(fielded)
		p := reader.place(r)
		r.hears(join(greeting, c.frames))
		if p.end != c.end || reader.text.String() != c.text {
			t.Errorf("%q: %s; not %q: %s", p.end, reader.text.String(), c.end, c.text)
		}
	}
}

// How many streams a server lets is known on its next connections before it says so
// again.
func TestLetsAsBefore(t *testing.T) {
	r := newRig(t)
	r.hears(setting(mostStreams, 3))
	if another := r.codec.Session().(*session); r.Room() != 3 {
		t.Error(r.Room())
	} else if another.Open(); another.Room() != 3 {
		t.Errorf("%d on the next connection", another.Room())
	}
}
