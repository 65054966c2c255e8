//go:build unix

package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"plimsoll/runner/result"
	"plimsoll/target/broker"
	"plimsoll/target/real"
)

// counted is a server that counts what it is asked, and knows when it last was.
type counted struct {
	url  string
	n    atomic.Int64
	last atomic.Int64 // Unix time, ns
}

func countedServer(t testing.TB) *counted {
	c := &counted{}
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		c.n.Add(1)
		c.last.Store(time.Now().UnixNano())
	}))
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

// field is a fleet of processes, over a nats-server of its own.
type field struct {
	t           testing.TB
	dir         string
	address     string
	nats        *exec.Cmd
	agents      []*process
	coordinator *process
}

// startNATS starts the server, or starts it again.
func (f *field) startNATS() {
	f.t.Helper()
	host, port, _ := net.SplitHostPort(f.address)
	f.nats = exec.Command(real.Program(f.t, "nats-server"), "-a", host, "-p", port)
	if err := f.nats.Start(); err != nil {
		f.t.Fatal(err)
	}
	one := f.nats
	f.t.Cleanup(func() { _ = one.Process.Kill(); _ = one.Wait() })
	eventually(f.t, "nats-server listens", func() bool {
		c, err := net.Dial("tcp", f.address)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
}

// newField is a field on which nobody is yet, with a scenario file and a token.
func newField(t testing.TB, text string) *field {
	t.Helper()
	f := &field{t: t, dir: folder(t, text), address: real.Address(t)}
	if err := os.WriteFile(filepath.Join(f.dir, "token"), []byte(strings.Repeat("0123456789abcdef", 4)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f.startNATS()
	return f
}

// talk are the flags of who talks over the field's server.
func (f *field) talk() []string {
	return []string{"--nats", "nats://" + f.address, "--token-file", "token"}
}

// muster starts a fleet of n agents, which carries a scenario file out.
func muster(t testing.TB, n int, text string, more ...string) *field {
	t.Helper()
	f := newField(t, text)
	for k := range n {
		f.agents = append(f.agents, start(t, f.dir, append([]string{"agent", "--name", string(rune('a' + k)), "--once"}, f.talk()...)...))
	}
	f.coordinator = start(t, f.dir, append(append([]string{"run", "s.yaml", "--agents", strconv.Itoa(n)}, f.talk()...), more...)...)
	return f
}

// steadily is a scenario of so many calls a second to a server.
func steadily(url string, perS, seconds int) string {
	return fmt.Sprintf(`
targets:
  t: {http: {url: %q}}
  model: {sim: {delay: {exponential: 5ms}}}
scenarios:
  - {name: s, target: t, duration: %ds, drain: 2s, modes: [{rate-limited: %d/s}]}
`, url, seconds, perS)
}

// One, two and four agents carry out one schedule: the server is asked as often as the
// result tells, each agent has its share, and what is simulated is what one process
// with as many shares gives, whoever carries it out.
func TestFleetOfProcesses(t *testing.T) {
	for _, n := range []int{1, 2, 4} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			server := countedServer(t)
			f := muster(t, n, steadily(server.url, 300, 2)+`
  - {name: simulated, target: model, clock: virtual, duration: 5s, modes: [{rate-limited: 400/s, arrivals: poisson}]}
`, "--allow-late")
			if end := f.coordinator.wait(t); end.code != 0 {
				t.Fatalf("exit code %d\n%s\n%s", end.code, end.stdout, end.stderr)
			}
			for _, a := range f.agents {
				if end := a.wait(t); end.code != 0 {
					t.Errorf("an agent ended with %d: %s", end.code, end.stderr)
				}
			}
			run := latest(t, f.dir)
			trial := run.Trials[0]
			if trial.OK != 600 || server.n.Load() != 600 || len(trial.Agents) != n || trial.LostShare != 0 {
				t.Errorf("%d calls succeeded, the server counts %d, %d agents", trial.OK, server.n.Load(), len(trial.Agents))
			}
			sum := int64(0)
			for k, a := range trial.Agents {
				sum += a.Started
				if a.Share != k || a.Name != string(rune('a'+k)) || a.Started < int64(600/n) || a.Started > int64(600/n)+1 || a.ClockUncertaintyS <= 0 {
					t.Errorf("%+v", a)
				}
			}
			if sum != 600 {
				t.Errorf("the agents have started %d calls", sum)
			}
			if simulated := run.Trials[1]; simulated.OK < 1500 || len(simulated.Agents) != n {
				t.Errorf("%d simulated calls", simulated.OK)
			}
		})
	}
}

// With a server of its own a coordinator needs nothing else: it writes the token, which
// alone makes agents ready, over TLS; one with another token is told so.
func TestFleetOverItsOwnServer(t *testing.T) {
	if !broker.Embedded {
		t.Skip("only with the build tag embedded")
	}
	server := countedServer(t)
	dir, address := folder(t, steadily(server.url, 100, 2)), real.Address(t)
	leads := start(t, dir, "run", "s.yaml", "--agents", "2", "--listen", address, "--token-file", "token", "--allow-late")
	eventually(t, "there is a token", func() bool { return there(dir, "token") })
	if err := os.WriteFile(filepath.Join(dir, "other"), []byte(strings.Repeat("0", 64)), 0o600); err != nil {
		t.Fatal(err)
	}
	agent := func(token string) *process {
		return start(t, dir, "agent", "--nats", "tls://"+address, "--token-file", token, "--name", token+strconv.Itoa(rand.Int()), "--once")
	}
	if end := agent("other").wait(t); end.code != 3 || !strings.Contains(end.stderr, "has another token") {
		t.Errorf("with another token: %+v", end)
	}
	a, b := agent("token"), agent("token")
	if end := leads.wait(t); end.code != 0 || server.n.Load() != 200 || latest(t, dir).Trials[0].OK != 200 {
		t.Errorf("exit code %d, the server counts %d\n%s", end.code, server.n.Load(), end.stderr)
	}
	for _, one := range []*process{a, b} {
		if end := one.wait(t); end.code != 0 {
			t.Errorf("an agent ended with %d: %s", end.code, end.stderr)
		}
	}
}

// What becomes of a fleet, a while after its load has begun.
var faults = map[string]func(f *field, whom int){
	"agent killed":   func(f *field, whom int) { _ = f.agents[whom].Process.Kill() },
	"agent stopped":  func(f *field, whom int) { f.halt(f.agents[whom]) },
	"agent ended":    func(f *field, whom int) { _ = f.agents[whom].Process.Signal(syscall.SIGTERM) },
	"leader killed":  func(f *field, _ int) { _ = f.coordinator.Process.Kill() },
	"leader stopped": func(f *field, _ int) { f.halt(f.coordinator) },
	"leader ended":   func(f *field, _ int) { _ = f.coordinator.Process.Signal(syscall.SIGTERM) },
	"nats killed":    func(f *field, _ int) { _ = f.nats.Process.Kill(); _ = f.nats.Wait() },
	"nats restarted": func(f *field, _ int) {
		_ = f.nats.Process.Kill()
		_ = f.nats.Wait()
		time.Sleep(time.Duration(rand.IntN(1000)) * time.Millisecond)
		f.startNATS()
	},
}

// halt stops a process, and lets it go on when everybody must have given it up.
func (f *field) halt(p *process) {
	_ = p.Process.Signal(syscall.SIGSTOP)
	f.t.Cleanup(func() { _ = p.Process.Signal(syscall.SIGCONT) })
	time.AfterFunc(6*time.Second, func() { _ = p.Process.Signal(syscall.SIGCONT) })
}

// Whatever happens to a fleet: all of it ends, nobody loads on, what is told is no more
// than the server was asked, and it is no measurement unless nothing was lost. With
// PLIMSOLL_FAULTS=N there are N rounds of all faults.
func TestFleetMeetsFaults(t *testing.T) {
	rounds, _ := strconv.Atoi(os.Getenv("PLIMSOLL_FAULTS"))
	if testing.Short() {
		t.Skip("each takes some ten seconds")
	}
	for round := range max(1, rounds) {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			for name, fault := range faults {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					meets(t, name, fault)
				})
			}
		})
	}
}

