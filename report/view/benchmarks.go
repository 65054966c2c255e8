package view

import (
	"fmt"
	"strings"
	"unicode"

	"plimsoll/runner/result"
)

// Benchmark is one trial as a line of Go's benchmark format: that one
// repetition made N calls, and what was measured of them.
type Benchmark struct {
	Name    string
	N       int64
	Figures []Figure
}

// Figure is a value and its unit, as the format has it.
type Figure struct {
	Value float64
	Unit  string
}

// Benchmarks are the trials that came to their end with at least one success.
// As in Go, ns/op is the time that passed over the number of calls, so that it
// is the throughput turned over.
func Benchmarks(run *result.Run) []Benchmark {
	var lines []Benchmark
	for i := range run.Trials {
		t := &run.Trials[i]
		if !t.Finished() || t.OK == 0 || t.ThroughputPerS <= 0 {
			continue
		}
		lines = append(lines, Benchmark{
			Name: benchmarkName(t, run.Machine.CPUs), N: t.OK,
			Figures: []Figure{
				{1e9 / t.ThroughputPerS, "ns/op"},
				{t.Response.P50S * 1e9, "p50-ns"},
				{t.Response.P99S * 1e9, "p99-ns"},
				{float64(t.Failed()) / float64(t.OK+t.Failed()) * 100, "errors-%"},
			},
		})
	}
	return lines
}

// benchmarkName is a capital letter and no blanks, parts as key=value. The
// number of processors at its end is Go's custom, and keeps a number at the
// end of a mode from being taken for it.
func benchmarkName(t *result.Trial, cpus int) string {
	name := []rune(benchmarkPart(t.Scenario))
	name[0] = unicode.ToUpper(name[0])
	parts := []string{"Benchmark" + string(name), "mode=" + benchmarkPart(t.Mode)}
	if axis := Axis(t.Sweep); axis != "" {
		parts = append(parts, axis+"="+placeText(t.Sweep))
	}
	return fmt.Sprintf("%s-%d", strings.Join(parts, "/"), max(1, cpus))
}

// benchmarkPart is a text without what has a meaning in names.
func benchmarkPart(s string) string {
	s = strings.Join(strings.Fields(Clean(s)), "_")
	if s == "" {
		return "_"
	}
	return strings.ReplaceAll(s, "/", "-per-")
}
