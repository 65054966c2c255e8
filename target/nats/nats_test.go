//go:build unix

package nats

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	"plimsoll/target"
	"plimsoll/target/kind"
	"plimsoll/target/look"
	"plimsoll/target/random"
	"plimsoll/target/real"
	"plimsoll/target/setting"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is a nats-server as a process of its own, on a port that it keeps.
type server struct {
	url    string
	args   []string
	config string
	cmd    *exec.Cmd
}

// start starts the real nats-server, with some lines of configuration. Where it
// is not installed the test skips, and fails where PLIMSOLL_REAL is set.
func start(t testing.TB, config string) *server {
	t.Helper()
	path := real.Program(t, "nats-server")
	address, dir := real.Address(t), t.TempDir()
	s := &server{url: "nats://" + address, config: filepath.Join(dir, "nats.conf")}
	text := fmt.Sprintf("listen: %s\njetstream: {store_dir: %q}\n%s\n", address, dir, config)
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s.args = []string{path, "-c", s.config}
	s.begin(t)
	t.Cleanup(s.kill)
	return s
}

func (s *server) begin(t testing.TB) {
	t.Helper()
	s.cmd = exec.Command(s.args[0], s.args[1:]...)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "nats://")); err == nil {
			c.Close()
			return
		}
		if time.Now().After(until) {
			t.Fatal("nats-server does not listen")
		}
	}
}

func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// open makes a target ready.
func open(t testing.TB, text string) (*broker, error) {
	t.Helper()
	r := setting.NewReader(os.LookupEnv, ".")
	s, ok := Shape().Read(r, r.Load([]byte(text)))
	if !ok {
		t.Fatalf("%s: %v", text, r.Problems())
	}
	b, _, err := s.(*Settings).broker(t.Context(), kind.Site{Streams: random.New(1)})
	if err == nil {
		t.Cleanup(b.close)
	}
	return b, err
}

// at is the text of a target with a server's address in it.
func (s *server) at(text string) string {
	return fmt.Sprintf("{url: %q, %s}", s.url, strings.Trim(text, "{}"))
}

func must(t testing.TB, b *broker, err error) *broker {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// admin is a connection of the test's own, which sees what the broker sees.
func (s *server) admin(t testing.TB) *nats.Conn {
	t.Helper()
	c, err := nats.Connect(s.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func (b *broker) calls(t testing.TB, n, at int, want ...look.Operand) (outs []target.Outcome) {
	t.Helper()
	outs = make([]target.Outcome, n)
	var next atomic.Int64
	var all sync.WaitGroup
	for range at {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				outs[i] = b.Call(ctx, &target.Request{Number: uint64(i), Want: want})
				cancel()
			}
		})
	}
	all.Wait()
	return outs
}

func expect(t *testing.T, outs []target.Outcome, class string) {
	t.Helper()
	for i, out := range outs {
		if out.Class != class {
			t.Fatalf("call %d: %q (%s), want %q", i, out.Class, out.Example, class)
		}
	}
}

// The stream has what was said to be acknowledged: each message once, and no
// other. It is gone with the trial.
func TestWhatIsAcknowledgedIsKept(t *testing.T) {
	s := start(t, "")
	js, err := s.admin(t).JetStream()
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{1, 16} {
		b, err := open(t, s.at(`{publish: "order ${iteration}", subject: "orders.new"}`))
		must(t, b, err)
		seq, _ := look.Parse("json.seq")
		outs := b.calls(t, 500, at, seq)
		expect(t, outs, "")
		name, err := js.StreamNameBySubject("orders.new")
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]int{}
		for i := range outs {
			n, _ := strconv.ParseUint(outs[i].Found[0].Text, 10, 64)
			m, err := js.GetMsg(name, n)
			if err != nil || string(m.Data) != fmt.Sprintf("order %d", i) {
				t.Fatalf("call %d is acknowledged as number %d, and there is %v %v", i, n, m, err)
			}
			seen[string(m.Data)]++
			if p := outs[i].Parts.Phases; p[acknowledged] <= 0 || p[consumed] >= 0 {
				t.Fatalf("phases %v", p)
			}
		}
		info, err := js.StreamInfo(name)
		if err != nil || info.State.Msgs != 500 || len(seen) != 500 || info.State.Consumers != 0 {
			t.Errorf("the stream has %+v, %v", info, err)
		}
		b.close()
		if name, err := js.StreamNameBySubject("orders.new"); err == nil {
			t.Errorf("the stream %s is left", name)
		}
	}
}

