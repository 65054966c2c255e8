package grpc

import (
	"bytes"
	"io"
	"net"
	nethttp "net/http"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/protobuf/encoding/protowire"

	"plimsoll/target"
	"plimsoll/target/wire"
)

// raw is a connection of a server that says what it likes.
type raw struct {
	*http2.Framer
	conn  net.Conn
	block bytes.Buffer
	*hpack.Encoder
}

func newRaw(f *http2.Framer) *raw {
	r := &raw{Framer: f}
	r.Encoder = hpack.NewEncoder(&r.block)
	return r
}

// head says a head, or a trailer, of pairs of names and values.
func (r *raw) head(stream uint32, end bool, pairs ...string) {
	r.block.Reset()
	for i := 0; i < len(pairs); i += 2 {
		_ = r.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]})
	}
	_ = r.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: r.block.Bytes(), EndHeaders: true, EndStream: end})
}

// hostile starts a server over raw frames, which answers a call when its message
// has come.
func hostile(t *testing.T, answer func(r *raw, stream uint32)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if _, err := io.ReadFull(conn, make([]byte, len(http2.ClientPreface))); err != nil {
					return
				}
				r := newRaw(http2.NewFramer(conn, conn))
				r.conn = conn
				_ = r.WriteSettings()
				for {
					f, err := r.ReadFrame()
					if err != nil {
						return
					}
					if d, is := f.(*http2.DataFrame); is && d.StreamEnded() {
						answer(r, d.StreamID)
					}
				}
			}()
		}
	}()
	return listener.Addr().String()
}

// well is the head of an answer.
var headWell = []string{":status", "200", "content-type", "application/grpc"}

// What a server may do to a call, its class, and what is told.
func TestClasses(t *testing.T) { byEach(t, testClasses) }

