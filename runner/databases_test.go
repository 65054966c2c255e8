package runner_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"plimsoll/target/sql/real"
)

// What scenarios promise holds at the databases themselves, as PostgreSQL and
// MariaDB count.
func TestRealDatabases(t *testing.T) {
	t.Cleanup(real.Stop)
	real.All(t, func(t *testing.T, s *real.Server) {
		t.Run("given up", func(t *testing.T) { givenUp(t, s) })
		t.Run("at once", func(t *testing.T) { atOnce(t, s) })
		t.Run("frozen", func(t *testing.T) { frozen(t, s) })
	})
}

// database is a target in a scenario file.
func database(s *real.Server, sleeps, args, more string) string {
	statement := map[string]string{"postgres": "select pg_sleep(%s)", "mysql": "select sleep(%s)"}[s.Driver]
	sleeps = strings.ReplaceAll(sleeps, "?", map[string]string{"postgres": "$1::float", "mysql": "?"}[s.Driver])
	return fmt.Sprintf("targets: {db: {sql: {driver: %s, dsn: %q, sql: %q, args: %s%s}}}\n", s.Driver, s.DSN("admin", real.Password), fmt.Sprintf(statement, sleeps), args, more)
}

// watch tells how many statements the server had under way at the most.
func watch(t *testing.T, s *real.Server) (most func() int) {
	var seen atomic.Int64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				seen.Store(max(seen.Load(), int64(s.Busy(t))))
			}
		}
	}()
	return func() int { close(stop); <-stopped; return int(seen.Load()) }
}

// When the first call has come back the server is soon about nothing of ours, though
// the next would have taken half a minute.
func givenUp(t *testing.T, s *real.Server) {
	most := watch(t, s)
	run := carryOut(t, database(s, "0.3 + ? * 30", `["${iteration}"]`, "")+`
scenarios:
  - {name: race, target: db, requests: 8, modes: [concurrent: 8], stop_when: first-completed}
`)
	at := most()
	for end := time.Now().Add(20 * time.Second); s.Busy(t) > 0 && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
	}
	trial := run.Trials[0]
	if busy := s.Busy(t); busy != 0 || at != 8 {
		t.Errorf("%d statements were under way, and %d still are", at, busy)
	}
	if trial.OK != 1 || trial.Cancelled != 7 {
		t.Errorf("%d ok, %d cancelled", trial.OK, trial.Cancelled)
	}
}

// Three at once are never four.
func atOnce(t *testing.T, s *real.Server) {
	most := watch(t, s)
	run := carryOut(t, database(s, "?", "[0.02]", "")+`
scenarios:
  - {name: three, target: db, requests: 90, modes: [concurrent: 3]}
`)
	if at := most(); at != 3 {
		t.Errorf("%d statements at once, want 3", at)
	}
	if run.Trials[0].OK != 90 {
		t.Errorf("%d of 90 ok", run.Trials[0].OK)
	}
}

// While a server is frozen calls time out, and go on with it.
func frozen(t *testing.T, s *real.Server) {
	time.AfterFunc(time.Second, s.Freeze)
	time.AfterFunc(2500*time.Millisecond, s.Thaw)
	run := carryOut(t, database(s, "?", "[0.01]", ", timeout: 700ms")+`
scenarios:
  - {name: cold, target: db, duration: 4s, modes: [concurrent: 4]}
`)
	trial := run.Trials[0]
	failed := int64(0)
	for class, n := range trial.Errors {
		failed += n.Count
		if class != "timeout" {
			t.Errorf("%d failures of class %s: %s", n.Count, class, n.Example)
		}
	}
	if trial.OK == 0 || failed == 0 || trial.Started != trial.OK+failed+trial.Cancelled {
		t.Errorf("%d started, %d ok, %d failed, %d cancelled", trial.Started, trial.OK, failed, trial.Cancelled)
	}
	if _, told := trial.Phases["connect"]; !told {
		t.Errorf("phases: %v", trial.Phases)
	}
	for end := time.Now().Add(20 * time.Second); s.Users(t) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d connections are left", s.Users(t))
		}
	}
}
