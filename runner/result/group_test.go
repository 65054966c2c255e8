package result

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/runner/latency"
)

func TestGroupsComeInTheFilesOrder(t *testing.T) {
	var trials []Trial
	for repeat := range 2 {
		for _, scenario := range []string{"z", "a"} {
			for _, n := range []int{100, 5, 10} {
				for _, mode := range []string{"sequential", "concurrent", "b"} {
					if repeat == 0 && n == 100 && mode == "concurrent" {
						continue // comes up late: with its second repetition
					}
					trials = append(trials, trialOf(scenario, mode, Point{Requests: n}, repeat, []time.Duration{time.Second}, nil))
				}
			}
		}
	}
	groups, err := Groups(trials)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range groups {
		got = append(got, fmt.Sprintf("%s %d %s ×%d", g.Scenario, g.Sweep.Requests, g.Mode, len(g.Trials)))
	}
	var want []string
	for _, scenario := range []string{"z", "a"} {
		want = append(want,
			scenario+" 100 sequential ×2", scenario+" 100 b ×2", scenario+" 100 concurrent ×1",
			scenario+" 5 sequential ×2", scenario+" 5 b ×2", scenario+" 5 concurrent ×2",
			scenario+" 10 sequential ×2", scenario+" 10 b ×2", scenario+" 10 concurrent ×2")
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("order\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Steps of repetitions are merged where they are the same, and stand in the
// order of the file.
func TestStepsOfRepetitionsAddUp(t *testing.T) {
	ms := time.Millisecond
	step := func(path string, outside bool, ok ...time.Duration) Step {
		m := trialOf("s", "m", Point{}, 0, ok, nil).Measure
		return Step{Name: path, Path: path, Outside: outside, Hops: 1, Begin: m.Response, Measure: m, Records: map[string]Dist{"z": m.Response, "a": m.Held}}
	}
	a := trialOf("s", "m", Point{}, 0, []time.Duration{10 * ms}, map[string][]time.Duration{"timeout": {60 * ms}})
	a.Steps = []Step{step("login", true, ms), step("get", false, 2*ms, 4*ms), step("buy/get", false, 30*ms)}
	b := trialOf("s", "m", Point{}, 1, []time.Duration{20 * ms}, nil)
	b.Steps = []Step{step("login", true, 3*ms), step("get", false, 6*ms), step("buy/get", false, 50*ms), step("login", false, 9*ms)}
	for i, trial := range []*Trial{&a, &b} {
		trial.Unit = UnitIteration
		elapsed := trialOf("s", "m", Point{}, 0, []time.Duration{time.Duration(i+1) * time.Second}, nil).Response
		trial.Elapsed, trial.ErrorElapsed = &elapsed, &trial.ErrorResponse
	}
	groups, err := Groups([]Trial{a, b})
	if err != nil {
		t.Fatal(err)
	}
	if g := groups[0]; g.Unit != UnitIteration || g.Elapsed.Count() != 2 || g.Elapsed.Max() != 2*time.Second || g.ErrorElapsed.Count() != 1 {
		t.Errorf("%s, elapsed %v to %v", g.Unit, g.Elapsed.Min(), g.Elapsed.Max())
	}
	steps, err := groups[0].Steps()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range steps {
		got = append(got, fmt.Sprintf("%s %v %d %v %v %d %s %s %d", s.Path, s.Outside, s.OK, s.Response.Min(), s.Begin.Max(), s.Hops, s.Records[0].Name, s.Records[1].Name, s.Records[1].Values.Count()))
	}
	want := []string{"login true 2 1ms 3ms 2 a z 2", "get false 3 2ms 6ms 2 a z 3", "buy/get false 2 30ms 50ms 2 a z 2", "login false 1 9ms 9ms 1 a z 1"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("steps\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	b.Steps[1].Records["a"] = Dist{Count: 1, HDR: "HISTFAAA"}
	if _, err := groups[0].Steps(); err == nil || !strings.Contains(err.Error(), "s, m, repeat 1: step get: record a: hdr") {
		t.Errorf("says %v", err)
	}
}

// What went on beside the repetitions is merged by scenario, with those left out
// whose trials are.
func TestWhatIsBesideRepetitionsAddsUp(t *testing.T) {
	ms := time.Millisecond
	var trials []Trial
	for repeat := range 3 {
		trial := trialOf("s", "m", Point{Requests: 5}, repeat, []time.Duration{10 * ms}, nil)
		noise := trialOf("noise", "concurrent-2", Point{}, repeat, []time.Duration{ms, time.Duration(repeat+2) * ms}, map[string][]time.Duration{"timeout": {60 * ms}})
		still := trialOf("a still one", "sequential", Point{}, repeat, nil, nil)
		trial.Beside = []Trial{noise, still}
		trials = append(trials, trial)
	}
	trials[1].Ended = Interrupted
	merged := func() ([]Group, error) {
		groups, err := Groups(trials)
		if err != nil {
			t.Fatal(err)
		}
		return groups[0].Beside()
	}
	beside, err := merged()
	if err != nil || len(beside) != 2 {
		t.Fatalf("%d groups, %v", len(beside), err)
	}
	noise, still := &beside[0], &beside[1]
	if noise.Scenario != "noise" || noise.OK != 4 || noise.Failed != 2 || noise.Errors["timeout"].Count != 2 || noise.Response.Count() != 4 || noise.Response.Max() < 4*ms {
		t.Errorf("%+v", noise)
	}
	if still.Scenario != "a still one" || still.Started != 0 || len(noise.LeftOut) != 1 || noise.LeftOut[0].Repeat != 1 || len(still.LeftOut) != 1 {
		t.Errorf("%+v; %d and %d are left out", still, len(noise.LeftOut), len(still.LeftOut))
	}
	trials[0].Beside[1].Service = Dist{Count: 1, HDR: "!"}
	if _, err := merged(); err == nil || !strings.HasPrefix(err.Error(), "a still one, sequential, repeat 0: service: ") {
		t.Errorf("says %v", err)
	}
	for i := range trials {
		trials[i].Beside = nil
	}
	if none, err := merged(); err != nil || len(none) > 0 {
		t.Errorf("%v beside nothing: %v", none, err)
	}
}

func TestGroupsOfRepetitionsAddUp(t *testing.T) {
	ms := time.Millisecond
	at := Point{Requests: 3}
	a := trialOf("s", "m", at, 0, []time.Duration{10 * ms, 30 * ms}, map[string][]time.Duration{"timeout": {60 * ms}})
	b := trialOf("s", "m", at, 1, []time.Duration{20 * ms, 100 * ms, 80 * ms}, nil)
	c := trialOf("s", "m", at, 2, []time.Duration{900 * ms}, nil)
	c.Ended = Interrupted
	a.Health = Health{KeptPace: true, LimitedBy: "max_in_flight"}
	b.Health = Health{KeptPace: false, Why: "late"}
	groups, err := Groups([]Trial{a, b, c})
	if err != nil || len(groups) != 1 {
		t.Fatal(groups, err)
	}
	g := groups[0]
	if len(g.Trials) != 2 || len(g.LeftOut) != 1 || g.Partial || g.Requests != 3 {
		t.Errorf("%d trials, %d left out, partial %v, requests %d", len(g.Trials), len(g.LeftOut), g.Partial, g.Requests)
	}
	if g.OK != 5 || g.Failed != 1 || g.Started != 6 || g.Errors["timeout"].Count != 1 || g.Errors["timeout"].Example != "an example of timeout" {
		t.Errorf("ok %d, failed %d, started %d, errors %v", g.OK, g.Failed, g.Started, g.Errors)
	}
	near(t, "makespan", g.MakespanS, 0.15)           // of 0.1 s and 0.2 s
	near(t, "throughput", g.ThroughputPerS, 5.0/0.3) // and not the mean of 20/s and 15/s
	if g.Response.Quantile(50) != latencyTop(30*ms) || g.Response.Max() != 100*ms || g.ErrorResponse.Max() != 60*ms {
		t.Errorf("p50 %v, max %v, of errors %v", g.Response.Quantile(50), g.Response.Max(), g.ErrorResponse.Max())
	}
	if g.Health != (Health{false, "late", "max_in_flight"}) {
		t.Errorf("health %+v", g.Health)
	}
}

// Whatever the order, one bad repetition makes the group's health bad, and the
// first that says why is heard.
func TestOneBadRepetitionIsEnough(t *testing.T) {
	well, late, lacking := Health{KeptPace: true}, Health{Why: "late"}, Health{Why: "too few descriptors", LimitedBy: "connections"}
	for _, c := range []struct {
		of   []Health
		want Health
	}{
		{[]Health{well, well, well}, well},
		{[]Health{late, well, well}, late},
		{[]Health{well, late, well}, late},
		{[]Health{well, well, late}, late},
		{[]Health{late, lacking, well}, Health{Why: "late", LimitedBy: "connections"}},
		{[]Health{well, lacking, late}, lacking},
	} {
		var trials []Trial
		for i, health := range c.of {
			trial := trialOf("s", "m", Point{}, i, []time.Duration{time.Second}, nil)
			trial.Health = health
			trials = append(trials, trial)
		}
		groups, err := Groups(trials)
		if err != nil || groups[0].Health != c.want {
			t.Errorf("%+v: %+v, want %+v, %v", c.of, groups[0].Health, c.want, err)
		}
	}
}

// Calls that the generator could not make are none of the target's errors, and
// the counts add up all the same.
func TestCallsNotMadeAreNoErrors(t *testing.T) {
	trial := trialOf("s", "m", Point{}, 0, []time.Duration{time.Second}, map[string][]time.Duration{"reset": {time.Second}})
	trial.Errors[Generator] = Error{Count: 3, Example: "too many open files"}
	trial.Started, trial.Scheduled = trial.Started+3, trial.Scheduled+3
	for _, d := range []*Dist{&trial.Held, &trial.Lateness} {
		h, err := d.Histogram()
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			h.Record(0)
		}
		*d = mustDist(h)
	}
	trial.Timeline = nil
	if err := trial.Check(); err != nil {
		t.Fatal(err)
	}
	groups, err := Groups([]Trial{trial})
	if g := groups[0]; err != nil || g.Failed != 1 || g.Lacking != 3 || g.Started != 5 || g.ErrorResponse.Count() != 1 {
		t.Errorf("%d failed, %d not made of %d, %v", g.Failed, g.Lacking, g.Started, err)
	}
	trial.OK++
	if err := trial.Check(); err == nil {
		t.Error("counts that do not add up pass")
	}
}

// latencyTop is how a histogram tells a duration in it.
func latencyTop(d time.Duration) time.Duration {
	h := latency.New(latency.Fine)
	h.Record(d)
	h.Record(time.Minute)
	return h.Quantile(50)
}

func near(t interface{ Errorf(string, ...any) }, what string, got, want float64) {
	if !(math.Abs(got-want) <= 1e-9*math.Abs(want)) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestAGroupOfNothingButBrokenTrialsIsPartial(t *testing.T) {
	a := trialOf("s", "m", Point{}, 0, []time.Duration{time.Second}, nil)
	a.Ended = Interrupted
	b := trialOf("s", "m", Point{}, 1, nil, nil)
	b.Ended = Failed
	groups, err := Groups([]Trial{a, b})
	if err != nil {
		t.Fatal(err)
	}
	if g := groups[0]; !g.Partial || len(g.Trials) != 2 || len(g.LeftOut) != 0 || g.OK != 1 || g.Response.Count() != 1 {
		t.Errorf("%+v", g)
	}
	if groups, err := Groups(nil); err != nil || len(groups) != 0 {
		t.Errorf("groups of nothing: %v, %v", groups, err)
	}
}

func TestThroughputOverADurationIsByTheDuration(t *testing.T) {
	a := &Trial{DurationS: 10, MakespanS: 12, ThroughputPerS: 100}
	b := &Trial{DurationS: 10, MakespanS: 30, ThroughputPerS: 50}
	near(t, "throughput", Throughput([]*Trial{a, b}), 75)
	a.DurationS, b.DurationS = 0, 0
	near(t, "throughput", Throughput([]*Trial{a, b}), (1200+1500)/42.0)
	if got := Throughput([]*Trial{{ThroughputPerS: 5}}); got != 0 {
		t.Errorf("of no length: %v", got)
	}
	third := &Trial{DurationS: 0.1, ThroughputPerS: 1.0 / 3}
	if got := Throughput([]*Trial{third, third, third}); got != 1.0/3 {
		t.Errorf("of equal ones: %v", got)
	}
}

func TestABrokenHistogramIsAnError(t *testing.T) {
	a := trialOf("s", "m", Point{}, 0, []time.Duration{time.Second}, nil)
	a.Service.HDR = "!"
	if _, err := Groups([]Trial{a}); err == nil || !strings.Contains(err.Error(), "s, m, repeat 0: service: hdr: ") {
		t.Errorf("says %v", err)
	}
}

// What is merged is the same in whatever order, and the same as having
// recorded everything in one.
func TestMergeOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var trials []Trial
		whole := latency.New(latency.Fine)
		for repeat := range rapid.IntRange(1, 3).Draw(t, "repeats") {
			trial := drawTrial(t, "s", "m", Point{}, repeat)
			trial.Ended = Complete
			trials = append(trials, trial)
			h, err := trial.Response.Histogram()
			if err != nil {
				t.Fatal(err)
			}
			whole.Merge(h)
		}
		a := only(t, trials)
		rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 0)).Shuffle(len(trials), func(i, j int) { trials[i], trials[j] = trials[j], trials[i] })
		b := only(t, trials)
		for p := 0.0; p <= 100; p += 12.5 {
			if a.Response.Quantile(p) != b.Response.Quantile(p) || a.Response.Quantile(p) != whole.Quantile(p) {
				t.Fatalf("p%v is %v, %v, %v", p, a.Response.Quantile(p), b.Response.Quantile(p), whole.Quantile(p))
			}
		}
		near(t, "mean", b.Response.Mean(), a.Response.Mean())
		near(t, "makespan", b.MakespanS, a.MakespanS)
		near(t, "throughput", b.ThroughputPerS, a.ThroughputPerS)
		if a.Scheduled != b.Scheduled || a.OK != b.OK || a.Failed != b.Failed || a.Dropped != b.Dropped || len(a.Errors) != len(b.Errors) {
			t.Fatalf("counts %+v, %+v", a, b)
		}
		if a.Scheduled != a.OK+a.Failed+a.Cancelled+a.Dropped {
			t.Fatalf("counts do not add up: %+v", a)
		}
	})
}

