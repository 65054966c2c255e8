package main

import (
	"fmt"
	"testing"
)

// A foreign server has had as many requests as the result says it has been
// sent, by every engine and in every mode, however connections are used.
func TestServerAgrees(t *testing.T) {
	for name, serve := range map[string]func(*testing.T) (string, func() int64){"Go": countingGo, "nginx": countingNginx} {
		for _, engine := range []string{"auto", "std"} {
			for _, keepalive := range []bool{true, false} {
				t.Run(fmt.Sprint(name, engine, keepalive), func(t *testing.T) {
					t.Parallel()
					url, seen := serve(t)
					dir := folder(t, fmt.Sprintf(`
targets: {server: {http: {url: "%s/", engine: %s, keepalive: %v}}}
scenarios:
  - {name: batch, target: server, requests: [1, 300], modes: [sequential, concurrent, {concurrent: 10}]}
  - {name: timed, target: server, duration: 300ms, modes: [sequential, {concurrent: 10}]}
  - {name: open, target: server, duration: 500ms, modes: [{rate-limited: 400/s}, {rate-limited: 40/100ms, arrivals: window}]}
  - {name: warmed, target: server, duration: 300ms, repeat: 2, modes: [{rate-limited: 300/s, arrivals: poisson}]}
`, url, engine, keepalive))
					if end := plimsoll(t, dir, "run", "s.yaml", "--allow-late"); end.code != 0 {
						t.Fatalf("exit code %d\n%s", end.code, end.stderr)
					}
					var attempts int64
					for _, trial := range latest(t, dir).Trials {
						attempts += trial.Attempts
						if trial.OK != trial.Started || trial.Attempts != trial.Started {
							t.Errorf("%s %s: %d started, %d ok, %d attempts: %v", trial.Scenario, trial.Mode, trial.Started, trial.OK, trial.Attempts, trial.Errors)
						}
					}
					if got := seen(); got != attempts || got < 1500 {
						t.Errorf("the server has seen %d requests, the result says %d", got, attempts)
					}
				})
			}
		}
	}
}
