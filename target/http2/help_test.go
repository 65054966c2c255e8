package http2

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	peer "golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"plimsoll/target"
	"plimsoll/target/http1"
	"plimsoll/target/httpcall"
	"plimsoll/target/wire"
)

// rig is a session, and the streams of its calls. It asserts nothing about time,
// for there is none.
type rig struct {
	t     interface{ Fatalf(string, ...any) }
	codec *Codec
	*session
	places []*place
	fault  wire.Fault // the connection's
}

// place is where one call after the other is.
type place struct {
	rig    *rig
	x      *wire.Exchange
	stream *wire.Stream
	put    func(*wire.Exchange)
	take   func() (began, over, refused bool, fault wire.Fault)
	end    string // how the call ended, as tests have it; "": it has not
	class  string
	began  bool
}

// get and post are the requests of rigs.
const (
	get  = "GET /a?b=c HTTP/1.1\r\nHost: localhost:1\r\nUser-Agent: plimsoll\r\n\r\n"
	head = "HEAD / HTTP/1.1\r\nHost: localhost:1\r\n\r\n"
)

func post(size int) string {
	return fmt.Sprintf("POST / HTTP/1.1\r\nHost: localhost:1\r\nContent-Length: %d\r\n\r\n%s", size, strings.Repeat("0123456789", size/10+1)[:size])
}

func newRig(t interface{ Fatalf(string, ...any) }, requests ...string) *rig {
	return rigged(t, http1.Options{}, 100, requests...)
}

func rigged(t interface{ Fatalf(string, ...any) }, o http1.Options, streams int, requests ...string) *rig {
	if len(requests) == 0 {
		requests = []string{get}
	}
	o.Origin = "http://localhost:1"
	for _, r := range requests {
		o.Requests = append(o.Requests, http1.Request{Request: wire.Request{Bytes: []byte(r)}, Head: strings.HasPrefix(r, "HEAD ")})
	}
	o.Accepts = func(status int) bool { return true }
	o.Example = func(_ uint64, _ *httpcall.Prepared, class string, _ http1.Seen) string { return class }
	r := &rig{t: t, codec: NewCodec(o, streams, true)}
	r.session = r.codec.Session().(*session)
	r.Open()
	return r
}

// newPlace makes a place that the codec's reader reads.
func (r *rig) newPlace() *place {
	p := &place{rig: r, x: new(wire.Exchange)}
	p.stream, p.put, p.take = wire.NewStream(r.codec.Reader())
	r.places = append(r.places, p)
	return p
}

// call begins a call of that number, at a place of its own.
func (r *rig) call(number uint64) *place {
	p := r.newPlace()
	p.again(number)
	return p
}

// again begins another call at the place.
func (p *place) again(number uint64) {
	p.end, p.class, p.began = "", "", false
	p.x.Outcome, p.x.Number = target.Outcome{}, number
	if next := p.rig.codec.Enter(p.x, &target.Request{Number: number}); next.Turn != wire.Goes {
		p.rig.t.Fatalf("the call does not go: %+v", next)
	}
	p.put(p.x)
	p.stream.Reader().Expect(p.x)
	p.rig.Begin(p.stream)
}

// hears has the session take in bytes, and notes what the streams are told.
func (r *rig) hears(b []byte) {
	r.fault = r.Feed(b)
	for _, p := range r.places {
		p.note()
	}
}

func (p *place) note() {
	began, over, refused, fault := p.take()
	p.began = p.began || began
	if !over {
		return
	}
	if p.end != "" {
		p.rig.t.Fatalf("the call ended twice: %q, then %v", p.end, fault)
	}
	switch p.end = "well"; {
	case refused:
		p.end, p.class = "refused: "+fault.Error(), fault.Class()
	case fault != nil:
		p.end, p.class = fault.Error(), fault.Class()
	}
}

// says takes all that the session has to say.
func (r *rig) says() []byte {
	var all []byte
	for len(r.Out()) > 0 {
		all = append(all, r.Out()...)
		r.Sent(len(r.Out()))
	}
	return all
}

