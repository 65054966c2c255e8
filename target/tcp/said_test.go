package tcp

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/dialog"
	"plimsoll/target/kind"
	"plimsoll/target/look"
	"plimsoll/target/random"
	"plimsoll/target/value"
)

// unheard has a target send and wait for nothing.
func unheard(s *Settings) { s.Own.Receive = dialog.Receive{How: dialog.None} }

// What nothing answers is over when it has been sent; all of it reaches the
// server, over as many connections as the settings say.
func TestSentIsAll(t *testing.T) { byEach(t, testSentIsAll) }

func testSentIsAll(t *testing.T, engine string) {
	for name, change := range map[string]func(*Settings){
		"":      func(*Settings) {},
		"one":   func(s *Settings) { s.Connections = 1 },
		"never": func(s *Settings) { s.Reuse = client.Never },
	} {
		s := serve(t, func(net.Conn, string) bool { return true })
		to := over(t, engine, s.address(), func(s *Settings) { unheard(s); change(s) })
		classes, all := to.load(t, 3, 60)
		out := int64(0)
		for _, d := range all {
			if out += d.BytesOut; d.BytesIn != 0 || d.Parts.Phases[firstByte] != target.None || d.Attempts != 1 {
				t.Fatalf("%s: %+v, phases %v", name, d, d.Parts.Phases)
			}
		}
		eventually(t, to, func() bool { asked, _, _ := s.saw(); return asked == 60 })
		_, accepted, _ := s.saw()
		if want := map[string]int{"": 3, "one": 1, "never": 60}[name]; classes[""] != 60 || out != 300 || accepted != want {
			t.Errorf("%s: %v, %d bytes, %d connections", name, classes, out, accepted)
		}
		to.close()
		s.awaitConns(t, 0)
	}
}

// A line of calls that have only to be sent ends one after the other, not one
// inside the other.
func TestLongLineOfWhatIsOnlySent(t *testing.T) { byEach(t, testLongLineOfWhatIsOnlySent) }

func testLongLineOfWhatIsOnlySent(t *testing.T, engine string) {
	defer debug.SetMaxStack(debug.SetMaxStack(512 << 10))
	const calls = 3000
	s := serve(t, func(net.Conn, string) bool { return true })
	to := over(t, engine, s.address(), func(s *Settings) { unheard(s); s.Connections = 1 })
	if classes, _ := to.load(t, calls, calls); classes[""] != calls {
		t.Errorf("%v", classes)
	}
	eventually(t, to, func() bool { asked, _, _ := s.saw(); return asked == calls })
}

// A message that nothing answers may be larger than what lies between the two
// ends; where nobody takes it in, its time ends it, and where the connection is
// closed meanwhile, that does.
func TestLargeMessageThatNothingAnswers(t *testing.T) { byEach(t, testLargeMessageThatNothingAnswers) }

func testLargeMessageThatNothingAnswers(t *testing.T, engine string) {
	text := strings.Repeat("x", 8_000_000) + "\n"
	large := func(s *Settings) { unheard(s); s.Own = call(t, text, s.Own.Receive) }
	s := serve(t, func(c net.Conn, line string) bool { return len(line) == len(text) })
	to := over(t, engine, s.address(), large)
	for n := range 3 {
		if d := to.call(t, target.Request{Number: uint64(n)}); !d.OK() || d.BytesOut != int64(len(text)) {
			t.Errorf("%s %s, %d bytes", d.Class, d.Example, d.BytesOut)
		}
	}
	eventually(t, to, func() bool { asked, _, _ := s.saw(); return asked == 3 })
	if _, accepted, _ := s.saw(); accepted != 1 {
		t.Errorf("%d connections", accepted)
	}
	hold := make(chan struct{})
	deaf := silent(t, func(net.Conn) { <-hold })
	slow := over(t, engine, deaf, func(s *Settings) { large(s); s.Timeout = 300 * time.Millisecond })
	if d := slow.call(t, target.Request{}); d.Class != target.Timeout || d.BytesOut >= int64(len(text)) {
		t.Errorf("a server that reads nothing: %s %s, %d bytes", d.Class, d.Example, d.BytesOut)
	}
	close(hold)
	cut := over(t, engine, silent(t, func(c net.Conn) { _, _ = io.CopyN(io.Discard, c, 100_000) }), large)
	if d := cut.call(t, target.Request{}); d.Class != target.Reset && d.Class != target.Closed || d.BytesOut >= int64(len(text)) {
		t.Errorf("a server that closes: %s %s, %d bytes", d.Class, d.Example, d.BytesOut)
	}
}

