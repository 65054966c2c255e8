package runner_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"plimsoll/runner"
	"plimsoll/runner/drive"
	"plimsoll/runner/mode"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
)

// table is a fleet in this process: each agent has read the plan by itself, and all sit
// at one table, so nobody needs a network.
type table struct {
	plans []*scenario.Plan
	child func() runner.Options
	// loses, if not nil, takes an agent's pieces away from the n-th on, as if it was lost.
	loses func(share, piece int) bool
	// stops tells that the others are stopped then.
	stops bool
	overs atomic.Int32 // how often somebody waited for the load of all others
	// turns has the shares carried out one after the other.
	turns bool
}

func (f *table) Size() int { return len(f.plans) }

// seat is an agent's.
type seat struct {
	*sitting
	share int
	n     int // pieces that it has handed over
	lost  bool
}

// sitting is a trial that is carried out.
type sitting struct {
	*table
	mutex   sync.Mutex
	to      runner.Gatherer
	ready   int
	begins  chan struct{} // closed: start is known
	start   runner.Start
	loading sync.WaitGroup // all shares but the first
	stop    context.CancelFunc
	wrong   error
}

func (f *table) Carry(ctx, atOnce context.Context, o runner.Order, to runner.Gatherer) ([]runner.Carried, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	s := &sitting{table: f, to: to, begins: make(chan struct{}), stop: stop}
	s.loading.Add(f.Size() - 1)
	carried := make([]runner.Carried, f.Size())
	if s.turns {
		s.to.Begins(time.Now())
		close(s.begins)
	}
	var all sync.WaitGroup
	for k := range carried {
		all.Go(func() {
			options := f.child()
			options.Plan = f.plans[k]
			at := &seat{sitting: s, share: k}
			end, err := runner.CarryShare(ctx, atOnce, options, o, mode.Share{K: k, N: f.Size()}, at)
			if k > 0 {
				s.loading.Done()
			}
			c := runner.Carried{Agent: result.Agent{Name: fmt.Sprintf("agent-%d", k)}, End: &end, Err: err}
			switch {
			case at.lost:
				c.Agent.Lost, c.End, c.Err = "nothing was heard of it for 3s", nil, nil
			case err != nil:
				c.End = nil
			}
			carried[k] = c
		})
		if s.turns {
			all.Wait()
		}
	}
	all.Wait()
	return carried, s.wrong
}

func (s *seat) Ready(ctx context.Context, given []byte) (runner.Start, error) {
	s.mutex.Lock()
	if s.share == 0 {
		s.start.Given = given
	}
	s.ready++
	if s.ready == s.Size() && !s.turns {
		s.start.At = time.Now().Add(50 * time.Millisecond)
		s.to.Begins(s.start.At)
		close(s.begins)
	}
	s.mutex.Unlock()
	select {
	case <-s.begins:
		s.mutex.Lock()
		defer s.mutex.Unlock()
		return s.start, nil
	case <-ctx.Done():
		return runner.Start{}, ctx.Err()
	}
}

func (s *seat) Take(piece []byte) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.n++; s.lost || s.loses != nil && s.loses(s.share, s.n) {
		if s.lost = true; s.stops {
			s.stop()
		}
		return
	}
	if err := s.to.Take(s.share, piece); err != nil {
		s.wrong = errors.Join(s.wrong, err)
	}
}

func (s *seat) Over(context.Context) error {
	if s.overs.Add(1); !s.turns {
		s.loading.Wait()
	}
	return nil
}

// fleet has a scenario file carried out by so many agents.
func fleet(t testing.TB, text string, agents int) *table {
	t.Helper()
	f := &table{child: func() runner.Options { return runner.Options{Child: testChild(t), Output: os.Stderr, Version: "test"} }}
	for range agents {
		f.plans = append(f.plans, parse(t, text))
	}
	return f
}

// by has a run carried out by a fleet.
func by(f runner.Fleet) func(*runner.Options) {
	return func(o *runner.Options) { o.Fleet = f }
}

