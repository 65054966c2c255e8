//go:build unix

package drive_test

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"plimsoll/runner/drive"
)

// BenchmarkJourneyBesideCalls makes calls, steps without values, and steps that
// extract, in turns, and tells what a step costs in processor time, the garbage
// collector's too, beside a call: its rate as a share of the call's, the median
// of all rounds. A busy machine stretches all alike.
func BenchmarkJourneyBesideCalls(b *testing.B) {
	const calls = 1_000_000
	var steps, extractions []float64
	for b.Loop() {
		call := cost(b, calling, calls)
		steps = append(steps, call/cost(b, stepping, calls))
		extractions = append(extractions, call/cost(b, extracting, calls))
	}
	b.ReportMetric(median(steps), "steps/call")
	b.ReportMetric(median(extractions), "extractions/call")
}

// cost is what each of so many calls took of the processor, in nanoseconds.
func cost(b *testing.B, loop func(testing.TB, int64) drive.Loop, calls int64) float64 {
	l := loop(b, calls)
	before := processor(b)
	if end := l.Run(); end.Err != nil || l.Recorder.Attempts != calls {
		b.Fatal(fmt.Sprint(end, l.Recorder.Attempts, l.Recorder.Errors))
	}
	return float64(processor(b)-before) / float64(calls)
}

func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}