// silent accepts connections, does that with each, and closes it.
func silent(t *testing.T, does func(net.Conn)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var at sync.WaitGroup
	t.Cleanup(at.Wait)
	t.Cleanup(func() { listener.Close() })
	at.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			at.Go(func() { does(c); c.Close() })
		}
	})
	return listener.Addr().String()
}

// What a server answers all the same is no error, and nobody's: the connection
// carries no other call once that is there.
func TestAnswersThatNobodyWaitsFor(t *testing.T) { byEach(t, testAnswersThatNobodyWaitsFor) }

func testAnswersThatNobodyWaitsFor(t *testing.T, engine string) {
	s := serve(t, nil)
	to := over(t, engine, s.address(), unheard)
	for n := range 5 {
		if d := to.call(t, target.Request{Number: uint64(n)}); !d.OK() {
			t.Fatalf("%+v", d)
		}
		time.Sleep(5 * time.Millisecond)
		to.end(time.Millisecond)
	}
	eventually(t, to, func() bool { asked, _, _ := s.saw(); return asked == 5 })
	if _, accepted, _ := s.saw(); accepted != 5 {
		t.Errorf("%d connections for 5 calls that were answered unasked", accepted)
	}
	for name, does := range map[string]func(net.Conn, string) bool{
		"closes when it has all": func(net.Conn, string) bool { return false },
		"answers at once":        nil,
	} {
		to := over(t, engine, serve(t, does).address(), unheard)
		for n := range 5 {
			to.send(0, target.Request{Number: uint64(n)})
			time.Sleep(10 * time.Millisecond) // the loop is busy
			if d, is := to.end(10 * time.Second); !is || !d.OK() {
				t.Fatalf("a server that %s: %+v", name, d)
			}
		}
	}
}

// However the ends of connections meet what is being sent on them, every call has
// an end, and each that was only to be sent is well.
func TestEndsMeetWhatIsSent(t *testing.T) { byEach(t, testEndsMeetWhatIsSent) }

func testEndsMeetWhatIsSent(t *testing.T, engine string) {
	closes := func(c net.Conn, _ string) bool { _, _ = c.Write([]byte("\n")); return false }
	large := func(s *Settings) { s.Own = call(t, strings.Repeat("x", 20_000)+"\n", line) }
	for _, does := range []func(net.Conn, string) bool{closes, nil} {
		for _, change := range []func(*Settings){unheard, large, func(s *Settings) { unheard(s); s.Connections = 2 }} {
			s := serve(t, does)
			var only bool
			to := over(t, engine, s.address(), func(s *Settings) { change(s); only = s.Own.Receive.How == dialog.None })
			if classes, _ := to.load(t, 4, 500); only && classes[""] != 500 {
				t.Errorf("%v", classes)
			}
			to.close()
			s.awaitConns(t, 0)
			s.stop()
		}
	}
}

// Where a server takes its time to read, many small messages are none too many.
func TestSlowServerTakesAll(t *testing.T) { byEach(t, testSlowServerTakesAll) }

func testSlowServerTakesAll(t *testing.T, engine string) {
	const calls, size = 1200, 10_000
	s := serve(t, func(_ net.Conn, line string) bool {
		if line[0] == '0' {
			time.Sleep(300 * time.Millisecond)
		}
		return true
	})
	to := over(t, engine, s.address(), func(s *Settings) {
		unheard(s)
		s.Own, s.Connections = call(t, "${iteration} "+strings.Repeat("x", size)+"\n", s.Own.Receive), 1
	})
	if classes, all := to.load(t, 5, calls); classes[""] != calls {
		t.Errorf("%v, %+v", classes, all[0])
	}
	eventually(t, to, func() bool { asked, _, _ := s.saw(); return asked == calls })
	if _, accepted, _ := s.saw(); accepted != 1 {
		t.Errorf("%d connections", accepted)
	}
}

