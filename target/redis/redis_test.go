package redis

import (
	"crypto/tls"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/value"
)

// The server has carried out what is reported, no command more or less, whatever
// is asked and however many at a time.
func TestCommandsAreCounted(t *testing.T) { byEach(t, testCommandsAreCounted) }

func testCommandsAreCounted(t *testing.T, engine string) {
	for _, atOnce := range []int{1, 3, 16} {
		s := newStore(t, nil)
		x := openAt(t, engine, s.address(), ask(t, "INCR n", "INCR n", "GET n"), nil)
		const calls = 200
		sent := 0
		for ; sent < atOnce; sent++ {
			x.send(uint32(sent), target.Request{Number: uint64(sent)})
		}
		out := int64(0)
		for ended := 0; ended < calls; ended++ {
			d, is := x.end(20 * time.Second)
			if !is || !d.OK() || d.Attempts != 1 {
				t.Fatalf("%+v", d)
			}
			out += d.BytesOut
			if sent < calls {
				x.send(d.ID.Slot(), target.Request{Number: uint64(sent)})
				sent++
			}
		}
		if s.seen().commands["INCR"] != 2*calls || s.seen().commands["GET"] != calls || s.seen().most != atOnce || s.seen().mostBusy > atOnce {
			t.Errorf("%d at once: the server has seen %v, %d connections, %d at once", atOnce, s.seen().commands, s.seen().most, s.seen().mostBusy)
		}
		if want := int64(calls * len(prepare(ask(t, "INCR n", "INCR n", "GET n")).fixed)); out != want || s.seen().reads > calls+atOnce {
			t.Errorf("%d bytes went out, want %d; in %d pieces for %d pipelines", out, want, s.seen().reads, calls)
		}
	}
}

// What is looked at is found in the last answer: texts, numbers, arrays as JSON.
func TestAnswersAreLookedAt(t *testing.T) { byEach(t, testAnswersAreLookedAt) }

func testAnswersAreLookedAt(t *testing.T, engine string) {
	s := newStore(t, nil)
	x := openAt(t, engine, s.address(), nil, nil)
	for _, c := range []struct {
		lines  []string
		look   string
		args   []value.Value
		want   string
		absent bool
	}{
		{[]string{`SET user:${id} {"name":"Ann","n":[1,2]}`, "GET user:${id}"}, "json.name", []value.Value{value.Of("7"), value.Of("7")}, "Ann", false},
		{[]string{"GET user:7"}, "json.n.1", nil, "2", false},
		{[]string{"GET user:7"}, "bytes", nil, "24", false},
		{[]string{"INCR n"}, "body", nil, "1", false},
		{[]string{"INCR n"}, "json", nil, "2", false},
		{[]string{"SET a x", "MGET a none n"}, "body", nil, `["x",null,"2"]`, false},
		{[]string{"MGET a none n"}, "json.2", nil, "2", false},
		{[]string{"MGET a none n"}, "json.count", nil, "3", false},
		{[]string{"GET none"}, "body", nil, "", false},
		{[]string{"GET none"}, "json.x", nil, "", true},
	} {
		p, err := x.opened.Prepare(ask(t, c.lines...))
		if err != nil {
			t.Fatal(err)
		}
		d := x.call(target.Request{Call: p, Args: c.args, Want: wants(t, c.look)})
		if !d.OK() || d.Found[0].Text != c.want && !c.absent || c.absent != (d.Found[0].Kind == value.None) {
			t.Errorf("%s of %q: %+v", c.look, c.lines, d.Outcome)
		}
	}
	if _, err := x.opened.Prepare(42); err == nil {
		t.Error("anything is a call")
	}
}

