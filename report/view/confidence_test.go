package view_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"plimsoll/report/sample"
	"plimsoll/report/view"
	"plimsoll/runner/latency"
	"plimsoll/runner/result"
	"plimsoll/runner/statistics"
)

// drawn is a run of so many repetitions of calls with exponential response
// times of 10 ms on average.
func drawn(t *testing.T, repetitions, calls int, seed uint64) *result.Run {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 7))
	run := &result.Run{}
	for repeat := range repetitions {
		h := latency.New(latency.Fine)
		for range calls {
			h.Record(time.Duration(rng.ExpFloat64() * 1e7))
		}
		d, err := result.NewDist(h)
		if err != nil {
			t.Fatal(err)
		}
		run.Trials = append(run.Trials, result.Trial{Scenario: "s", Mode: "m", Repeat: repeat, Measure: result.Measure{OK: h.Count(), Started: h.Count(), Response: d, Service: d},
			MakespanS: 1, Ended: result.Complete, Health: result.Health{KeptPace: true}})
	}
	return run
}

// interval is the cell beside a percentile of the response time, in
// milliseconds, and its footnotes.
func interval(t *testing.T, run *result.Run, percentile string) (low, high float64, notes []string) {
	t.Helper()
	v, err := view.Options{Confidence: true}.View(run)
	if err != nil {
		t.Fatal(err)
	}
	latencies := table(t, v, 0, "Latency")
	at := column(t, latencies, "response", percentile)
	beside := latencies.Columns[at+1]
	if beside.Name != "95 % interval" || !beside.Qualifies || latencies.Columns[at].Unit != "ms" {
		t.Fatalf("beside %+v stands %+v", latencies.Columns[at], beside)
	}
	cell := latencies.Rows[0][at+1]
	notes = footnotes(latencies, slices.Concat(beside.Marks, cell.Marks))
	if cell.Text == view.None {
		return math.NaN(), math.NaN(), notes
	}
	from, to, _ := strings.Cut(cell.Text, "–")
	low, err = strconv.ParseFloat(from, 64)
	if err != nil {
		t.Fatal(err)
	}
	if high, err = strconv.ParseFloat(to, 64); err != nil {
		t.Fatal(err)
	}
	return low, high, notes
}

// From three repetitions on the interval is theirs, as the jackknife has it;
// before, it is the calls' own, and says what it takes for granted.
func TestIntervalsOfPercentiles(t *testing.T) {
	const calls = 2000
	for repetitions, says := range map[int]string{1: "ranks of calls as if these were independent", 2: "ranks of calls", 3: "the 3 repetitions differ", 5: "the 5 repetitions differ"} {
		run := drawn(t, repetitions, calls, 3)
		groups, err := result.Groups(run.Trials)
		if err != nil {
			t.Fatal(err)
		}
		for percentile, p := range map[string]float64{"p50": 50, "p90": 90, "p99": 99} {
			low, high, notes := interval(t, run, percentile)
			if len(notes) != 1 || !strings.Contains(notes[0], says) {
				t.Errorf("%d repetitions, %s: %q", repetitions, percentile, notes)
			}
			var want statistics.Estimate
			if repetitions < 3 {
				from, to, _ := statistics.QuantileRanks(groups[0].OK, p/100)
				share := func(rank int64) float64 {
					return 1e3 * groups[0].Response.Quantile(100*float64(rank)/float64(groups[0].OK)).Seconds()
				}
				want = statistics.Estimate{Low: share(from), High: share(to)}
			} else if want, err = statistics.Ratio(repetitions, func(without int) float64 {
				h := latency.New(latency.Fine)
				for i, trial := range run.Trials {
					if one, err := trial.Response.Histogram(); err == nil && i != without {
						h.Merge(one)
					}
				}
				return 1e3 * h.Quantile(p).Seconds()
			}); err != nil {
				t.Fatal(err)
			}
			if math.Abs(low-want.Low) > 0.01*want.Low || math.Abs(high-want.High) > 0.01*want.High {
				t.Errorf("%d repetitions, %s: %v to %v, want %+v", repetitions, percentile, low, high, want)
			}
		}
	}
}

