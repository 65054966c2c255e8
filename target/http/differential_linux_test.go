package http

import (
	"bufio"
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/wait"
	"plimsoll/target/wire"
)

// conduct is how a server behaves, and how a call to it ends. The tables of
// conducts are in the files differential_*_linux_test.go, by theme: every engine must
// report the same of each, and as many attempts as the server has seen.
type conduct struct {
	name   string
	script func(*visit) (goOn bool) // what it does on a request that it has read whole
	change func(*Settings)
	ends   []string // classes of the first calls, one after the other; then the same again
	more   conductMore
}

// conductMore is what only some conducts have.
type conductMore struct {
	// unread names why the server does not read a request whole; open is what
	// it does then instead of reading.
	unread string
	open   func(*visit)
	// serve is all that it does on a connection, instead of script.
	serve func(*visit)
	// attempts a call makes, if not one, and resent of them; −1: it depends.
	attempts, resent int
	// partial uploads and answers do not come to their end: no two are alike in
	// size.
	partial bool
	// settles: the next call waits until the server has closed the connection.
	settles bool
	// secure changes how it speaks TLS; without, it is served plain as well.
	secure func(*tls.Config)
	// races: it ends connections under the calls that share them, or come when it
	// has just closed. Of many at once those are resets that it does not read.
	races bool
	plain bool // not over TLS, where that is another conduct
	long  bool // each call takes long: one must do, or eight
}

// house is a server that counts by itself.
type house struct {
	whole, unread, closed atomic.Int64
	conduct               conduct
	listener              net.Listener
	secure                *tls.Config
	patience              time.Duration // of its callers
	all                   sync.WaitGroup
	mu                    sync.Mutex
	conns                 []net.Conn
}

// visit is one connection to a house.
type visit struct {
	*house
	raw    *net.TCPConn
	conn   net.Conn // raw, or TLS over it
	in     *bufio.Reader
	number int // of the request, from 0
	method string
}

func (v *visit) say(text string) bool { _, err := io.WriteString(v.conn, text); return err == nil }

// breakOff resets the connection, when the client has had the time to read
// what was said.
func (v *visit) breakOff() {
	time.Sleep(20 * time.Millisecond)
	_ = v.raw.SetLinger(0)
	_ = v.raw.Close()
}

// silence waits until the client leaves.
func (v *visit) silence() { _, _ = io.Copy(io.Discard, v.in) }

func keepHouse(t *testing.T, c conduct, secure *tls.Config, patience time.Duration) *house {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{conduct: c, listener: listener, secure: secure, patience: patience}
	h.all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			h.mu.Lock()
			h.conns = append(h.conns, conn)
			h.mu.Unlock()
			h.all.Go(func() { h.receive(conn.(*net.TCPConn)) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		h.mu.Lock()
		for _, conn := range h.conns {
			_ = conn.Close()
		}
		h.mu.Unlock()
		h.all.Wait()
	})
	return h
}

// open is how many connections there are that have not been closed here.
func (h *house) open() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.conns) - int(h.closed.Load())
}

func (h *house) receive(raw *net.TCPConn) {
	v := &visit{house: h, raw: raw, conn: raw}
	if h.secure != nil {
		v.conn = tls.Server(raw, h.secure)
	}
	v.in = bufio.NewReader(v.conn)
	defer h.closed.Add(1)
	defer v.conn.Close()
	if h.conduct.more.serve != nil {
		h.conduct.more.serve(v)
		return
	}
	if h.conduct.more.open != nil {
		h.unread.Add(1)
		h.conduct.more.open(v)
		return
	}
	for ; ; v.number++ {
		r, err := nethttp.ReadRequest(v.in)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		h.whole.Add(1)
		v.method = r.Method
		if !h.conduct.script(v) {
			return
		}
	}
}

// report is what an engine says of a call.
type report struct {
	class            string
	attempts, resent int
	in, out          int64
	example          string
}

