package grpc

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"testing"

	"golang.org/x/net/http2"

	"plimsoll/target"
)

// ready starts a server that answers every call with the same bytes, and allocates
// nothing for it.
func ready(t testing.TB, message []byte) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	var answer, greeting bytes.Buffer
	r := &raw{Framer: http2.NewFramer(&greeting, nil)}
	_ = r.WriteSettings()
	_ = r.WriteWindowUpdate(0, 1<<30)
	r = newRaw(http2.NewFramer(&answer, nil))
	var starts []int // of its frames
	for _, say := range []func(){
		func() { r.head(1, false, headWell...) }, func() { _ = r.WriteData(1, false, framed(message)) }, func() { r.head(1, true, "grpc-status", "0") },
	} {
		starts = append(starts, answer.Len())
		say()
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write(greeting.Bytes())
			go answersTo(conn, bytes.Clone(answer.Bytes()), starts)
		}
	}()
	return listener.Addr().String()
}

// answersTo answers on a connection: its frames begin so.
func answersTo(conn net.Conn, answer []byte, starts []int) {
	defer conn.Close()
	if _, err := io.ReadFull(conn, make([]byte, len(http2.ClientPreface))); err != nil {
		return
	}
	buffer, have := make([]byte, 64<<10), 0
	for {
		n, err := conn.Read(buffer[have:])
		if err != nil {
			return
		}
		have += n
		at := 0
		for ; have-at >= 9; at += 9 + int(binary.BigEndian.Uint32(buffer[at:])>>8) {
			f := buffer[at:]
			if have-at < 9+int(binary.BigEndian.Uint32(f)>>8) {
				break
			}
			if f[3] == 0 && f[4]&1 != 0 { // the end of a request
				for _, start := range starts {
					copy(answer[start+5:], f[5:9])
				}
				if _, err := conn.Write(answer); err != nil {
					return
				}
			}
		}
		have = copy(buffer, buffer[at:have])
	}
}

// oneByOne makes calls one after another.
func oneByOne(t testing.TB, x *loop) func() {
	r := new(target.Request)
	return func() {
		r.Number++
		x.due = min(x.due, x.carrier.Send(target.NewID(0, r.Number), r, x.clock.Now()))
		for {
			now := x.clock.Wait(x.due)
			d, due := x.carrier.Take(now)
			if x.due = due; d == nil {
				continue
			}
			if x.due = now; !d.OK() {
				t.Fatal(d.Example)
			}
			return
		}
	}
}

// A call that is always the same costs no memory, nor does a stream of whose
// messages nobody looks at any.
func TestNothingIsAllocated(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector, with which tests are short, allocates itself")
	}
	for _, rpc := range []string{"shop.Carts/Add", "shop.Carts/Watch"} {
		x := open(t, "", ready(t, []byte("\x10\x05")), call(t, rpc, `{"name": "kite"}`), nil)
		one := oneByOne(t, x)
		for range 100 {
			one()
		}
		if got := testing.AllocsPerRun(500, one); got > 0 {
			t.Errorf("%s: %v allocations a call", rpc, got)
		}
	}
}

func BenchmarkCalls(b *testing.B) {
	for name, message := range map[string]string{"fixed": `{"name": "kite", "count": 7}`, "rendered": `{"name": "kite ${iteration}", "count": ${iteration}}`} {
		b.Run(name, func(b *testing.B) {
			x := open(b, "", ready(b, []byte("\x10\x05")), call(b, "shop.Carts/Add", message), nil)
			one := oneByOne(b, x)
			b.ReportAllocs()
			for b.Loop() {
				one()
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	m, err := find(files(b), "shop.Carts/Add")
	if err != nil {
		b.Fatal(err)
	}
	text := []byte(`{"name": "kite 17", "count": 17}`)
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		if dst, err = m.encode(dst, text); err != nil {
			b.Fatal(err)
		}
	}
}
