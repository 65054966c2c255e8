package main

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// A server that is not ours, nginx where it is installed, has had as many
// requests as the result says it has been sent: by every engine and in every
// mode, however connections are used.
func TestServerAgrees(t *testing.T) {
	t.Parallel()
	const shared, secured = `wire, http: "2"`, ", tls: {insecure: true}"
	serves := map[string]func(*testing.T) (string, func() int64){
		"auto": countingNginx, "std": countingNginx, shared: countingShared,
		"wire" + secured: countingSecure, shared + secured: countingSecure,
	}
	for engine, serve := range serves {
		if _, err := exec.LookPath("nginx"); err != nil && !strings.HasSuffix(engine, secured) {
			serve = countingGo
		}
		for _, keepalive := range []bool{true, false} {
			t.Run(fmt.Sprintf("engine %s, keepalive %v", engine, keepalive), func(t *testing.T) {
				t.Parallel()
				url, seen := serve(t)
				dir := folder(t, fmt.Sprintf(`
targets: {server: {http: {url: "%s/", engine: %s, keepalive: %v}}}
scenarios:
  - {name: batch, target: server, requests: [1, 300], modes: [sequential, concurrent, {concurrent: 10}, {rate-limited: 1000/s}]}
  - name: timed
    target: server
    duration: 300ms
    repeat: 2
    modes: [sequential, {concurrent: 10}, {rate-limited: 400/s, arrivals: poisson}, {rate-limited: 40/100ms, arrivals: window}]
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