func testClasses(t *testing.T, engine string) {
	one := framed([]byte("\x10\x05"))
	ended := func(answer func(r *raw, id uint32), pairs ...string) func(r *raw, id uint32) {
		return func(r *raw, id uint32) {
			answer(r, id)
			r.head(id, true, pairs...)
		}
	}
	body := func(data ...[]byte) func(r *raw, id uint32) {
		return func(r *raw, id uint32) {
			r.head(id, false, headWell...)
			for _, d := range data {
				_ = r.WriteData(id, false, d)
			}
		}
	}
	reset := func(code http2.ErrCode) func(r *raw, id uint32) {
		return func(r *raw, id uint32) { _ = r.WriteRSTStream(id, code) }
	}
	only := func(pairs ...string) func(r *raw, id uint32) {
		return func(r *raw, id uint32) { r.head(id, true, pairs...) }
	}
	for name, c := range map[string]struct {
		answer      func(r *raw, id uint32)
		class, says string
	}{
		"well":          {ended(body(one), "grpc-status", "0"), "", ""},
		"in pieces":     {ended(body(one[:2], one[2:6], one[6:]), "grpc-status", "0"), "", ""},
		"empty message": {ended(body(framed(nil)), "grpc-status", "0"), "", ""},
		"subtype": {func(r *raw, id uint32) {
			r.head(id, false, ":status", "200", "content-type", "application/grpc+proto")
			_ = r.WriteData(id, false, one)
			r.head(id, true, "grpc-status", "0")
		}, "", ""},
		"trailers only":     {only(append(headWell, "grpc-status", "5", "grpc-message", "no kite %E2%9C%88 100%25")...), "grpc-NOT_FOUND", "shop.Carts/Add: no kite ✈ 100%"},
		"in the trailer":    {ended(body(one), "grpc-status", "14", "grpc-message", "later"), "grpc-UNAVAILABLE", "later"},
		"deadline":          {ended(body(), "grpc-status", "4"), "grpc-DEADLINE_EXCEEDED", "the server says no more"},
		"last code":         {ended(body(), "grpc-status", "16"), "grpc-UNAUTHENTICATED", ""},
		"unheard of":        {ended(body(), "grpc-status", "99", "grpc-message", "x"), "grpc-UNKNOWN", "status 99: x"},
		"no number":         {ended(body(), "grpc-status", "-1"), "grpc-UNKNOWN", ""},
		"no status":         {ended(body(one), "x", "y"), target.Body, "the answer ends without a status (grpc-status)"},
		"no trailer":        {func(r *raw, id uint32) { body()(r, id); _ = r.WriteData(id, true, one) }, target.Body, "the answer ends without a status"},
		"no message":        {ended(body(), "grpc-status", "0"), target.Body, "there is no message in the answer"},
		"OK and nothing":    {only(append(headWell, "grpc-status", "0")...), target.Body, "there is no message in the answer"},
		"two messages":      {ended(body(one, one), "grpc-status", "0"), target.Body, "more than one message"},
		"cut short":         {ended(body(one[:6]), "grpc-status", "0"), target.Body, "in the midst of a message"},
		"cut in the prefix": {ended(body(one[:3]), "grpc-status", "0"), target.Body, "in the midst of a message"},
		"compressed":        {ended(body([]byte{1, 0, 0, 0, 0}), "grpc-status", "0"), target.Body, "a message is compressed"},
		"no gRPC":           {ended(body([]byte("hello")), "grpc-status", "0"), target.Body, "begins with the byte 0x68"},
		"HTTP 404":          {only(":status", "404", "content-type", "text/plain"), "grpc-UNIMPLEMENTED", "status 404 of HTTP"},
		"HTTP 503": {func(r *raw, id uint32) {
			r.head(id, false, ":status", "503")
			_ = r.WriteData(id, true, []byte("busy"))
		}, "grpc-UNAVAILABLE", "status 503 of HTTP"},
		"HTTP 401":         {only(":status", "401"), "grpc-UNAUTHENTICATED", ""},
		"HTTP 403":         {only(":status", "403"), "grpc-PERMISSION_DENIED", ""},
		"HTTP 400":         {only(":status", "400"), "grpc-INTERNAL", ""},
		"HTTP 418":         {only(":status", "418"), "grpc-UNKNOWN", ""},
		"HTTP 503 of gRPC": {only(":status", "503", "content-type", "application/grpc", "grpc-status", "8"), "grpc-RESOURCE_EXHAUSTED", ""},
		"a page": {func(r *raw, id uint32) {
			r.head(id, false, ":status", "200", "content-type", "text/html")
			_ = r.WriteData(id, true, []byte("<html>"))
		}, "grpc-UNKNOWN", `its content-type is "text/html"`},
		"gRPC-web": {func(r *raw, id uint32) {
			r.head(id, false, ":status", "200", "content-type", "application/grpc-web")
			_ = r.WriteData(id, true, one)
		}, "grpc-UNKNOWN", "application/grpc-web"},
		"reset NO_ERROR":     {reset(http2.ErrCodeNo), "grpc-INTERNAL", "(NO_ERROR)"},
		"reset INTERNAL":     {reset(http2.ErrCodeInternal), "grpc-INTERNAL", "reset the stream (INTERNAL_ERROR)"},
		"reset CANCEL":       {reset(http2.ErrCodeCancel), "grpc-CANCELLED", "(CANCEL)"},
		"reset CALM":         {reset(http2.ErrCodeEnhanceYourCalm), "grpc-RESOURCE_EXHAUSTED", "(ENHANCE_YOUR_CALM)"},
		"reset INADEQUATE":   {reset(http2.ErrCodeInadequateSecurity), "grpc-PERMISSION_DENIED", ""},
		"reset in the midst": {func(r *raw, id uint32) { body(one[:6])(r, id); reset(http2.ErrCodeInternal)(r, id) }, "grpc-INTERNAL", ""},
	} {
		t.Run(name, func(t *testing.T) {
			x := open(t, engine, hostile(t, c.answer), call(t, "shop.Carts/Add", "{}"), nil)
			for n := range 2 { // a stream that has failed leaves the connection as it was
				d := x.call(target.Request{Number: uint64(n)})
				if d.Class != c.class || !strings.Contains(d.Example, c.says) {
					t.Errorf("%+v", d.Outcome)
				}
				if n == 1 && d.Parts.Phases[0] > 0 && engine == "" {
					t.Error("on another connection")
				}
			}
		})
	}
}

