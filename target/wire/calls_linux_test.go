package wire_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/target"
	"plimsoll/target/http1"
	"plimsoll/target/httpcall"
	"plimsoll/target/wire"
)

// Calls that find all connections taken wait in line, first come first served,
// and the time they wait is known.
func TestCallsAreHeldInLine(t *testing.T) { byAll(t, testCallsAreHeldInLine) }

func testCallsAreHeldInLine(t *testing.T, by kind) {
	const delay, calls, limit = 20 * time.Millisecond, 12, 2
	for _, keep := range []bool{true, false} {
		var connections atomic.Int64
		e := by.open(t, serve(t, func(p *peer) {
			connections.Add(1)
			for p.request() {
				time.Sleep(delay)
				p.say(fine)
			}
		}), func(o *Options) { o.Connections, o.KeepAlive = limit, keep })
		for n := range calls {
			e.Send(uint32(n), uint64(n), e.now())
			expectBooks(t, e, n+1)
		}
		ended := collect(t, e, calls)
		expectOK(t, ended)
		slices.SortFunc(ended, func(a, b target.Done) int { return int(a.ID.Slot()) - int(b.ID.Slot()) })
		for i, done := range ended {
			if turn := time.Duration(i / limit); done.Held < turn*delay || turn == 0 && done.Held != 0 || turn > 0 && done.Held < ended[i-1].Held-delay/4 {
				t.Errorf("%+v, kept alive %v", done, keep)
			}
		}
		if want := map[bool]int64{true: limit, false: calls}[keep]; connections.Load() != want {
			t.Errorf("%d connections, want %d", connections.Load(), want)
		}
	}
}

// However many wait in line for a server that takes no connection: all end.
func TestLongLineToNobody(t *testing.T) { byLoops(t, testLongLineToNobody) }

func testLongLineToNobody(t *testing.T, by kind) {
	defer debug.SetMaxStack(debug.SetMaxStack(512 << 10)) // whoever goes down with the line falls
	const calls = 5000
	e := by.open(t, refusing(t), func(o *Options) { o.Connections = 1; o.Host = "255.255.255.255:1" })
	on := e.carrier.(*wire.Engine)
	on.Fill()
	for n := range calls {
		e.Send(uint32(n), uint64(n), e.now())
	}
	on.Drain()
	e.due = e.now()
	expectClass(t, collect(t, e, calls), target.Connect)
}

// The time that a call waits in line is none of that it has for its answer.
func TestTimeoutBeginsWithTheConnection(t *testing.T) { byAll(t, testTimeoutBeginsWithTheConnection) }

func testTimeoutBeginsWithTheConnection(t *testing.T, by kind) {
	const timeout = 50 * time.Millisecond
	e := by.open(t, serve(t, func(p *peer) { p.request(); p.request() }), func(o *Options) { o.Timeout, o.Connections = timeout, 1 })
	e.Send(0, 0, e.now())
	sent := e.now()
	e.Send(1, 1, sent)
	ended := collect(t, e, 2)
	expectClass(t, ended, target.Timeout)
	if first, second := ended[0], ended[1]; first.Held != 0 || second.Held < first.Ended-sent || second.Ended < sent+second.Held+timeout || first.Attempts+second.Attempts != 2 {
		t.Errorf("%+v", ended)
	}
}

// CancelAll ends a call in whatever state it is, and those sent later.
func TestCancelAll(t *testing.T) { byAll(t, testCancelAll) }

func testCancelAll(t *testing.T, by kind) {
	silent := serve(t, func(p *peer) {
		p.request()
		p.say(ok + "Content-Length: 100\r\n\r\nhalf")
		p.request()
	})
	e := by.open(t, silent, func(o *Options) {
		o.Connections = 2
		o.Requests = append(o.Requests, ask("PUT", strings.Repeat("x", 8<<20)))
	})
	for n := range uint32(5) { // one reading, one sending, three in line
		e.Send(n, uint64(n), e.now())
	}
	if done, any, _ := e.Wait(e.now() + 30*time.Millisecond); any {
		t.Fatalf("%+v", done)
	}
	expectBooks(t, e, 5)
	e.CancelAll()
	e.Send(5, 5, e.now())
	ended := collect(t, e, 6)
	expectClass(t, ended, target.Cancelled)
	for _, done := range ended {
		if inLine := done.ID.Slot() >= 2 && done.ID.Slot() < 5; inLine != (done.Held > 0) {
			t.Errorf("%+v", done)
		}
	}
}

