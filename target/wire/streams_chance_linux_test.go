package wire_test

import (
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	peers "golang.org/x/net/http2"
	"pgregory.net/rapid"

	"plimsoll/target"
	"plimsoll/target/http1"
	"plimsoll/target/wire"
)

// moody does at random what servers of HTTP/2 may, and some things that they should
// not; whatever it does later is done when its connection is over.
type moody struct {
	mu     sync.Mutex
	chance *rand.Rand
	rough  bool // connections break, too, and what has not been read is lost
}

func (m *moody) draw(n int) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.chance.IntN(n)
}

func (m *moody) at(q *question) bool {
	if !q.whole && m.draw(2) > 0 {
		return true
	}
	switch m.draw(16) {
	case 0:
		return q.refuse(peers.ErrCodeRefusedStream)
	case 1:
		return q.refuse(peers.ErrCodeInternal)
	case 2:
		if m.rough {
			q.goAway(q.id, peers.ErrCodeNo)
			q.well()
			q.leave()
			return false
		}
	case 3:
		if m.rough && m.draw(4) == 0 {
			q.reset()
			return false
		}
	case 4:
		if m.rough && m.draw(4) == 0 {
			q.well()
			return false
		}
	case 5:
		allowed := uint32(m.draw(6))
		q.write(func(w *peers.Framer) error {
			return w.WriteSettings(setting(peers.SettingMaxConcurrentStreams, allowed))
		})
		if allowed == 0 {
			time.AfterFunc(time.Duration(m.draw(10))*time.Millisecond, func() {
				q.write(func(w *peers.Framer) error { return w.WriteSettings(setting(peers.SettingMaxConcurrentStreams, 3)) })
			})
		}
	case 6, 7, 8:
		time.AfterFunc(time.Duration(m.draw(20))*time.Millisecond, func() { q.well() })
		return true
	case 9:
		return true // never
	case 10:
		q.write(func(w *peers.Framer) error { return w.WritePing(false, [8]byte{}) })
	}
	return !q.whole || q.well()
}

// Whatever servers do, and whatever is cancelled or left meanwhile, with whatever
// settings: every call ends once and in time, the books balance at every moment,
// nothing is said of more attempts than were seen, nor of less, and nothing comes
// after the end.
func TestEveryCallOnAStreamEndsOnce(t *testing.T) { byLoops(t, testEveryCallOnAStreamEndsOnce) }

func testEveryCallOnAStreamEndsOnce(t *testing.T, by kind) {
	classes := map[string]int{}
	rapid.Check(t, func(r *rapid.T) {
		server := &moody{chance: rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 0)), rough: rapid.Bool().Draw(r, "rough")}
		s := share(t, server.at, setting(peers.SettingMaxConcurrentStreams, 4))
		timeout := time.Duration(rapid.IntRange(5, 60).Draw(r, "timeout ms")) * time.Millisecond
		e := by.startMultiplex(t, s.address, rapid.IntRange(0, 6).Draw(r, "streams"), func(o *Options) {
			o.Timeout, o.KeepAlive = timeout, rapid.IntRange(0, 3).Draw(r, "keep") > 0
			if o.Options.PerUser = rapid.IntRange(0, 3).Draw(r, "per user") == 0; !o.Options.PerUser {
				o.Connections = rapid.SampledFrom([]int{0, 1, 2}).Draw(r, "connections")
			}
			o.Requests = []http1.Request{ask("GET", ""), ask("POST", "x"), ask("GET", ""), ask("PUT", strings.Repeat("x", 100_000))}
			o.Requests[2].Once = rapid.Bool().Draw(r, "once")
		})
		defer e.Close()
		m := e.carrier.(*wire.Multiplexer)
		calls, sent := rapid.IntRange(1, 60).Draw(r, "calls"), 0
		actions := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "actions"), 1))
		over, gaveUp, at := rapid.IntRange(0, 100).Draw(r, "over at"), false, time.Duration(0)
		ended, attempts := map[uint32]bool{}, int64(0)
		for limit := e.now() + 20*time.Second; len(ended) < calls; {
			for range actions.IntN(5) {
				if sent < calls {
					e.request.User = uint32(actions.IntN(3))
					e.Send(uint32(sent), uint64(sent), e.now())
					sent++
				}
			}
			if sent > 0 && actions.IntN(20) == 0 {
				n := uint32(actions.IntN(sent))
				e.CancelOne(n, uint64(n))
			}
			if actions.IntN(30) == 0 {
				m.Leave(uint32(actions.IntN(3)))
			}
			done, any, _ := e.Wait(e.now() + time.Duration(actions.IntN(1000))*time.Microsecond)
			if any {
				if ended[done.ID.Slot()] || int(done.ID.Slot()) >= sent || done.OK() != (done.Example == "") || done.Held < 0 || done.Attempts > 1+done.Resent || done.Resent > calls || gaveUp && done.Ended > at && done.Class != target.Cancelled {
					r.Fatalf("%+v", done)
				}
				ended[done.ID.Slot()] = true
				classes[done.Class]++
				attempts += int64(done.Attempts)
			}
			expectBooks(t, e, sent-len(ended)-e.Ended())
			if len(ended) >= over && !gaveUp {
				gaveUp = true
				e.CancelAll()
				at = e.now()
				expectBooks(t, e, 0)
			}
			if e.now() > limit {
				r.Fatalf("%d of %d calls have ended", len(ended), calls)
			}
		}
		if done, any, _ := e.Wait(e.now()); any {
			r.Fatalf("once more: %+v", done)
		}
		if seen := s.heads.Load(); seen > attempts {
			r.Fatalf("the server has seen %d requests, and %d are told of", seen, attempts)
		}
	})
	for _, class := range []string{"", target.Timeout, target.Reset, target.Cancelled} {
		if classes[class] == 0 {
			t.Errorf("no call with class %q: %v", class, classes)
		}
	}
}

// The same with a server that breaks no connection: it sees as many requests as are
// told of, to the last one.
func TestStreamsAreCountedAsTheyAreSeen(t *testing.T) { byLoops(t, testStreamsAreCountedAsTheyAreSeen) }

func testStreamsAreCountedAsTheyAreSeen(t *testing.T, by kind) {
	rapid.Check(t, func(r *rapid.T) {
		server := &moody{chance: rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 0))}
		s := share(t, server.at, setting(peers.SettingMaxConcurrentStreams, 4))
		e := by.startMultiplex(t, s.address, rapid.IntRange(0, 6).Draw(r, "streams"), func(o *Options) {
			o.Timeout, o.Connections = 50*time.Millisecond, rapid.SampledFrom([]int{0, 1, 2}).Draw(r, "connections")
			o.Requests = []http1.Request{ask("GET", ""), ask("POST", "x")}
		})
		defer e.Close()
		calls := rapid.IntRange(1, 60).Draw(r, "calls")
		e.send(0, calls)
		attempts := int64(0)
		for ended := 0; ended < calls; {
			done, any, _ := e.Wait(e.now() + 20*time.Second)
			if !any {
				r.Fatalf("%d of %d calls have ended", ended, calls)
			}
			attempts += int64(done.Attempts)
			ended++
			expectBooks(t, e, calls-ended-e.Ended())
		}
		for try := 0; s.heads.Load() != attempts; try++ { // it may hear of one a moment later
			if e.Wait(e.now() + time.Millisecond); try == 2000 {
				r.Fatalf("the server has seen %d requests, and %d are told of", s.heads.Load(), attempts)
			}
		}
	})
}
