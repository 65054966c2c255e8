package runner

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"plimsoll/runner/drive"
	"plimsoll/runner/mode"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/target"
	"plimsoll/target/host"
)

const ms = time.Millisecond

// made is what a real trial recorded: calls that were due every 10 ms, each so
// late and ended so long after it was due.
func made(m mode.Mode, length time.Duration, late func(k int) time.Duration, took func(k int) time.Duration) (*result.Trial, scenario.Trial, *drive.Recorder) {
	t := scenario.Trial{Mode: scenario.Mode{Mode: m}, Scenario: &scenario.Scenario{Clock: scenario.Real, Duration: length}}
	rec := drive.NewRecorder(length, nil)
	for k := range int(length / (10 * ms)) {
		due := time.Duration(k) * 10 * ms
		rec.Record(&drive.Call{Outcome: &target.Outcome{}, Intended: due, Ready: due, Start: due + late(k), End: due + max(late(k), took(k))})
	}
	out := &result.Trial{MachineUse: &result.MachineUse{WallS: length.Seconds()}, Measure: result.Measure{Errors: map[string]result.Error{}}, DurationS: length.Seconds()}
	if err := fillDistributions(&out.Measure, rec.Interval); err != nil {
		panic(err)
	}
	if err := fillTimeline(&out.Measure, rec.Timeline); err != nil {
		panic(err)
	}
	out.Started, out.OK, out.MakespanS = rec.Started(), rec.OK, rec.LastEnd.Seconds()
	return out, t, rec
}

func always(d time.Duration) func(int) time.Duration { return func(int) time.Duration { return d } }

// from is another duration from the k-th call on.
func from(k int, before, after time.Duration) func(int) time.Duration {
	return func(n int) time.Duration {
		if n >= k {
			return after
		}
		return before
	}
}

// The rule on lateness, on either side of each of its limits: 1 ms, 10 % of the
// response time's p99, and 1 % of the trial's length for the last start.
func TestLateGenerators(t *testing.T) {
	for _, c := range []struct {
		name       string
		mode       mode.Mode
		length     time.Duration
		late, took func(int) time.Duration
		why        string
	}{
		{"punctual", mode.Open{}, 2 * time.Second, always(0), always(5 * ms), ""},
		{"below a millisecond", mode.Open{}, 2 * time.Second, always(900 * time.Microsecond), always(2 * ms), ""},
		{"above a millisecond", mode.Open{}, 2 * time.Second, always(1100 * time.Microsecond), always(2 * ms), "lateness p99"},
		{"below a tenth of the response", mode.Open{}, 2 * time.Second, always(9 * ms), always(100 * ms), ""},
		{"above a tenth of the response", mode.Open{}, 2 * time.Second, always(11 * ms), always(100 * ms), "lateness p99"},
		{"one call in a hundred", mode.Open{}, 3 * time.Second, from(298, 0, 29*ms), always(100 * ms), ""},
		{"the last below 1 %", mode.Open{}, 2 * time.Second, from(199, 0, 19*ms), always(100 * ms), ""},
		{"the last above 1 %", mode.Open{}, 2 * time.Second, from(199, 0, 21*ms), always(100 * ms), "the last call started"},
		{"the last of fewer than 100", mode.Open{}, 500 * ms, from(49, 0, 9*ms), always(100 * ms), ""},
		{"a closed loop", mode.Closed{}, 2 * time.Second, always(11 * ms), always(100 * ms), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, trial, rec := made(c.mode, c.length, c.late, c.took)
			judgeHealth(out, trial, rec.Interval, standstill{})
			if kept := out.Health.Why == ""; kept != (c.why == "") || out.Health.KeptPace != kept || !strings.HasPrefix(out.Health.Why, c.why) {
				t.Errorf("%+v, want %q", out.Health, c.why)
			}
			trial.Scenario.Clock = scenario.Virtual
			out.Health = result.Health{KeptPace: true}
			if judgeHealth(out, trial, rec.Interval, standstill{}); !out.Health.KeptPace {
				t.Errorf("virtual time was late: %+v", out.Health)
			}
		})
	}
}

