package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"plimsoll/report"
	"plimsoll/report/sample"
	"plimsoll/runner/result"
)

// files are the names in a directory, sorted.
func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestTheResultDirectory(t *testing.T) {
	dir := t.TempDir()
	if err := report.Write(dir, sample.Published(), report.Options{}); err != nil {
		t.Fatal(err)
	}
	want := []string{"fetch-urls-latency.png", "fetch-urls-latency.svg", "fetch-urls-speedup.png", "fetch-urls-speedup.svg",
		"fetch-urls-timeline.png", "fetch-urls-timeline.svg", "latency.csv", "report.html", "speedup.csv", "speedup.md"}
	if got := files(t, dir); !slices.Equal(got, want) {
		t.Errorf("files: %q, want %q", got, want)
	}
	markdown, err := os.ReadFile(filepath.Join(dir, "speedup.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| 27.5 |", "(<fetch-urls-speedup.svg>)", "(<fetch-urls-timeline.svg>)"} {
		if !strings.Contains(strings.Join(strings.Fields(string(markdown)), " "), want) {
			t.Errorf("speedup.md lacks %s", want)
		}
	}
}

func TestWhatCannotBeWrittenIsTold(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "gone")
	if err := report.Write(gone, sample.Frozen(), report.Options{}); err == nil || !strings.Contains(err.Error(), "speedup.csv") {
		t.Errorf("error: %v", err)
	}
}

func TestChartsAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	if err := report.WriteCharts(dir, sample.Frozen()); err != nil {
		t.Fatal(err)
	}
	want := []string{"steady-load-latency.png", "steady-load-latency.svg", "steady-load-timeline.png", "steady-load-timeline.svg"}
	if got := files(t, dir); !slices.Equal(got, want) {
		t.Errorf("files: %q, want %q", got, want)
	}
}

// Scenarios may be called anything; their files are theirs alone.
func TestScenariosDoNotShareFiles(t *testing.T) {
	run := sample.Odd()["one value"]
	one := run.Trials[0]
	run.Trials = nil
	for _, name := range []string{"a/b", "a:b", "A-b", "../../x", "日本", "...", strings.Repeat("long", 100)} {
		one.Scenario = name
		run.Trials = append(run.Trials, one)
	}
	dir := t.TempDir()
	if err := report.WriteCharts(dir, run); err != nil {
		t.Fatal(err)
	}
	got := files(t, dir)
	if len(got) != 4*len(run.Trials) {
		t.Errorf("%d files of %d scenarios: %q", len(got), len(run.Trials), got)
	}
	for _, want := range []string{"a-b-latency.svg", "a-b-2-latency.svg", "A-b-3-latency.svg", "x-latency.svg", "日本-latency.svg", "scenario-latency.svg"} {
		if !slices.Contains(got, want) {
			t.Errorf("no file %s in %q", want, got)
		}
	}
}

