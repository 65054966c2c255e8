package http2

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	peer "golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"plimsoll/target/wire"
)

// nginxLike are answers of five fields and 128 bytes: as nginx writes them, which
// has each field be put into the table anew; and as Go does, which says again what
// is there.
func nginxLike(second int) []byte {
	b := []byte{0x88}
	for _, f := range []struct {
		index byte
		value string
	}{{54, "nginx/1.22.1"}, {33, fmt.Sprintf("Tue, 14 Oct 2025 09:12:4%d GMT", second)}, {31, "text/plain"}, {28, "128"}, {44, "Mon, 13 Oct 2025 17:00:00 GMT"}} {
		b = append(b, 0x40|f.index)
		coded := hpack.AppendHuffmanString(nil, f.value)
		b = append(append(b, 0x80|byte(len(coded))), coded...)
	}
	return b
}

// server writes answers, one a call, with the identifiers of streams put right.
type server struct {
	answer []byte
	more   int // where the second frame is
}

func newServer(block []byte) *server {
	s := &server{answer: frameOf(headers, endHeaders, 0, string(block))}
	s.more = len(s.answer)
	s.answer = append(s.answer, frameOf(data, endStream, 0, strings.Repeat("x", 128))...)
	return s
}

func (s *server) to(id uint32) []byte {
	for _, at := range []int{5, s.more + 5} {
		s.answer[at], s.answer[at+1], s.answer[at+2], s.answer[at+3] = byte(id>>24), byte(id>>16), byte(id>>8), byte(id)
	}
	return s.answer
}

// exchange is a call from its beginning to its end.
func (p *place) exchange(s *server) {
	r := p.rig
	id := r.next
	p.put(p.x)
	p.stream.Reader().Expect(p.x)
	r.Begin(p.stream)
	r.Sent(len(r.Out()))
	if r.Feed(s.to(id)) != nil || r.calls.count > 0 {
		r.t.Fatalf("%v", r.session.fault)
	}
}

func ready(t interface{ Fatalf(string, ...any) }, request string) *place {
	r := newRig(t, request)
	p := r.call(0)
	r.hears(join(greeting, answerOf(1)))
	r.says()
	return p
}

func TestCallsAllocateNothing(t *testing.T) {
	for name, c := range map[string]struct {
		request string
		journey bool
	}{"prepared": {get, false}, "a journey's": {get, true}, "with a body": {post(1000), false}} {
		p := ready(t, c.request)
		if c.journey {
			p.x.Request = &wire.Request{Bytes: []byte(c.request)}
		}
		servers := []*server{newServer(nginxLike(1)), newServer(nginxLike(2)), newServer([]byte("\x88"))}
		n := 0
		one := func() {
			if p.rig.next > 1<<20 {
				p.rig.next = 1
			}
			n++
			p.exchange(servers[n/3%3])
		}
		for range 2000 {
			one()
		}
		p.take()
		news := testing.AllocsPerRun(2000, func() { // as tests hear them
			p.put(p.x)
			p.stream.Began()
			p.stream.Over(nil)
			p.take()
		})
		if a := testing.AllocsPerRun(2000, func() { one(); p.take() }); a > news {
			t.Errorf("%s: %v allocations a call, %v of which are the test's", name, a, news)
		}
	}
}

func BenchmarkCall(b *testing.B) {
	for _, c := range []struct {
		name, request string
		journey       bool
		block         func(second int) []byte
		heads         int // that come in turn
	}{
		{"nginx", get, false, nginxLike, 1},
		{"ever other heads", get, false, nginxLike, 7},
		{"journey", get, true, nginxLike, 1},
	} {
		b.Run(c.name, func(b *testing.B) {
			p := ready(b, c.request)
			if c.journey {
				p.x.Request = &wire.Request{Bytes: []byte(c.request)}
			}
			var servers []*server
			for second := range c.heads {
				servers = append(servers, newServer(c.block(second)))
			}
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				if n%4096 == 0 {
					p.take()
					p.rig.next = 1
				}
				p.exchange(servers[n%c.heads])
			}
		})
	}
}

// BenchmarkAnswer is an answer's head and body, read by us and by x/net.
func BenchmarkAnswer(b *testing.B) {
	s := newServer(nginxLike(1))
	b.Run("x-net", func(b *testing.B) {
		in := bytes.NewReader(nil)
		f := peer.NewFramer(io.Discard, in)
		f.SetReuseFrames()
		f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
		b.ReportAllocs()
		for b.Loop() {
			in.Reset(s.to(1))
			for range 2 {
				if _, err := f.ReadFrame(); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
