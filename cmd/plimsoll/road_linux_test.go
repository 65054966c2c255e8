package main

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// road is the way to a site's nats-server, which a test has in its hand.
type road struct {
	address string
	delay   atomic.Int64 // of each piece, ns
	shut    atomic.Bool  // what comes waits
	over    chan struct{}
	mutex   sync.Mutex
	ends    []net.Conn
}

// road is a new one, which begins at the hub.
func (s *site) road() *road {
	l := s.hub.listen(0)
	r := &road{address: l.Addr().String(), over: make(chan struct{})}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			var to net.Conn
			if s.hub.inside(func() (err error) { to, err = net.Dial("tcp", s.address); return err }) != nil {
				_ = from.Close()
				continue
			}
			r.mutex.Lock()
			r.ends = append(r.ends, from, to)
			r.mutex.Unlock()
			all.Go(func() { r.pass(from, to) })
			all.Go(func() { r.pass(to, from) })
		}
	})
	s.t.Cleanup(func() {
		close(r.over)
		_ = l.Close()
		r.breakOff()
		all.Wait()
	})
	return r
}

// pass passes on what comes, as far as the way lets it.
func (r *road) pass(from io.ReadCloser, to io.WriteCloser) {
	defer from.Close()
	defer to.Close()
	piece := make([]byte, 4096)
	for {
		n, err := from.Read(piece)
		time.Sleep(time.Duration(r.delay.Load()))
		for r.shut.Load() {
			select {
			case <-r.over:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
		if err != nil {
			return
		}
		if _, err := to.Write(piece[:n]); err != nil {
			return
		}
	}
}

// breakOff ends all connections that go this way; what was under way on them is gone.
func (r *road) breakOff() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, c := range r.ends {
		_ = c.(*net.TCPConn).SetLinger(0)
		_ = c.Close()
	}
	r.ends = nil
}
