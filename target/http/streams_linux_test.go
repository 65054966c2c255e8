package http

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Over HTTP/2 calls share connections up to what the server allows, and only
// then another one is set up, or they are held.
func TestHTTP2SharesConnections(t *testing.T) {
	const streams, calls, each = 5, 40, 20 * time.Millisecond
	for _, limit := range []int{0, 2} {
		var connections, atOnce, most atomic.Int64
		h := keepHouse(t, conduct{more: conductMore{serve: func(v *visit) {
			connections.Add(1)
			var answers sync.WaitGroup
			defer answers.Wait()
			byStreams("\x00\x03\x00\x00\x00\x05", func(s framed) bool {
				if now := atOnce.Add(1); now > most.Load() {
					most.Store(now)
				}
				answers.Go(func() {
					time.Sleep(each)
					atOnce.Add(-1)
					s.well()
				})
				return true
			})(v)
		}}}, nil, time.Minute)
		to := open(t, "http://"+h.listener.Addr().String(), func(set *Settings) { set.Protocol, set.Connections, set.Timeout = "2", limit, time.Minute })
		expectOK(t, load(t, to, 1, 1)) // the server's limit is known from now on
		held := 0
		outcomes := load(t, to, calls, calls)
		expectOK(t, outcomes)
		for _, out := range outcomes {
			if out.Held > each/2 {
				held++
			}
		}
		if n := h.whole.Load(); n != calls+1 {
			t.Errorf("%d requests for %d calls", n, calls+1)
		}
		n := connections.Load()
		if limit == 0 && (n < 2 || held > 0) {
			t.Errorf("no cap: %d connections, %d calls held", n, held)
		}
		if limit > 0 && (n > int64(limit) || most.Load() > int64(limit*streams) || held < calls-2*limit*streams) {
			t.Errorf("cap of %d: %d connections, %d calls at once, %d held", limit, n, most.Load(), held)
		}
	}
}
