package wire_test

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"plimsoll/target"
	"plimsoll/target/http1"
	"plimsoll/target/wire"
)

// However an answer is cut into pieces, and wherever the server closes or half
// closes: the call ends, and well.
func TestAnswersInAllManners(t *testing.T) { byAll(t, testAnswersInAllManners) }

func testAnswersInAllManners(t *testing.T, by kind) {
	chunked := chunks + "2\r\nOK\r\n0\r\n\r\n"
	for name, script := range map[string]func(*peer){
		"kept, at once": well,
		"byte by byte":  func(p *peer) { p.request(); trickle(p, chunked, time.Microsecond) },
		"kept, byte by byte": func(p *peer) {
			for p.request() {
				trickle(p, chunked, 0)
			}
		},
		"half closed":               func(p *peer) { p.request(); p.say(fine); _ = p.CloseWrite(); p.request() },
		"until it closes":           func(p *peer) { p.request(); p.say(ok + "\r\nOK") },
		"until it half closes":      func(p *peer) { p.request(); p.say(ok + "\r\nOK"); _ = p.CloseWrite(); p.request() },
		"before it is asked":        func(p *peer) { p.say(fine); _ = p.CloseWrite(); p.request(); p.request() },
		"half closed before asking": func(p *peer) { _ = p.CloseWrite(); p.say(""); p.request(); p.request() },
		"more than asked for":       func(p *peer) { p.request(); p.say(fine + fine); p.request() },
		"asked to close": func(p *peer) {
			p.request()
			p.say(ok + "Connection: close\r\nContent-Length: 2\r\n\r\nOK")
			p.request()
		},
		"interim answers": func(p *peer) {
			p.request()
			p.say("HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 100 x\r\n\r\n" + fine)
			p.request()
		},
		"kept, 64 KiB to the byte": func(p *peer) {
			for head := ok + "Content-Length: 65480\r\n\r\n"; p.request(); {
				p.say(head + strings.Repeat("x", 65480))
			}
		},
		"kept, large": func(p *peer) {
			for head := ok + "Content-Length: 9000000\r\n\r\n"; p.request(); {
				p.say(head + strings.Repeat("x", 9_000_000))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := by.open(t, serve(t, script), func(o *Options) { o.KeepAlive = strings.HasPrefix(name, "kept") })
			ended := call(t, e, 10)
			if name == "half closed before asking" {
				expectClass(t, ended, target.Reset)
				return
			}
			expectOK(t, ended)
			for _, done := range ended {
				if done.BytesOut < int64(len(ask("GET", "").Bytes)) || done.BytesIn < int64(len("HTTP/1.1 200 OK\r\n\r\nOK")) {
					t.Errorf("%+v", done)
				}
			}
		})
	}
}

func trickle(p *peer, text string, pause time.Duration) {
	for i := 0; i < len(text) && p.say(text[i:i+1]); i++ {
		time.Sleep(pause)
	}
}

// A request that does not fit the socket goes out piece by piece; an answer
// that overtakes it counts, and the connection is not used again.
func TestLargeRequests(t *testing.T) { byAll(t, testLargeRequests) }

func testLargeRequests(t *testing.T, by kind) {
	const size = 16 << 20
	large := ask("PUT", strings.Repeat("x", size))
	slow := func(p *peer) { time.Sleep(10 * time.Millisecond); well(p) }
	early := func(p *peer) {
		p.say(ok + "Content-Length: 0\r\n\r\n")
		_, _ = p.in.Peek(1)
		time.Sleep(20 * time.Millisecond)
	}
	for name, script := range map[string]func(*peer){"read slowly": slow, "answered early": early} {
		t.Run(name, func(t *testing.T) {
			var connections atomic.Int64
			e := by.open(t, serve(t, func(p *peer) { connections.Add(1); script(p) }), func(o *Options) { o.Requests = []http1.Request{large} })
			ended := call(t, e, 3)
			expectOK(t, ended)
			for _, done := range ended {
				if whole := int64(len(large.Bytes)); done.Attempts != 1 || done.BytesOut > whole || (done.BytesOut == whole) != (name == "read slowly") {
					t.Errorf("%+v", done)
				}
			}
			if want := map[string]int64{"read slowly": 1, "answered early": 3}[name]; connections.Load() != want {
				t.Errorf("%d connections, want %d", connections.Load(), want)
			}
		})
	}
}

// Whatever a hostile server does, the call ends at its deadline or before, the
// calls to others go on, and memory stays bounded.
func TestHostileServers(t *testing.T) { byAll(t, testHostileServers) }