// simulated are trials in virtual time whose calls meet nobody else's.
func simulated() map[string]string {
	const routes = `sim: {answer: {json: {n: 1}}, routes: {"/1": {delay: 10ms}, "/2": {delay: 35ms, errors: {rate: 100%, kind: status-404}}, "/3": {delay: {exponential: 20ms}}, "/4": {delay: 70ms}}}`
	return map[string]string{
		"a rate":   "targets: {t: {sim: {delay: 20ms}}}\nscenarios: [{name: s, target: t, clock: virtual, duration: 3s, warmup: 500ms, modes: [{rate-limited: 997/s, arrivals: poisson}]}]",
		"stages":   "targets: {t: {sim: {delay: 20ms}}}\nscenarios: [{name: s, target: t, clock: virtual, modes: [{mode: rate-limited, stages: [{target: 2000/s, duration: 1s}, {target: 0/s, duration: 1s}]}]}]",
		"users":    "targets: {t: {sim: {delay: 20ms}}}\nscenarios: [{name: s, target: t, clock: virtual, duration: 3s, warmup: 110ms, modes: [concurrent: 17]}]",
		"draws":    "targets: {t: {" + routes + "}}\nscenarios: [{name: s, target: t, clock: virtual, duration: 3s, warmup: 500ms, thresholds: [{a: 'good.rate > 1'}], modes: [{rate-limited: 500/s, arrivals: poisson}], steps: [{name: a, get: '/${random.1-2}', on_error: continue}, {think_time: 1s}, {name: b, get: '/${random.1-2}'}]}]",
		"the rows": "targets: {t: {" + routes + "}}\nscenarios: [{name: s, target: t, clock: virtual, duration: 3s, modes: [concurrent: 11], data: {d: {values: [1, 2, 4]}, u: {values: [1, 4, 1, 1, 4, 4, 4, 1, 4, 1, 1, 4, 1], pick: per-user}, z: {values: [1, 2, 4], pick: {zipf: 1.1}}, m: {values: [1, 4, 2, 4], pick: shuffle}}, steps: [{name: a, get: '/${d}', on_error: continue}, {name: u, get: '/${u}'}, {name: z, get: '/${z}', on_error: continue}, {name: m, get: '/${m}'}]}]",
	}
}