// Cancel ends the one call, in whatever state it is, and its connection; the
// others go on, and the next in line takes the place.
func TestCancel(t *testing.T) { byAll(t, testCancel) }

func testCancel(t *testing.T, by kind) {
	for cancelled := range uint32(4) { // reading, sending, in line, and the last in line
		gone, asked, further := make(chan int, 10), make(chan bool, 2), make(chan struct{})
		e := by.open(t, serve(t, func(p *peer) {
			defer func() { gone <- p.number }()
			if p.number >= 2 {
				well(p)
				return
			}
			_, _ = p.in.Peek(1)
			asked <- true
			<-further
			if p.request() && p.say(ok+"Content-Length: 2\r\n\r\n") {
				time.Sleep(30 * time.Millisecond)
				p.say("OK")
				well(p)
			}
		}), func(o *Options) {
			o.Connections = 2
			o.Requests = append(o.Requests, ask("PUT", strings.Repeat("x", 8<<20)))
		})
		for n := range uint32(4) {
			e.Send(n, uint64(n), e.now())
		}
		for len(asked) < 2 {
			if done, any, _ := e.Wait(e.now() + time.Millisecond); any {
				t.Fatalf("%+v", done)
			}
		}
		e.CancelOne(7, 7) // whom nobody knows
		e.CancelOne(cancelled, uint64(cancelled))
		at := e.now()
		close(further)
		for _, done := range collect(t, e, 4) {
			switch was := done.ID.Slot() == cancelled; {
			case was != (done.Class == target.Cancelled), was && done.Example == "", !was && !done.OK():
				t.Errorf("call %d cancelled: %+v", cancelled, done)
			case was && done.Ended > at+10*time.Second:
				t.Errorf("call %d cancelled at %v ended at %v", cancelled, at, done.Ended)
			}
		}
		e.CancelOne(cancelled, uint64(cancelled)) // it has ended
		e.Send(9, 0, e.now())
		expectOK(t, collect(t, e, 1))
		if cancelled < 2 {
			if number := <-gone; number > 1 {
				t.Errorf("connection %d has gone", number)
			}
		} else if len(gone) > 0 {
			t.Errorf("connection %d has gone", <-gone)
		}
	}
}

// A clock that starts below zero, for a warm-up, hides nothing.
func TestClockMayStartBelowZero(t *testing.T) { byAll(t, testClockMayStartBelowZero) }

func testClockMayStartBelowZero(t *testing.T, by kind) {
	e := by.start(t, options(serve(t, well), nil), -time.Hour)
	defer e.Close()
	e.Send(0, 0, e.now())
	for range 10_000 {
		if done, any, _ := e.Wait(e.now()); any {
			expectOK(t, []target.Done{done})
			return
		}
		time.Sleep(100 * time.Microsecond)
	}
	t.Error("the answer has not been seen")
}

// mischief is a server that does at random what servers should not.
func mischief(p *peer, chance *rand.Rand) {
	for p.request() {
		switch chance.IntN(16) {
		case 0:
			return
		case 1:
			p.reset()
			return
		case 2:
			p.say(fine)
			p.reset()
			return
		case 3:
			p.say(fine)
			return
		case 4:
			p.say(fine[:chance.IntN(len(fine))])
			if chance.IntN(2) == 0 {
				p.reset()
			}
			return
		case 5:
			trickle(p, fine, 0)
		case 6:
			p.say(ok + "Connection: close\r\n\r\nOK")
			return
		case 7:
			p.say("HTTP/1.1 100 x\r\n\r\n" + chunks + "2\r\nOK\r\n0\r\n\r\n")
		case 8:
			p.say(fine + "what?")
		case 9:
			p.say("\x00\xff what?\r\n\r\n")
		case 10:
			time.Sleep(time.Duration(chance.IntN(40)) * time.Millisecond)
			p.say(fine)
		case 11:
			p.say("HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nno")
		case 12:
			_ = p.CloseWrite()
		case 13:
			p.say(ok + "Content-Length: 2500000\r\n\r\nOK" + strings.Repeat("x", 2_499_998))
		default:
			p.say(fine)
		}
	}
}

