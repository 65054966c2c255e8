package grpc

import (
	"bytes"
	"encoding/base64"
	nethttp "net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/value"
	"plimsoll/target/wire"
)

// The server has seen what is reported, no call more or less, however many at a
// time and on a connection.
func TestCallsAreCounted(t *testing.T) { byEach(t, testCallsAreCounted) }

func testCallsAreCounted(t *testing.T, engine string) {
	for _, atOnce := range []int{1, 16} {
		p := serve(t, echo)
		x := open(t, engine, p.address, call(t, "shop.Carts/Add", `{"name": "kite", "count": ${iteration}}`), nil)
		classes := x.load(atOnce, 200)
		all, _, conns := p.seen()
		if classes[""] != 200 || len(all) != 200 || conns > 1 && engine != Std { // net/http opens several at a start
			t.Errorf("%d at once: %v, the server saw %d calls over %d connections", atOnce, classes, len(all), conns)
		}
		counts := map[uint64]bool{}
		for _, a := range all {
			if a.path != "/shop.Carts/Add" || a.header.Get("Te") != "trailers" || a.header.Get("Content-Type") != "application/grpc" || a.header.Get("Grpc-Timeout") != "20000000u" {
				t.Fatalf("the server saw %+v", a)
			}
			name, n := protowire.ConsumeBytes(a.message[1:])
			count := uint64(0)
			if rest := a.message[1+n:]; len(rest) > 0 { // 0 is not sent
				count, _ = protowire.ConsumeVarint(rest[1:])
			}
			if counts[count] = true; string(name) != "kite" {
				t.Fatalf("the message is %q", a.message)
			}
		}
		if len(counts) != 200 {
			t.Errorf("%d messages of 200 differ", len(counts))
		}
	}
}

// Messages are those of the schema, whatever is in them, and what comes back is
// found.
func TestMessagesAreLookedAt(t *testing.T) { byEach(t, testMessagesAreLookedAt) }

func testMessagesAreLookedAt(t *testing.T, engine string) {
	p := serve(t, echo)
	x := open(t, engine, p.address, nil, nil)
	message := `{"name": "${name}", "count": "${n}", "data": "AAH/", "items": [{"kind": "RARE"}], "at": "2026-01-02T03:04:05Z",
		"labels": {"a": 7}, "any": {"@type": "type.googleapis.com/shop.Item", "name": "in"}, "cost": 1.5}`
	ready, err := x.Prepare(call(t, "shop.Carts/Add", message))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"json.name": `A "kite" & more`, "json.count": "12", "json.data": "AAH/", "json.items.0.kind": "RARE", "json.items.0.count": "0",
		"json.at": "2026-01-02T03:04:05Z", "json.labels.a": "7", "json.any.name": "in", "json.cost": "1.5", "json.kind": "PLAIN", "json.items.count": "1",
	} {
		d := x.call(target.Request{Call: ready, Args: texts(`A "kite" & more`, "12"), Want: wants(t, text)})
		if !d.OK() || d.Found[0].Text != want {
			t.Errorf("%s is %+v, want %s", text, d.Outcome, want)
		}
	}
	d := x.call(target.Request{Call: ready, Args: texts("x", "1"), Want: wants(t, "message", "json.nothing")})
	if !d.OK() || !strings.HasPrefix(d.Found[0].Text, `{"name":"x","count":"1","data":"AAH/"`) || d.Found[1].Kind != value.None || !strings.HasPrefix(d.Shown, `{"name":"x"`) {
		t.Errorf("%+v", d.Outcome)
	}
	d = x.call(target.Request{Call: ready, Args: texts("x", "many")})
	if d.Class != target.Variable || !strings.Contains(d.Example, "shop.Carts/Add: this is no shop.Item: invalid value for int64 field count: \"many\"") {
		t.Errorf("%+v", d.Outcome)
	}
	for rpc, want := range map[string]string{
		"shop.Carts/Ad":   "the service shop.Carts has no method Ad; did you mean \"Add\"?",
		"shop.Cart/Add":   "the schema has no service shop.Cart; did you mean \"shop.Carts\"?",
		"shop.Carts/Fill": "shop.Carts/Fill takes a stream of messages, and a call sends one: only unary and server-streaming methods can be called",
	} {
		if _, err := x.Prepare(call(t, rpc, "{}")); err == nil || !strings.HasPrefix(err.Error(), strings.Split(want, ";")[0]) {
			t.Errorf("%s: %v", rpc, err)
		}
	}
	if _, err := x.Prepare(call(t, "shop.Carts/Add", `{"nam": "${x}"}`)); err == nil || !strings.Contains(err.Error(), `unknown field "nam"`) {
		t.Error(err)
	}
	if _, err := x.Prepare(42); err == nil {
		t.Error("anything is a call")
	}
}

