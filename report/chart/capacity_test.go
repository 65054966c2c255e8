package chart

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"plimsoll/report/sample"
	"plimsoll/runner/result"
)

// A search has one picture, whose texts are these.
func TestSearchChart(t *testing.T) {
	for name, run := range map[string]*result.Run{"searched": sample.Searched(), "generator-limited": sample.GeneratorLimited()} {
		charts := drawn(t, run)
		if len(charts) != 1 {
			t.Fatalf("%s: %d charts", name, len(charts))
		}
		got := strings.Join(texts(t, charts["capacity"].SVG), "\n") + "\n"
		file := filepath.Join("testdata", name+".txt")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil || got != string(want) {
			t.Errorf("%s: %v, got\n%s", file, err, got)
		}
	}
}

// The errors have a panel where there were any, and the interval moves with
// what was found.
func TestSearchChartFollowsTheResult(t *testing.T) {
	all := drawn(t, sample.Searched())["capacity"].SVG
	if !slices.Contains(texts(t, all), "errors (%)") {
		t.Error("there is no panel of the errors")
	}
	clean, moved := sample.Searched(), sample.Searched()
	for i := range clean.Capacities[0].Steps {
		clean.Capacities[0].Steps[i].Errors = 0
	}
	if slices.Contains(texts(t, drawn(t, clean)["capacity"].SVG), "errors (%)") {
		t.Error("there is a panel of no errors")
	}
	moved.Capacities[0].High += 20
	if bytes.Equal(all, drawn(t, moved)["capacity"].SVG) {
		t.Error("the interval is not drawn")
	}
}
