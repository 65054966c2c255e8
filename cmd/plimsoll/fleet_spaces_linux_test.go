package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"plimsoll/runner/result"
)

// simulations are trials whose calls meet nobody else's, so that shares of them are the
// same wherever they are carried out, and servers for them.
const (
	models = `
  even: {sim: {delay: 20ms, answer: {json: {n: 1}}, routes: {"/1": {delay: 10ms}, "/2": {delay: 35ms, errors: {rate: 100%, kind: status-404}}}}}
  drawn: {sim: {delay: {lognormal: {median: 20ms, p99: 200ms}}, errors: {rate: 3%}}}
`
	simulations = `
  - {name: rate, target: even, clock: virtual, duration: 3s, warmup: 500ms, modes: [{rate-limited: 997/s, arrivals: poisson}]}
  - {name: users, target: even, clock: virtual, duration: 3s, modes: [concurrent: 17]}
  - {name: journey, target: even, clock: virtual, duration: 3s, modes: [{rate-limited: 300/s}], data: {d: {values: [1, 2, 1], pick: shuffle}}, steps: [{name: a, get: '/${random.1-2}', on_error: continue}, {think_time: 1s}, {name: b, get: '/${d}'}]}
  - {name: open, target: drawn, clock: virtual, duration: 3s, modes: [{rate-limited: 500/s, arrivals: poisson}]}
  - {name: closed, target: drawn, clock: virtual, duration: 3s, modes: [{concurrent: 16, think_time: {exponential: 10ms}}]}
`
	modelled = 5 // how many they are
)

// What is real begins so often a second, and the longer trial takes so many.
const perSecond, wholeSeconds = 1000, 5

// beginnings is a longer trial that is real, and short ones that begin one after the
// other.
func beginnings(starts int) string {
	rounds := make([]string, starts)
	for k := range rounds {
		rounds[k] = strconv.Itoa(k)
	}
	return fmt.Sprintf(`
  - {name: whole, target: server, duration: %ds, modes: [{rate-limited: %d/s}], steps: [{name: a, get: "/whole/${iteration}"}]}
  - {name: starts, target: server, duration: 300ms, vary: {round: [%s]}, modes: [{rate-limited: %[2]d/s}], steps: [{name: a, get: "/${round}/${iteration}"}]}
`, wholeSeconds, perSecond, strings.Join(rounds, ", "))
}

// Agents in networks of their own, over a nats-server that speaks TLS: what is simulated
// is, bin for bin, what one machine measures of the same shares; what is real is the one
// schedule, call by call, as the server tells, which knows what came from where; and all
// begin together, though one's clock is 5 s ahead and goes 100 ppm faster. With
// PLIMSOLL_SPACES=N loads begin 3 N times.
func TestSpacesHoldOneFleet(t *testing.T) {
	n := rounds(t)
	for _, agents := range []int{1, 2, 4, 8} {
		t.Run(fmt.Sprint(agents), func(t *testing.T) { holdsOneFleet(t, agents, 3*n) })
	}
}