// Metadata comes as it is written; that of keys in -bin is Base64 on the way.
func TestMetadata(t *testing.T) { byEach(t, testMetadata) }

func testMetadata(t *testing.T, engine string) {
	p := serve(t, echo)
	c := call(t, "shop.Carts/Add", "{}")
	token, _ := c.holes.Parse("Bearer ${token}")
	bin, _ := c.holes.Parse("ÿ>?¿ä${token}")
	c.metadata = []Field{{"authorization", token}, {"trace-bin", bin}}
	fixed := call(t, "shop.Carts/Add", "{}")
	plain, _ := fixed.holes.Parse("eu west")
	x := open(t, engine, p.address, nil, func(s *Settings) { s.Metadata = []Field{{"region", plain}, {"region", plain}} })
	ready, err := x.Prepare(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"one", "two"} {
		if d := x.call(target.Request{Call: ready, Args: texts(secret, secret)}); !d.OK() {
			t.Fatalf("%+v", d.Outcome)
		}
		all, _, _ := p.seen()
		h := all[len(all)-1].header
		bytes, _ := base64.RawStdEncoding.DecodeString(h.Get("Trace-Bin"))
		if h.Get("Authorization") != "Bearer "+secret || string(bytes) != "ÿ>?¿ä"+secret || !slices.Equal(h["Region"], []string{"eu west", "eu west"}) {
			t.Errorf("%v", h)
		}
	}
	if d := x.call(target.Request{Call: ready, Args: texts("a\nb", "x")}); d.Class != target.Variable {
		t.Errorf("%+v", d.Outcome)
	}
}

// A connection is made once, and told of in the call that needed it.
func TestConnectIsAPhase(t *testing.T) { byEach(t, testConnectIsAPhase) }

func testConnectIsAPhase(t *testing.T, engine string) {
	p := serve(t, echo)
	for reuse, want := range map[client.Reuse]int{client.ByAll: 1, client.Never: 3, client.ByUser: 2} {
		_, _, before := p.seen()
		x := open(t, engine, p.address, call(t, "shop.Carts/Add", "{}"), func(s *Settings) { s.Reuse = reuse })
		told := 0
		for n := range 3 {
			d := x.call(target.Request{Number: uint64(n), User: uint32(n % 2)})
			if d.Parts.Phases[0] > 0 {
				told++
			}
			if !d.OK() || d.Attempts != 1 {
				t.Fatalf("%+v", d.Outcome)
			}
		}
		if _, _, conns := p.seen(); conns-before != want || told != want {
			t.Errorf("%v: %d connections, %d told, want %d", reuse, conns-before, told, want)
		}
	}
}

// Streams are read message by message: their number, and the times between them.
func TestStreams(t *testing.T) { byEach(t, testStreams) }

func testStreams(t *testing.T, engine string) {
	next := make(chan bool)
	p := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request, m []byte) {
		if r.Header.Get("Grpc-Timeout") != "" {
			t.Error("the server is told to give a stream up")
		}
		w.Header().Set("Content-Type", "application/grpc")
		for range 3 {
			<-next
			_, _ = w.Write(append(framed(nil), framed(m)...))
			_ = nethttp.NewResponseController(w).Flush()
		}
		<-next
		well(w, "0")
	})
	x := open(t, engine, p.address, call(t, "shop.Carts/Watch", `{"name": "kite", "count": 3}`), func(s *Settings) {
		content, tokens := wants(t, "json.name")[0], wants(t, "json.count")[0]
		s.Content, s.Tokens = &content, &tokens
	})
	const pause = 30 * time.Millisecond
	go func() {
		for range 4 {
			time.Sleep(pause)
			next <- true
		}
	}()
	d := x.call(target.Request{Want: wants(t, "json.count")})
	if s := d.Parts.Stream; !d.OK() || s == nil || s.Events != 3 || s.Rest < 3*pause/2 || s.Tokens != 3 || d.Found[0].Text != "3" {
		t.Errorf("%+v, %+v", d.Outcome, s)
	}
	long := int64(0)
	for _, g := range d.Parts.Stream.Gaps {
		if g.Length >= pause/2 {
			long += g.Count
		}
	}
	if long != 2 {
		t.Errorf("%+v", d.Parts.Stream.Gaps)
	}
}

// A stream may have no message at all; where content is asked for some must have it.
func TestEmptyStreams(t *testing.T) { byEach(t, testEmptyStreams) }