// Steps of one target may differ in how their answers end, over the same
// connections; servers may speak first.
func TestStepsThatDiffer(t *testing.T) { byEach(t, testStepsThatDiffer) }

func testStepsThatDiffer(t *testing.T, engine string) {
	s := serve(t, func(c net.Conn, line string) bool {
		switch line {
		case "quiet\n":
		case "many\n":
			for i := range 5 {
				fmt.Fprintf(c, "line %d\n", i)
				time.Sleep(time.Millisecond)
			}
		default:
			c.Write([]byte(line))
		}
		return true
	})
	to := over(t, engine, s.address(), nil)
	message, _ := look.Parse("message")
	for n, step := range []struct {
		text    string
		receive dialog.Receive
		want    string
	}{
		{"hello ${n}\n", line, "hello 5\n"},
		{"quiet\n", dialog.Receive{How: dialog.None}, ""},
		{"many\n", dialog.Receive{How: dialog.Matches, RE: mustMatch("line 4\n$")}, "line 0\nline 1\nline 2\nline 3\nline 4\n"},
		{"1234\n", dialog.Receive{How: dialog.Bytes, Bytes: 5}, "1234\n"},
		{"many\n", dialog.Receive{How: dialog.Until, Until: []byte("4\n")}, "line 0\nline 1\nline 2\nline 3\nline 4\n"},
	} {
		c := call(t, step.text, step.receive)
		prepared, err := to.Prepare(c)
		if err != nil {
			t.Fatal(err)
		}
		d := to.call(t, target.Request{Number: uint64(n), Call: prepared, Args: []value.Value{value.Of("5")}, Want: []look.Operand{message}})
		if !d.OK() || d.Found[0].Text != step.want || d.BytesIn != int64(len(step.want)) {
			t.Errorf("%q: %s %s, %q, %d bytes", step.text, d.Class, d.Example, d.Found[0].Text, d.BytesIn)
		}
	}
	if _, accepted, _ := s.saw(); accepted != 1 {
		t.Errorf("%d connections", accepted)
	}
	if _, err := to.Prepare("GET /"); err == nil {
		t.Error("a text is no call")
	}
	greets := silent(t, func(c net.Conn) {
		fmt.Fprint(c, "220 ready\r\n")
		if text, _ := bufio.NewReader(c).ReadString('\n'); text == "QUIT\n" {
			fmt.Fprint(c, "bye")
		}
	})
	to = over(t, engine, greets, func(s *Settings) { s.Own = call(t, "", line) })
	if got := heard(t, to); got != "220 ready\r\n" {
		t.Errorf("the greeting is %q", got)
	}
	again := over(t, engine, silent(t, func(c net.Conn) {
		fmt.Fprint(c, "220 ready\r\n")
		time.Sleep(50 * time.Millisecond)
	}), func(s *Settings) { s.Own = call(t, "", line) })
	first, second := again.call(t, target.Request{}), again.call(t, target.Request{Number: 1})
	if !first.OK() || second.Class != target.Closed || second.Attempts != 1 {
		t.Errorf("nothing more is said before the end: %s, %+v", first.Class, second)
	}
	quit := call(t, "QUIT\n", dialog.Receive{How: dialog.Close})
	if d := to.call(t, target.Request{Call: quit, Want: []look.Operand{message}}); !d.OK() || d.Found[0].Text != "bye" {
		t.Errorf("the end: %+v", d)
	}
}

// An answer that is the end alone has no first byte.
func TestNoByteIsNoFirst(t *testing.T) { byEach(t, testNoByteIsNoFirst) }

func testNoByteIsNoFirst(t *testing.T, engine string) {
	s := serve(t, func(net.Conn, string) bool { return false })
	to := over(t, engine, s.address(), func(s *Settings) { s.Own.Receive = dialog.Receive{How: dialog.Close} })
	if d := to.call(t, target.Request{}); !d.OK() || d.BytesIn != 0 || d.Parts.Phases[connect] < 0 || d.Parts.Phases[firstByte] != target.None {
		t.Errorf("%+v, phases %v", d, d.Parts.Phases)
	}
}