// A stream that is there keeps the messages, and stays.
func TestStreamsOfOthersStay(t *testing.T) {
	s := start(t, "")
	js, err := s.admin(t).JetStream()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.AddStream(&nats.StreamConfig{Name: "SHOP", Subjects: []string{"shop.>"}}); err != nil {
		t.Fatal(err)
	}
	b, err := open(t, s.at(`{publish: x, subject: "shop.${iteration}.new"}`))
	must(t, b, err)
	expect(t, b.calls(t, 20, 4), "")
	b.close()
	if info, err := js.StreamInfo("SHOP"); err != nil || info.State.Msgs != 20 {
		t.Errorf("%+v %v", info, err)
	}
}

// Whoever subscribes gets each message once; a call that waits for its arrival is
// over when it has arrived, at every receiver.
func TestArrival(t *testing.T) {
	s := start(t, "")
	var came atomic.Int64
	if _, err := s.admin(t).Subscribe("news.>", func(*nats.Msg) { came.Add(1) }); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text                                string
		acknowledged, consumed, ofReceivers bool
	}{
		{`{publish: hello, subject: news.today, wait_for: consumed}`, true, true, false},
		{`{publish: hello, subject: news.today, wait_for: consumed, jetstream: false}`, false, true, false},
		{`{publish: hello, subject: "news.${iteration}", wait_for: consumed, jetstream: false, receivers: 50}`, false, true, true},
		{`{publish: hello, subject: news.now, receivers: 3}`, true, false, true},
	} {
		came.Store(0)
		b, err := open(t, s.at(c.text))
		must(t, b, err)
		outs := b.calls(t, 100, 8)
		expect(t, outs, "")
		for _, out := range outs {
			p := out.Parts.Phases
			if (p[acknowledged] >= 0) != c.acknowledged || (p[consumed] >= 0) != c.consumed || (p[firstReceiver] >= 0) != c.ofReceivers || p[lastReceiver] < p[firstReceiver] {
				t.Fatalf("%s: phases %v", c.text, p)
			}
		}
		b.close()
		for until := time.Now().Add(10 * time.Second); came.Load() < 100 && time.Now().Before(until); {
			time.Sleep(time.Millisecond)
		}
		if came.Load() != 100 {
			t.Errorf("%s: %d of 100 messages came", c.text, came.Load())
		}
	}
}

// A reply is what is looked at; without anybody who replies a call fails at once.
func TestReplies(t *testing.T) {
	s := start(t, "")
	if _, err := s.admin(t).Subscribe("ask.>", func(m *nats.Msg) { _ = m.Respond([]byte(`{"you said": "` + string(m.Data) + `"}`)) }); err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
	said, _ := look.Parse(`json."you said"`)
	b, err := open(t, s.at(`{publish: "${iteration}", subject: ask.me, wait_for: replied}`))
	must(t, b, err)
	outs := b.calls(t, 50, 4, said)
	expect(t, outs, "")
	for i, out := range outs {
		if out.Found[0].Text != strconv.Itoa(i) {
			t.Fatalf("call %d was answered %v", i, out.Found)
		}
	}
	b, err = open(t, s.at(`{publish: x, subject: nobody.home, wait_for: replied}`))
	must(t, b, err)
	expect(t, b.calls(t, 5, 1), "nats-no-responders")
}

// No more connections than there may be, and one for each user where that is
// asked for.
func TestConnections(t *testing.T) {
	s := start(t, "http: 127.0.0.1:0")
	c := s.admin(t)
	var most, now atomic.Int64
	if _, err := c.Subscribe("slow", func(m *nats.Msg) {
		most.Store(max(most.Load(), now.Add(1)))
		go func() { time.Sleep(5 * time.Millisecond); now.Add(-1); _ = m.Respond(nil) }()
	}); err != nil {
		t.Fatal(err)
	}
	_ = c.Flush()
	b, err := open(t, s.at(`{publish: x, subject: slow, wait_for: replied, connections: 5}`))
	must(t, b, err)
	outs := b.calls(t, 100, 20)
	expect(t, outs, "")
	held := time.Duration(0)
	for _, out := range outs {
		held += out.Held
	}
	if most.Load() > 5 || held == 0 {
		t.Errorf("%d at once, held %v", most.Load(), held)
	}
}

