package redis

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"plimsoll/target"
	installed "plimsoll/target/real"
)

// within is how long a call may take that is to end with a class: on a busy
// machine even those that do not wait for anybody take their time.
func within(class string) time.Duration {
	if class == target.Timeout {
		return 500 * time.Millisecond
	}
	return 20 * time.Second
}

// However a server fails: the class, a message, and the next call goes on.
func TestFaults(t *testing.T) { byEach(t, testFaults) }

func testFaults(t *testing.T, engine string) {
	says := func(reply string) func(*peer, []string) (string, bool) {
		return func(p *peer, _ []string) (string, bool) {
			_, _ = p.Write([]byte(reply))
			return "", true
		}
	}
	errs := func(reply string) func(*peer, []string) (string, bool) {
		return func(*peer, []string) (string, bool) { return reply, true }
	}
	for name, c := range map[string]struct {
		hook  func(*peer, []string) (string, bool)
		class string
		words string
	}{
		"closed":              {says(""), target.Reset, "closed the connection"},
		"closed half way":     {says("$10\r\nabc"), target.Reset, "closed the connection"},
		"malformed":           {says("HTTP/1.1 400 Bad Request\r\n\r\n"), target.Body, "no RESP"},
		"no number":           {says("$x\r\n"), target.Body, "number"},
		"its limit":           {says("-ERR max number of clients reached\r\n"), "redis-ERR", "max number of clients"},
		"an error of its own": {errs("-LOADING Redis is loading the dataset in memory\r\n"), "redis-LOADING", "loading"},
		"a script's error":    {errs("-my own words\r\n"), "redis-ERR", "my own words"},
		"an error inside":     {errs("*2\r\n+OK\r\n-WRONGTYPE x\r\n"), "redis-WRONGTYPE", "WRONGTYPE x"},
		"silent":              {func(p *peer, _ []string) (string, bool) { _, _ = p.in.Peek(1); return "", true }, target.Timeout, "no whole answer within 500ms"},
	} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int64
			s := newStore(t, func(s *store) {
				s.hook = func(p *peer, words []string) (string, bool) {
					if asked.Add(1)%2 == 0 {
						return "+OK\r\n", true
					}
					return c.hook(p, words)
				}
			})
			x := openAt(t, engine, s.address(), ask(t, "PING"), func(s *Settings) { s.Timeout = within(c.class) })
			for n := range 4 {
				d := x.call(target.Request{Number: uint64(n)})
				if want := map[bool]string{true: c.class}[n%2 == 0]; d.Class != want || d.Attempts != 1 || d.OK() != (d.Example == "") || !d.OK() && !strings.Contains(d.Example, c.words) {
					t.Errorf("call %d: %+v; want %s", n, d, want)
				}
			}
			if asked.Load() != 4 {
				t.Errorf("%d commands for 4 calls", asked.Load())
			}
		})
	}
	x := openAt(t, engine, installed.Nowhere, ask(t, "PING"), nil)
	if d := x.call(target.Request{}); d.Class != target.Connect || !strings.Contains(d.Example, "refused") {
		t.Errorf("%+v", d)
	}
}

// A server that fails while a connection begins: nothing is asked, and the call
// ends with its class.
func TestFaultsOfHello(t *testing.T) { byEach(t, testFaultsOfHello) }

func testFaultsOfHello(t *testing.T, engine string) {
	for name, c := range map[string]struct {
		reply string
		class string
	}{
		"closed":            {"", target.Reset},
		"closed half way":   {"+O", target.Reset},
		"malformed":         {"220 mail\r\n", target.Body},
		"more than asked":   {"+OK\r\n+OK\r\n", target.Body},
		"loading":           {"-LOADING Redis is loading\r\n", "redis-LOADING"},
		"taken by others":   {"-ERR max number of clients reached\r\n", "redis-ERR"},
		"silent":            {"silent", target.Timeout},
		"silent, cancelled": {"silent", target.Cancelled},
	} {
		s := newStore(t, func(s *store) {
			s.hook = func(p *peer, words []string) (string, bool) {
				if words[0] != "SELECT" {
					return "+OK\r\n", true
				}
				if c.reply == "silent" {
					_, _ = p.in.Peek(1)
				} else {
					_, _ = p.Write([]byte(c.reply))
				}
				return "", true
			}
		})
		x := openAt(t, engine, s.address(), ask(t, "PING"), func(s *Settings) { s.DB, s.Timeout = 1, within(c.class) })
		if c.class == target.Cancelled {
			x = openAt(t, engine, s.address(), ask(t, "PING"), func(s *Settings) { s.DB = 1 })
			x.send(0, target.Request{})
			eventually(t, "the server is greeted", func() bool { x.end(0); return s.seen().commands["SELECT"] > 0 })
			x.due = x.clock.Now()
			x.carrier.CancelAll(x.due)
			if d, is := x.end(10 * time.Second); !is || d.Class != c.class {
				t.Errorf("%s: %+v", name, d)
			}
			continue
		}
		for n := range 2 {
			d := x.call(target.Request{Number: uint64(n)})
			if d.Class != c.class || d.BytesOut != 0 || d.BytesIn != 0 || d.Attempts != 1 || d.Example == "" || d.Parts.Phases[0] != target.None {
				t.Errorf("%s: %+v, phases %v", name, d, d.Parts.Phases)
			}
		}
		if seen := s.seen(); seen.commands["PING"] != 0 || seen.commands["SELECT"] != 2 {
			t.Errorf("%s: %v", name, seen.commands)
		}
	}
}