func holdsOneFleet(t *testing.T, agents, starts int) {
	s := newSite(t, "")
	server := s.record()
	text := fmt.Sprintf("loops: 1\ntargets:\n  server: {http: {url: %q}}", server.url) + models + "scenarios:" + simulations + beginnings(starts)
	if err := os.WriteFile(filepath.Join(s.dir, "s.yaml"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	shares := map[string]int{}
	for k := range agents {
		program, m := "plimsoll", s.machine()
		if k == 1 {
			program = "astray"
		}
		shares[m.address] = k
		s.agent(m, program, s.address, string(rune('a'+k)))
	}
	s.lead(s.machine(), s.address)
	if end := s.coordinator.waitFor(t, 2*time.Minute+time.Duration(starts)*5*time.Second); end.code != 0 {
		t.Fatalf("exit code %d\n%s\n%s", end.code, end.stdout, end.stderr)
	}
	for _, a := range s.agents {
		if end := a.wait(t); end.code != 0 {
			t.Errorf("an agent ended with %d: %s", end.code, end.stderr)
		}
	}
	run := latest(t, s.dir)
	if want := modelled + 1 + starts; len(run.Trials) != want {
		t.Fatalf("%d trials, and not %d", len(run.Trials), want)
	}
	measuresAsOne(t, run.Trials[:modelled], agents)
	theOneSchedule(t, run.Trials[modelled], server.of("whole"), shares)
	clocksAreKnown(t, run.Trials[modelled:])
	var first, all []time.Duration
	for round := range run.Trials[modelled+1:] {
		calls := server.of(strconv.Itoa(round))
		if eachOnce(t, calls, perSecond*3/10) && agents > 1 {
			first, all = append(first, apart(calls[:agents], agents)), append(all, apart(calls, agents))
		}
	}
	if agents > 1 {
		t.Logf("%d agents: the first calls came %s apart, the shares began %s apart", agents, spread(first), spread(all))
		if middle := quantile(all, 0.5); middle > 100*time.Millisecond {
			t.Errorf("shares began %v apart", middle)
		}
	}
}

// measuresAsOne tells whether trials are what one machine measures that carries the
// shares out one after the other; and what it measures that knows of no shares, where no
// server draws for itself.
func measuresAsOne(t *testing.T, trials []result.Trial, shares int) {
	t.Helper()
	text := "targets:" + models + "scenarios:" + simulations
	dir := folder(t, text)
	if end := plimsoll(t, dir, "run", "s.yaml"); end.code != 0 {
		t.Fatalf("exit code %d\n%s", end.code, end.stderr)
	}
	inTurns, alone := inTurns(t, text, shares).Trials, latest(t, dir).Trials
	for i, trial := range trials {
		if trial.Started < 500 || len(trial.Agents) != shares {
			t.Errorf("%s: %d agents have started %d calls", trial.Scenario, len(trial.Agents), trial.Started)
		}
		same(t, trial, inTurns[i], shares)
		if trial.Target == "even" {
			same(t, trial, alone[i], shares)
		}
	}
}

func same(t *testing.T, trial, other result.Trial, agents int) {
	t.Helper()
	got, want, k := bins(t, trial), bins(t, other), 0
	for k < min(len(got), len(want)) && got[k] == want[k] {
		k++
	}
	if got != want {
		t.Errorf("%s, of %d agents: …%.200s, and on one machine …%.200s", trial.Scenario, agents, got[max(0, k-60):], want[max(0, k-60):])
	}
}

// bins are all that a trial has measured, without who did, and which of many equal
// calls are shown.
func bins(t *testing.T, trial result.Trial) string {
	t.Helper()
	trial.Agents, trial.Loops, trial.Workload, trial.Engine, trial.Slowest = nil, 0, "", "", nil
	for _, errors := range append([]map[string]result.Error{trial.Errors}, errorsOf(trial.Steps)...) {
		for class, e := range errors {
			e.Calls = nil
			errors[class] = e
		}
	}
	text, err := json.Marshal(trial)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func errorsOf(steps []result.Step) (all []map[string]result.Error) {
	for _, s := range steps {
		all = append(all, s.Errors)
	}
	return all
}

// eachOnce tells whether the calls from 0 on have come once each, and no others.
func eachOnce(t *testing.T, calls []call, want int) bool {
	t.Helper()
	for n, c := range calls {
		if c.number != n || len(calls) != want {
			t.Errorf("the server counts %d calls of %d, and has call %d where %d belongs", len(calls), want, c.number, n)
			return false
		}
	}
	return len(calls) == want
}

// theOneSchedule tells whether the calls of a trial are those of its schedule, each made
// by whose share it is.
func theOneSchedule(t *testing.T, trial result.Trial, calls []call, shares map[string]int) {
	t.Helper()
	const n = perSecond * wholeSeconds
	if trial.Scheduled != n || trial.OK != n || trial.Started != n || !eachOnce(t, calls, n) {
		t.Errorf("%d calls were scheduled and %d succeeded, the server counts %d", trial.Scheduled, trial.OK, len(calls))
		return
	}
	made := make([]int64, len(shares))
	for _, c := range calls {
		if share := shares[c.from]; share != c.number%len(shares) {
			t.Fatalf("call %d came from agent %d of %d", c.number, share, len(shares))
		}
		made[shares[c.from]]++
	}
	for k, a := range trial.Agents {
		if a.Started != made[k] {
			t.Errorf("agent %s says that it has made %d calls, the server counts %d", a.Name, a.Started, made[k])
		}
	}
	off := rateOf(calls)/perSecond - 1
	t.Logf("%d agents: %d calls, each once; the rate is %+.4f %% off; %s after they were due by the first", len(shares), len(calls), 100*off, spread(behind(calls)))
	if math.Abs(off) > 0.0005 {
		t.Errorf("the rate is %.4f %% off", 100*off)
	}
}

// due is when a call is, since the trial began.
func due(c call) time.Duration { return time.Duration(c.number) * time.Second / perSecond }

// prompt is the call that came soonest after it was due.
func prompt(calls []call) call {
	return slices.MinFunc(calls, func(a, b call) int { return int(a.at - due(a) - (b.at - due(b))) })
}

// rateOf is how many calls there were a second between a prompt one of the first third
// and one of the last: a busy machine has calls come late, and none too early.
func rateOf(calls []call) float64 {
	a, b := prompt(calls[:len(calls)/3]), prompt(calls[len(calls)*2/3:])
	return float64(b.number-a.number) / (b.at - a.at).Seconds()
}

// behind is how much later each came than the most prompt of them.
func behind(calls []call) (all []time.Duration) {
	least := prompt(calls)
	for _, c := range calls {
		all = append(all, c.at-due(c)-(least.at-due(least)))
	}
	return all
}

// apart is how much earlier one agent's schedule began than another's, by the most
// prompt call of each.
func apart(calls []call, agents int) time.Duration {
	began := make([]time.Duration, agents)
	for k := range began {
		var own []call
		for _, c := range calls {
			if c.number%agents == k {
				own = append(own, c)
			}
		}
		one := prompt(own)
		began[k] = one.at - due(one)
	}
	return slices.Max(began) - slices.Min(began)
}

func quantile(all []time.Duration, q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}

func spread(all []time.Duration) string {
	round := func(d time.Duration) time.Duration { return d.Round(time.Microsecond) }
	return fmt.Sprintf("p50 %v, p99 %v, at most %v (of %d)", round(quantile(all, 0.5)), round(quantile(all, 0.99)), round(slices.Max(all)), len(all))
}

// clocksAreKnown tells whether it was found out how the agents' clocks stand.
func clocksAreKnown(t *testing.T, trials []result.Trial) {
	t.Helper()
	for _, trial := range trials {
		for k, a := range trial.Agents {
			least, most := 0.0, 0.0
			if k == 1 {
				least, most = ahead.Seconds(), ahead.Seconds()+faster*1000 // a thousand seconds are more than it takes
			}
			// The machine's time of day, which both began with, may have been slewed in between.
			if off, give := float64(a.ClockOffsetS), a.ClockUncertaintyS+0.001; off < least-give || off > most+give {
				t.Errorf("agent %s is told to be %.6f ± %.6f s ahead", a.Name, off, a.ClockUncertaintyS)
			}
		}
	}
	if last := trials[len(trials)-1].Agents; len(last) > 1 {
		t.Logf("agent b is %.6f ± %.6f s ahead, drifting by %.0f ppm", float64(last[1].ClockOffsetS), last[1].ClockUncertaintyS, 1e6*float64(last[1].ClockDrift))
	}
}