func testHostileServers(t *testing.T, by kind) {
	const timeout = 100 * time.Millisecond
	block := strings.Repeat("x", 1<<20)
	endless := func(start, more string) func(*peer) {
		return func(p *peer) {
			p.request()
			for p.say(start); p.say(more); {
			}
		}
	}
	for name, c := range map[string]struct {
		script func(*peer)
		class  string
	}{
		"endless header":   {endless(ok, "A: "+block), target.Body},
		"endless headers":  {endless(ok, strings.Repeat("A: b\r\n", 1000)), target.Body},
		"endless interim":  {endless("", strings.Repeat("HTTP/1.1 100 x\r\n\r\n", 10)), target.Body},
		"endless body":     {endless(ok+"\r\n", block), target.Timeout},
		"endless chunks":   {endless(chunks, "100000\r\n"+block+"\r\n"), target.Timeout},
		"huge body":        {endless(ok+"Content-Length: 9223372036854775807\r\n\r\n", block), target.Timeout},
		"huge, and silent": {func(p *peer) { p.request(); p.say(ok + "Content-Length: 9223372036854775807\r\n\r\n"); p.request() }, target.Timeout},
		"a byte at times":  {func(p *peer) { p.request(); trickle(p, ok+"A: "+block[:1000], 5*time.Millisecond) }, target.Timeout},
		"silent":           {func(p *peer) { p.request(); p.request() }, target.Timeout},
		"deaf":             {func(p *peer) { time.Sleep(2 * timeout) }, target.Timeout},
		"garbage":          {func(p *peer) { p.request(); p.say(strings.Repeat("\x16\x03\x01\r\n", 1000)) }, target.Body},
	} {
		t.Run(name, func(t *testing.T) {
			met := make(chan struct{})
			e := by.open(t, serve(t, func(p *peer) {
				if p.number == 0 {
					close(met)
					c.script(p)
				} else {
					well(p)
				}
			}), func(o *Options) { o.Timeout, o.Contains, o.MaxHead = timeout, []byte("OK"), 64<<10 })
			e.Send(0, 0, e.now())
			<-met
			began, others := e.now(), 0
			for {
				e.Send(1, 1, e.now())
				var done target.Done
				for any := false; !any; {
					done, any, _ = e.Wait(e.now() + time.Second)
				}
				if done.ID.Slot() == 0 {
					if took := done.Ended - began; done.Class != c.class || took > 20*timeout {
						t.Errorf("%+v after %v; want class %s", done, took, c.class)
					}
					break
				}
				others++
			}
			if c.class == target.Timeout && others == 0 {
				t.Error("no other call meanwhile")
			}
			e.CancelAll()
		})
	}
}

// Of several addresses the first that takes the connection serves the call,
// whether the others refuse at once or later.
func TestSeveralAddresses(t *testing.T) { byLoops(t, testSeveralAddresses) }

func testSeveralAddresses(t *testing.T, by kind) {
	port := func(address string) int {
		_, service, _ := net.SplitHostPort(address)
		n, _ := strconv.Atoi(service)
		return n
	}
	local := [4]byte{127, 0, 0, 1}
	later := &unix.SockaddrInet4{Port: port(refusing(t)), Addr: local}
	atOnce := &unix.SockaddrInet4{Port: 1, Addr: [4]byte{255, 255, 255, 255}}
	good := &unix.SockaddrInet4{Port: port(serve(t, well)), Addr: local}
	for name, c := range map[string]struct {
		addresses []unix.Sockaddr
		class     string
	}{
		"the second":        {[]unix.Sockaddr{later, good}, ""},
		"at once":           {[]unix.Sockaddr{atOnce, good}, ""},
		"the fifth":         {[]unix.Sockaddr{atOnce, later, atOnce, later, good}, ""},
		"none":              {[]unix.Sockaddr{atOnce, later, atOnce}, target.Connect},
		"none, all at once": {[]unix.Sockaddr{atOnce, atOnce}, target.Connect},
	} {
		t.Run(name, func(t *testing.T) {
			e := by.open(t, "127.0.0.1:1", nil)
			e.carrier.(*wire.Engine).GoTo(c.addresses)
			for _, done := range call(t, e, 3) {
				if done.Class != c.class || done.Attempts != 1 || (done.BytesOut > 0) != done.OK() {
					t.Errorf("%+v", done)
				}
			}
		})
	}
}

// Loops that share a trial call one server, each on a thread of its own, and all at
// once: the race detector sees whether they write to what others read.
func TestEnginesOfOneServer(t *testing.T) { byAll(t, testEnginesOfOneServer) }

func testEnginesOfOneServer(t *testing.T, by kind) {
	o := options(serve(t, well), func(o *Options) {
		o.KeepAlive, o.Route.Sources = false, []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	})
	server, err := wire.Open(string(by), o.Options)
	if err != nil {
		t.Fatal(err)
	}
	var loops sync.WaitGroup
	for range 2 {
		e := by.on(t, server, o, 0)
		t.Cleanup(e.Close)
		loops.Go(func() {
			for n := range uint64(20) {
				e.Send(0, n, e.now())
				if done, _, _ := e.Wait(20 * time.Second); !done.OK() {
					t.Errorf("call %d: %+v", n, done)
				}
			}
		})
	}
	loops.Wait()
}