// figures are all that a trial measured, without who it was that did, and which of many
// equal calls are told of: users have no common order, so that their calls' numbers are
// each share's own.
func figures(t *testing.T, trial result.Trial) string {
	t.Helper()
	trial.Agents, trial.Loops, trial.Workload, trial.Engine, trial.Slowest = nil, 0, "", "", nil
	anonymous := func(errors map[string]result.Error) {
		for class, e := range errors {
			e.Calls = nil
			errors[class] = e
		}
	}
	anonymous(trial.Errors)
	for i := range trial.Steps {
		anonymous(trial.Steps[i].Errors)
	}
	text, err := json.Marshal(trial)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// apart is where two texts begin to differ.
func apart(got, want string) string {
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	i = max(0, i-80)
	return fmt.Sprintf("…%.300s\nwant …%.300s", got[i:], want[min(i, len(want)):])
}

// What one machine would measure whose calls meet nobody else's, any number of agents
// measure together, bin for bin: the same starts, users, rows and draws.
func TestAFleetMeasuresWhatOneMachineDoes(t *testing.T) {
	for name, text := range simulated() {
		text := strings.ReplaceAll(text, "thresholds: [{a: 'good.rate > 1'}], ", "")
		text = strings.ReplaceAll(text, "{exponential: 20ms}", "20ms") // whose draws are each server's own
		t.Run(name, func(t *testing.T) {
			want := figures(t, carryOut(t, text).Trials[0])
			for _, agents := range []int{1, 2, 4, 8} {
				trial := carryOut(t, text, by(fleet(t, text, agents))).Trials[0]
				if got := figures(t, trial); got != want {
					t.Errorf("%d agents measured something else: %s", agents, apart(got, want))
				}
				sum := int64(0)
				for k, a := range trial.Agents {
					if sum += a.Started; a.Share != k || a.Name != fmt.Sprintf("agent-%d", k) || !a.KeptPace || a.Ended != result.Complete || a.OK+a.Errors > a.Started {
						t.Errorf("%+v", a)
					}
				}
				if len(trial.Agents) != agents || sum != trial.Started || trial.Started < 200 {
					t.Errorf("%d agents started %d of %d", len(trial.Agents), sum, trial.Started)
				}
			}
		})
	}
}

// Where a share's servers draw for themselves, agents at once measure what the shares
// would one after the other, on one machine: bin for bin.
func TestAFleetIsItsSharesOneAfterTheOther(t *testing.T) {
	text := `
targets: {t: {sim: {delay: {lognormal: {median: 20ms, p99: 200ms}}, errors: {rate: 3%}}}}
scenarios:
  - {name: open, target: t, clock: virtual, duration: 2s, modes: [{rate-limited: 500/s, arrivals: poisson}], repeat: 2}
  - {name: closed, target: t, clock: virtual, duration: 2s, modes: [{concurrent: 13, think_time: {exponential: 10ms}}]}
  - {name: sweep, target: t, clock: virtual, duration: 1s, modes: [concurrent: [8, 16]]}
  - {name: search, target: t, clock: virtual, capacity: {find: rate, slo: [errors < 50%], from: 100/s, to: 400/s, hold: 1s}}`
	for _, agents := range []int{1, 2, 4, 8} {
		turns := fleet(t, text, agents)
		turns.turns = true
		got, want := carryOut(t, text, by(fleet(t, text, agents))), carryOut(t, text, by(turns))
		if len(got.Trials) != len(want.Trials) || len(got.Trials) < 7 {
			t.Fatalf("%d trials, and %d one after the other", len(got.Trials), len(want.Trials))
		}
		for i := range got.Trials {
			if all := got.Trials[i].Agents; agents > 1 && all[0].ResponseP99S == all[1].ResponseP99S {
				t.Errorf("the servers of two agents draw the same: %+v", all[:2])
			}
			if got, want := figures(t, got.Trials[i]), figures(t, want.Trials[i]); got != want {
				t.Errorf("%d agents measured something else: %s", agents, apart(got, want))
			}
		}
	}
}

// In real time the union of what agents start is the one schedule, call by call, and
// the server has seen no other.
func TestAFleetStartsTheOneSchedule(t *testing.T) {
	for _, agents := range []int{1, 2, 4} {
		var mutex sync.Mutex
		seen := map[string]int{}
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			mutex.Lock()
			seen[r.URL.Path]++
			mutex.Unlock()
		}))
		text := fmt.Sprintf(`
targets: {t: {http: {url: %q}}}
scenarios: [{name: s, target: t, duration: 2s, warmup: 200ms, modes: [{rate-limited: 500/s, arrivals: poisson}], steps: [{name: a, get: "/${iteration}"}]}]`, server.URL)
		trial := carryOut(t, text, by(fleet(t, text, agents)), func(o *runner.Options) { o.AllowLate = true }).Trials[0]
		server.Close()
		for n := range len(seen) {
			if seen[fmt.Sprintf("/%d", n)] != 1 {
				t.Errorf("%d agents: call %d was made %d times", agents, n, seen[fmt.Sprintf("/%d", n)])
			}
		}
		alone := carryOut(t, strings.ReplaceAll(strings.ReplaceAll(text, "duration:", "clock: virtual, duration:"), fmt.Sprintf("http: {url: %q}", server.URL), "sim: {delay: 0s}")).Trials[0]
		if trial.OK != trial.Scheduled || trial.Scheduled != alone.Scheduled || len(seen) <= int(trial.OK) || trial.MachineUse == nil || trial.MachineUse.CPUS <= 0 || trial.Engine == "" {
			t.Errorf("%d agents: %d ok of %d, of which the schedule has %d; the server saw %d, the warm-up's too; %+v", agents, trial.OK, trial.Scheduled, alone.Scheduled, len(seen), trial.MachineUse)
		}
	}
}