// sayings are the frames in what a client says, one a line, without its preface.
func sayings(t interface{ Fatalf(string, ...any) }, b []byte) (list []string) {
	b, _ = bytes.CutPrefix(b, []byte(preface))
	f := peer.NewFramer(nil, bytes.NewReader(b))
	f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	for {
		frame, err := f.ReadFrame()
		if frame == nil || err != nil {
			if err != nil && err.Error() != "EOF" {
				t.Fatalf("%v in %q", err, b)
			}
			return list
		}
		list = append(list, saying(frame))
	}
}

func saying(frame peer.Frame) string {
	end := ""
	if frame.Header().Flags&1 != 0 {
		end = " END"
	}
	id := frame.Header().StreamID
	switch f := frame.(type) {
	case *peer.MetaHeadersFrame:
		var fields []string
		for _, x := range f.Fields {
			sign := "="
			if x.Sensitive {
				sign = "=!"
			}
			fields = append(fields, x.Name+sign+x.Value)
		}
		return fmt.Sprintf("HEADERS %d%s %s", id, end, strings.Join(fields, " "))
	case *peer.DataFrame:
		return fmt.Sprintf("DATA %d%s %d", id, end, len(f.Data()))
	case *peer.SettingsFrame:
		if f.IsAck() {
			return "SETTINGS ACK"
		}
		text := "SETTINGS"
		_ = f.ForeachSetting(func(s peer.Setting) error { text += fmt.Sprintf(" %v=%d", s.ID, s.Val); return nil })
		return text
	case *peer.PingFrame:
		return fmt.Sprintf("PING%s %x", strings.ReplaceAll(end, "END", "ACK"), f.Data)
	case *peer.GoAwayFrame:
		return fmt.Sprintf("GOAWAY %d %v", f.LastStreamID, f.ErrCode)
	case *peer.RSTStreamFrame:
		return fmt.Sprintf("RST_STREAM %d %v", id, f.ErrCode)
	case *peer.WindowUpdateFrame:
		return fmt.Sprintf("WINDOW_UPDATE %d %d", id, f.Increment)
	}
	return fmt.Sprint(frame)
}

// frameOf is a frame as a server writes it.
func frameOf(k kind, flags byte, stream uint32, payload string) []byte {
	return append(appendFrame(nil, len(payload), k, flags, stream), payload...)
}

// blockOf is a block of fields, none of which is indexed.
func blockOf(pairs ...string) string {
	block := ""
	for i := 0; i < len(pairs); i += 2 {
		block += "\x00" + string(rune(len(pairs[i]))) + pairs[i] + string(rune(len(pairs[i+1]))) + pairs[i+1]
	}
	return block
}

// greeting is how servers begin.
var greeting = frameOf(settings, 0, 0, "")

// answerOf is the whole answer of a stream.
func answerOf(stream uint32) []byte {
	return join(frameOf(headers, endHeaders, stream, blockOf(":status", "200", "content-length", "2")), frameOf(data, endStream, stream, "OK"))
}

func join(frames ...[]byte) []byte { return bytes.Join(frames, nil) }

func TestFirstCall(t *testing.T) {
	r := newRig(t)
	p := r.call(0)
	got := strings.Join(sayings(t, r.says()), "\n")
	want := "SETTINGS ENABLE_PUSH=0 INITIAL_WINDOW_SIZE=2147483647 MAX_HEADER_LIST_SIZE=1000000\n" +
		"WINDOW_UPDATE 0 2147418112\n" +
		"HEADERS 1 END :method=GET :scheme=http :authority=localhost:1 :path=/a?b=c user-agent=plimsoll"
	if got != want {
		t.Errorf("it begins with\n%s\nand not\n%s", got, want)
	}
	r.hears(greeting)
	r.hears(answerOf(1))
	if p.end != "well" || !p.began || r.fault != nil {
		t.Errorf("%q, %v", p.end, r.fault)
	}
	if got := strings.Join(sayings(t, r.says()), "\n"); got != "SETTINGS ACK" {
		t.Errorf("it goes on with %s", got)
	}
	answered := "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nOK"
	if in := p.stream.Reader().Size(); in != int64(len(answered)) || p.x.BytesOut != int64(len(get)) {
		t.Errorf("%d bytes in, %d out", in, p.x.BytesOut)
	}
}