func TestJSONIsTheRunItself(t *testing.T) {
	run := sample.Frozen()
	var out bytes.Buffer
	if err := report.Render(&out, run, report.JSON, report.Options{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "p99 < 1s") {
		t.Error("a rule is escaped beyond recognition")
	}
	var back result.Run
	if err := json.Unmarshal(out.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	var again bytes.Buffer
	if err := result.Encode(&again, &back); err != nil {
		t.Fatal(err)
	}
	if again.String() != out.String() || len(back.Trials) != len(run.Trials) || !reflect.DeepEqual(back.Trials[0].Response, run.Trials[0].Response) {
		t.Error("it does not read back the same")
	}
}

func TestFormats(t *testing.T) {
	for format, begins := range map[string]string{report.Text: "! steady-load: 1 of 5 promises broken: p90 565.2 ms, 183 % above 200 ms\n\nscenarios.yaml · ", report.Markdown: "# scenarios.yaml", report.CSV: "scenario,mode,", report.JSON: "{", report.JUnit: "<?xml", report.Benchstat: "goos: linux"} {
		var out bytes.Buffer
		if err := report.Render(&out, sample.Frozen(), format, report.Options{}); err != nil || !strings.HasPrefix(out.String(), begins) || !slices.Contains(report.Formats(), format) {
			t.Errorf("%s: error %v, begins %.20q", format, err, out.String())
		}
	}
	if err := report.Render(io.Discard, sample.Frozen(), "xml", report.Options{}); err == nil || slices.Contains(report.Formats(), "xml") {
		t.Error("xml is no format")
	}
	if width := report.Width(&bytes.Buffer{}); width != 0 {
		t.Errorf("a buffer has %d columns", width)
	}
}

// show renders a run in every way there is.
func show(t *testing.T, run *result.Run) error {
	for _, width := range []int{0, 1, 80} {
		if err := report.Render(io.Discard, run, report.Text, report.Options{Colour: true, Width: width}); err != nil {
			return fmt.Errorf("%d columns: %w", width, err)
		}
	}
	return report.Write(t.TempDir(), run, report.Options{})
}

func TestOddRuns(t *testing.T) {
	for name, run := range sample.Odd() {
		if err := show(t, run); (err != nil) != (name == "unreadable") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Runs whose every number is drawn from the worst there are: what is shown
// does not matter, that something is does. (Histograms of such runs are empty,
// since others are no run's at all.)
func TestRunsOfNonsense(t *testing.T) {
	floats := []float64{0, 1, -1, 1e-300, 1e300, math.NaN(), math.Inf(1), math.Inf(-1), 0.1, 3600, math.MaxFloat64}
	ints := []int64{0, 1, -1, 7, math.MaxInt64, math.MinInt64}
	names := []string{"", "a", "a|b", "日本", "\x00\x1b[2J", strings.Repeat("x", 500), "p99 < 1s", "makespan", result.Failed, result.KindExpect}
	timeline := sample.Frozen().Trials[0].Timeline
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 1))
		around := 0 // trials
		var fill func(v reflect.Value)
		fill = func(v reflect.Value) {
			switch v.Kind() {
			case reflect.Struct:
				for i := range v.NumField() {
					if f := v.Type().Field(i); f.Name != "HDR" && f.Name != "Count" && f.Name != "Sweep" && f.IsExported() {
						fill(v.Field(i))
					}
				}
			case reflect.Slice:
				if trials := v.Type() == reflect.TypeFor[[]result.Trial](); trials && around > 1 {
					return // what is beside a trial has nothing beside itself, or there is no end
				} else if trials {
					around++
					defer func() { around-- }()
				}
				v.Set(reflect.MakeSlice(v.Type(), rng.IntN(4), 4))
				for i := range v.Len() {
					fill(v.Index(i))
				}
			case reflect.Float64:
				v.SetFloat(floats[rng.IntN(len(floats))])
			case reflect.Int, reflect.Int64:
				v.SetInt(ints[rng.IntN(len(ints))])
			case reflect.String:
				v.SetString(names[rng.IntN(len(names))])
			case reflect.Bool:
				v.SetBool(rng.IntN(2) == 0)
			}
		}
		run := &result.Run{}
		fill(reflect.ValueOf(run).Elem())
		for i := range run.Trials { // the same scenario now and then
			run.Trials[i].Sweep.RatePerS = rng.Float64() * float64(rng.IntN(3))
			if rng.IntN(2) == 0 {
				run.Trials[i].Scenario, run.Trials[i].Timeline = "s", timeline
			}
		}
		if err := show(t, run); err != nil && !strings.Contains(err.Error(), "no chart") {
			t.Logf("seed %d: %v", seed, err)
		}
	}
}

// A page that is written in several places is drawn once, and the same everywhere.
func TestAPageIsDrawnOnce(t *testing.T) {
	run := sample.Frozen()
	how := report.Options{}.Once(run)
	var first, again, anew bytes.Buffer
	if err := report.Render(&first, run, report.HTML, how); err != nil {
		t.Fatal(err)
	}
	run.File.Name = "other.yaml"
	if err := errors.Join(report.Render(&again, run, report.HTML, how), report.Render(&anew, run, report.HTML, report.Options{})); err != nil {
		t.Fatal(err)
	}
	if again.String() != first.String() || anew.String() == first.String() {
		t.Errorf("%d bytes, then %d, of which %d would be drawn anew", first.Len(), again.Len(), anew.Len())
	}
}
