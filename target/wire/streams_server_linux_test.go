package wire_test

import (
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	peers "golang.org/x/net/http2"

	"plimsoll/target"
	"plimsoll/target/http2"
	"plimsoll/target/wait"
	"plimsoll/target/wire"
)

// sharer is a server of HTTP/2, by frames of its own, that counts by itself what
// it sees.
type sharer struct {
	address  string
	settings []peers.Setting
	// at hears of each request, on the goroutine that reads its connection: when
	// its head has come, and, if it has a body, once more when that has. False
	// closes the connection.
	at func(q *question) (goOn bool)
	// deaf servers read nothing.
	deaf    *atomic.Bool
	hearing chan struct{} // closed when they do again
	slow    atomic.Int64  // nanoseconds between a piece of a body and making room for more

	wide atomic.Bool // windows are wide from the beginning, and it says no more of them

	conns, heads, whole, resets, reads, leaves atomic.Int64
	most                                       atomic.Int64 // at a time, on one connection
	bytes                                      atomic.Int64 // of bodies
	looked                                     atomic.Int64 // requests, where its script says so
	mu                                         sync.Mutex
	guests                                     []*guest
}

// guest is one connection to it.
type guest struct {
	*sharer
	*peer
	mu     sync.Mutex // of what is written, and of open
	frames *peers.Framer
	open   map[uint32]*question
}

// question is a request.
type question struct {
	*guest
	id    uint32
	n     int  // of the requests, from 0
	body  bool // has one
	whole bool
	bytes int
}

// share starts a server of HTTP/2 with those settings.
func share(t testing.TB, at func(*question) bool, settings ...peers.Setting) *sharer {
	s := &sharer{settings: settings, at: at, deaf: new(atomic.Bool), hearing: make(chan struct{})}
	s.address = serve(t, s.visit)
	return s
}

// does sets what it does from now on. (The sockets of the engine are none that the
// race detector knows.)
func (s *sharer) does(at func(*question) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = at
}

func (s *sharer) script() func(*question) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at
}

// first is its first guest.
func (s *sharer) first() *guest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.guests[0]
}

func (s *sharer) visit(p *peer) {
	s.conns.Add(1)
	counted := readsCounted{p, s}
	g := &guest{sharer: s, peer: p, frames: peers.NewFramer(p, counted), open: map[uint32]*question{}}
	s.mu.Lock()
	s.guests = append(s.guests, g)
	s.mu.Unlock()
	preface := make([]byte, len(peers.ClientPreface))
	if _, err := io.ReadFull(counted, preface); err != nil {
		return
	}
	g.write(func(f *peers.Framer) error { return f.WriteSettings(s.settings...) })
	for g.next() {
	}
}

// readsCounted reads what there is at a time: as much as fits into a segment.
type readsCounted struct {
	*peer
	s *sharer
}

func (r readsCounted) Read(b []byte) (int, error) {
	if r.in.Buffered() == 0 {
		if r.s.deaf.Load() {
			<-r.s.hearing
		}
		if _, err := r.in.Peek(1); err != nil {
			return 0, err
		}
		r.s.reads.Add(1)
	}
	return r.in.Read(b)
}

func (g *guest) write(say func(*peers.Framer) error) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return say(g.frames) == nil
}

// next takes in a frame.
func (g *guest) next() bool {
	frame, err := g.frames.ReadFrame()
	if err != nil {
		return false
	}
	switch f := frame.(type) {
	case *peers.SettingsFrame:
		return f.IsAck() || g.write(func(w *peers.Framer) error { return w.WriteSettingsAck() })
	case *peers.PingFrame:
		return f.IsAck() || g.write(func(w *peers.Framer) error { return w.WritePing(true, f.Data) })
	case *peers.RSTStreamFrame:
		g.resets.Add(1)
		g.close(f.StreamID)
	case *peers.GoAwayFrame:
		g.leaves.Add(1)
	case *peers.HeadersFrame:
		q := &question{guest: g, id: f.StreamID, n: int(g.heads.Add(1) - 1), body: !f.StreamEnded(), whole: f.StreamEnded()}
		g.mu.Lock()
		g.open[q.id] = q
		for now := int64(len(g.open)); now > g.most.Load(); {
			g.most.Store(now)
		}
		g.mu.Unlock()
		if q.whole {
			g.sharer.whole.Add(1)
		}
		return g.script()(q)
	case *peers.DataFrame:
		g.mu.Lock()
		q := g.open[f.StreamID]
		g.mu.Unlock()
		size := f.Length
		g.sharer.bytes.Add(int64(len(f.Data())))
		if slow := g.slow.Load(); slow > 0 {
			time.Sleep(time.Duration(slow))
		}
		if size > 0 && !g.sharer.wide.Load() && !g.write(func(w *peers.Framer) error { return w.WriteWindowUpdate(0, size) }) {
			return false
		}
		if q == nil {
			return true
		}
		if q.bytes += len(f.Data()); f.StreamEnded() {
			q.whole = true
			g.sharer.whole.Add(1)
			return g.script()(q)
		}
		return size == 0 || g.sharer.wide.Load() || g.write(func(w *peers.Framer) error { return w.WriteWindowUpdate(f.StreamID, size) })
	}
	return true
}