// Setup is carried out once, what it has left is there for every agent, and teardown
// comes when the last has ended.
func TestAFleetSetsUpOnce(t *testing.T) {
	var mutex sync.Mutex
	var seen []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mutex.Lock()
		seen = append(seen, r.URL.Path)
		mutex.Unlock()
		fmt.Fprint(w, `{"token": "tok-\u00e9", "list": [1, 2]}`)
	}))
	defer server.Close()
	text := fmt.Sprintf(`
targets: {t: {http: {url: %q}}}
scenarios:
  - name: s
    target: t
    duration: 500ms
    modes: [concurrent: 6]
    setup: [{name: login, get: /setup, extract: {token: json.token, list: json.list}}]
    teardown: [{name: logout, get: "/teardown/${token}"}]
    steps: [{name: a, get: "/${token}/${list.1}"}, {think_time: 10ms}]`, server.URL)
	f := fleet(t, text, 3)
	trial := carryOut(t, text, by(f)).Trials[0]
	if f.overs.Load() != 1 {
		t.Errorf("%d shares waited for the others before teardown", f.overs.Load())
	}
	count := map[string]int{}
	for _, path := range seen {
		count[path]++
	}
	if count["/setup"] != 1 || count["/teardown/tok-é"] != 1 || seen[0] != "/setup" || seen[len(seen)-1] != "/teardown/tok-é" {
		t.Errorf("%v: the first was %s, the last %s", count, seen[0], seen[len(seen)-1])
	}
	if steps := trial.Steps; int64(count["/tok-é/2"]) != trial.Attempts || trial.OK != trial.Started || steps[0].OK != 1 || steps[len(steps)-1].OK != 1 || len(trial.Warnings) > 0 {
		t.Errorf("%v, of %d calls; %v", count, trial.Attempts, trial.Warnings)
	}
}

// An agent that is lost is told of, with how much of the schedule that leaves out, and
// what it had handed over counts; the others go on, or stop.
func TestALostAgentIsToldOf(t *testing.T) {
	text := `
targets: {t: {sim: {delay: 5ms}}}
scenarios: [{name: s, target: t, duration: 4s, modes: [{rate-limited: 400/s}]}]`
	for name, c := range map[string]struct {
		stops, allowed bool
		ended          result.Ending
		low, high      float64 // of the lost share
	}{
		"the others go on":   {false, false, result.Complete, 0.2, 0.45},
		"the others stop":    {true, false, result.Stopped, 0.4, 0.9},
		"and it is accepted": {false, true, result.Complete, 0.2, 0.45},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fleet(t, text, 2)
			f.stops, f.loses = c.stops, func(share, piece int) bool { return share == 1 && piece > 1 }
			run := carryOut(t, text, by(f), func(o *runner.Options) { o.AllowLate, o.AllowLost = true, c.allowed })
			trial := run.Trials[0]
			lost, other := trial.Agents[1], trial.Agents[0]
			if trial.Ended != c.ended || trial.LostShare < c.low || trial.LostShare > c.high || trial.Health.KeptPace || !strings.Contains(trial.Health.Why, "agent agent-1 was lost: nothing was heard of it for 3s") {
				t.Errorf("%s (%s), %v lost: %+v", trial.Ended, trial.Reason, trial.LostShare, trial.Health)
			}
			if lost.Lost == "" || lost.UntilS <= 0 || lost.UntilS > 3 || lost.Started == 0 || other.Lost != "" || !c.stops && other.Started != 800 {
				t.Errorf("%+v\n%+v", lost, other)
			}
			// Of what came after the last piece was handed over nobody knows.
			if known := float64(lost.Started) / 200; lost.UntilS > known+0.03+3*lost.LatenessP99S {
				t.Errorf("the lost agent is told of until %v s, and of calls until %v s", lost.UntilS, known)
			}
			if c.stops && !strings.Contains(trial.Reason, "agent-1 was lost") {
				t.Errorf("it was stopped: %s", trial.Reason)
			}
			want := result.Exit(runner.ExitInvalid)
			if c.allowed {
				want = runner.ExitOK
			}
			if run.Exit != want {
				t.Errorf("exit %d, want %d", run.Exit, want)
			}
		})
	}
}

// A fleet is another load than one machine: comparisons tell.
func TestAFleetIsPartOfTheWorkload(t *testing.T) {
	text := "targets: {t: {sim: {delay: 5ms}}}\nscenarios: [{name: s, target: t, clock: virtual, duration: 1s, modes: [concurrent: 4]}]"
	alone := carryOut(t, text).Trials[0].Workload
	for agents, want := range map[int]string{1: alone, 4: alone + ", agents: 4"} {
		if got := carryOut(t, text, by(fleet(t, text, agents))).Trials[0].Workload; got != want {
			t.Errorf("%d agents: %q, want %q", agents, got, want)
		}
	}
}