// A connection that ends under a call which nothing has answered, and that has
// carried others, is told of with what may be the cause; secrets never are.
func TestConnectionsOfOld(t *testing.T) { byEach(t, testConnectionsOfOld) }

func testConnectionsOfOld(t *testing.T, engine string) {
	n := 0
	s := serve(t, func(c net.Conn, line string) bool {
		if n++; n == 2 {
			return false
		}
		c.Write([]byte(line))
		return true
	})
	to := over(t, engine, s.address(), func(s *Settings) {
		s.Scrub = func(text string) string { return strings.ReplaceAll(text, "127.0.0.1", "***") }
	})
	first, second := to.call(t, target.Request{}), to.call(t, target.Request{Number: 1})
	if !first.OK() || second.Class != target.Closed || !strings.HasPrefix(second.Example, "***:") || !strings.HasSuffix(second.Example, "keepalive: false tells") {
		t.Errorf("%s; %s: %s", first.Class, second.Class, second.Example)
	}
}

// watcher notes what it sees.
type watcher struct{ saw []string }

func (w *watcher) Sent(_ uint64, url string, _, body []byte) {
	w.saw = append(w.saw, url+" < "+string(body))
}
func (w *watcher) Answered(_ uint64, a *look.Answer, _ error) {
	w.saw = append(w.saw, "> "+string(a.Body))
}

// Who watches sees each message, and what has come of the answer, whole or not.
func TestWhoWatchesSeesAll(t *testing.T) { byEach(t, testWhoWatchesSeesAll) }

func testWhoWatchesSeesAll(t *testing.T, engine string) {
	var n atomic.Int32
	s := serve(t, func(c net.Conn, line string) bool {
		_, _ = c.Write([]byte(line[:len(line)-int(n.Add(1)-1)])) // the second one has no end
		return n.Load() < 2
	})
	w := &watcher{}
	to := overAt(t, engine, s.address(), nil, kind.Site{Streams: random.New(1), Observer: w})
	to.call(t, target.Request{})
	to.call(t, target.Request{Number: 1})
	at := "tcp://" + s.address() + " < ping\n"
	if got, want := strings.Join(w.saw, "|"), at+"|> ping\n|"+at+"|> ping"; got != want {
		t.Errorf("saw %q, want %q", got, want)
	}
}

// A call in the steady state allocates nothing.
func TestCallsAllocateNothing(t *testing.T) { byEach(t, testCallsAllocateNothing) }

func testCallsAllocateNothing(t *testing.T, engine string) {
	for name, c := range map[string]*dialog.Call{
		"fixed":  call(t, "ping\n", line),
		"filled": call(t, "ping ${n}\n", dialog.Receive{How: dialog.Until, Until: []byte("\r\n")}),
		"bytes":  call(t, "ping\n", dialog.Receive{How: dialog.Bytes, Bytes: 6}),
	} {
		to := over(t, engine, terse(t), nil)
		r := target.Request{Call: c, Args: []value.Value{value.Of("a value")}}
		turn := func() {
			to.due = min(to.due, to.carrier.Send(target.NewID(0, 0), &r, to.clock.Now()))
			for {
				d, due := to.carrier.Take(to.clock.Wait(min(to.due, to.clock.Now()+time.Second)))
				if to.due = due; d != nil {
					to.due = 0
					return
				}
			}
		}
		for range 100 {
			turn()
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range 300 {
			turn()
		}
		runtime.ReadMemStats(&after)
		if n := (after.Mallocs - before.Mallocs) / 300; n > 0 {
			t.Errorf("%s: %d allocations a call", name, n)
		}
	}
}

// terse answers whatever comes with the same six bytes, and allocates nothing.
func terse(t *testing.T) (address string) {
	return silent(t, func(c net.Conn) {
		text, buffer := []byte("pong\r\n"), make([]byte, 4096)
		for {
			if _, err := c.Read(buffer); err != nil {
				return
			}
			if _, err := c.Write(text); err != nil {
				return
			}
		}
	})
}