// close forgets a stream; the second time it is false.
func (g *guest) close(id uint32) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, there := g.open[id]
	delete(g.open, id)
	return there
}

// well answers a request, unless the client has left it.
func (q *question) well() bool {
	if !q.close(q.id) {
		return true
	}
	return q.write(func(w *peers.Framer) error {
		err := w.WriteHeaders(peers.HeadersFrameParam{StreamID: q.id, BlockFragment: []byte{0x88}, EndHeaders: true})
		if err == nil {
			err = w.WriteData(q.id, true, []byte("OK"))
		}
		return err
	})
}

// refuse breaks a stream off.
func (q *question) refuse(why peers.ErrCode) bool {
	return !q.close(q.id) || q.write(func(w *peers.Framer) error { return w.WriteRSTStream(q.id, why) })
}

// goAway says that no stream behind that one is looked at.
func (g *guest) goAway(last uint32, why peers.ErrCode) bool {
	return g.write(func(w *peers.Framer) error { return w.WriteGoAway(last, why, nil) })
}

// leave closes the connection in an orderly way.
func (g *guest) leave() {
	_ = g.CloseWrite()
	_, _ = io.Copy(io.Discard, g.in)
}

// setting is one of SETTINGS.
func setting(id peers.SettingID, value uint32) peers.Setting {
	return peers.Setting{ID: id, Val: value}
}

// atOnce answers each request when it is whole.
func atOnce(q *question) bool { return !q.whole || q.well() }

// multiplex opens an event loop over HTTP/2 until the test ends, as open does.
func (k kind) multiplex(t testing.TB, address string, streams int, change func(*Options)) *engine {
	t.Helper()
	e := k.startMultiplex(t, address, streams, change)
	t.Cleanup(e.Close)
	return e
}

func (k kind) startMultiplex(t testing.TB, address string, streams int, change func(*Options)) *engine {
	t.Helper()
	o := options(address, func(o *Options) {
		o.Origin = "http://x"
		if change != nil {
			change(o)
		}
	})
	server, err := wire.Open(string(k), o.Options)
	if err != nil {
		t.Fatal(err)
	}
	clock, err := wire.Clock(string(k), wait.DefaultSpin)
	if err != nil {
		t.Fatal(err)
	}
	c, err := server.Carrier(http2.NewCodec(o.asks, streams, true), clock)
	if err != nil {
		t.Fatal(err)
	}
	clock.Align(time.Now())
	return &engine{carrier: c.(carrier), clock: clock}
}

// pass lets the loop go on until something is so.
func (e *engine) pass(t testing.TB, what string, is func() bool) (ended []target.Done) {
	t.Helper()
	for limit := time.Now().Add(20 * time.Second); !is(); {
		if done, any, _ := e.Wait(e.now() + time.Millisecond); any {
			ended = append(ended, done)
		}
		if time.Now().After(limit) {
			t.Fatalf("waited for 20 s: %s", what)
		}
	}
	return ended
}

// terseShared answers every request, and allocates nothing for that.
func terseShared(p *peer) {
	if _, err := p.out.Write([]byte{0, 0, 0, byte(peers.FrameSettings), 0, 0, 0, 0, 0}); err != nil {
		return
	}
	buffer, out, end := make([]byte, 64<<10), make([]byte, 0, 64<<10), 0
	at := len(peers.ClientPreface)
	for {
		n, err := p.out.(io.Reader).Read(buffer[end:])
		if err != nil {
			return
		}
		end += n
		out = out[:0]
		for end-at >= 9 {
			f := buffer[at:end]
			size := 9 + int(f[0])<<16 + int(f[1])<<8 + int(f[2])
			if len(f) < size {
				break
			}
			switch {
			case f[3] == byte(peers.FrameHeaders):
				out = append(append(out, 0, 0, 1, 1, 4), f[5:9]...)
				out = append(append(out, 0x88, 0, 0, 2, 0, 1), f[5:9]...)
				out = append(out, "OK"...)
			case f[3] == byte(peers.FrameSettings) && f[4] == 0:
				out = append(out, 0, 0, 0, byte(peers.FrameSettings), 1, 0, 0, 0, 0)
			}
			at += size
		}
		if at > 0 && at <= end {
			end, at = copy(buffer, buffer[at:end]), 0
		}
		if len(out) > 0 {
			if _, err := p.out.Write(out); err != nil {
				return
			}
		}
	}
}