// carryOut makes calls through an engine, so many at a time.
func carryOut(t *testing.T, engine string, s Settings, atOnce, calls int, between func(done int)) []report {
	t.Helper()
	var outcomes []target.Outcome
	if engine == Std {
		to, err := Open(s, "")
		if err != nil {
			t.Fatal(err)
		}
		defer to.Close()
		outcomes = byCallers(t, to, atOnce, calls, between)
	} else {
		outcomes = byLoop(t, engine, s, atOnce, calls, between)
	}
	var reports []report
	for _, o := range outcomes {
		if o.OK() != (o.Example == "") {
			t.Errorf("%s: %+v", engine, o)
		}
		reports = append(reports, report{o.Class, o.Attempts, o.Resent, o.BytesIn, o.BytesOut, o.Example})
	}
	return reports
}

func byCallers(t *testing.T, to *Target, atOnce, calls int, between func(int)) []target.Outcome {
	if atOnce > 1 {
		return load(t, to, atOnce, calls)
	}
	var outcomes []target.Outcome
	for n := range calls {
		outcomes = append(outcomes, to.Call(t.Context(), nth(uint64(n))))
		between(n + 1)
	}
	return outcomes
}

// byLoop has an engine of package wire make calls, so many at a time, the way
// that a loop does; between them it tells how many have ended.
func byLoop(t *testing.T, engine string, s Settings, atOnce, calls int, between func(int)) []target.Outcome {
	t.Helper()
	o, asks, err := s.Wire("")
	if err != nil {
		t.Fatal(err)
	}
	server, err := wire.Open(engine, o)
	if err != nil {
		t.Fatal(err)
	}
	var clock target.Clock = wait.NewDoze(0)
	if wire.Polls(server.Engine) {
		clock.Close()
		if clock, err = wire.Clock(server.Engine, 0); err != nil {
			t.Fatal(err)
		}
	}
	defer clock.Close()
	codec, _ := s.codec(asks, wire.Polls(engine))
	carrier, err := server.Carrier(codec, clock)
	if err != nil {
		t.Fatal(err)
	}
	defer carrier.Close()
	outcomes, sent := make([]target.Outcome, calls), 0
	var due time.Duration
	send := func() {
		if sent < calls {
			due = min(due, carrier.Send(target.NewID(uint32(sent), 0), nth(uint64(sent)), clock.Now()))
			sent++
		}
	}
	for range atOnce {
		send()
	}
	for ended := 0; ended < calls; {
		done, next := carrier.Take(clock.Wait(due))
		if due = next; done == nil {
			continue
		}
		outcomes[done.ID.Slot()], due = done.Outcome, done.Ended
		if ended++; atOnce == 1 && between != nil {
			between(ended)
		}
		send()
	}
	return outcomes
}

// carrier is an engine with the protocol that it speaks.
type carrier struct {
	engine, protocol string
	secure           bool
}

func (c carrier) name() string {
	name := c.engine + " " + c.protocol
	if c.secure {
		name += " over TLS"
	}
	return name
}

// findings are what is wrong with what engines tell. They are kept for the end,
// for a busy machine may have been at fault.
type findings struct {
	mu   sync.Mutex
	list []string
}

func (f *findings) Errorf(format string, values ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, fmt.Sprintf(format, values...))
}

// expectAlike makes the calls of a conduct through every carrier, one and
// eight at a time, and compares what they report with each other, with what
// was expected, and with what the server counted. Where that is a time-out it
// may strike too early on a busy machine, and is tried again with a longer one.
func expectAlike(t *testing.T, c conduct, carriers []carrier) {
	t.Parallel()
	if c.more.plain {
		carriers = slices.DeleteFunc(slices.Clone(carriers), func(by carrier) bool { return by.secure })
	}
	patiences := []time.Duration{10 * time.Second}
	if c.ends[0] == target.Timeout {
		patiences = []time.Duration{200 * time.Millisecond, time.Second, 5 * time.Second}
	}
	for i, patience := range patiences {
		found := c.compare(t, carriers, patience)
		if len(found) == 0 {
			return
		}
		if i == len(patiences)-1 {
			t.Error(strings.Join(found[:min(len(found), 10)], "\n"))
		}
	}
}

