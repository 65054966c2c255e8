package http

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/wire"
)

// sharers are all that carry several calls at once on a connection, plain.
var sharers = []carrier{{Std, "2", false}, {wire.Epoll, "2", false}, {wire.Uring, "2", false}}

// bySharers runs a test by each.
func bySharers(t *testing.T, test func(*testing.T, carrier)) {
	for _, by := range sharers {
		t.Run(by.engine, func(t *testing.T) { test(t, by) })
	}
}

// A server of HTTP/2 that breaks off 30 of 100 streams shows as that, and has
// seen as many requests as are reported.
func TestStreamsBrokenOffAreErrors(t *testing.T) {
	bySharers(t, func(t *testing.T, by carrier) {
		tally := tallyOf(t, conduct{ends: []string{"", target.Reset}, more: conductMore{serve: byStream(func(s framed) bool {
			if n := s.whole.Load(); n%10 < 3 {
				return s.reset(internalError)
			}
			return s.well()
		})}}, by, nil, 1000)
		if tally.calls[target.Reset] != 300 || tally.calls[""] != 700 || tally.attempts != 1000 || tally.resent != 0 {
			t.Errorf("%+v", tally)
		}
	})
}

// A server that breaks off every stream gets one request a call, whatever its
// method.
func TestBrokenStreamsAreNotSentAgain(t *testing.T) {
	bySharers(t, func(t *testing.T, by carrier) {
		for _, method := range []string{"GET", "PUT", "POST"} {
			tally := tallyOf(t, conduct{ends: reset, more: conductMore{serve: byStream(func(s framed) bool { return s.reset(cancelStream) })}},
				by, sending(method, "hello"), 50)
			if tally.calls[target.Reset] != 50 || tally.attempts != 50 || tally.whole != 50 {
				t.Errorf("%s: %+v", method, tally)
			}
		}
	})
}

// A server of HTTP/1.1 that holds every request and then drops 23 of 100 shows
// 23 %, with every engine.
func TestDroppedRequestsAreErrors(t *testing.T) {
	for _, engine := range append(wires(), Std) {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			tally := tallyOf(t, conduct{ends: []string{"", target.Reset}, script: func(v *visit) bool {
				dropped := v.whole.Load()%100 < 23
				time.Sleep(5 * time.Millisecond)
				return !dropped && v.say(wellDone)
			}}, carrier{engine, "1.1", false}, nil, 200)
			if tally.calls[target.Reset] != 46 || tally.attempts != 200 || tally.whole != 200 {
				t.Errorf("%+v", tally)
			}
		})
	}
}

// tally is what became of many calls.
type tally struct {
	calls                   map[string]int
	attempts, resent, whole int
}

func (c tally) String() string {
	return fmt.Sprintf("%v, %d attempts, %d sent again, %d requests seen", c.calls, c.attempts, c.resent, c.whole)
}

// tallyOf makes calls to a server, eight at a time.
func tallyOf(t *testing.T, c conduct, by carrier, change func(*Settings), calls int) tally {
	t.Helper()
	h := keepHouse(t, c, nil, time.Minute)
	s := Settings{
		Calls:    []Request{{Method: "GET", URL: "http://" + h.listener.Addr().String() + "/"}},
		Settings: client.Settings{Timeout: time.Minute}, Protocol: by.protocol, Engine: by.engine,
	}
	if change != nil {
		change(&s)
	}
	sum := tally{calls: map[string]int{}}
	for _, r := range carryOut(t, by.engine, s, 8, calls, nil) {
		sum.calls[r.class]++
		sum.attempts += r.attempts
		sum.resent += r.resent
	}
	sum.whole = int(h.whole.Load())
	return sum
}

// Streams that a server refuses are sent once more, on another connection, and
// told apart from what the user asked to be tried again.
func TestRefusedStreamsGoElsewhere(t *testing.T) { bySharers(t, testRefusedStreamsGoElsewhere) }

func testRefusedStreamsGoElsewhere(t *testing.T, by carrier) {
	var connections atomic.Int64
	tally := tallyOf(t, conduct{more: conductMore{serve: func(v *visit) {
		refuses := connections.Add(1) == 1
		byStream(func(s framed) bool {
			if refuses {
				return s.reset(refusedStream)
			}
			return s.well()
		})(v)
	}}}, by, nil, 100)
	if tally.calls[""] != 100 || tally.attempts != 100+tally.resent || tally.resent == 0 || tally.whole != tally.attempts {
		t.Error(tally)
	}
}

// A refused stream has the time that is left to its attempt, and no more.
func TestTheTimeGoesOnWhenAStreamIsSentAgain(t *testing.T) {
	bySharers(t, testTheTimeGoesOnWhenAStreamIsSentAgain)
}

func testTheTimeGoesOnWhenAStreamIsSentAgain(t *testing.T, by carrier) {
	var connections atomic.Int64
	const patience = 400 * time.Millisecond
	h := keepHouse(t, conduct{more: conductMore{serve: func(v *visit) {
		refuses := connections.Add(1) == 1
		byStream(func(s framed) bool {
			if refuses {
				time.Sleep(patience * 3 / 4)
				return s.reset(refusedStream)
			}
			return true
		})(v)
	}}}, nil, time.Minute)
	set := open(t, "http://"+h.listener.Addr().String()+"/", func(s *Settings) { s.Protocol, s.Timeout = "2", patience }).settings
	for range 5 { // a busy machine may take its time over that, but not five times
		connections.Store(0)
		began := time.Now()
		out := carryOut(t, by.engine, set, 1, 1, func(int) {})[0]
		took := time.Since(began)
		if out.class != target.Timeout {
			t.Fatalf("%+v", out)
		}
		if out.resent == 1 && took < patience*3/2 {
			return
		}
		t.Logf("%v: %+v", took, out)
	}
	t.Error("it had the time of two")
}