// Whatever the server does, with whatever settings: every call ends exactly
// once and in time, the books balance at every moment, and in the end no
// descriptor is left.
func TestEveryCallEndsOnce(t *testing.T) { byAll(t, testEveryCallEndsOnce) }

func testEveryCallEndsOnce(t *testing.T, by kind) {
	var seed atomic.Uint64
	address := serve(t, func(p *peer) {
		mischief(p, rand.New(rand.NewPCG(seed.Load(), uint64(p.number))))
	})
	classes := map[string]int{}
	rapid.Check(t, func(r *rapid.T) {
		seed.Store(rapid.Uint64().Draw(r, "seed"))
		o := options(address, func(o *Options) {
			o.Timeout = time.Duration(rapid.IntRange(1, 30).Draw(r, "timeout ms")) * time.Millisecond
			o.KeepAlive, o.Connections = rapid.Bool().Draw(r, "keep"), rapid.SampledFrom([]int{0, 1, 3}).Draw(r, "connections")
			o.Requests = []http1.Request{ask("GET", ""), ask("POST", "x"), ask("HEAD", ""), ask("PUT", strings.Repeat("x", 300_000))}
			o.Accepts = func(status int) bool { return status == 200 }
			o.Contains = rapid.SampledFrom([][]byte{nil, []byte("OK")}).Draw(r, "contains")
		})
		e := by.start(t, o, 0)
		defer e.Close()
		calls, sent, cancelled := rapid.IntRange(1, 40).Draw(r, "calls"), 0, rapid.IntRange(0, 80).Draw(r, "cancelled at")
		ended := map[uint32]bool{}
		for limit := e.now() + 10*time.Second; len(ended) < calls; {
			if sent < calls {
				e.Send(uint32(sent), uint64(sent), e.now())
				sent++
			}
			done, any, _ := e.Wait(e.now() + time.Duration(1-sent/calls)*100*time.Microsecond + time.Duration(sent/calls)*time.Second)
			if any {
				if ended[done.ID.Slot()] || int(done.ID.Slot()) >= sent || done.OK() != (done.Example == "") || done.Held < 0 || done.BytesIn < 0 {
					r.Fatalf("%+v", done)
				}
				ended[done.ID.Slot()] = true
				classes[done.Class]++
			}
			expectBooks(t, e, sent-len(ended)-e.Ended())
			if len(ended) == cancelled {
				e.CancelAll()
			}
			if e.now() > limit {
				r.Fatalf("%d of %d calls have ended", len(ended), calls)
			}
		}
	})
	for _, class := range []string{"", target.Timeout, target.Reset, target.Body, "status-503", target.Cancelled} {
		if classes[class] == 0 {
			t.Errorf("no call with class %q: %v", class, classes)
		}
	}
}

// Descriptors are given back, those of calls that were given up too.
func TestNoDescriptorIsLeft(t *testing.T) { byAll(t, testNoDescriptorIsLeft) }

func testNoDescriptorIsLeft(t *testing.T, by kind) {
	address := serve(t, well)
	settled := func(want int) bool {
		for range 2000 {
			if descriptors(t) <= want {
				return true
			}
			time.Sleep(time.Millisecond)
		}
		return false
	}
	before := descriptors(t)
	for _, host := range []string{address, refusing(t)} {
		for _, keep := range []bool{true, false} {
			e := by.open(t, host, func(o *Options) { o.KeepAlive = keep })
			for n := range uint32(50) {
				e.Send(n, 0, e.now())
			}
			collect(t, e, 50)
			for n := range uint32(20) { // on their way
				e.Send(n, 0, e.now())
			}
			e.Close()
			if !settled(before) {
				t.Fatalf("%d descriptors, %d before", descriptors(t), before)
			}
		}
	}
}