func refusing(t testing.TB) (address string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func TestNamesResolve(t *testing.T) { byAll(t, testNamesResolve) }

func testNamesResolve(t *testing.T, by kind) {
	address := serve(t, well)
	_, port, _ := net.SplitHostPort(address)
	expectOK(t, call(t, by.open(t, "localhost:"+port, nil), 3))
	for _, host := range []string{"nobody.invalid:80", "nobody.invalid:443"} {
		for _, done := range call(t, by.open(t, host, nil), 2) {
			if done.Class != target.DNS || done.Attempts != 1 {
				t.Errorf("%s: %+v", host, done)
			}
		}
	}
}

// Where descriptors run out, calls fail and say why; when there are some
// again, calls succeed again.
func TestDescriptorsRunOut(t *testing.T) { byAll(t, testDescriptorsRunOut) }

func testDescriptorsRunOut(t *testing.T, by kind) {
	release := make(chan struct{})
	e := by.open(t, serve(t, func(p *peer) {
		if p.request() {
			<-release
			p.say(fine)
			well(p)
		}
	}), nil)
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	few := unix.Rlimit{Cur: uint64(descriptors(t) + 20), Max: limit.Max}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	for n := range 100 {
		e.Send(uint32(n), uint64(n), e.now())
	}
	failed, any, _ := e.Wait(e.now() + time.Second)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if !any || failed.Class != target.Generator || !strings.Contains(failed.Example, unix.EMFILE.Error()) {
		t.Errorf("%+v", failed)
	}
	close(release)
	classes := map[string]int{}
	for _, done := range collect(t, e, 99) {
		classes[done.Class]++
	}
	least := map[kind]int{wire.Epoll: 70, wire.Uring: 70}[by] // the others may have been late enough
	if classes[target.Generator] < least || classes[""] < 5 || classes[target.Generator]+classes[""] != 99 {
		t.Errorf("classes %v", classes)
	}
	expectOK(t, call(t, e, 10))
}

// Whatever breaks a kept connection under a request, and whatever the method:
// the call is a reset, and nothing is sent twice.
func TestConnectionsOfOld(t *testing.T) { byAll(t, testConnectionsOfOld) }

func testConnectionsOfOld(t *testing.T, by kind) {
	for name, end := range map[string]func(*peer){
		"closed":      func(*peer) {},
		"reset":       (*peer).reset,
		"in the head": func(p *peer) { p.say(ok + "Content-Length: 2\r\n") },
	} {
		for _, method := range []string{"GET", "POST"} {
			t.Run(name+" "+method, func(t *testing.T) {
				var requests atomic.Int64
				e := by.open(t, serve(t, func(p *peer) {
					for n := 0; p.request(); n++ {
						requests.Add(1)
						if n == 2 {
							end(p)
							return
						}
						p.say(fine)
					}
				}), func(o *Options) { o.Requests = []http1.Request{ask(method, "")} })
				for n, done := range call(t, e, 60) {
					if want := map[bool]string{true: target.Reset}[n%3 == 2]; done.Class != want || done.Attempts != 1 || done.BytesOut != int64(len(ask(method, "").Bytes)) {
						t.Fatalf("call %d: %+v", n, done)
					}
				}
				if requests.Load() != 60 {
					t.Errorf("%d requests for 60 calls", requests.Load())
				}
			})
		}
	}
}

// A connection whose end has come is not used, in whatever way it ended while
// nobody looked: the calls take new ones, and are sent once.
func TestEndsThatHaveCome(t *testing.T) { byAll(t, testEndsThatHaveCome) }

func testEndsThatHaveCome(t *testing.T, by kind) {
	const many = 8
	for name, end := range map[string]func(*peer){
		"closed":      func(p *peer) { _ = p.Close() },
		"half closed": func(p *peer) { _ = p.CloseWrite() },
		"reset":       (*peer).reset,
		"told why":    func(p *peer) { p.say("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"); _ = p.Close() },
		"unasked":     func(p *peer) { p.say(fine) },
	} {
		t.Run(name, func(t *testing.T) {
			var requests, connections atomic.Int64
			var first [many]atomic.Pointer[peer]
			e := by.open(t, serve(t, func(p *peer) {
				if connections.Add(1); p.number < many {
					first[p.number].Store(p)
				}
				for p.request() {
					requests.Add(1)
					p.say(fine)
				}
			}), nil)
			for n := range uint32(many) {
				e.Send(n, 0, e.now())
			}
			expectOK(t, collect(t, e, many))
			kept := int(connections.Load())
			for i := range kept {
				end(first[i].Load())
			}
			time.Sleep(2 * wire.AWhile) // nobody looks meanwhile
			for n := range uint32(many) {
				e.Send(n, 0, e.now())
			}
			for _, done := range collect(t, e, many) {
				if !done.OK() || done.Attempts != 1 {
					t.Errorf("%+v", done)
				}
			}
			if requests.Load() != 2*many {
				t.Errorf("%d requests for %d calls", requests.Load(), 2*many)
			}
		})
	}
}