func testEmptyStreams(t *testing.T, engine string) {
	p := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request, m []byte) {
		if len(m) == 0 {
			well(w, "0")
		} else {
			well(w, "0", m, m)
		}
	})
	content := wants(t, "json.count")[0]
	x := open(t, engine, p.address, nil, func(s *Settings) { s.Content = &content })
	for message, want := range map[string]string{"{}": "", `{"name": "a"}`: "", `{"count": 0, "name": "x"}`: ""} {
		ready, err := x.Prepare(call(t, "shop.Carts/Watch", message))
		if err != nil {
			t.Fatal(err)
		}
		if d := x.call(target.Request{Call: ready}); d.Class != want || d.Parts.Stream == nil {
			t.Errorf("%s: %+v", message, d.Outcome)
		}
	}
	content = wants(t, "json.any.name")[0]
	y := open(t, engine, p.address, call(t, "shop.Carts/Watch", `{"name": "a"}`), func(s *Settings) { s.Content = &content })
	if d := y.call(target.Request{}); d.Class != target.Body || !strings.Contains(d.Example, "none of its 2 events has json.any.name") {
		t.Errorf("%+v", d.Outcome)
	}
}

// Calls share connections as far as they may, and others are held.
func TestConnectionsAndStreams(t *testing.T) {
	if !wire.HasEpoll {
		t.Skip("net/http decides by itself")
	}
	p := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request, m []byte) {
		time.Sleep(20 * time.Millisecond)
		well(w, "0", m)
	})
	x := open(t, "", p.address, call(t, "shop.Carts/Add", "{}"), func(s *Settings) { s.Connections, s.Streams = 2, 3 })
	for slot := range 12 {
		x.send(slot, target.Request{Number: uint64(slot)})
	}
	held := 0
	for range 12 {
		d, is := x.end(60 * time.Second)
		if !is || !d.OK() {
			t.Fatalf("%+v", d)
		}
		if d.Held > 0 {
			held++
		}
	}
	if _, _, conns := p.seen(); conns != 2 || held != 6 {
		t.Errorf("%d connections, %d calls held", conns, held)
	}
}

// A call that is given up resets its stream, and the connection goes on.
func TestGivingUp(t *testing.T) { byEach(t, testGivingUp) }

func testGivingUp(t *testing.T, engine string) {
	release := make(chan bool)
	p := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request, m []byte) {
		select {
		case <-r.Context().Done():
		case <-release:
			well(w, "0", m)
		}
	})
	x := open(t, engine, p.address, call(t, "shop.Carts/Add", "{}"), nil)
	id := x.send(0, target.Request{})
	eventually(t, "the call", func() bool { x.end(0); all, _, _ := p.seen(); return len(all) == 1 })
	x.carrier.Cancel(id, x.clock.Now())
	x.due = x.clock.Now()
	if d, is := x.end(20 * time.Second); !is || d.Class != target.Cancelled {
		t.Errorf("%+v", d.Outcome)
	}
	eventually(t, "the end at the server", func() bool { x.end(0); _, gone, _ := p.seen(); return gone == 1 })
	close(release)
	if d := x.call(target.Request{Number: 1}); !d.OK() {
		t.Errorf("%+v", d.Outcome)
	}
	if _, _, conns := p.seen(); conns != 1 {
		t.Errorf("%d connections", conns)
	}
}

// Our own time-out is that, and cancels the call at the server; of a stream it
// bounds each message.
func TestTimeouts(t *testing.T) { byEach(t, testTimeouts) }

func testTimeouts(t *testing.T, engine string) {
	const each = 800 * time.Millisecond
	p := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request, m []byte) {
		w.Header().Set("Content-Type", "application/grpc")
		for n := 0; bytes.Contains(m, []byte("go on")) && n < 6; n++ {
			_, _ = w.Write(framed(m))
			_ = nethttp.NewResponseController(w).Flush()
			time.Sleep(each / 4)
		}
		if bytes.Contains(m, []byte("end")) {
			well(w, "0")
			return
		}
		<-r.Context().Done()
	})
	x := open(t, engine, p.address, nil, func(s *Settings) { s.Timeout = each })
	for _, c := range []struct{ rpc, message, class, says string }{
		{"shop.Carts/Add", `{"name": "silent"}`, target.Timeout, "no whole answer within 800ms"},
		{"shop.Carts/Watch", `{"name": "silent"}`, target.Timeout, "no message of the stream within 800ms"},
		{"shop.Carts/Watch", `{"name": "go on"}`, target.Timeout, "no message of the stream within 800ms"},
		{"shop.Carts/Watch", `{"name": "go on and end"}`, "", ""},
	} {
		ready, err := x.Prepare(call(t, c.rpc, c.message))
		if err != nil {
			t.Fatal(err)
		}
		began := x.clock.Now()
		d := x.call(target.Request{Call: ready})
		if d.Class != c.class || !strings.Contains(d.Example, c.says) {
			t.Errorf("%s: %+v", c.message, d.Outcome)
		}
		if took := d.Ended - began; took < each*9/10 {
			t.Errorf("%s: after %v", c.message, took)
		}
	}
	eventually(t, "the end at the server", func() bool { x.end(0); _, gone, _ := p.seen(); return gone == 3 })
}