// terse answers with one text, and allocates nothing for that.
func terse(answer string) func(*peer) {
	return func(p *peer) {
		text, buffer := []byte(answer), make([]byte, 4096)
		for {
			if _, err := p.out.(io.Reader).Read(buffer); err != nil {
				return
			}
			if _, err := p.out.Write(text); err != nil {
				return
			}
		}
	}
}

// In the steady state a call allocates nothing: not when it is held, and not
// when it fails.
func TestCallsAllocateNothing(t *testing.T) { byAll(t, testCallsAllocateNothing) }

func testCallsAllocateNothing(t *testing.T, by kind) {
	for name, c := range map[string]struct {
		answer             string
		connections, burst int
		secure             bool
	}{
		"one":     {fine, 0, 1, false},
		"several": {fine, 0, 16, false},
		"held":    {fine, 2, 16, false},
		"chunked": {chunks + "2\r\nOK\r\n0\r\n\r\n", 0, 4, false},
		"failing": {"HTTP/1.1 503 x\r\nContent-Length: 5\r\n\r\nsorry", 0, 4, false},
		"missing": {ok + "Content-Length: 2\r\n\r\nKO", 0, 4, false},
		"TLS":     {fine, 2, 16, true},
	} {
		address, config, most := "", (*tls.Config)(nil), uint64(0)
		if c.secure { // package tls needs one for each record that it reads, here and there
			address, config = secure(t, terse(c.answer))
			most = 2 * uint64(c.burst) * dearer
		} else {
			address = serve(t, terse(c.answer))
		}
		e := by.open(t, address, func(o *Options) {
			o.Connections, o.Contains, o.TLS = c.connections, []byte("OK"), config
			o.Example = func(uint64, *httpcall.Prepared, string, http1.Seen) string { return "made before" }
		})
		turn := func() {
			for n := range c.burst {
				e.Send(uint32(n), uint64(n), e.now())
			}
			for left := c.burst; left > 0; {
				if _, any, _ := e.Wait(e.now() + time.Second); any {
					left--
				}
			}
		}
		for range 100 {
			turn()
		}
		if allocations := allocationsPer(200, turn); allocations > most {
			t.Errorf("%s: %v allocations for %d calls", name, allocations, c.burst)
		}
	}
}

// allocationsPer is testing.AllocsPerRun, but for that function's leaving a
// single processor to all, which the engine would keep.
func allocationsPer(runs uint64, f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		f()
	}
	runtime.ReadMemStats(&after)
	return (after.Mallocs - before.Mallocs) / runs
}

// typical is what nginx answers.
var typical = "HTTP/1.1 200 OK\r\n" +
	"Server: nginx/1.24.0\r\n" +
	"Date: Tue, 14 Oct 2025 09:12:44 GMT\r\n" +
	"Content-Type: application/json; charset=utf-8\r\n" +
	"Content-Length: 128\r\n" +
	"Last-Modified: Mon, 13 Oct 2025 17:00:00 GMT\r\n" +
	"Connection: keep-alive\r\n" +
	"ETag: \"68ed2fc0-80\"\r\n" +
	"Accept-Ranges: bytes\r\n\r\n" + strings.Repeat("x", 128)

// BenchmarkCall makes calls at some connections, against a server that does
// next to nothing, in this process.
func BenchmarkCall(b *testing.B) {
	for _, by := range []kind{wire.Epoll, wire.Uring, wire.Sockets} {
		for _, connections := range []int{1, 16, 256} {
			b.Run(fmt.Sprintf("%s/%d", by, connections), func(b *testing.B) { benchmarkCall(b, by, connections) })
		}
	}
}

func benchmarkCall(b *testing.B, by kind, connections int) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(max(2, runtime.NumCPU())))
	e := by.open(b, serve(b, terse(typical)), nil)
	sent := min(connections, b.N)
	for n := range sent {
		e.Send(uint32(n), uint64(n), e.now())
	}
	b.ReportAllocs()
	b.ResetTimer()
	for ended := 0; ended < b.N; {
		if done, any, _ := e.Wait(e.now() + time.Second); any {
			if ended++; sent < b.N {
				e.Send(done.ID.Slot(), uint64(sent), e.now())
				sent++
			}
		}
	}
}
