package http2

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	peer "golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"plimsoll/target/http1"
)

// Whatever comes, in whatever pieces, nothing panics, each call ends once, memory
// is bounded, and the same comes of it in one piece and byte by byte.
func FuzzSession(f *testing.F) {
	for _, c := range rules9113 {
		if len(c.frames) < 2000 {
			f.Add(join(greeting, c.frames), byte(7))
		}
	}
	f.Add([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"), byte(3))
	f.Fuzz(func(t *testing.T, b []byte, piece byte) {
		if len(b) > 100_000 {
			return
		}
		whole := heard(t, b, len(b))
		if in := heard(t, b, int(piece)%64+1); in != whole {
			t.Fatalf("in one\n%s\nin pieces of %d\n%s", whole, piece%64+1, in)
		}
	})
}

// longPost does not fit into the window that there is at first.
var longPost = post(70_000)

// heard is what comes of bytes from a server.
func heard(t *testing.T, b []byte, piece int) string {
	r := rigged(t, http1.Options{MaxHead: 5000}, 0, get, head, longPost, get)
	for i := range 4 {
		r.call(uint64(i))
	}
	for rest := b; len(rest) > 0; {
		n := min(piece, len(rest))
		r.hears(rest[:n])
		rest = rest[n:]
		if len(r.Out()) > mostAcks+ahead+10_000 || cap(r.block) > roomy || cap(r.text) > roomy || cap(r.partial) > 2*usualFrame || len(r.calls.slots) > 16 {
			t.Fatalf("%d bytes to say; %d, %d and %d kept", len(r.Out()), cap(r.block), cap(r.text), cap(r.partial))
		}
	}
	var text strings.Builder
	fmt.Fprintln(&text, r.fault, r.Room(), r.Closing())
	for i, p := range r.places {
		fmt.Fprintln(&text, i, p.end, p.class, p.began, p.stream.Reader().Size())
		if r.fault == nil && p.end == "" {
			fmt.Fprintln(&text, r.Cut(p.stream))
			r.Leave(p.stream, 0)
		}
	}
	if r.calls.count > 0 && r.fault == nil {
		t.Fatalf("%d calls are left", r.calls.count)
	}
	r.says()
	return text.String()
}

// script has frames be written with x/net's Framer and Encoder, as bytes tell. Its
// servers keep to the rules of frames, and not to those of answers.
type script struct {
	bytes []byte
	out   bytes.Buffer
	*peer.Framer
	block bytes.Buffer
	*hpack.Encoder
}

func (s *script) next(n int) int {
	if len(s.bytes) == 0 {
		return 0
	}
	b := s.bytes[0]
	s.bytes = s.bytes[1:]
	return int(b) % n
}

var (
	someNames  = []string{":status", "content-length", "date", "x-a", "Server", "connection", ":path", "set-cookie", "a b", "etag"}
	someValues = []string{"200", "3", "", "204", "Tue, 14 Oct 2025 09:12:44 GMT", "100", "304", strings.Repeat("v", 300), "a\nb", "x"}
)

// fields writes a head: mostly one that is well.
func (s *script) fields() []byte {
	s.block.Reset()
	if s.next(8) > 0 {
		_ = s.WriteField(hpack.HeaderField{Name: ":status", Value: someValues[s.next(6)]})
	}
	for range s.next(4) {
		name := someNames[s.next(len(someNames))]
		if s.next(4) > 0 {
			name = "x-b"
		}
		_ = s.WriteField(hpack.HeaderField{Name: name, Value: someValues[s.next(len(someValues))], Sensitive: s.next(4) == 0})
	}
	return s.block.Bytes()
}

func (s *script) frame() {
	id := uint32(2*s.next(4) + 1)
	switch s.next(9) {
	case 0, 1, 2:
		block := s.fields()
		cut := s.next(len(block) + 1)
		end := s.next(2) == 0
		p := peer.HeadersFrameParam{StreamID: id, BlockFragment: block, EndHeaders: true, EndStream: s.next(3) == 0, PadLength: uint8(s.next(3))}
		if s.next(4) == 0 {
			p.Priority = peer.PriorityParam{StreamDep: 9, Weight: 7}
		}
		if end {
			_ = s.WriteHeaders(p)
			return
		}
		p.BlockFragment, p.EndHeaders = block[:cut], false
		_ = s.WriteHeaders(p)
		_ = s.WriteContinuation(id, true, block[cut:])
	case 3, 4, 5:
		body := []byte("abcdefgh")[:s.next(9)]
		if n := s.next(4); n > 0 {
			_ = s.WriteDataPadded(id, s.next(3) == 0, body, make([]byte, n-1))
		} else {
			_ = s.WriteData(id, s.next(3) == 0, body)
		}
	case 6:
		_ = s.WriteSettings(peer.Setting{ID: peer.SettingID(s.next(8)), Val: []uint32{0, 1, 16384, 70_000}[s.next(4)]})
	case 7:
		_ = s.WritePing(s.next(2) == 0, [8]byte{byte(s.next(256))})
	case 8:
		if s.next(2) == 0 {
			_ = s.WriteWindowUpdate(uint32(2*s.next(5)), uint32(s.next(3)))
		} else {
			_ = s.WriteRSTStream(id, peer.ErrCode(s.next(14)))
		}
	}
}

// What x/net's Framer and Encoder write is understood as its Framer and Decoder
// read it.
func FuzzAgainstFramer(f *testing.F) {
	f.Add([]byte("\x00\x00\x01\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
	f.Add(bytes.Repeat([]byte("\x01\x00\x01\x05\x00\x00\x00\x01\x00\x01"), mostInterim+1)) // interim heads
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 2000 {
			return
		}
		s := &script{bytes: b}
		s.Framer, s.Encoder = peer.NewFramer(&s.out, nil), hpack.NewEncoder(&s.block)
		s.AllowIllegalWrites = true
		_ = s.WriteSettings()
		for len(s.bytes) > 0 {
			s.frame()
		}
		r := newRig(t, get, head, get, get)
		for i := range 4 {
			r.call(uint64(i))
		}
		o := newOther(s.out.Bytes())
		for o.step(t) {
		}
		r.hears(s.out.Bytes()[:o.upTo])
		if o.broken && r.fault == nil && lastOf(s.out.Bytes()[:o.upTo]) == continuation {
			return // x/net gives a connection up where that follows a field that is none
		}
		for i, p := range r.places {
			got := strings.TrimSpace(fmt.Sprint(kindOf(p), " ", p.stream.Reader().Size()))
			if want := o.answers[i].String(); got != want && !(strings.HasPrefix(got, "bad") && strings.HasPrefix(want, "bad")) {
				t.Fatalf("%x\nstream %d: %s (%s), and x/net %s; %v", s.out.Bytes(), 2*i+1, got, p.end, want, r.fault)
			}
		}
		if r.fault != nil != o.broken {
			t.Fatalf("%x\n%v, and x/net %v", s.out.Bytes()[:o.upTo], r.fault, o.broken)
		}
	})
}

// lastOf is the type of the last frame.
func lastOf(b []byte) kind {
	var f frame
	for ; len(b) > 0; b = b[frameHead+f.length:] {
		f.read(b)
	}
	return f.kind
}

// kindOf is how a call ended: open, well, reset, refused, bad.
func kindOf(p *place) string {
	switch {
	case p.end == "":
		return "open"
	case strings.HasPrefix(p.end, "refused"):
		return "refused"
	case strings.HasPrefix(p.end, "the server reset"):
		return "reset"
	case p.end != "well":
		return "bad"
	}
	return p.end
}

// other is a plain client over x/net's Framer.
type other struct {
	in      *bytes.Reader
	all     int
	framer  *peer.Framer
	answers [4]reply
	upTo    int // bytes that have been read, up to what broke the connection
	broken  bool
	window  int64
}

// reply is an answer as it comes.
type reply struct {
	kind          string
	head, body    int64
	announced     int64
	headed, whole bool
	window        int64
	interim       int64 // bytes of interim heads
	interims      int   // and how many there were
}

func (r reply) String() string {
	size := r.head + r.body
	return fmt.Sprint(r.kind, " ", size)
}

func newOther(b []byte) *other {
	o := &other{in: bytes.NewReader(b), all: len(b), window: usualWindow}
	o.framer = peer.NewFramer(io.Discard, o.in)
	o.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	o.framer.SetMaxReadFrameSize(usualFrame)
	for i := range o.answers {
		o.answers[i] = reply{kind: "open", window: usualWindow}
	}
	return o
}

// step reads a frame, and tells whether to go on.
func (o *other) step(t *testing.T) bool {
	f, err := o.framer.ReadFrame()
	var stream peer.StreamError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return false
	case errors.As(err, &stream):
		o.upTo = o.all - o.in.Len()
		if o.idle(stream.StreamID) {
			return false
		}
		if a := &o.answers[stream.StreamID/2]; a.kind == "open" {
			a.kind = "bad"
		}
		return true
	}
	o.upTo = o.all - o.in.Len()
	if err != nil {
		o.broken = true
		return false
	}
	o.take(t, f)
	return !o.broken
}

func (o *other) take(t *testing.T, f peer.Frame) {
	id := f.Header().StreamID
	if o.idle(id) {
		return
	}
	a := new(reply)
	if id > 0 {
		a = &o.answers[id/2]
	}
	open := id > 0 && a.kind == "open"
	switch f := f.(type) {
	case *peer.SettingsFrame:
		o.settings(f)
	case *peer.WindowUpdateFrame:
		if id == 0 {
			o.window += int64(f.Increment)
		}
	case *peer.RSTStreamFrame:
		if open {
			if a.kind = "reset"; f.ErrCode == peer.ErrCodeRefusedStream && !a.headed {
				a.kind = "refused"
			}
		}
	case *peer.DataFrame:
		if open {
			a.data(f, id == 3)
		}
	case *peer.MetaHeadersFrame:
		if open {
			a.fields(f, id == 3)
		}
	}
}

// idle tells whether nobody has begun that stream, which breaks the connection.
func (o *other) idle(id uint32) bool {
	o.broken = o.broken || id > 7 || id > 0 && id&1 == 0
	return o.broken
}

func (o *other) settings(f *peer.SettingsFrame) {
	_ = f.ForeachSetting(func(s peer.Setting) error {
		if s.Valid() != nil || s.ID == peer.SettingEnablePush && s.Val != 0 {
			o.broken = true
		}
		return nil
	})
}

func (a *reply) data(f *peer.DataFrame, head bool) {
	if !a.headed {
		a.kind = "bad"
		return
	}
	if !head && a.announced != -2 {
		a.body += int64(len(f.Data()))
	}
	if !head && a.announced >= 0 && a.body > a.announced {
		a.kind = "bad"
		return
	}
	if f.StreamEnded() {
		a.end(head)
	}
}

func (a *reply) end(head bool) {
	if a.kind = "well"; !head && a.announced >= 0 && a.body != a.announced {
		a.kind = "bad"
	}
}

// fields takes in a head, by the rules that x/net leaves to its client.
func (a *reply) fields(f *peer.MetaHeadersFrame, head bool) {
	status := f.PseudoValue("status")
	if a.headed {
		neighbourly := slices.ContainsFunc(f.RegularFields(), func(x hpack.HeaderField) bool { return x.Name == "connection" })
		if a.kind = "bad"; len(f.PseudoFields()) == 0 && f.StreamEnded() && !neighbourly {
			a.end(head)
		}
		return
	}
	size := int64(len("HTTP/1.1 \r\n\r\n") + len(statusText[status]))
	announced := int64(-1)
	for _, x := range f.RegularFields() {
		size += int64(len(x.Name + ": " + x.Value + "\r\n"))
		if x.Name == "content-length" {
			n, ok := lengthOf[x.Value]
			if !ok || announced >= 0 && announced != n {
				a.kind = "bad"
			}
			announced = n
		}
		if x.Name == "connection" {
			a.kind = "bad"
		}
	}
	if len(f.PseudoFields()) != 1 || statusText[status] == "" {
		a.kind = "bad"
	}
	if a.kind == "bad" {
		return
	}
	if status == "100" {
		a.interim += size
		if a.interims++; f.StreamEnded() || a.interims > mostInterim {
			a.kind = "bad"
		}
		return
	}
	a.headed, a.head, a.announced = true, size+a.interim, announced
	if status == "204" || status == "304" {
		a.announced = -2
	}
	if f.StreamEnded() {
		a.end(head)
	}
}

var (
	statusText = map[string]string{"200": "200 OK", "204": "204 No Content", "100": "100 Continue", "304": "304 Not Modified"}
	lengthOf   = map[string]int64{"200": 200, "3": 3, "204": 204, "100": 100, "304": 304}
)