// Whoever sends what is no piece of the trial is refused, and breaks nothing.
func TestPiecesOfNoTrialAreRefused(t *testing.T) {
	text := "targets: {t: {sim: {delay: 5ms}}}\nscenarios: [{name: s, target: t, clock: virtual, duration: 1s, modes: [concurrent: 4]}]"
	f := &liar{table: fleet(t, text, 2)}
	trial := carryOut(t, text, by(f)).Trials[0]
	if f.errs != 4 || trial.Started != 800 || len(trial.Agents) != 2 {
		t.Errorf("%d lies were found, %d calls", f.errs, trial.Started)
	}
}

// Whoever tells of what has not happened yet is refused, too.
func TestPiecesOfTheFutureAreRefused(t *testing.T) {
	text := "targets: {t: {sim: {delay: 5ms}}}\nscenarios: [{name: s, target: t, duration: 200ms, modes: [concurrent: 4]}]"
	f := &prophet{table: fleet(t, text, 2)}
	trial := carryOut(t, text, by(f)).Trials[0]
	if f.refused != 2 || f.taken != 2 || !(trial.MakespanS < 3600) || !(trial.Agents[0].UntilS <= 0.2) {
		t.Errorf("%d were refused, %d taken; the last call ended at %v s", f.refused, f.taken, trial.MakespanS)
	}
	// What was kept comes all at once, of a run that began some time ago.
	f = &prophet{table: fleet(t, text, 2)}
	carryOut(t, text, by(f), func(o *runner.Options) {
		o.Recovering, o.Now = true, func() time.Time { return time.Now().Add(-2 * time.Hour) }
	})
	if f.refused != 1 || f.taken != 3 {
		t.Errorf("recovered: %d were refused, %d taken", f.refused, f.taken)
	}
}

// prophet sends pieces of now, and of the future, behind its honest ones.
type prophet struct {
	*table
	refused, taken int
}

func (f *prophet) Carry(ctx, atOnce context.Context, o runner.Order, to runner.Gatherer) ([]runner.Carried, error) {
	all, err := f.table.Carry(ctx, atOnce, o, to)
	for _, at := range []time.Duration{0, time.Second, time.Hour, math.MaxInt64} {
		if to.Take(0, drive.NewRecorder(0, nil).Append(nil, at)) != nil {
			f.refused++
		} else {
			f.taken++
		}
	}
	return all, err
}

// liar sends what is no piece, before its honest ones.
type liar struct {
	*table
	errs int
}

func (f *liar) Carry(ctx, atOnce context.Context, o runner.Order, to runner.Gatherer) ([]runner.Carried, error) {
	for share, piece := range map[int][]byte{-1: nil, 2: nil, 0: {1, 2, 3}, 1: make([]byte, 1000)} {
		if to.Take(share, piece) != nil {
			f.errs++
		}
	}
	return f.table.Carry(ctx, atOnce, o, to)
}

// Orders of no trial, and shares of no fleet, are refused.
func TestSharesThatAreNoneAreRefused(t *testing.T) {
	plan := parse(t, "targets: {t: {sim: {delay: 5ms}}}\nscenarios: [{name: s, target: t, clock: virtual, capacity: {find: rate, slo: [errors < 1%], from: 1000/s, to: 2000/s, hold: 1s}}]")
	good := runner.Order{Load: 1000}
	for name, c := range map[string]struct {
		order runner.Order
		share mode.Share
	}{
		"no such trial": {runner.Order{Trial: 1, Load: 1000}, mode.Share{K: 0, N: 1}},
		"before all":    {runner.Order{Trial: -1, Load: 1000}, mode.Share{K: 0, N: 1}},
		"no load":       {runner.Order{}, mode.Share{K: 0, N: 1}},
		"no fleet":      {good, mode.Share{}},
		"beyond it":     {good, mode.Share{K: 2, N: 2}},
		"below it":      {good, mode.Share{K: -1, N: 2}},
	} {
		if _, err := runner.CarryShare(t.Context(), t.Context(), runner.Options{Plan: plan}, c.order, c.share, nil); err == nil {
			t.Errorf("%s: was carried out", name)
		}
	}
}