// A word is what its hole holds, whatever that is: nothing of it is a command.
func TestWordsAreNotTakenApart(t *testing.T) {
	s := newStore(t, nil)
	x := openAt(t, "", s.address(), nil, nil)
	p, _ := x.opened.Prepare(ask(t, "SET k ${v}", "GET k"))
	rapid.Check(t, func(r *rapid.T) {
		v := string(rapid.SliceOf(rapid.Byte()).Draw(r, "value"))
		d := x.call(target.Request{Call: p, Args: []value.Value{value.Of(v)}, Want: wants(t, "body")})
		if !d.OK() || d.Found[0].Text != v {
			r.Fatalf("%q came back as %+v", v, d.Outcome)
		}
	})
	if s.seen().commands["SET"] != s.seen().commands["GET"] || len(s.seen().commands) != 2 {
		t.Errorf("%v", s.seen().commands)
	}
}

// An answer means the same in whatever pieces it comes.
func TestAnswersInPieces(t *testing.T) { byEach(t, testAnswersInPieces) }

func testAnswersInPieces(t *testing.T, engine string) {
	reply := "+OK\r\n*2\r\n$3\r\nabc\r\n*1\r\n:12\r\n-WRONGTYPE no\r\n"
	for _, size := range []int{1, 2, 7, len(reply)} {
		s := newStore(t, func(s *store) {
			s.hook = quiet(func(p *peer, words []string) (string, bool) {
				if words[0] != "C" {
					return " ", true // taken with the others
				}
				for at := 0; at < len(reply); at += size {
					_, _ = p.Write([]byte(reply[at:min(at+size, len(reply))]))
					time.Sleep(time.Millisecond)
				}
				return "", true
			})
		})
		x := openAt(t, engine, s.address(), ask(t, "A", "B", "C"), nil)
		d := x.call(target.Request{})
		if d.Class != "redis-WRONGTYPE" || d.BytesIn != int64(len(reply)) || !strings.HasSuffix(d.Example, "WRONGTYPE no") {
			t.Errorf("pieces of %d: %+v", size, d)
		}
	}
}

// quiet has commands answered by nothing but what their hook writes.
func quiet(hook func(*peer, []string) (string, bool)) func(*peer, []string) (string, bool) {
	return func(p *peer, words []string) (string, bool) {
		for {
			reply, is := hook(p, words)
			if reply != " " {
				return reply, is
			}
			var err error
			if words, err = p.command(); err != nil {
				return "", true
			}
		}
	}
}

// Setting a connection up is a part of the call that needed it: whoever may not
// have it is told why, and nothing is asked.
func TestConnectionsIntroduceThemselves(t *testing.T) { byEach(t, testConnectionsIntroduceThemselves) }

func testConnectionsIntroduceThemselves(t *testing.T, engine string) {
	for name, c := range map[string]struct {
		change func(*Settings)
		class  string
	}{
		"password":         {func(s *Settings) { s.Password = "secret" }, ""},
		"user, database":   {func(s *Settings) { s.User, s.Password, s.DB = "ann", "secret", 3 }, ""},
		"wrong password":   {func(s *Settings) { s.Password = "hunter2" }, "redis-WRONGPASS"},
		"none":             {nil, "redis-NOAUTH"},
		"no such database": {func(s *Settings) { s.Password, s.DB = "secret", 99 }, "redis-ERR"},
	} {
		s := newStore(t, func(s *store) { s.password = "secret" })
		x := openAt(t, engine, s.address(), ask(t, "INCR n"), c.change)
		first, second := x.call(target.Request{}), x.call(target.Request{Number: 1})
		if first.Class != c.class || second.Class != c.class || strings.Contains(first.Example, "hunter2") {
			t.Errorf("%s: %+v", name, first)
		}
		asked := map[bool]int{true: 2}[c.class == "" || name == "none"]
		if s.seen().commands["INCR"] != asked || c.class == "" && s.seen().accepted != 1 {
			t.Errorf("%s: %v over %d connections", name, s.seen().commands, s.seen().accepted)
		}
		if c.class == "" && (first.Parts.Phases[0] <= 0 || second.Parts.Phases[0] != target.None || len(first.Parts.Phases) != 1) {
			t.Errorf("%s: phases %v, then %v", name, first.Parts.Phases, second.Parts.Phases)
		}
		if db := map[string]int{"user, database": 3}[name]; c.class == "" && s.seen().databases[db] < 2 {
			t.Errorf("%s: databases %v", name, s.seen().databases)
		}
	}
}

