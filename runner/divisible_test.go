package runner_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plimsoll/runner"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
)

// parsed reads a scenario file of a folder with some rows of data.
func parsed(t *testing.T, text string) *scenario.Plan {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "rows.csv"), []byte("name\na\nb\nc\nd\ne\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	plan, problems := scenario.Parse("f.yaml", []byte(text), os.LookupEnv, dir)
	if len(problems) > 0 {
		t.Fatal(problems.Error())
	}
	return plan
}

// What a fleet cannot share is refused with why, and where that stands.
func TestWhatAFleetCannotShare(t *testing.T) {
	steps := `steps: [{name: a, get: /a}]`
	for name, c := range map[string]struct {
		target, scenario string
		at, why          string // the key that it is at, and a part of why; "": it can be shared
	}{
		"users":                 {"sim: {delay: 1ms}", "duration: 1s, modes: [concurrent: 4]", "", ""},
		"a rate":                {"sim: {delay: 1ms}", "duration: 1s, modes: [rate-limited: 50/s]", "", ""},
		"stages of a rate":      {"sim: {delay: 1ms}", "modes: [{mode: rate-limited, stages: [{target: 100/s, duration: 1s}]}]", "", ""},
		"a search":              {"sim: {delay: 1ms}", "capacity: {find: rate, slo: [p99 < 1s], from: 100/s, to: 200/s, hold: 1s}", "", ""},
		"rows in turn":          {"sim: {delay: 1ms}", "duration: 1s, modes: [concurrent: 4], data: {d: {file: rows.csv}}, steps: [{get: '/${d.name}'}]", "", ""},
		"a threshold":           {"sim: {delay: 1ms}", "duration: 1s, modes: [concurrent: 4], thresholds: [p99 < 1s]", "", ""},
		"setup":                 {"sim: {delay: 1ms}", "duration: 1s, modes: [concurrent: 4], setup: [{get: /}], " + steps, "", ""},
		"requests":              {"sim: {delay: 1ms}", "requests: 100, modes: [concurrent: 4]", "requests", "`duration` instead"},
		"a sweep of requests":   {"sim: {delay: 1ms}", "requests: [10, 100], modes: [concurrent: 4]", "requests", "counted by one"},
		"all at once":           {"sim: {delay: 1ms}", "requests: 100, modes: [concurrent]", "requests", "counted by one"},
		"a crawl":               {"http: {url: 'http://127.0.0.1:1'}", "crawl: {start: [/]}, modes: [concurrent: 4]", "crawl", "one list"},
		"stop_when":             {"sim: {delay: 1ms}", "duration: 1s, stop_when: first-error, modes: [concurrent: 4]", "stop_when", "by one call"},
		"on_error":              {"sim: {delay: 1ms}", "duration: 1s, on_error: stop, modes: [concurrent: 4]", "on_error", "by one call"},
		"a step's on_error":     {"sim: {delay: 1ms}", "duration: 1s, modes: [concurrent: 4], steps: [{get: /, on_error: stop}]", "on_error", "by one call"},
		"a background":          {"sim: {delay: 1ms}", "duration: 1s, background: [other], modes: [concurrent: 4]", "background", "goes on once"},
		"a limit":               {"sim: {delay: 1ms}", "duration: 1s, limit: 5/1s, modes: [concurrent: 4], " + steps, "limit", "together"},
		"leased rows":           {"sim: {delay: 1ms}", "duration: 1s, modes: [concurrent: 4], data: {d: {file: rows.csv, pick: leased}}, steps: [{get: '/${d.name}'}]", "pick", "pick: leased"},
		"rows once":             {"sim: {delay: 1ms}", "duration: 1s, modes: [concurrent: 4], data: {d: {file: rows.csv, pick: once}}, steps: [{get: '/${d.name}'}]", "pick", "pick: once"},
		"stages of users":       {"sim: {delay: 1ms}", "modes: [{mode: concurrent, stages: [{target: 5, duration: 1s}]}]", "stages", "users who come and go"},
		"a window":              {"sim: {delay: 1ms}", "duration: 1s, modes: [{rate-limited: 5/1s, arrivals: window}]", "arrivals", "a window or a bucket"},
		"a bucket":              {"sim: {delay: 1ms}", "duration: 1s, modes: [{rate-limited: 5/1s, arrivals: bucket}]", "arrivals", "a window or a bucket"},
		"producers":             {"sim: {delay: 1ms}", "duration: 1s, modes: [producer-consumer: {producers: 4, consumers: 4, queue: 4, produce: 1ms}]", "queue", "the queue between them"},
		"connections":           {"http: {url: 'http://127.0.0.1:1', connections: 5}", "duration: 1s, modes: [concurrent: 4]", "connections", "together"},
		"connections of gRPC":   {"grpc: {address: '127.0.0.1:1', connections: 5, rpc: a.B/C}", "duration: 1s, modes: [concurrent: 4]", "connections", "together"},
		"connections of SQL":    {"sql: {driver: postgres, dsn: 'postgres://a@127.0.0.1/x', connections: 5, sql: SELECT 1}", "duration: 1s, modes: [concurrent: 4]", "connections", "together"},
		"connections of Redis":  {"redis: {address: '127.0.0.1:1', connections: 5, redis: [PING]}", "duration: 1s, modes: [concurrent: 4]", "connections", "together"},
		"servers":               {"sim: {delay: 1ms, servers: 3}", "duration: 1s, modes: [concurrent: 4]", "servers", "a server of its own"},
		"a queue at the server": {"sim: {delay: 1ms, servers: 3, queue: 3}", "duration: 1s, modes: [concurrent: 4]", "servers", "a server of its own"},
		"contention":            {"sim: {delay: 1ms, contention: {serial: 1%}}", "duration: 1s, modes: [concurrent: 4]", "contention", "a server of its own"},
		"a quota":               {"sim: {delay: 1ms, quota: 5/1s}", "duration: 1s, modes: [concurrent: 4]", "quota", "a server of its own"},
		"turns":                 {"sim: {turns: [{delay: 1ms}, {delay: 2ms}]}", "duration: 1s, modes: [concurrent: 4]", "turns", "a server of its own"},
		"a served one":          {"http: {serve: {delay: 1ms, servers: 3}}", "duration: 1s, modes: [concurrent: 4]", "servers", "plimsoll serve"},
		"looks":                 {"sim: {delay: 1ms}", "duration: 5s, modes: [concurrent: 4], thresholds: [{rule: p99 < 1s, stop: true}]", "thresholds", "only one process"},
		"fewer users":           {"sim: {delay: 1ms}", "duration: 1s, modes: [concurrent: 2]", "modes", "2 calls, and 3 agents"},
		"one user":              {"sim: {delay: 1ms}", "duration: 1s, modes: [sequential]", "modes", "1 calls, and 3 agents"},
		"few in flight":         {"sim: {delay: 1ms}", "duration: 1s, modes: [{rate-limited: 5/s, max_in_flight: 2}]", "modes", "2 calls, and 3 agents"},
	} {
		t.Run(name, func(t *testing.T) {
			other := "duration: 1s, "
			if name == "a background" {
				other = ""
			}
			text := fmt.Sprintf("targets:\n  t: {%s}\nscenarios:\n  - {name: other, target: t, %smodes: [concurrent: 4]}\n  - {name: s, target: t, %s}\n", c.target, other, c.scenario)
			plan := parsed(t, text)
			all, err := runner.NotDivisible(plan, []string{"s"}, 3)
			if err != nil {
				t.Fatal(err)
			}
			if c.at == "" {
				if len(all) > 0 {
					t.Errorf("refused: %v", all)
				}
				return
			}
			if len(all) != 1 || !strings.Contains(all[0].Text, c.why) || !strings.Contains(all[0].Text, "cannot share s") {
				t.Fatalf("%v, want one with %q", all, c.why)
			}
			if p := all[0]; !strings.HasPrefix(p.Source[p.Column-1:], c.at) {
				t.Errorf("%s: is not at %q", p, c.at)
			}
		})
	}
}