// What ends connections has the classes of every kind.
func TestConnectionsFail(t *testing.T) { byEach(t, testConnectionsFail) }

func testConnectionsFail(t *testing.T, engine string) {
	x := open(t, engine, gone(t), call(t, "shop.Carts/Add", "{}"), nil)
	if d := x.call(target.Request{}); d.Class != target.Connect || !strings.Contains(d.Example, "connection refused") {
		t.Errorf("%+v", d.Outcome)
	}
	cut := hostile(t, func(r *raw, id uint32) {
		r.head(id, false, headWell...)
		_ = r.WriteData(id, false, []byte{0, 0})
		r.conn.Close()
	})
	y := open(t, engine, cut, call(t, "shop.Carts/Add", "{}"), nil)
	if d := y.call(target.Request{}); d.Class != target.Reset {
		t.Errorf("%+v", d.Outcome)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
			conn.Close()
		}
	}()
	z := open(t, engine, listener.Addr().String(), call(t, "shop.Carts/Add", "{}"), nil)
	if d := z.call(target.Request{}); d.OK() {
		t.Errorf("%+v", d.Outcome)
	}
}

// What the server has not looked at is sent once more, and told of.
func TestRefusedIsSentAgain(t *testing.T) {
	if !wire.HasEpoll {
		t.Skip("net/http does so by itself")
	}
	for refusals, want := range map[int]string{1: "", 2: "grpc-UNAVAILABLE"} {
		left := refusals
		address := hostile(t, func(r *raw, id uint32) {
			if left--; left >= 0 {
				_ = r.WriteRSTStream(id, http2.ErrCodeRefusedStream)
				return
			}
			r.head(id, false, headWell...)
			_ = r.WriteData(id, false, framed(nil))
			r.head(id, true, "grpc-status", "0")
		})
		x := open(t, "", address, call(t, "shop.Carts/Add", "{}"), func(s *Settings) { s.Connections = 1 })
		if d := x.call(target.Request{}); d.Class != want || d.Attempts != 2 || d.Resent != 1 {
			t.Errorf("%d refusals: %+v", refusals, d.Outcome)
		}
	}
}

// A message of any size is counted; one that is looked into has its limit.
func TestLargeMessages(t *testing.T) { byEach(t, testLargeMessages) }

func testLargeMessages(t *testing.T, engine string) {
	for size, want := range map[int]string{mostKept - 10: "", mostKept + 1: target.Body} {
		large := append([]byte("\x0a"), protowire.AppendVarint(nil, uint64(size-5))...)
		large = append(large, bytes.Repeat([]byte("x"), size-5)...)
		p := serve(t, func(w nethttp.ResponseWriter, _ *nethttp.Request, _ []byte) { well(w, "0", large) })
		x := open(t, engine, p.address, call(t, "shop.Carts/Add", "{}"), nil)
		if d := x.call(target.Request{}); !d.OK() || d.BytesIn != int64(len(large)+prefix) {
			t.Errorf("%d: %+v", size, d.Outcome)
		}
		d := x.call(target.Request{Want: wants(t, "json.count")})
		if d.Class != want || want != "" && !strings.Contains(d.Example, "a message is larger than 4MiB, and it is looked into") {
			t.Errorf("%d: %+v", size, d.Outcome)
		}
	}
}

// No secret is told.
func TestSecretsAreScrubbed(t *testing.T) { byEach(t, testSecretsAreScrubbed) }

func testSecretsAreScrubbed(t *testing.T, engine string) {
	p := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request, m []byte) {
		w.Header().Set(nethttp.TrailerPrefix+"Grpc-Message", "no token hunter2 here")
		well(w, "16")
	})
	x := open(t, engine, p.address, call(t, "shop.Carts/Add", "{}"), func(s *Settings) {
		s.Scrub = func(text string) string { return strings.ReplaceAll(text, "hunter2", "${TOKEN}") }
	})
	if d := x.call(target.Request{}); d.Class != "grpc-UNAUTHENTICATED" || d.Example != "grpc://"+p.address+"/shop.Carts/Add: no token ${TOKEN} here" {
		t.Errorf("%+v", d.Outcome)
	}
}
