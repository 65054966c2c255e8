package http

import (
	"fmt"
	nethttp "net/http"
	"slices"
	"sync"
	"testing"

	"plimsoll/target/client"
	"plimsoll/target/wire"
)

// crowd is a server that answers no call before so many are there, and counts them by
// their connections.
type crowd struct {
	mu    sync.Mutex
	most  int
	there int
	by    map[string]int
	full  chan struct{}
}

func (c *crowd) serve(_ nethttp.ResponseWriter, r *nethttp.Request) {
	c.mu.Lock()
	c.by[r.RemoteAddr]++
	if c.there++; c.there == c.most {
		close(c.full)
	}
	c.mu.Unlock()
	select {
	case <-c.full:
	case <-r.Context().Done():
	}
}

// Where their number is given, calls of HTTP/2 spread over connections: as many as may
// be, with as many calls each, and no more than calls at once.
func TestCallsSpread(t *testing.T) {
	for _, by := range []carrier{{wire.Epoll, "2", false}, {Std, "2", false}} {
		for _, c := range []struct {
			connections, streams, atOnce int
			want                         []int
		}{
			{8, 0, 64, []int{8, 8, 8, 8, 8, 8, 8, 8}},
			{8, 0, 8, []int{1, 1, 1, 1, 1, 1, 1, 1}},
			{8, 0, 3, []int{1, 1, 1}},
			{3, 4, 7, []int{2, 2, 3}},
			{0, 0, 8, []int{8}},
			{0, 4, 8, []int{4, 4}},
		} {
			t.Run(fmt.Sprintf("%s, %d calls over %d connections of %d", by.name(), c.atOnce, c.connections, c.streams), func(t *testing.T) {
				there := &crowd{most: c.atOnce, by: map[string]int{}, full: make(chan struct{})}
				s := Settings{
					Calls:    []Request{{Method: "GET", URL: newServer(t, false, nil, there.serve).URL}},
					Protocol: "2", Streams: c.streams, Settings: client.Settings{Connections: c.connections},
				}
				for _, r := range carryOut(t, by.engine, s, c.atOnce, c.atOnce, func(int) {}) {
					if r.class != "" {
						t.Fatalf("%+v", r)
					}
				}
				there.mu.Lock()
				defer there.mu.Unlock()
				var got []int
				for _, n := range there.by {
					got = append(got, n)
				}
				if slices.Sort(got); !slices.Equal(got, c.want) {
					t.Errorf("%v calls by connection, and not %v", got, c.want)
				}
			})
		}
	}
}