// The time until a connection is ready, hello included, is connect's.
func TestHelloIsAPartOfConnecting(t *testing.T) { byEach(t, testHelloIsAPartOfConnecting) }

func testHelloIsAPartOfConnecting(t *testing.T, engine string) {
	const delay = 20 * time.Millisecond
	s := newStore(t, func(s *store) {
		s.hook = func(_ *peer, words []string) (string, bool) {
			if words[0] == "SELECT" {
				time.Sleep(delay)
			}
			return "", false
		}
	})
	x := openAt(t, engine, s.address(), ask(t, "INCR n"), func(s *Settings) { s.DB = 1 })
	began := x.clock.Now()
	d := x.call(target.Request{})
	if connect := d.Parts.Phases[0]; !d.OK() || connect < delay || connect > d.Ended-began || d.BytesOut != int64(len(prepare(ask(t, "INCR n")).fixed)) || d.BytesIn != int64(len(":1\r\n")) {
		t.Errorf("%+v, %v", d, d.Parts.Phases)
	}
}

// Over TLS, too.
func TestOverTLS(t *testing.T) {
	pair := certificate(t)
	s := newStore(t, func(s *store) {
		s.password = "secret"
		s.listener = tls.NewListener(s.listener, &tls.Config{Certificates: []tls.Certificate{pair}})
	})
	x := openAt(t, "", s.address(), ask(t, "SET a b", "GET a"), func(s *Settings) {
		s.Password, s.TLS = "secret", client.TLS{Given: true, Insecure: true}
	})
	for range 5 {
		if d := x.call(target.Request{Want: wants(t, "body")}); !d.OK() || d.Found[0].Text != "b" {
			t.Fatalf("%+v", d)
		}
	}
	strict := openAt(t, "", s.address(), ask(t, "GET a"), func(s *Settings) { s.TLS = client.TLS{Given: true} })
	if d := strict.call(target.Request{}); d.Class != target.TLS || x.opened.Engine != engines()[0] {
		t.Errorf("%+v by %s", d, x.opened.Engine)
	}
}

// A pool of two connections is no more than two, and calls wait for them.
func TestConnectionsAreBounded(t *testing.T) { byEach(t, testConnectionsAreBounded) }

func testConnectionsAreBounded(t *testing.T, engine string) {
	for _, reuse := range []client.Reuse{client.ByAll, client.Never} {
		s := newStore(t, func(s *store) {
			s.hook = func(*peer, []string) (string, bool) { time.Sleep(2 * time.Millisecond); return "+OK\r\n", true }
		})
		x := openAt(t, engine, s.address(), ask(t, "PING"), func(s *Settings) { s.Connections, s.Reuse = 2, reuse })
		if keys := (&Settings{Settings: client.Settings{Connections: 2}}).Traits().Together; len(keys) != 1 || keys[0] != "connections" {
			t.Errorf("two loops would have two connections each: %q", keys)
		}
		held := 0
		for n := range 12 {
			x.send(uint32(n), target.Request{Number: uint64(n)})
		}
		for range 12 {
			d, is := x.end(10 * time.Second)
			if !is || !d.OK() {
				t.Fatalf("%+v", d)
			}
			if d.Held > 0 {
				held++
			}
		}
		// A server may hear of an end later than of the next connection.
		if s.seen().mostBusy > 2 || held != 10 || reuse == client.ByAll && s.seen().accepted != 2 || reuse == client.Never && s.seen().accepted != 12 {
			t.Errorf("reuse %v: %d busy at once, %d connections, %d calls held", reuse, s.seen().mostBusy, s.seen().accepted, held)
		}
	}
}

