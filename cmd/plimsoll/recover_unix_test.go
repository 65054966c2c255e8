//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"plimsoll/runner/result"
)

// kept are the files that a fleet's agents have kept.
func (f *field) kept() []string {
	found, _ := filepath.Glob(filepath.Join(f.dir, "kept-*", "*.share"))
	return found
}

// keeps are the flags of an agent which keeps what it records beside the scenario file.
func keeps(k int) []string {
	name := string(rune('a' + k))
	return []string{"--name", name, "--keep", "kept-" + name}
}

// A coordinator that is killed in the midst of a run costs what had not begun, and
// nothing else: agents stop by themselves, and hand over what they have recorded. Of a
// trial that was over the result is what it would have been, bin for bin; of the one
// under way there are all calls that the server has counted, and no others.
func TestRecoverAfterAKill(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some ten seconds")
	}
	server, asked := countedServer(t), countedServer(t)
	text := fmt.Sprintf(`
targets:
  t: {http: {url: %q}}
  j: {http: {url: %q}}
  model: {sim: {delay: {exponential: 5ms}}}
scenarios:
  - {name: simulated, target: model, clock: virtual, duration: 5s, modes: [{rate-limited: 400/s, arrivals: poisson}]}
  - {name: search, target: model, clock: virtual, modes: [{mode: rate-limited, arrivals: poisson}], capacity: {find: rate, from: 100/s, to: 800/s, hold: 2s, slo: [p99 < 40ms]}}
  - {name: journey, target: j, duration: 1s, setup: [{get: /}], steps: [{get: /a}, {get: /b}], modes: [{rate-limited: 20/s}], teardown: [{get: /}]}
  - {name: s, target: t, duration: 30s, drain: 2s, modes: [{rate-limited: 60/s}], before: "echo >> before", after: "echo >> after"}
  - {name: never, target: model, clock: virtual, duration: 5s, modes: [{rate-limited: 400/s}]}
`, server.url, asked.url)
	f := newField(t, text)
	agents := func(more ...string) (all []*process) {
		for k := range 2 {
			all = append(all, start(t, f.dir, append(append(append([]string{"agent"}, keeps(k)...), f.talk()...), more...)...))
		}
		return all
	}
	run := func(more ...string) *process {
		return start(t, f.dir, append(append([]string{"run", "s.yaml", "--agents", "2", "--allow-late"}, f.talk()...), more...)...)
	}

	loading, leads := agents("--once"), run()
	eventually(t, "a load", func() bool { return server.n.Load() > 150 })
	if len(f.kept()) != 2 {
		t.Errorf("kept are %v", f.kept())
	}
	_ = leads.Process.Kill()
	leads.wait(t)
	for _, a := range loading {
		if end := a.wait(t); end.code != 3 || !strings.Contains(end.stderr, "agent --recover") {
			t.Errorf("an agent whose coordinator was killed ends with %d: %s", end.code, end.stderr)
		}
	}
	counted := server.n.Load()

	handing := agents("--recover")
	other := startProgram(t, f.dir, "sh", "-c", "exec plimsoll run s.yaml --agents 2 --recover --seed 7 2>refused "+strings.Join(f.talk(), " "))
	eventually(t, "another plan is refused", func() bool {
		told, _ := os.ReadFile(filepath.Join(f.dir, "refused"))
		return strings.Contains(string(told), "of another plan")
	})
	_ = other.Process.Signal(os.Interrupt)
	if end := other.wait(t); end.code != 130 {
		t.Errorf("interrupted while it waits it ends with %d: %s", end.code, end.stderr)
	}
	if len(f.kept()) != 2 {
		t.Fatalf("what another plan was refused is gone: %v", f.kept())
	}
	leads = run("--recover")
	end := leads.wait(t)
	for _, a := range handing {
		if end := a.wait(t); end.code != 0 {
			t.Errorf("an agent that hands over ends with %d: %s", end.code, end.stderr)
		}
	}
	recovered := latest(t, f.dir)
	if end.code != 3 || len(recovered.Trials) < 6 || len(f.kept()) != 0 || server.n.Load() != counted {
		t.Fatalf("exit code %d, %d trials, kept are %v, the server counts %d, and %d before\n%s", end.code, len(recovered.Trials), f.kept(), server.n.Load(), counted, end.stderr)
	}
	last := recovered.Trials[len(recovered.Trials)-3:]
	journey, cut, never := last[0], last[1], last[2]
	if calls := journey.Started*2 + 2; journey.Started != 20 || asked.n.Load() != calls || journey.LostShare != 0 || journey.Ended != result.Complete {
		t.Errorf("of %d iterations come %d calls with setup and teardown, the server counts %d: %+v", journey.Started, calls, asked.n.Load(), journey.Agents)
	}
	t.Logf("%d calls are told of, the server counts %d", cut.Started, counted)
	if cut.Started > counted || cut.Started < counted*9/10 || cut.LostShare < 0.5 || cut.Agents[0].Lost == "" || cut.Agents[0].Started == 0 || cut.Agents[1].Started == 0 {
		t.Errorf("%d calls are told of, the server counts %d; %.3g are lost; %+v", cut.Started, counted, cut.LostShare, cut.Agents)
	}
	if never.Ended != result.Failed || !strings.Contains(never.Reason, "not carried out") {
		t.Errorf("what had not begun ended %v: %s", never.Ended, never.Reason)
	}
	if once, _ := os.ReadFile(filepath.Join(f.dir, "before")); len(once) != 1 || there(f.dir, "after") {
		t.Errorf("commands were run again: before %d times, after: %v", len(once), there(f.dir, "after"))
	}

	loading, leads = agents("--once"), run("--only", "simulated", "--only", "search")
	if end := leads.wait(t); end.code != 0 {
		t.Fatalf("exit code %d\n%s", end.code, end.stderr)
	}
	for _, a := range loading {
		a.wait(t)
	}
	if len(f.kept()) != 0 {
		t.Errorf("after a result is written, kept are %v", f.kept())
	}
	would := latest(t, f.dir)
	if !reflect.DeepEqual(would.Capacities, recovered.Capacities) || len(would.Capacities) != 1 {
		t.Errorf("recovered is %+v\nand it would have been %+v", recovered.Capacities, would.Capacities)
	}
	for k, trial := range would.Trials {
		if was, is := measuredOf(t, trial), measuredOf(t, recovered.Trials[k]); !bytes.Equal(was, is) {
			t.Errorf("recovered is\n%s\nand it would have been\n%s", is, was)
		}
	}
}

// measuredOf is what a trial has measured, without when and by whom.
func measuredOf(t *testing.T, trial result.Trial) []byte {
	t.Helper()
	if trial.OK < 100 || len(trial.Agents) != 2 {
		t.Errorf("%d calls of %d agents", trial.OK, len(trial.Agents))
	}
	trial.Warnings, trial.MachineUse = nil, nil
	for k := range trial.Agents {
		a := &trial.Agents[k]
		a.ClockOffsetS, a.ClockUncertaintyS, a.ClockDrift, a.CPUS, a.Use = 0, 0, 0, 0, nil
	}
	text, err := json.MarshalIndent(trial, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return text
}