// What may go wrong, its class, and that all is well again afterwards.
func TestFaults(t *testing.T) {
	s := start(t, "max_payload: 1000\nauthorization: {user: ann, password: kite}")
	withUser := func(text, user string) string {
		return strings.Replace(s.at(text), "nats://", "nats://"+user+"@", 1)
	}
	if _, err := open(t, withUser(`{publish: x, subject: a.b}`, "ann:wrong")); err == nil || !strings.Contains(strings.ToLower(err.Error()), "authorization violation") || strings.Contains(err.Error(), "wrong") {
		t.Errorf("wrong password: %v", err)
	}
	b, err := open(t, withUser(`{publish: x, subject: a.b, wait_for: consumed, jetstream: false, timeout: 2s}`, "ann:kite"))
	must(t, b, err)
	expect(t, b.calls(t, 10, 2), "")
	long, err := open(t, withUser(`{publish: "`+strings.Repeat("x", 2000)+`", subject: a.b, wait_for: consumed, jetstream: false}`, "ann:kite"))
	must(t, long, err)
	expect(t, long.calls(t, 2, 1), "nats-maximum-payload")

	plain, err := open(t, withUser(`{publish: x, subject: a.c, timeout: 2s}`, "ann:kite"))
	must(t, plain, err)
	expect(t, plain.calls(t, 10, 2), "")
	real.Signal(s.cmd.Process.Pid, syscall.SIGSTOP)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	frozen := plain.Call(ctx, &target.Request{})
	cancel()
	if frozen.Class != target.Cancelled { // that its time was over, the loop knows
		t.Errorf("frozen: %+v", frozen)
	}
	real.Signal(s.cmd.Process.Pid, syscall.SIGCONT)
	s.kill()
	for _, class := range []string{target.Reset, target.Connect} {
		out := plain.Call(t.Context(), &target.Request{})
		for until := time.Now().Add(10 * time.Second); out.Class != class && time.Now().Before(until); {
			out = plain.Call(t.Context(), &target.Request{})
		}
		if class == target.Connect && (out.Class != class || !strings.Contains(out.Example, "refused")) {
			t.Errorf("killed: %+v", out)
		}
	}
	s.begin(t)
	if out := plain.Call(t.Context(), &target.Request{}); !out.OK() && out.Class != "nats-no-responders" { // its stream was in memory
		t.Errorf("back: %+v", out)
	}
}

// A subject in which values stand is made a pattern for those that have a stream.
func TestPattern(t *testing.T) {
	for text, want := range map[string]string{
		"orders.new": "orders.new", "orders.${id}": "orders.*", "a.${x.y}.c": "a.*.c", "a.b${x}c.d": "a.*.d", "a.${x}-${y.z}.d": "a.*.d",
	} {
		r := setting.NewReader(os.LookupEnv, ".")
		s, ok := Shape().Read(r, r.Load(fmt.Appendf(nil, "{publish: x, subject: %q}", text)))
		if !ok {
			t.Fatal(r.Problems())
		}
		if got := s.(*Settings).Own.pattern(); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}

func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"{publish: x}":                                    "publish needs a subject",
		"{subject: x}":                                    "subject belongs to publish",
		"{publish: x, subject: a b}":                      "blanks",
		"{publish: x, subject: a..b}":                     "single dots",
		"{publish: x, subject: 'a.*'}":                    "one subject",
		`{publish: x, subject: "${a}.b"}`:                 "any subject",
		"{publish: x, subject: a, jetstream: false}":      "nobody acknowledges",
		"{publish: x, subject: a, url: 127.0.0.1}":        "no address of a broker",
		"{publish: x, subject: a, wait_for: acked}":       "acknowledged",
		"{publish: x, subject: a, tls: {insecure: true}}": "speaks no TLS",
	} {
		r := setting.NewReader(os.LookupEnv, ".")
		Shape().Read(r, r.Load([]byte(text)))
		if problems := fmt.Sprint(r.Problems()); !strings.Contains(problems, want) {
			t.Errorf("%s: %s", text, problems)
		}
	}
}

// What plimsoll adds to the client library alone, at so many in flight.
func BenchmarkPublish(b *testing.B) {
	s := start(b, "")
	to, err := open(b, s.at(`{publish: hello, subject: bench.a}`))
	must(b, to, err)
	for _, at := range []int{1, 16} {
		each := func(b *testing.B, call func()) {
			var all sync.WaitGroup
			var next atomic.Int64
			for range at {
				all.Go(func() {
					for next.Add(1) <= int64(b.N) {
						call()
					}
				})
			}
			all.Wait()
		}
		b.Run(fmt.Sprintf("plimsoll/%d", at), func(b *testing.B) {
			each(b, func() { to.Call(b.Context(), &target.Request{}) })
		})
		b.Run(fmt.Sprintf("nats.go/%d", at), func(b *testing.B) {
			conns := make(chan *nats.Conn, at)
			for range at {
				c, err := nats.Connect(s.url)
				if err != nil {
					b.Fatal(err)
				}
				defer c.Close()
				conns <- c
			}
			b.ResetTimer()
			each(b, func() {
				c := <-conns
				if _, err := c.RequestWithContext(b.Context(), "bench.a", []byte("hello")); err != nil {
					b.Error(err)
				}
				conns <- c
			})
		})
	}
}