func (c conduct) compare(t *testing.T, carriers []carrier, patience time.Duration) []string {
	var found findings
	told := make([][]report, len(carriers))
	var all sync.WaitGroup
	for i, by := range carriers {
		meet := func() {
			told[i] = c.meet(t, &found, by, 1, patience)
			c.meet(t, &found, by, 8, patience)
		}
		if c.more.long { // and does nothing meanwhile
			all.Go(meet)
		} else {
			meet()
		}
	}
	all.Wait()
	for k, reports := range told {
		for i, r := range reports {
			if want := c.ends[i%len(c.ends)]; r.class != want {
				found.Errorf("%s, call %d: %+v, want class %q", carriers[k].name(), i, r, want)
			}
			if first := told[0][i]; !c.more.partial && r.figures() != first.figures() || r.class != first.class {
				found.Errorf("call %d is told by\n%s as %+v, by\n%s as %+v", i, carriers[0].name(), first, carriers[k].name(), r)
			}
		}
	}
	return found.list
}

// figures are what is alike in a report by every engine, but for words.
func (r report) figures() report {
	r.example = ""
	return r
}

// meet carries the conduct's calls out against a fresh server, and compares
// what is reported with what that has counted.
func (c conduct) meet(t *testing.T, found *findings, by carrier, atOnce int, patience time.Duration) []report {
	t.Helper()
	var config *tls.Config
	scheme := "http"
	if by.secure {
		config, scheme = serverTLS(t), "https"
		if c.more.secure != nil {
			c.more.secure(config)
		}
		if by.protocol == "2" {
			config.NextProtos = []string{"h2"}
		}
	}
	h := keepHouse(t, c, config, patience)
	s := Settings{
		Calls:    []Request{{Method: "GET", URL: scheme + "://" + h.listener.Addr().String() + "/"}},
		Settings: client.Settings{Timeout: patience, TLS: client.TLS{Insecure: true}}, Protocol: by.protocol, Engine: by.engine,
	}
	if c.change != nil {
		c.change(&s)
	}
	calls := 3 * len(c.ends)
	if atOnce > 1 {
		calls = 16
	}
	if c.more.long {
		calls = atOnce
	}
	reports := carryOut(t, by.engine, s, atOnce, calls, func(int) {
		for first := true; c.more.settles && (first || h.open() > 0); first = false {
			time.Sleep(2 * time.Millisecond) // engines look at connections that have rested
		}
	})
	c.expectCounts(found, by, atOnce, reports, h)
	return reports
}

// expectCounts checks that every attempt reported is a request that the server
// has read whole, or one that it is known not to read; that classes are those
// expected; and that bytes are no more than there were.
func (c conduct) expectCounts(t *findings, by carrier, atOnce int, reports []report, h *house) {
	attempts, loose := int64(0), c.more.races && atOnce > 1
	for i, r := range reports {
		attempts += int64(r.attempts)
		if want := cmp.Or(c.more.attempts, 1); want > 0 && !loose && (r.attempts != want || r.resent != c.more.resent) || r.resent > r.attempts-1 {
			t.Errorf("%s, %d at once, call %d: %+v, want %d attempts", by.name(), atOnce, i, r, want)
		}
		if loose && r.class == target.Reset {
			continue
		} else if !slices.Contains(c.ends, r.class) {
			t.Errorf("%s, %d at once, call %d: %+v, want one of %q", by.name(), atOnce, i, r, c.ends)
		}
	}
	upload := c.upload()
	for _, r := range reports {
		if c.more.partial && upload > 0 && r.out >= upload {
			t.Errorf("%s, %d at once: %+v, as if all of the upload had been sent", by.name(), atOnce, r)
		}
	}
	// A server may hear of a request a moment after its caller has left.
	for wait := 0; wait < 1000 && !loose && attempts != h.whole.Load()+h.unread.Load(); wait++ {
		time.Sleep(time.Millisecond)
	}
	whole, unread := h.whole.Load(), h.unread.Load()
	if loose && whole <= attempts { // the others came when it had just ended their connection
		return
	}
	if attempts != whole+unread || unread > 0 && c.more.unread == "" || unread == 0 && c.more.open != nil {
		t.Errorf("%s, %d at once: %d attempts are reported; the server has read %d and closed on %d unread (%s)", by.name(), atOnce, attempts, whole, unread, c.more.unread)
	}
}

// upload is the size of a call's body.
func (c conduct) upload() int64 {
	s := Settings{Calls: []Request{{}}}
	if c.change != nil {
		c.change(&s)
	}
	return int64(len(s.Calls[0].Body))
}

// serverTLS is a server's certificate.
func serverTLS(t *testing.T) *tls.Config {
	t.Helper()
	der, key := selfSigned(t)
	private, err := x509.ParsePKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: private}}}
}
