package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// record is a server that knows of each call which it was, who made it, and when.
type record struct {
	url   string
	began time.Time
	mutex sync.Mutex
	calls map[string][]call // by the first part of the path
}

// call is one that has come: at is since the server began, and number -1 where the path
// says none.
type call struct {
	number int
	from   string
	at     time.Duration
}

// record starts one at the hub, which the test ends.
func (s *site) record() *record {
	r := &record{calls: map[string][]call{}, began: time.Now()}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) { r.take(q) }))
	_ = server.Listener.Close()
	server.Listener = s.hub.listen(8080)
	server.Start()
	s.t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

func (r *record) take(q *http.Request) {
	c := call{at: time.Since(r.began), number: -1}
	of, number, _ := strings.Cut(strings.TrimPrefix(q.URL.Path, "/"), "/")
	if n, err := strconv.Atoi(number); err == nil {
		c.number = n
	}
	c.from, _, _ = net.SplitHostPort(q.RemoteAddr)
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.calls[of] = append(r.calls[of], c)
}

// of are the calls of one kind, by their numbers.
func (r *record) of(kind string) []call {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	calls := slices.Clone(r.calls[kind])
	slices.SortFunc(calls, func(a, b call) int { return a.number - b.number })
	return calls
}
