package text_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/olekukonko/tablewriter/pkg/twwidth"

	"plimsoll/report/sample"
	"plimsoll/report/text"
	"plimsoll/report/view"
	"plimsoll/runner/result"
)

func bench(t *testing.T, run *result.Run, trial int, o text.Options) string {
	t.Helper()
	one := *run
	one.Trials = run.Trials[trial : trial+1]
	b, err := view.NewBench(&one, "GET http://example.com/")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := text.Bench(&out, b, o); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestBenchGoldenFiles(t *testing.T) {
	golden(t, "bench-frozen.txt", []byte(bench(t, sample.Frozen(), 0, text.Options{})))
	golden(t, "bench-failing.txt", []byte(bench(t, sample.Failing(), 1, text.Options{Width: 100})))
	golden(t, "bench-none.txt", []byte(bench(t, sample.Failing(), 2, text.Options{Width: 80})))
}

// The percentiles keep within the terminal, or within 80 columns of a wide
// one, and go where there is no room for bars.
func TestBenchProfileFits(t *testing.T) {
	for width, want := range map[int]int{0: 80, 200: 80, 80: 80, 61: 61, 40: 40, 30: 0, 10: 0} {
		_, profile, drawn := strings.Cut(bench(t, sample.Frozen(), 0, text.Options{Width: width}), "\nPercentiles")
		widest := 0
		for line := range strings.Lines(profile) {
			widest = max(widest, twwidth.Width(strings.TrimRight(line, "\n")))
		}
		if drawn != (want > 0) || drawn && widest != want {
			t.Errorf("in %d columns the percentiles take %d, not %d:\n%s", width, widest, want, profile)
		}
	}
}

// Colour adds nothing but colour.
func TestBenchColour(t *testing.T) {
	plain := bench(t, sample.Frozen(), 0, text.Options{})
	coloured := bench(t, sample.Frozen(), 0, text.Options{Colour: true})
	escapes := regexp.MustCompile("\x1b\\[[0-9]+m")
	if !strings.Contains(coloured, "\x1b[") || escapes.ReplaceAllString(coloured, "") != plain {
		t.Errorf("with colour:\n%s", coloured)
	}
}

// Programs have a screen of their own, and a page.
func TestProgramsGoldenFiles(t *testing.T) {
	run := sample.Programs(1, 10, 3,
		sample.Program{Mode: "grep -r needle .", Mean: 150 * time.Millisecond, Memory: 80_000_000},
		sample.Program{Mode: "rg needle", Mean: 50 * time.Millisecond},
		sample.Program{Mode: sample.TheShell, Mean: 2 * time.Millisecond})
	b, err := view.Options{}.Programs(run, view.Programs{Scenario: "bench", Shell: sample.TheShell, Ignored: true})
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]text.Options{"programs.txt": {}, "programs-narrow.txt": {Width: 60}} {
		var out bytes.Buffer
		if err := text.Bench(&out, b, o); err != nil {
			t.Fatal(err)
		}
		golden(t, name, out.Bytes())
	}
	var out bytes.Buffer
	if err := text.Markdown(&out, b.Alone(run), nil); err != nil {
		t.Fatal(err)
	}
	golden(t, "programs.md", out.Bytes())
}