// A standstill makes a trial invalid where it was long, by itself, and is in
// what was measured; on a busy machine it takes more, and what is short is only
// told.
func TestStandstills(t *testing.T) {
	took := func(slow time.Duration) func(int) time.Duration { // calls from 0.9 s to 1 s end together
		return func(k int) time.Duration {
			if k >= 90 && k < 100 {
				return slow
			}
			return 5 * ms
		}
	}
	gap := func(length time.Duration) drive.Gap { return drive.Gap{At: 950 * ms, For: length} }
	for _, c := range []struct {
		name  string
		stood standstill
		slow  time.Duration
		use   result.MachineUse
		why   string // none: only told
	}{
		{"nothing", standstill{}, 5 * ms, result.MachineUse{}, ""},
		{"stopped", standstill{stopped: gap(time.Second)}, time.Second, result.MachineUse{}, "plimsoll stood still for 1s at 950ms"},
		{"stopped on a busy machine", standstill{stopped: gap(1200 * ms)}, 1200 * ms, result.MachineUse{CPUWaitS: 3}, "plimsoll stood still for 1.2s"},
		{"stopped briefly", standstill{stopped: gap(300 * ms)}, 300 * ms, result.MachineUse{}, "plimsoll stood still for 300ms"},
		{"stopped briefly on a busy machine", standstill{stopped: gap(300 * ms)}, 300 * ms, result.MachineUse{CPUWaitS: 3}, ""},
		{"stopped for tens of ms", standstill{stopped: gap(90 * ms)}, 90 * ms, result.MachineUse{}, ""},
		{"stopped, and no call was in flight", standstill{stopped: gap(time.Second)}, 5 * ms, result.MachineUse{}, ""},
		{"stopped when slow calls were elsewhere", standstill{stopped: drive.Gap{At: 2500 * ms, For: 300 * ms}}, 400 * ms, result.MachineUse{}, ""},
		{"starved", standstill{starved: gap(time.Second)}, time.Second, result.MachineUse{}, ""},
		{"starved for very long", standstill{starved: gap(3 * time.Second)}, 3 * time.Second, result.MachineUse{}, "others had the processors"},
		{"blocked", standstill{blocked: gap(time.Second)}, time.Second, result.MachineUse{}, "plimsoll stood still for 1s"},
		{"blocked by others", standstill{blocked: gap(time.Second)}, time.Second, result.MachineUse{CPUWaitS: 0.6}, ""},
		{"asleep", standstill{asleep: gap(time.Minute)}, 5 * ms, result.MachineUse{}, "the machine was suspended for 1m0s"},
		{"throttled", standstill{starved: gap(95 * ms)}, 95 * ms, result.MachineUse{ThrottledS: 0.6}, "the quota of its control group"},
		{"hardly throttled", standstill{starved: gap(95 * ms)}, 95 * ms, result.MachineUse{ThrottledS: 0.3}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, trial, rec := made(mode.Closed{}, 4*time.Second, always(0), took(c.slow))
			c.use.WallS = 4
			*out.MachineUse = c.use
			rec.Stood = c.stood.blocked
			judgeHealth(out, trial, rec.Interval, c.stood)
			if out.Health.KeptPace != (c.why == "") || !strings.Contains(out.Health.Why, c.why) {
				t.Errorf("%+v, want %q", out.Health, c.why)
			}
			if told := out.MachineUse.StoodStillS > 0; told != (c.stood != standstill{}) {
				t.Errorf("told: %+v", out.MachineUse)
			}
		})
	}
}

// A gap in the pulse is a stop, or a want of processors where a thread waited
// for one meanwhile; suspensions show in another clock.
func TestPulse(t *testing.T) {
	waited, slept := time.Duration(0), time.Hour
	p := &pulse{waits: func() map[string]time.Duration { return map[string]time.Duration{"loop": waited} }, felt: -time.Second, slept: slept}
	p.ask(-time.Second)
	now := -time.Second
	feel := func(after time.Duration) { now += after; p.feel(now, slept) }
	steadily := func(until time.Duration) {
		for now < until {
			feel(beat)
		}
	}
	feel(300 * ms) // in the warm-up
	steadily(time.Second)
	feel(beat + 8*ms)
	steadily(1200 * ms)
	if (p.standstill != standstill{}) {
		t.Fatalf("a steady pulse: %+v", p.standstill)
	}
	at := now
	feel(500 * ms)
	want := standstill{stopped: drive.Gap{At: at, For: 490 * ms}}
	if p.standstill != want {
		t.Errorf("%+v, want %+v", p.standstill, want)
	}
	steadily(2 * time.Second)
	at = now
	waited += 300 * ms
	feel(400 * ms)
	want.starved = drive.Gap{At: at, For: 390 * ms}
	feel(100 * ms) // shorter than before
	steadily(3 * time.Second)
	at = now
	slept += time.Minute
	feel(beat)
	want.asleep = drive.Gap{At: at, For: time.Minute}
	steadily(4 * time.Second)
	if p.standstill != want {
		t.Errorf("%+v, want %+v", p.standstill, want)
	}
}