// Of independent calls, both kinds of interval cover the truth about as often
// as they say.
func TestIntervalsCoverTheTruth(t *testing.T) {
	for _, repetitions := range []int{1, 3} {
		covered := map[string]int{}
		const experiments = 100
		for seed := range uint64(experiments) {
			run := drawn(t, repetitions, 300/repetitions, seed+1)
			for percentile, p := range map[string]float64{"p50": 0.5, "p90": 0.9} {
				truth := -10 * math.Log(1-p)
				if low, high, _ := interval(t, run, percentile); low <= truth && truth <= high {
					covered[percentile]++
				}
			}
		}
		for percentile, n := range covered {
			if share := float64(n) / experiments; share < 0.87 { // four standard deviations below
				t.Errorf("%d repetitions: %s covered in %.3f", repetitions, percentile, share)
			}
		}
	}
}

// Where there is no figure there is no interval, and without being asked for
// there is none at all.
func TestIntervalsOnlyWhereTheyBelong(t *testing.T) {
	v, err := view.Options{Confidence: true}.View(drawn(t, 1, 300, 1))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range table(t, v, 0, "Latency").Columns {
		if c.Name == "p99" {
			t.Error("300 calls have a p99")
		}
	}
	for _, table := range of(t, drawn(t, 3, 500, 1)).Sections[0].Tables {
		for _, c := range table.Columns {
			if c.Name == "95 % interval" {
				t.Errorf("%s has an interval", table.Title)
			}
		}
	}
	for name, run := range sample.Odd() { // whatever there is can be shown so
		if _, err := (view.Options{Confidence: true}).View(run); (err != nil) != (name == "unreadable") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The closer look at a single trial has them, too, in a column of their own.
func TestBenchWithIntervals(t *testing.T) {
	b, err := view.Options{Confidence: true}.Bench(drawn(t, 1, 1000, 1), "GET /")
	if err != nil {
		t.Fatal(err)
	}
	times := b.Tables[2]
	intervals := 0
	for i, c := range times.Columns {
		if c.Name != "95 % interval" {
			continue
		}
		intervals++
		text, figure := times.Rows[0][i].Text, times.Rows[0][i-1].Text
		from, to, found := strings.Cut(text, "–")
		if (figure == view.None) != (text == view.None) || figure != view.None && (!found || !between(from, figure, to)) {
			t.Errorf("%s %s: interval %q", times.Columns[i-1].Name, figure, text)
		}
	}
	if intervals != 5 {
		t.Errorf("%d intervals of 5 percentiles", intervals)
	}
}

func between(figures ...string) bool {
	last := math.Inf(-1)
	for _, text := range figures {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || v < last {
			return false
		}
		last = v
	}
	return true
}

// A CSV has empty cells for percentiles that the calls do not support, and
// intervals where they are asked for, of each trial and of all together.
func TestRecordsOfPercentiles(t *testing.T) {
	run := drawn(t, 3, 200, 1) // 600 together
	field := func(v *view.View, row int, name string) string {
		records, err := v.LatencyRecords()
		if err != nil {
			t.Fatal(err)
		}
		at := slices.Index(records[0], name)
		if at < 0 {
			return "no " + name
		}
		return records[row][at]
	}
	plain := of(t, run)
	if one, all := field(plain, 1, "response_p99_s"), field(plain, 4, "response_p99_s"); one != "" || all == "" {
		t.Errorf("p99 of 200 calls %q, of 600 %q", one, all)
	}
	if got := field(plain, 4, "response_p99_low_s"); got != "no response_p99_low_s" {
		t.Errorf("an interval that nobody asked for: %q", got)
	}
	asked, err := view.Options{Confidence: true}.View(run)
	if err != nil {
		t.Fatal(err)
	}
	for row, percentiles := range map[int][]string{1: {"p50", "p90", "p95"}, 4: {"p50", "p90", "p95", "p99"}} {
		for _, p := range percentiles {
			name := "response_" + p
			if low, at, high := field(asked, row, name+"_low_s"), field(asked, row, name+"_s"), field(asked, row, name+"_high_s"); !between(low, at, high) {
				t.Errorf("row %d: %s is %s in %s to %s", row, p, at, low, high)
			}
		}
	}
	if got := field(asked, 1, "response_p99_low_s") + field(asked, 4, "lateness_p50_low_s"); got != "" {
		t.Errorf("an interval of nothing: %q", got)
	}
}