// A run that a fleet cannot share is refused before anything is asked of it.
func TestARunThatAFleetCannotShareIsRefused(t *testing.T) {
	const text = "targets: {t: {sim: {delay: 1ms}}}\nscenarios: [{name: s, target: t, clock: virtual, duration: 1s, modes: [concurrent: 9]}]"
	for name, change := range map[string]func(*runner.Options){
		"calls": func(o *runner.Options) { o.Calls = io.Discard },
		"users": func(o *runner.Options) { o.Fleet = fleet(t, text, 99) },
	} {
		o := runner.Options{Plan: parse(t, text), Save: func(*result.Run) error { return nil }, Fleet: fleet(t, text, 2)}
		change(&o)
		if run, err := runner.Run(t.Context(), t.Context(), o); err == nil || run != nil {
			t.Errorf("%s: %v was carried out", name, run)
		}
	}
}

// Whatever keeps loops from sharing a trial keeps agents, too.
func TestAgentsShareNoMoreThanLoopsDo(t *testing.T) {
	text := `
targets: {t: {http: {url: "http://127.0.0.1:1"}}}
scenarios: [{name: s, target: t, duration: 1s, on_error: stop, modes: [concurrent: 4]}]`
	all, err := runner.NotDivisible(parse(t, text), nil, 1)
	if err != nil || len(all) != 1 {
		t.Errorf("%v, %v", all, err)
	}
	if _, err := runner.NotDivisible(parse(t, text), []string{"nobody"}, 1); err == nil {
		t.Error("a scenario that is not there")
	}
}
