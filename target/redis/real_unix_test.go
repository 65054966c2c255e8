//go:build unix

package redis

import (
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"plimsoll/target"
	installed "plimsoll/target/real"
)

// real is a redis-server of this test's own.
type real struct {
	t       testing.TB
	command []string
	process *exec.Cmd
	address string
	ask     *caller // asks the server about itself
}

// realServer starts the program, in a folder and at a port of its own.
func realServer(t testing.TB, args ...string) *real {
	t.Helper()
	program := installed.Program(t, "redis-server")
	r := &real{t: t, address: installed.Address(t)}
	_, port, _ := net.SplitHostPort(r.address)
	r.command = append([]string{program, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", t.TempDir(), "--daemonize", "no"}, args...)
	r.start()
	t.Cleanup(r.kill)
	return r
}

func (r *real) start() {
	r.t.Helper()
	r.process = exec.Command(r.command[0], r.command[1:]...)
	if err := r.process.Start(); err != nil {
		r.t.Fatal(err)
	}
	eventually(r.t, "redis-server listens", func() bool {
		conn, err := net.Dial("tcp", r.address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
}

// kill ends the server, and waits until it is gone.
func (r *real) kill() {
	_ = r.process.Process.Kill()
	_ = r.process.Wait()
}

func (r *real) signal(s syscall.Signal) { installed.Signal(r.process.Process.Pid, s) }

// tells is what the server answers to a question about itself.
func (r *real) tells(line string) string {
	r.t.Helper()
	if r.ask == nil {
		r.ask = openAt(r.t, "", r.address, nil, nil)
	}
	p, err := r.ask.opened.Prepare(ask(r.t, line))
	if err != nil {
		r.t.Fatal(err)
	}
	d := r.ask.call(target.Request{Call: p, Want: wants(r.t, "body")})
	if !d.OK() {
		r.t.Fatalf("%s: %+v", line, d)
	}
	return d.Found[0].Text
}

// calls is how often the server has carried a command out.
func (r *real) calls(name string) int {
	for line := range strings.Lines(r.tells("INFO commandstats")) {
		if rest, is := strings.CutPrefix(line, "cmdstat_"+name+":calls="); is {
			n, _, _ := strings.Cut(rest, ",")
			count, _ := strconv.Atoi(n)
			return count
		}
	}
	return 0
}

// clients is how many connections with that name there are, and how many of them
// wait in a command that blocks.
func (r *real) clients(without int) (all, blocked int) {
	for line := range strings.Lines(r.tells("CLIENT LIST")) {
		all++
		if strings.Contains(line, " flags=b ") {
			blocked++
		}
	}
	return all - without, blocked
}

// What is reported is what redis-server counts, whatever is asked.
func TestRealServerCounts(t *testing.T) { byEach(t, testRealServerCounts) }

func testRealServerCounts(t *testing.T, engine string) {
	r := realServer(t)
	x := openAt(t, engine, r.address, nil, nil)
	set, _ := x.opened.Prepare(ask(t, "SET k v", "INCR n", "MGET k n none"))
	push, _ := x.opened.Prepare(ask(t, "LPUSH k x"))
	const calls = 100
	for n := range calls {
		d := x.call(target.Request{Number: uint64(n), Call: set, Want: wants(t, "body")})
		if want := fmt.Sprintf(`["v","%d",null]`, n+1); !d.OK() || d.Found[0].Text != want {
			t.Fatalf("%+v; want %s", d, want)
		}
		if d := x.call(target.Request{Number: uint64(n), Call: push}); d.Class != "redis-WRONGTYPE" {
			t.Fatalf("%+v", d)
		}
	}
	for _, name := range []string{"set", "incr", "mget", "lpush"} {
		if got := r.calls(name); got != calls {
			t.Errorf("%d times %s for %d calls", got, name, calls)
		}
	}
}

// Names, passwords and databases are those of the server; who has none of them is
// told why.
func TestRealServerKnowsWhoAsks(t *testing.T) {
	r := realServer(t, "--requirepass", "secret")
	admin := openAt(t, "", r.address, ask(t, "ACL SETUSER ann on >hunter2 ~* +@all"), func(s *Settings) { s.Password = "secret" })
	if d := admin.call(target.Request{}); !d.OK() {
		t.Fatalf("%+v", d)
	}
	for name, c := range map[string]struct {
		change func(*Settings)
		class  string
	}{
		"password":       {func(s *Settings) { s.Password = "secret" }, ""},
		"user, database": {func(s *Settings) { s.User, s.Password, s.DB = "ann", "hunter2", 3 }, ""},
		"wrong":          {func(s *Settings) { s.User, s.Password = "ann", "secret" }, "redis-WRONGPASS"},
		"nobody":         {nil, "redis-NOAUTH"},
		"no database":    {func(s *Settings) { s.Password, s.DB = "secret", 99 }, "redis-ERR"},
	} {
		for _, engine := range engines() {
			x := openAt(t, engine, r.address, ask(t, "SET where x"), c.change)
			if d := x.call(target.Request{}); d.Class != c.class {
				t.Errorf("%s by %s: %+v", name, engine, d)
			}
		}
	}
}

// A server that is killed and comes back, or is frozen past the time-out: every
// call ends, with its class, and nothing hangs.
func TestRealServerGoesAndComes(t *testing.T) { byEach(t, testRealServerGoesAndComes) }

func testRealServerGoesAndComes(t *testing.T, engine string) {
	r := realServer(t)
	x := openAt(t, engine, r.address, ask(t, "INCR n"), func(s *Settings) { s.Timeout = 300 * time.Millisecond })
	count := 0
	call := func(classes ...string) {
		t.Helper()
		d := x.call(target.Request{Number: uint64(count)})
		count++
		for _, class := range classes {
			if d.Class == class {
				return
			}
		}
		t.Fatalf("%+v; want one of %q", d, classes)
	}
	call("")
	r.signal(syscall.SIGSTOP)
	call(target.Timeout)
	call(target.Timeout)
	r.signal(syscall.SIGCONT)
	call("")
	r.kill()
	call(target.Connect, target.Reset)
	call(target.Connect)
	r.start()
	call("")
}

// Cancelled commands that block leave no client behind.
func TestRealServerHasNoBlockedClient(t *testing.T) { byEach(t, testRealServerHasNoBlockedClient) }

func testRealServerHasNoBlockedClient(t *testing.T, engine string) {
	r := realServer(t)
	x := openAt(t, engine, r.address, ask(t, "BLPOP nothing 0"), nil)
	for n := range 5 {
		x.send(uint32(n), target.Request{Number: uint64(n)})
	}
	if d, is := x.end(time.Millisecond); is {
		t.Fatalf("%+v", d)
	}
	eventually(t, "five clients are blocked", func() bool { x.end(time.Millisecond); _, n := r.clients(1); return n == 5 })
	x.due = x.clock.Now()
	x.carrier.CancelAll(x.due)
	for range 5 {
		if d, is := x.end(5 * time.Second); !is || d.Class != target.Cancelled {
			t.Fatalf("%+v", d)
		}
	}
	eventually(t, "no client is blocked, or there", func() bool { all, n := r.clients(1); return n == 0 && all == 0 })
}

// The server never has more connections than it is said there may be, and when
// its own limit is reached it says so.
func TestRealServerHasNoMoreConnections(t *testing.T) { byEach(t, testRealServerHasNoMoreConnections) }

func testRealServerHasNoMoreConnections(t *testing.T, engine string) {
	r := realServer(t, "--maxclients", "10")
	r.tells("PING")
	x := openAt(t, engine, r.address, ask(t, "INCR n"), func(s *Settings) { s.Connections = 5 })
	var most int
	var watch sync.WaitGroup
	over := make(chan struct{})
	watch.Go(func() {
		for {
			select {
			case <-over:
				return
			default:
				all, _ := r.clients(1)
				most = max(most, all)
			}
		}
	})
	for n := range 2000 {
		x.send(uint32(n), target.Request{Number: uint64(n)})
	}
	for range 2000 {
		if d, is := x.end(20 * time.Second); !is || !d.OK() {
			t.Fatalf("%+v", d)
		}
	}
	close(over)
	watch.Wait()
	if most > 5 || r.calls("incr") != 2000 {
		t.Errorf("%d connections at once, %d commands", most, r.calls("incr"))
	}
	many := openAt(t, engine, r.address, ask(t, "BLPOP nothing 0"), func(s *Settings) { s.Timeout = 500 * time.Millisecond })
	for n := range 20 {
		many.send(uint32(n), target.Request{Number: uint64(n)})
	}
	classes := map[string]int{}
	for range 20 {
		d, is := many.end(20 * time.Second)
		if !is {
			t.Fatal("no end")
		}
		classes[d.Class]++
	}
	// Whether the refusal or the end of the connection is heard first is the
	// system's to say.
	if classes["redis-ERR"]+classes[target.Reset] < 10 || classes["redis-ERR"] == 0 || classes[target.Timeout] > 5 {
		t.Errorf("%v of 20 calls, where 10 clients may be and 6 are", classes)
	}
}
