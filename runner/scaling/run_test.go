package scaling

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"plimsoll/runner/result"
)

// made is a run of a mode, and of one call at a time beside it, whose trials
// took as long as the curve says; change may spoil each.
func made(n []int, repetitions int, c curve, change func(*result.Trial)) *result.Run {
	run := &result.Run{}
	add := func(t result.Trial) {
		t.Scenario, t.Sweep, t.Ended = "s", result.Point{Requests: t.Requests}, result.Complete
		t.OK, t.ThroughputPerS = int64(t.Requests), float64(t.Requests)/t.MakespanS
		if change != nil {
			change(&t)
		}
		run.Trials = append(run.Trials, t)
	}
	for r := range repetitions {
		for _, calls := range n {
			each := 1 + 0.01*math.Sin(float64(7*r+calls)) // the machine's, so that of both
			add(result.Trial{Mode: "sequential", Concurrency: 1, Requests: calls, Repeat: r, MakespanS: each * float64(calls)})
			add(result.Trial{Mode: "concurrent", Requests: calls, Repeat: r, MakespanS: each * float64(calls) / c.at(float64(calls))})
		}
	}
	return run
}

func of(t *testing.T, run *result.Run) []result.Scaling {
	t.Helper()
	laws, err := Of(run)
	if err != nil {
		t.Fatal(err)
	}
	run.Scaling = laws
	for i := range run.Trials {
		run.Trials[i] = result.Trial{Scenario: "s", Mode: fmt.Sprint("m", i), Ended: result.Complete} // have no histograms to check
	}
	if err := run.Check(); err != nil {
		t.Fatal(err)
	}
	return laws
}

var (
	sixPlaces = []int{2, 5, 10, 20, 50, 100}
	bent      = curve{serial: 0.02, crosstalk: 1e-4, x1: 1}
)

// What a repetition has in common in both modes takes no part in the ratio.
func TestRepetitionsArePaired(t *testing.T) {
	laws := of(t, made(sixPlaces, 4, bent, nil))
	if len(laws) != 2 || laws[0].Law != result.Amdahl || laws[1].Law != result.USL {
		t.Fatalf("%+v", laws)
	}
	usl := laws[1]
	if !usl.Chosen || usl.Basis != result.FromRepetitions || usl.Baseline != "sequential" || usl.Mode != "concurrent" || usl.Smallest != 2 || usl.Largest != 100 {
		t.Fatalf("%+v", usl)
	}
	near(t, "σ", usl.Serial.Value, bent.serial, 1e-6)
	near(t, "σ's interval", usl.Serial.High, bent.serial, 1e-6)
	near(t, "the peak", usl.Peak.Value, math.Sqrt(0.98/1e-4), 1e-6)
}

// A repetition that is missing somewhere is left out everywhere; below three
// there are none to leave out, and all that is complete is used.
func TestRepetitionsThatAreIncomplete(t *testing.T) {
	drop := func(repeats int) func(*result.Trial) {
		return func(t *result.Trial) {
			if t.Mode == "concurrent" && t.Requests == 20 && t.Repeat < repeats {
				t.Ended, t.MakespanS = result.Interrupted, 1e-6
			}
		}
	}
	for missing, basis := range []string{result.FromRepetitions, result.FromRepetitions, result.FromResiduals} {
		usl := of(t, made(sixPlaces, 4, bent, drop(missing)))[1]
		if usl.Basis != basis || usl.Points != 6 {
			t.Errorf("%d of 4 missing: %+v", missing, usl)
		}
		near(t, "σ", usl.Serial.Value, bent.serial, 0.02)
	}
	usl := of(t, made(sixPlaces, 4, bent, drop(4)))[1]
	if usl.Points != 5 || !strings.HasPrefix(usl.Note, "1 of 6 places are left out") {
		t.Errorf("a place without any: %+v", usl)
	}
	near(t, "σ", usl.Serial.Value, bent.serial, 1e-6)
}

func TestFailuresAreTold(t *testing.T) {
	run := made(sixPlaces, 1, bent, func(t *result.Trial) {
		if t.Requests == 100 {
			t.OK, t.Errors = 90, map[string]result.Error{"timeout": {Count: 10}}
		}
	})
	if note := of(t, run)[1].Note; note != "20 of 374 calls failed, and failing is often fast" {
		t.Errorf("note %q", note)
	}
}

func TestNothingGotDone(t *testing.T) {
	run := made(sixPlaces, 1, bent, func(t *result.Trial) { t.OK, t.ThroughputPerS = 0, 0 })
	for _, law := range of(t, run) {
		if law.Refused == "" || law.Points != 0 || law.Chosen {
			t.Errorf("%+v", law)
		}
	}
	if laws := of(t, &result.Run{}); laws != nil {
		t.Errorf("%+v", laws)
	}
}

// A capacity that no target has is a reason, no panic.
func TestImpossibleTrialsAreRefused(t *testing.T) {
	run := made(sixPlaces, 1, bent, func(t *result.Trial) {
		if t.Mode == "concurrent" && t.Requests == 10 {
			t.MakespanS = 0
		}
	})
	for _, law := range of(t, run) {
		if law.Refused != "there is no capacity at N = 10: no call succeeded there, or the calls took no time at all" {
			t.Errorf("%+v", law)
		}
	}
}

// Only what asks for more and more at once has a law of scaling.
func TestWhichSweepsAreMeant(t *testing.T) {
	for _, c := range []struct {
		name  string
		group func(n int) result.Group
		axis  string
	}{
		{"batches at once", func(n int) result.Group { return result.Group{Requests: n, Sweep: result.Point{Requests: n}} }, result.AxisRequests},
		{"a limit never reached", func(n int) result.Group {
			return result.Group{Requests: n, Concurrency: 50, Sweep: result.Point{Requests: n}}
		}, result.AxisRequests},
		{"a limit", func(n int) result.Group {
			return result.Group{Requests: n, Concurrency: 5, Sweep: result.Point{Requests: n}}
		}, ""},
		{"one at a time", func(n int) result.Group {
			return result.Group{Requests: n, Concurrency: 1, Sweep: result.Point{Requests: n}}
		}, ""},
		{"callers", func(n int) result.Group {
			return result.Group{DurationS: 1, Concurrency: n, Sweep: result.Point{Concurrency: n}}
		}, result.AxisConcurrency},
		{"callers of a batch", func(n int) result.Group {
			return result.Group{Requests: 100, Concurrency: n, Sweep: result.Point{Concurrency: n}}
		}, result.AxisConcurrency},
		{"fewer calls than callers", func(n int) result.Group {
			return result.Group{Requests: 15, Concurrency: n, Sweep: result.Point{Concurrency: n}}
		}, ""},
		{"beside callers", func(n int) result.Group {
			return result.Group{DurationS: 1, Concurrency: 1, Sweep: result.Point{Concurrency: n}}
		}, ""},
		{"rates", func(n int) result.Group {
			return result.Group{DurationS: 1, RatePerS: float64(n), Sweep: result.Point{RatePerS: float64(n)}}
		}, ""},
		{"a rate over batches", func(n int) result.Group {
			return result.Group{Requests: n, RatePerS: 10, Sweep: result.Point{Requests: n}}
		}, ""},
	} {
		var along []*result.Group
		for _, n := range []int{2, 10, 20} {
			g := c.group(n)
			along = append(along, &g)
		}
		if got := axisOf(along); got != c.axis {
			t.Errorf("%s: axis %q, want %q", c.name, got, c.axis)
		}
		if got := axisOf(along[:1]); got != "" {
			t.Errorf("%s: one place is a sweep over %s", c.name, got)
		}
	}
}
