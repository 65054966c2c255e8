package runner_test

import (
	"bufio"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"plimsoll/runner/result"
	"plimsoll/target/busy"
)

const onLinux = true

// burns is a server whose every call takes a processor for that long. Asked for
// /took it says how many it has had, and what it took for them by its own account.
func burns(cost string) {
	each, err := time.ParseDuration(cost)
	if err != nil {
		panic(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr())
	var calls atomic.Int64
	go func() { // it ends with who started it
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
		os.Exit(0)
	}()
	panic(http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/took" {
			var use unix.Rusage
			_ = unix.Getrusage(unix.RUSAGE_SELF, &use)
			fmt.Fprintln(w, calls.Load(), time.Duration(use.Utime.Nano()+use.Stime.Nano()).Seconds())
			return
		}
		calls.Add(1)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		for end := onThread() + each; onThread() < end; {
		}
		// So that many at a time are no more than it can bear, and do not come in bursts,
		// of which a look that is late would miss one as a whole.
		time.Sleep(50*time.Millisecond + rand.N(100*time.Millisecond))
	})))
}

// onThread is what this thread took of processors so far.
func onThread() time.Duration {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &now)
	return time.Duration(now.Nano())
}

// burning starts such a server; took asks it.
func burning(t *testing.T, cost string) (address string, took func() (calls int64, seconds float64)) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), "PLIMSOLL_TEST_BURNS="+cost), os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address = strings.TrimSpace(line)
	return address, func() (calls int64, seconds float64) {
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		answer, err := client.Get("http://" + address + "/took")
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if _, err := fmt.Fscan(answer.Body, &calls, &seconds); err != nil {
			t.Fatal(err)
		}
		return calls, seconds
	}
}

// What calls take of a server's processors is what the server says itself, and the
// search ends between the loads at which that comes to less than a tenth of a core and
// to more. A machine that is so busy that looks come too late to tell is asked again,
// a few times.
func TestATenthOfACore(t *testing.T) {
	t.Parallel()
	address, took := burning(t, "2ms")
	why := ""
	for range 3 {
		if why = aTenthOfACore(t, address, took); why == "" {
			return
		}
		t.Log(why)
	}
	busy.Skip(t, why)
}

// aTenthOfACore searches once; why: the machine was too busy to tell anything.
func aTenthOfACore(t *testing.T, address string, took func() (int64, float64)) (why string) {
	const limit = 0.1
	calls, before := took()
	// There are calls before the first look that counts, so that those which a late one
	// misses are as many as those which the last one takes in too much.
	run := carryOut(t, fmt.Sprintf(`
targets: {api: {http: {url: "http://%[1]s/"}}}
monitor: {server: {listening: %[1]q, interval: 100ms}}
scenarios:
  - {name: s, target: api, warmup: 300ms, drain: 5s, capacity: {find: concurrency, slo: monitor.server.cores < %[2]v, from: 1, to: 200, hold: 1s, precision: 25%%}}
`, address, limit))
	after, seconds := took()
	each := (seconds - before) / float64(after-calls)
	c := run.Capacities[0]
	if c.Bound != result.Found || c.LimitedBy != fmt.Sprintf("monitor.server.cores < %v", limit) {
		return fmt.Sprintf("the search ended with %q, limited by %s: %s", c.Bound, c.LimitedBy, c.Reason)
	}
	for i := range c.Steps {
		if s := run.Trials[i].Monitored("server", "cores"); s == nil || len(s.Points) < 2 {
			return fmt.Sprintf("step %d: %+v", i, run.Trials[i].Monitor)
		}
	}
	t.Logf("%d calls took %.4f ms each: found are %v (%v … %v) of them at a time, %.1f/s, which take %.3f cores", after-calls, each*1000, c.Value, c.Low, c.High, c.ThroughputPerS, c.ThroughputPerS*each)
	if c.ThroughputPerS*each > 1.2*limit {
		t.Errorf("at %v, which is said to keep the limit, %.1f calls a second took %.3f cores", c.Value, c.ThroughputPerS, c.ThroughputPerS*each)
	}
	cores, served := 0.0, 0.0
	for i, step := range c.Steps {
		if taken := step.ThroughputPerS * each; step.Level > 1.5*c.High && (step.Verdict != result.Fail || taken < 0.8*limit) {
			t.Errorf("at %v, which is more than the limit, %.3f cores were taken: %s", step.Level, taken, step.Verdict)
		}
		trial := &run.Trials[i]
		cores += trial.Monitored("server", "cores").Mean
		served += float64(trial.OK) / trial.DurationS // those who ended later began with their work, too
	}
	cost := cores / served
	t.Logf("by what was seen a call took %.4f ms", cost*1000)
	if math.Abs(cost/each-1) > 0.2 {
		t.Errorf("a call takes %.4f ms by the server's own account, and %.4f by what was seen", each*1000, cost*1000)
	}
	return ""
}