// Users have connections of their own, where that is asked for, and leave them
// behind.
func TestUsersHaveTheirOwn(t *testing.T) { byEach(t, testUsersHaveTheirOwn) }

func testUsersHaveTheirOwn(t *testing.T, engine string) {
	s := newStore(t, nil)
	x := openAt(t, engine, s.address(), ask(t, "INCR n"), func(s *Settings) { s.Reuse = client.ByUser })
	for n := range 12 {
		if d := x.call(target.Request{Number: uint64(n), User: uint32(n % 3)}); !d.OK() {
			t.Fatalf("%+v", d)
		}
	}
	if s.seen().accepted != 3 {
		t.Errorf("%d connections of 3 users", s.seen().accepted)
	}
	x.carrier.(interface{ Leave(uint32) }).Leave(1)
	eventually(t, "the user's connection ends", func() bool { return s.seen().open == 2 })
}

func eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	for range 2000 {
		if so() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("not so after 10 s: %s", what)
}

// Cancelling reaches the server: the connection of a command that blocks ends.
func TestCancelReachesTheServer(t *testing.T) { byEach(t, testCancelReachesTheServer) }

func testCancelReachesTheServer(t *testing.T, engine string) {
	for _, all := range []bool{true, false} {
		s := newStore(t, func(s *store) { s.hook = blocks })
		x := openAt(t, engine, s.address(), ask(t, "BLPOP k 0"), nil)
		for n := range 3 {
			x.send(uint32(n), target.Request{Number: uint64(n)})
		}
		if d, is := x.end(20 * time.Millisecond); is {
			t.Fatalf("%+v", d)
		}
		eventually(t, "three commands", func() bool { return s.seen().commands["BLPOP"] == 3 })
		want := 1
		if x.due = x.clock.Now(); all {
			want = 3
			x.carrier.CancelAll(x.due)
		} else {
			x.carrier.Cancel(target.NewID(1, 1), x.due)
		}
		for range want {
			if d, is := x.end(10 * time.Second); !is || d.Class != target.Cancelled {
				t.Fatalf("%+v", d)
			}
		}
		eventually(t, fmt.Sprintf("%d connections end", want), func() bool { return s.seen().broken == want })
	}
}

// A call in the steady state allocates nothing, nor does one that fails.
func TestCallsAllocateNothing(t *testing.T) { byEach(t, testCallsAllocateNothing) }

func testCallsAllocateNothing(t *testing.T, engine string) {
	for _, line := range []string{"GET k", "GET list", "SET k ${v}"} {
		listener := terse(t, map[string]string{"GET k": "$2\r\nOK\r\n", "GET list": "-WRONGTYPE x\r\n", "SET k ${v}": "+OK\r\n"}[line])
		x := openAt(t, engine, listener, nil, nil)
		p, err := x.opened.Prepare(ask(t, line))
		if err != nil {
			t.Fatal(err)
		}
		r := target.Request{Call: p, Args: []value.Value{value.Of("a value")}}
		turn := func() {
			x.due = min(x.due, x.carrier.Send(target.NewID(0, 0), &r, x.clock.Now()))
			for {
				d, due := x.carrier.Take(x.clock.Wait(min(x.due, x.clock.Now()+time.Second)))
				if x.due = due; d != nil {
					x.due = 0
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
			t.Errorf("%s: %d allocations a call", line, n)
		}
	}
}

// terse answers whatever comes with one text, and allocates nothing.
func terse(t testing.TB, reply string) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				text, buffer := []byte(reply), make([]byte, 4096)
				for {
					if _, err := conn.Read(buffer); err != nil {
						return
					}
					if _, err := conn.Write(text); err != nil {
						return
					}
				}
			}()
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-over })
	return listener.Addr().String()
}