func meets(t *testing.T, name string, fault func(*field, int)) {
	const perS, seconds = 60, 12
	server := countedServer(t)
	lost := []string{"stop", "continue"}[rand.IntN(2)]
	f := muster(t, 2, steadily(server.url, perS, seconds), "--lost", lost, "--allow-late")
	eventually(t, "a load", func() bool { return server.n.Load() > 10 })
	time.Sleep(time.Duration(rand.IntN(3000)) * time.Millisecond)
	began := time.Now()
	fault(f, rand.IntN(2))
	end := f.coordinator.wait(t)
	var agents []string
	for _, a := range f.agents {
		end := a.wait(t)
		agents = append(agents, fmt.Sprintf("%d: %s", end.code, end.stderr))
	}
	last := time.Unix(0, server.last.Load()).Sub(began)
	run := f.saved()
	started := int64(0)
	if run != nil && len(run.Trials) > 0 {
		started = run.Trials[0].Started
	}
	t.Logf("--lost %s: exit code %d, all has ended after %.1f s, the last call came after %.1f s; %d calls are told of, the server counts %d", lost, end.code, time.Since(began).Seconds(), last.Seconds(), started, server.n.Load())
	cutOff := name == "leader killed" || name == "leader ended" || name == "nats killed"
	if cutOff && last > 5*time.Second {
		t.Errorf("there was load %v after", last)
	}
	// Who stands still for six seconds is told then that it is no more.
	if name == "leader stopped" && last > 5*time.Second || name == "agent stopped" && lost == "stop" && last > 8*time.Second {
		t.Errorf("there was load %v after", last)
	}
	if started > server.n.Load() {
		t.Errorf("%d calls are told of, the server counts %d", started, server.n.Load())
	}
	if run == nil || len(run.Trials) == 0 {
		return
	}
	trial := run.Trials[0]
	if whole := started == perS*seconds; end.code == 0 && !whole || trial.LostShare > 0 && end.code != 3 && end.code != 130 {
		t.Errorf("the exit code is %d, of %d calls, %.1f %% lost\n%s\n%v", end.code, started, 100*trial.LostShare, end.stderr, agents)
	}
	if strings.HasPrefix(name, "agent") && name != "agent stopped" && trial.LostShare == 0 {
		t.Errorf("nothing is told to be lost\n%s\n%v", end.stderr, agents)
	}
}

// saved is the run as far as it was; nil: nothing was.
func (f *field) saved() *result.Run {
	found, _ := filepath.Glob(filepath.Join(f.dir, "results", "*-s"))
	if len(found) == 0 {
		return nil
	}
	run, err := result.Load(found[0])
	if err != nil {
		return nil
	}
	return run
}
