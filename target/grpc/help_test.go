package grpc

import (
	"cmp"
	"encoding/binary"
	"io"
	"net"
	nethttp "net/http"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/reflect/protoregistry"

	"plimsoll/target"
	"plimsoll/target/kind"
	"plimsoll/target/look"
	"plimsoll/target/random"
	"plimsoll/target/stream"
	"plimsoll/target/value"
	"plimsoll/target/wait"
	"plimsoll/target/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shop is a schema.
const shop = `syntax = "proto3";
package shop;
import "google/protobuf/any.proto";
import "google/protobuf/timestamp.proto";
service Carts {
  rpc Add(Item) returns (Item);
  rpc Watch(Item) returns (stream Item);
  rpc Fill(stream Item) returns (Item);
}
enum Kind { PLAIN = 0; RARE = 1; }
message Item {
  string name = 1;
  int64 count = 2;
  bytes data = 3;
  repeated Item items = 4;
  Kind kind = 5;
  google.protobuf.Timestamp at = 6;
  map<string, int32> labels = 7;
  google.protobuf.Any any = 8;
  double price = 9 [json_name = "cost"];
}
`

func files(t testing.TB) *protoregistry.Files {
	t.Helper()
	all, err := compile("/nowhere/shop.proto", []byte(shop))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// byEach has a test made over each engine.
func byEach(t *testing.T, test func(t *testing.T, engine string)) {
	for _, engine := range []string{"", wire.Uring, Std} {
		name := cmp.Or(engine, wire.Epoll)
		if wire.Polls(name) && !wire.HasEpoll {
			continue
		}
		t.Run(name, func(t *testing.T) { test(t, engine) })
	}
}

// call is one that a target may make.
func call(t testing.TB, rpc, message string) *Call {
	t.Helper()
	c := &Call{rpc: rpc}
	var err error
	if c.message, err = c.holes.Parse(message); err != nil {
		t.Fatal(err)
	}
	return c
}

// loop makes calls as a loop does.
type loop struct {
	*kind.Opened
	t       testing.TB
	clock   target.Clock
	carrier target.Carrier
	due     time.Duration
}

// open opens a target at an address that has a call of its own; nil: it has none.
func open(t testing.TB, engine, address string, own *Call, change func(*Settings)) *loop {
	t.Helper()
	s := &Settings{Address: address, Own: own, Schema: Schema{files: files(t)}, engine: engine}
	s.Timeout = 20 * time.Second
	if change != nil {
		change(s)
	}
	opened, err := s.Open(t.Context(), kind.Site{Streams: random.New(1)})
	if err != nil {
		t.Fatal(err)
	}
	x := &loop{Opened: opened, t: t}
	if opened.Polls {
		x.clock, err = wire.Clock(opened.Engine, 0)
	} else {
		x.clock = wait.NewDoze(0)
	}
	if err == nil {
		x.carrier, err = opened.Carrier(x.clock)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.carrier.Close(); x.clock.Close(); x.Opened.Close() })
	return x
}

func (x *loop) send(slot int, r target.Request) target.ID {
	id := target.NewID(uint32(slot), r.Number)
	x.due = min(x.due, x.carrier.Send(id, &r, x.clock.Now()))
	return id
}

// end is the next call's end; false: there is none for that long.
func (x *loop) end(within time.Duration) (target.Done, bool) {
	for limit := x.clock.Now() + within; ; {
		now := x.clock.Wait(min(x.due, limit))
		d, due := x.carrier.Take(now)
		if x.due = due; d != nil {
			x.due = now
			done := *d
			if d.Parts != nil { // theirs until the next Take
				parts := target.Parts{Phases: append([]time.Duration{}, d.Parts.Phases...)}
				if d.Parts.Stream != nil {
					s := *d.Parts.Stream
					s.Gaps = append([]target.Gap{}, s.Gaps...)
					parts.Stream = &s
				}
				done.Parts = &parts
			}
			return done, true
		}
		if now >= limit {
			return target.Done{}, false
		}
	}
}

// call makes one call.
func (x *loop) call(r target.Request) target.Done {
	x.t.Helper()
	x.send(0, r)
	d, is := x.end(60 * time.Second)
	if !is {
		x.t.Fatal("a call has no end")
	}
	return d
}

// load makes n calls, always so many of them.
func (x *loop) load(inFlight, n int) (classes map[string]int) {
	x.t.Helper()
	classes = map[string]int{}
	sent := 0
	for ; sent < min(inFlight, n); sent++ {
		x.send(sent, target.Request{Number: uint64(sent)})
	}
	for ended := 0; ended < n; ended++ {
		d, is := x.end(60 * time.Second)
		if !is {
			x.t.Fatalf("%d of %d calls have ended: %v", ended, n, classes)
		}
		if classes[d.Class]++; sent < n {
			x.send(int(d.ID.Slot()), target.Request{Number: uint64(sent)})
			sent++
		}
	}
	return classes
}

// wants are operands to look at.
func wants(t testing.TB, texts ...string) (all []look.Operand) {
	t.Helper()
	for _, text := range texts {
		o, err := look.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	return all
}

// asked is a call as a server saw it.
type asked struct {
	path    string
	header  nethttp.Header
	message []byte
}

// peer is a server of gRPC over net/http that counts.
type peer struct {
	address string
	mu      sync.Mutex
	asked   []asked
	gone    int // calls that were given up
	conns   int
}

// serve starts one, whose answers a function writes.
func serve(t testing.TB, answer func(w nethttp.ResponseWriter, r *nethttp.Request, message []byte)) *peer {
	t.Helper()
	p := &peer{}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.address = listener.Addr().String()
	protocols := new(nethttp.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	server := &nethttp.Server{Protocols: protocols, Handler: nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil && r.Context().Err() != nil { // who asked has left
			p.mu.Lock()
			p.gone++
			p.mu.Unlock()
			return
		}
		if err != nil || len(body) < prefix || int(binary.BigEndian.Uint32(body[1:])) != len(body)-prefix {
			t.Errorf("a request of %d bytes: %v", len(body), err)
			return
		}
		p.mu.Lock()
		p.asked = append(p.asked, asked{r.URL.Path, r.Header, body[prefix:]})
		p.mu.Unlock()
		answer(w, r, body[prefix:])
		if r.Context().Err() != nil {
			p.mu.Lock()
			p.gone++
			p.mu.Unlock()
		}
	}), ConnState: func(_ net.Conn, s nethttp.ConnState) {
		if s == nethttp.StateNew {
			p.mu.Lock()
			p.conns++
			p.mu.Unlock()
		}
	}}
	done := make(chan error)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
	return p
}

func (p *peer) seen() (all []asked, gone, conns int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked, p.gone, p.conns
}

// well answers with messages and a status.
func well(w nethttp.ResponseWriter, status string, messages ...[]byte) {
	w.Header().Set("Content-Type", "application/grpc")
	for _, m := range messages {
		_, _ = w.Write(framed(m))
	}
	w.Header().Set(nethttp.TrailerPrefix+"Grpc-Status", status)
}

func framed(m []byte) []byte { return frame(append(make([]byte, prefix), m...)) }

// echo says back what it is sent.
func echo(w nethttp.ResponseWriter, _ *nethttp.Request, m []byte) { well(w, "0", m) }

// texts are values of holes.
func texts(all ...string) (values []value.Value) {
	for _, text := range all {
		values = append(values, value.Of(text))
	}
	return values
}

// gone is an address where nobody is.
func gone(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// eventually waits for something that is to come.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 1000 {
		if is() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error(what, "has not come")
}

// messages is how streams are read, by a clock that stands.
var messages = stream.Reading{Format: stream.Messages}

func never() time.Duration { return 0 }
