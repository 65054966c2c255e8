package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// linked is a fleet of two agents whose links and roads to the nats-server a test has in
// its hand, while what they load stays at the hub.
type linked struct {
	*site
	server *record
	roads  []*road // of the agents, and then the coordinator's
}

// What they load it with.
const linkedPerSecond, linkedSeconds = 60, 8

func newLinked(t *testing.T, lost string) *linked {
	f := &linked{site: newSite(t, "")}
	f.server = f.record()
	text := fmt.Sprintf(`
targets: {t: {http: {url: %q}}}
scenarios: [{name: s, target: t, duration: %ds, drain: 2s, modes: [{rate-limited: %d/s}], steps: [{name: a, get: "/s/${iteration}"}]}]
`, f.server.url, linkedSeconds, linkedPerSecond)
	if err := os.WriteFile(filepath.Join(f.dir, "s.yaml"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		f.roads = append(f.roads, f.road())
	}
	for k := range 2 {
		f.agent(f.machine(), "plimsoll", f.roads[k].address, string(rune('a'+k)))
	}
	f.lead(f.machine(), f.roads[leader].address, "--lost", lost)
	return f
}

// leader is the coordinator's place among machines and roads.
const leader = 2

// cuts are what becomes of who is at a place: an agent, or the leader.
var cuts = map[string]struct {
	do func(f *linked, whom int)
	// good tells that nobody can hear the one again.
	good bool
}{
	"unplugged":          {func(f *linked, whom int) { f.link(f.machines[whom], "down") }, true},
	"unplugged a moment": {func(f *linked, whom int) { f.link(f.machines[whom], "down"); moment(); f.link(f.machines[whom], "up") }, false},
	"unheard":            {func(f *linked, whom int) { f.roads[whom].shut.Store(true) }, true},
	"unheard a moment":   {func(f *linked, whom int) { f.roads[whom].shut.Store(true); moment(); f.roads[whom].shut.Store(false) }, false},
	"far away":           {func(f *linked, whom int) { f.roads[whom].delay.Store(int64(150 * time.Millisecond)) }, false},
	"broken off": {func(f *linked, whom int) {
		for range 3 {
			f.roads[whom].breakOff()
			moment()
		}
	}, false},
	"slow": {func(f *linked, whom int) { f.slow(append(f.agents, f.coordinator)[whom]) }, false},
}

func moment() { time.Sleep(time.Duration(100+rand.IntN(1900)) * time.Millisecond) }

// slow has a process stand still two thirds of the time, until it ends.
func (f *linked) slow(p *process) {
	go func() {
		for {
			_ = p.Process.Signal(syscall.SIGSTOP)
			time.Sleep(200 * time.Millisecond)
			_ = p.Process.Signal(syscall.SIGCONT)
			select {
			case <-p.gone:
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
}

// Whatever becomes of the links of agents and their coordinator: all end, who is cut off
// does not load on, no result tells of more than the server has counted, and what was
// lost is told, or nothing was. With PLIMSOLL_SPACES=N there are N rounds.
func TestSpacesAreCutOff(t *testing.T) {
	for round := range rounds(t) {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			for name := range cuts {
				for who, whom := range map[string]int{"agent": rand.IntN(2), "leader": leader} {
					t.Run(who+" "+name, func(t *testing.T) {
						t.Parallel()
						cutOff(t, name, whom)
					})
				}
			}
		})
	}
}

func cutOff(t *testing.T, name string, whom int) {
	lost := []string{"stop", "continue"}[rand.IntN(2)]
	f := newLinked(t, lost)
	eventually(t, "a load", func() bool { return len(f.server.of("s")) > 10 })
	time.Sleep(time.Duration(rand.IntN(2000)) * time.Millisecond)
	began := time.Since(f.server.began)
	cuts[name].do(f, whom)
	took := time.Since(f.server.began) - began
	end := f.coordinator.wait(t)
	var agents []string
	for _, a := range f.agents {
		end := a.wait(t)
		agents = append(agents, fmt.Sprintf("%d: %s", end.code, end.stderr))
	}
	all := time.Since(f.server.began) - began
	calls := f.server.of("s")
	var last [3]time.Duration // of each agent, and of all
	var made [2]int64
	for n, c := range calls {
		for k := range made {
			if c.from == f.machines[k].address {
				last[k], made[k] = max(last[k], c.at-began), made[k]+1
			}
		}
		last[leader] = max(last[leader], c.at-began)
		if n > 0 && c.number == calls[n-1].number {
			t.Errorf("call %d was made twice", c.number)
		}
	}
	run := f.saved()
	if run == nil || len(run.Trials) != 1 {
		t.Fatalf("nothing was saved\n%s\n%v", end.stderr, agents)
	}
	trial := run.Trials[0]
	t.Logf("--lost %s: exit code %d, %.1f %% lost; it took %.1f s, the last call came after %.1f s, all has ended after %.1f s; %d calls are told of (%d ok), the server counts %d",
		lost, end.code, 100*trial.LostShare, took.Seconds(), last[whom].Seconds(), all.Seconds(), trial.Started, trial.OK, len(calls))
	const whole = linkedPerSecond * linkedSeconds
	unplugged := strings.HasPrefix(name, "unplugged") && whom != leader // then not all that it begins gets anywhere
	if n := int64(len(calls)); trial.OK > n || !unplugged && trial.Started > n || trial.Scheduled > whole {
		t.Errorf("%d calls are told of, %d ok, the server counts %d", trial.Started, trial.OK, n)
	}
	for k, a := range trial.Agents {
		if a.OK > made[k] {
			t.Errorf("%d calls of agent %s have succeeded, the server counts %d", a.OK, a.Name, made[k])
		}
	}
	if cuts[name].good && (last[whom] > 5*time.Second || trial.LostShare == 0) {
		t.Errorf("there was load %v after, %.1f %% are told to be lost", last[whom], 100*trial.LostShare)
	}
	if nothing := trial.LostShare == 0; nothing && (end.code != 0 || trial.Started != whole) || !nothing && end.code != 3 {
		t.Errorf("exit code %d, %.1f %% of %d calls lost\n%s\n%v", end.code, 100*trial.LostShare, trial.Scheduled, end.stderr, agents)
	}
	if nothing := trial.LostShare == 0; nothing && trial.OK != int64(len(calls)) {
		t.Errorf("%d calls have succeeded, the server counts %d: %v", trial.OK, len(calls), trial.Errors)
	}
	if name == "slow" && trial.LostShare == 0 {
		for _, a := range trial.Agents {
			if a.Share == whom && a.KeptPace {
				t.Errorf("agent %s stood still most of the time, and kept pace", a.Name)
			}
		}
	}
}

// Who has another token is not heard, and who has the name of one who is there is told
// so: the fleet does not mind either.
func TestSpacesHoldStrangersOff(t *testing.T) {
	rounds(t)
	s := newSite(t, "")
	server := s.record()
	text := fmt.Sprintf(`
targets: {t: {http: {url: %q}}}
scenarios: [{name: s, target: t, duration: 1s, modes: [{rate-limited: 60/s}], steps: [{name: a, get: "/s/${iteration}"}]}]
`, server.url)
	for name, text := range map[string]string{"s.yaml": text, "other": strings.Repeat("f", 64)} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	agent := func(name, token string) *process {
		return s.start(s.machine(), "plimsoll", s.address, "agent", "--name", name, "--once", "--allow-target", s.hub.address, "--token-file", token)
	}
	stranger := agent("c", "other")
	s.coordinator = s.start(s.machine(), "plimsoll", s.address, "run", "s.yaml", "--agents", "2", "--allow-late")
	one, other := agent("a", "token"), agent("a", "token")
	select {
	case <-one.gone:
		one, other = other, one
	case <-other.gone:
	case <-time.After(time.Minute):
		t.Fatal("two agents have one name")
	}
	if end := other.wait(t); end.code != 3 || !strings.Contains(end.stderr, `there is an agent of the name "a" already`) {
		t.Errorf("it ended with %d: %s", end.code, end.stderr)
	}
	b := agent("b", "token")
	if end := s.coordinator.wait(t); end.code != 0 || len(server.of("s")) != 60 || len(latest(t, s.dir).Trials[0].Agents) != 2 {
		t.Errorf("exit code %d, the server counts %d\n%s", end.code, len(server.of("s")), end.stderr)
	}
	for _, a := range []*process{one, b} {
		if end := a.wait(t); end.code != 0 {
			t.Errorf("an agent ended with %d: %s", end.code, end.stderr)
		}
	}
	select {
	case <-stranger.gone:
		t.Errorf("the stranger has ended: %s", stranger.wait(t).stderr)
	default:
	}
}