func only(t *rapid.T, trials []Trial) *Group {
	groups, err := Groups(trials)
	if err != nil || len(groups) != 1 {
		t.Fatal(groups, err)
	}
	return &groups[0]
}

// Whole calls are over all the time that they took, whatever was asked for.
func TestThroughputOfWholeCalls(t *testing.T) {
	trials := []*Trial{
		{Whole: true, DurationS: 0.3, MakespanS: 2, ThroughputPerS: 0.5}, // one call
		{Whole: true, DurationS: 0.3, MakespanS: 0.5, ThroughputPerS: 8}, // four
	}
	if got := Throughput(trials); got != 2 {
		t.Errorf("5 calls in 2.5 s are %v/s", got)
	}
}

// Means of a queue are over the time of all repetitions, how long producers were
// blocked is a mean of the repetitions, and the longest is that of any.
func TestQueuesOfRepetitionsAreOne(t *testing.T) {
	trials := []Trial{
		trialOf("s", "m", Point{}, 0, []time.Duration{time.Second}, nil),
		trialOf("s", "m", Point{}, 1, []time.Duration{time.Second}, nil),
	}
	trials[0].MakespanS, trials[0].Queue = 1, &Queue{LengthMean: 2, LengthMax: 7, BlockedS: 1, ConsumersBusy: 1}
	trials[1].MakespanS, trials[1].Queue = 3, &Queue{LengthMean: 4, LengthMax: 5, BlockedS: 4, ConsumersBusy: 0.5}
	groups, err := Groups(trials)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := *groups[0].Queue, (Queue{LengthMean: 3.5, LengthMax: 7, BlockedS: 2.5, ConsumersBusy: 0.625}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if step, err := groups[0].OfStep("x"); err != nil || step.Queue != nil {
		t.Errorf("a step has a queue: %+v, %v", step.Queue, err)
	}
}
