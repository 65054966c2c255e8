package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"plimsoll/report"
	"plimsoll/report/compare"
	"plimsoll/report/sample"
	"plimsoll/runner/result"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s differs (go test -update writes it anew): %v; got:\n%s", file, err, got)
	}
}

// comparison has every verdict, and something in every field.
func comparison() *compare.Comparison {
	place := compare.Place{Scenario: "fetch-urls", Mode: "concurrent", Point: result.Point{Requests: 100}}
	change := func(c compare.Change, change, low, high float64) compare.Change {
		c.Change, c.Low, c.High = &change, &low, &high
		c.BaselineRepetitions, c.CurrentRepetitions = 5, 10
		return c
	}
	open := compare.Place{Scenario: "steady", Mode: "rate-limited-500/s"}
	tool := result.Tool{Name: "plimsoll", Version: "0.1.0"}
	return &compare.Comparison{
		Format:   1,
		Baseline: compare.Side{Name: "results/old", File: "s.yaml", Started: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC), Tool: tool, Targets: []string{"old"}},
		Current:  compare.Side{Name: "results/new", File: "t.yaml", Started: time.Date(2026, 2, 4, 4, 5, 6, 0, time.UTC), Tool: tool, Targets: []string{"new", "newer"}},
		Caveats:  []string{"another machine: the baseline was measured on a, the current run on b"},
		Changes: []compare.Change{
			change(compare.Change{Place: place, Metric: compare.Makespan, Baseline: 3.8, Current: 4.75, Tolerance: 0.05, Verdict: compare.Worse}, 1.25, 1.2, 1.302),
			change(compare.Change{Place: place, Metric: compare.P50, Baseline: 0.0201, Current: 0.0182, Tolerance: 0.075, Raised: true, Verdict: compare.Better}, 0.9055, 0.8921, 0.9191),
			change(compare.Change{Place: place, Metric: compare.P99, Baseline: 0.2, Current: 0.21, Tolerance: 0.1, Verdict: compare.CannotTell, Alone: compare.NoChange, More: 1}, 1.05, 1.0111, 1.0904),
			change(compare.Change{Place: place, Metric: compare.Errors, Baseline: 0.001, Current: 0.0121, Tolerance: 0.001, Verdict: compare.Worse}, 0.0111, 0.008, 0.0142),
			change(compare.Change{Place: open, Metric: compare.Rate, Baseline: 500, Current: 499, Tolerance: 0.05, Verdict: compare.NoChange}, 0.998, 0.99, 1.006),
			change(compare.Change{Place: open, Metric: compare.P50, Baseline: 0.001, Current: 0.03, Tolerance: 0, Verdict: compare.CannotTell, MoreTime: 2.5, Reason: "20 parts of a trial stand in for repetitions"}, 30, 0.9, 1000),
			{Place: open, Metric: compare.P99, Baseline: 0.1, Current: 0.1, Tolerance: 0.05, Verdict: compare.CannotTell, More: 2,
				Reason: "needs 3 repetitions of each run, and there are 1 of the baseline and 1 of the current run", BaselineRepetitions: 1, CurrentRepetitions: 1},
			{Place: open, Metric: compare.Errors, Tolerance: 0.001, Verdict: compare.NoChange, BaselineRepetitions: 1, CurrentRepetitions: 1},
		},
		OnlyBaseline: []compare.Place{{Scenario: "gone", Mode: "sequential"}},
		OnlyCurrent:  []compare.Place{{Scenario: "come", Mode: "concurrent", Point: result.Point{Concurrency: 5}}},
	}
}

func compared(t *testing.T, c *compare.Comparison, format string, strict bool) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := report.Compare(&out, c, format, strict, report.Options{}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestComparisonsArePrinted(t *testing.T) {
	for format, name := range map[string]string{report.Text: "comparison.txt", report.Markdown: "comparison.md", report.JSON: "comparison.json", report.JUnit: "comparison.xml"} {
		if !report.KnownComparisonFormat(format) {
			t.Errorf("%s is not known", format)
		}
		golden(t, name, compared(t, comparison(), format, false))
	}
	if err := report.Compare(&bytes.Buffer{}, comparison(), report.CSV, false, report.Options{}); err == nil || report.KnownComparisonFormat(report.CSV) {
		t.Error("comparisons have no CSV")
	}
}

// Whoever reads the JSON gets all of it back.
func TestComparisonsReadBack(t *testing.T) {
	var again compare.Comparison
	if err := json.Unmarshal(compared(t, comparison(), report.JSON, false), &again); err != nil || !reflect.DeepEqual(&again, comparison()) {
		t.Errorf("%v: %+v", err, again)
	}
}

// In JUnit's terms worse has failed; what cannot be told is skipped, or has
// failed where that was asked for. Foreign texts cannot break it.
func TestJUnitCounts(t *testing.T) {
	c := comparison()
	c.Changes[0].Scenario, c.Changes[0].Mode = `<&"]]>`, "\x00\x1b[2J"
	for strict, want := range map[bool][2]int{false: {2, 3}, true: {5, 0}} {
		var suites struct {
			Tests    int `xml:"tests,attr"`
			Failures int `xml:"failures,attr"`
			Skipped  int `xml:"skipped,attr"`
			Suites   []struct {
				Name  string `xml:"name,attr"`
				Cases []struct {
					Failure *struct{} `xml:"failure"`
					Skipped *struct{} `xml:"skipped"`
				} `xml:"testcase"`
			} `xml:"testsuite"`
		}
		if err := xml.Unmarshal(compared(t, c, report.JUnit, strict), &suites); err != nil {
			t.Fatal(err)
		}
		failures, skipped := 0, 0
		for _, s := range suites.Suites {
			for _, one := range s.Cases {
				if one.Failure != nil {
					failures++
				}
				if one.Skipped != nil {
					skipped++
				}
			}
		}
		if got := [2]int{failures, skipped}; got != want || suites.Tests != 8 || suites.Failures != want[0] || suites.Skipped != want[1] || suites.Suites[0].Name != `<&"]]>` {
			t.Errorf("strict %v: %+v", strict, suites)
		}
	}
}

// Go's benchmark format: golang.org/design/14313.
func TestBenchstat(t *testing.T) {
	var out bytes.Buffer
	run := sample.Published()
	run.Trials[0].Scenario, run.Trials[0].Mode = "fetch urls", "rate-limited-5/2s"
	if err := report.Render(&out, run, report.Benchstat, report.Options{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "published.bench", out.Bytes())
	lines := 0
	for line := range strings.Lines(out.String()) {
		fields := strings.Fields(line)
		if !strings.HasPrefix(line, "Benchmark") {
			continue
		}
		lines++
		if len(fields) != 10 || fields[3] != "ns/op" || !strings.Contains(fields[0], "/mode=") {
			t.Errorf("%q", line)
		}
	}
	if lines != len(run.Trials) {
		t.Errorf("%d lines of %d trials", lines, len(run.Trials))
	}
	run.Trials[1].OK, run.Trials[2].Ended = 0, result.Interrupted
	out.Reset()
	if err := report.Render(&out, run, report.Benchstat, report.Options{}); err != nil || strings.Count(out.String(), "\nBenchmark") != lines-2 {
		t.Errorf("what has no figures is not left out: %v\n%s", err, &out)
	}
}