// What the generator lacked is told with the limit's name and its remedy, and
// no other fault is looked for.
func TestLackingGenerators(t *testing.T) {
	for _, c := range []struct {
		errno syscall.Errno
		says  []string
	}{
		{syscall.EMFILE, []string{"file descriptors (the limit is ", "ulimit -n"}},
		{syscall.ENFILE, []string{"this system ran out of file descriptors", "fs.file-max"}},
		{syscall.EADDRNOTAVAIL, []string{"local ports (", "keepalive", "source", "ip_local_port_range"}},
		{syscall.ENOBUFS, []string{"buffers", "net.core.wmem_max"}},
		{syscall.ENOMEM, []string{"out of memory"}},
	} {
		out, trial, rec := made(mode.Open{}, 500*ms, always(20*ms), always(20*ms))
		limit := host.LimitOf(fmt.Errorf("GET http://shop/: %w", &os.SyscallError{Syscall: "socket", Err: c.errno}))
		example := "GET http://shop/: " + limit.String() // as every engine tells it, or the beginning of that
		out.Errors[result.Generator] = result.Error{Count: 7, Example: example[:70]}
		out.Started += 7
		judgeHealth(out, trial, rec.Interval, standstill{})
		if out.Health.KeptPace || !strings.HasPrefix(out.Health.Why, "7 of 57 calls could not be made: ") {
			t.Errorf("%v: %+v", c.errno, out.Health)
		}
		for _, want := range c.says {
			if !strings.Contains(out.Health.Why, want) {
				t.Errorf("%v: %q does not say %q", c.errno, out.Health.Why, want)
			}
		}
	}
	out, trial, rec := made(mode.Closed{}, 500*ms, always(0), always(20*ms))
	out.Errors[result.Generator] = result.Error{Count: 1, Example: "something else is used up"}
	if judgeHealth(out, trial, rec.Interval, standstill{}); !strings.HasSuffix(out.Health.Why, errors.New("something else is used up").Error()) {
		t.Errorf("%+v", out.Health)
	}
}

// The class of what the generator lacks has one name.
func TestGeneratorsClassHasOneName(t *testing.T) {
	if result.Generator != target.Generator {
		t.Errorf("%q in results, %q of targets", result.Generator, target.Generator)
	}
}

// Which invalid trial makes which exit code: lateness may be accepted, calls
// that could not be made may not, and a search answers by itself.
func TestExitCodes(t *testing.T) {
	late := result.Trial{Scenario: "s", Ended: result.Complete, Health: result.Health{Why: "late"}}
	lacking := late
	lacking.Errors = map[string]result.Error{result.Generator: {Count: 1}}
	failed := result.Trial{Scenario: "s", Ended: result.Failed, Health: result.Health{KeptPace: true}}
	short := result.Trial{Scenario: "s", Ended: result.Failed, Health: result.Health{Why: "too few descriptors"}}
	well := result.Trial{Scenario: "s", Ended: result.Complete, Health: result.Health{KeptPace: true}}
	found, unjudged := []result.Capacity{{Scenario: "s", Bound: result.AtLeast}}, []result.Capacity{{Scenario: "s"}}
	broken := []result.Verdict{{}}
	for name, c := range map[string]struct {
		run         result.Run
		interrupted bool
		code, late  int // without and with --allow-late
	}{
		"well":                     {result.Run{Trials: []result.Trial{well}}, false, 0, 0},
		"broken":                   {result.Run{Trials: []result.Trial{well}, Verdicts: broken}, false, 1, 1},
		"late":                     {result.Run{Trials: []result.Trial{well, late}}, false, 3, 0},
		"late and broken":          {result.Run{Trials: []result.Trial{late}, Verdicts: broken}, false, 3, 1},
		"lacking":                  {result.Run{Trials: []result.Trial{lacking}}, false, 3, 3},
		"failed":                   {result.Run{Trials: []result.Trial{failed}}, false, 3, 3},
		"short":                    {result.Run{Trials: []result.Trial{short}}, false, 3, 3},
		"interrupted":              {result.Run{Trials: []result.Trial{late}, Verdicts: broken}, true, 130, 130},
		"searched":                 {result.Run{Trials: []result.Trial{well, late, lacking, short}, Capacities: found}, false, 0, 0},
		"searched, a step failed":  {result.Run{Trials: []result.Trial{well, failed}, Capacities: found}, false, 3, 3},
		"searched, nothing judged": {result.Run{Trials: []result.Trial{late, late}, Capacities: unjudged}, false, 3, 3},
	} {
		for allow, want := range map[bool]int{false: c.code, true: c.late} {
			if got := ExitCode(&c.run, c.interrupted, Allowed{Late: allow}); got != want {
				t.Errorf("%s, allowed %v: exit %d, want %d", name, allow, got, want)
			}
		}
	}
}
