package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"gonum.org/v1/plot/plotter"

	"plimsoll/report/sample"
	"plimsoll/report/view"
	"plimsoll/runner/result"
)

var update = flag.Bool("update", false, "write the golden files anew")

func sections(t *testing.T, run *result.Run) []view.Section {
	t.Helper()
	v, err := view.New(run)
	if err != nil {
		t.Fatal(err)
	}
	return v.Sections
}

// These take a while to make.
var (
	failing   = sync.OnceValue(sample.Failing)
	published = sync.OnceValue(sample.Published)
	odd       = sync.OnceValue(sample.Odd)
)

// drawn are the charts of a run's first scenario, by kind.
func drawn(t *testing.T, run *result.Run) map[string]Chart {
	t.Helper()
	charts, err := Draw(sections(t, run)[0])
	if err != nil {
		t.Fatal(err)
	}
	byKind := map[string]Chart{}
	for _, c := range charts {
		byKind[c.Kind] = c
	}
	return byKind
}

// svgs are the same as vectors only, which are drawn much sooner.
func svgs(t *testing.T, run *result.Run) map[string][]byte {
	t.Helper()
	byKind := map[string][]byte{}
	sec := sections(t, run)[0]
	for _, k := range kinds {
		f, err := k.figure(sec)
		if err == nil && f != nil {
			byKind[k.name], err = f.svg()
		}
		if err != nil {
			t.Fatalf("%s: %v", k.name, err)
		}
	}
	return byKind
}

// texts are what a reader of the picture reads; it fails on an SVG that is no
// XML.
func texts(t *testing.T, svg []byte) []string {
	t.Helper()
	var all []string
	var within bool
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("not an SVG: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			within = token.Name.Local == "text"
		case xml.CharData:
			if within {
				all = append(all, string(token))
			}
		case xml.EndElement:
			within = false
		}
	}
}

func TestGoldenCharts(t *testing.T) {
	for name, run := range map[string]*result.Run{"published": published(), "frozen": sample.Frozen(), "failing": failing(), "bars": sample.Bars(),
		"rates": sample.Rates(), "callers": sample.Callers(), "interrupted": sample.Interrupted(), "journey": sample.Journey(), "completions": sample.Completions(),
		"queue": sample.Queue(), "crawl": sample.Crawl(), "watched": sample.Watched()} {
		var got strings.Builder
		svgs := svgs(t, run)
		for _, kind := range []string{"speedup", "latency", "timeline", "completions", "steps"} {
			if svg := svgs[kind]; svg != nil {
				got.WriteString("== " + kind + "\n" + strings.Join(texts(t, svg), "\n") + "\n" + strings.Join(geometry(t, svg), "\n") + "\n")
			}
		}
		file := filepath.Join("testdata", name+".txt")
		if *update {
			if err := os.WriteFile(file, []byte(got.String()), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got.String() != string(want) {
			t.Errorf("%s differs (go test -update writes it anew); got:\n%s", file, got.String())
		}
	}
}

func TestEqualRunsGiveEqualBytes(t *testing.T) {
	first, second := drawn(t, failing()), drawn(t, failing())
	for kind, c := range first {
		if !bytes.Equal(c.SVG, second[kind].SVG) || !bytes.Equal(c.PNG, second[kind].PNG) {
			t.Errorf("%s: drawn twice, it differs", kind)
		}
	}
}

func TestPicturesAreWhole(t *testing.T) {
	for kind, c := range drawn(t, failing()) {
		picture, err := png.Decode(bytes.NewReader(c.PNG))
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if size := picture.Bounds().Size(); size.X < 8*pngDPI || size.Y < 2*pngDPI {
			t.Errorf("%s: only %v pixels", kind, size)
		}
	}
}

// A published figure is a ring of its own, beside the dot of the measured one.
func TestPublishedFiguresAreMarked(t *testing.T) {
	rings := func(run *result.Run) int {
		return bytes.Count(svgs(t, run)["speedup"], []byte("A5,5 "))
	}
	with := rings(published())
	run := sample.Published()
	run.Verdicts = nil
	if without := rings(run); without != 0 || with != 2*(15+1) { // two arcs each; one in the legend
		t.Errorf("%d arcs with published figures, %d without", with, without)
	}
}

func TestNoChartWhereThereIsNothingToDraw(t *testing.T) {
	for name, want := range map[string][]string{
		"errors only": {"timeline"},            // no latency without a success
		"one value":   {"latency", "timeline"}, // nothing to compare
		"failed":      nil,                     // nothing at all
	} {
		var got []string
		for kind := range svgs(t, odd()[name]) {
			got = append(got, kind)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s: charts %v, want %v", name, got, want)
		}
	}
}

func TestOddRunsAreDrawnWithoutTrouble(t *testing.T) {
	for name, run := range odd() {
		v, err := view.New(run)
		if err != nil {
			continue
		}
		for _, sec := range v.Sections {
			charts, err := Draw(sec)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for _, c := range charts {
				texts(t, c.SVG)
			}
		}
	}
}

// The plotting library panics where it cannot go on.
func TestAPanicCostsOneChart(t *testing.T) {
	c, err := kind{"speedup", func(view.Section) (*figure, error) { panic("no range") }}.chart(view.Section{}, (*figure).both)
	if c != nil || err == nil || err.Error() != "no range" {
		t.Errorf("chart %v, error %v", c, err)
	}
}

func TestFallingBehindIsOnEveryChart(t *testing.T) {
	for kind, svg := range svgs(t, failing()) {
		if !slices.Contains(texts(t, svg), "Invalid: the generator fell behind in 1 of 3 trials, no measurement of the target") {
			t.Errorf("%s does not say so", kind)
		}
	}
}

func TestAnInterruptionIsOnEveryChart(t *testing.T) {
	for kind, svg := range svgs(t, sample.Interrupted()) {
		if !slices.Contains(texts(t, svg), "Interrupted: 1 of 6 trials carried out, 1 broken off") {
			t.Errorf("%s does not say so", kind)
		}
	}
}

func TestFailuresAreOnTheCharts(t *testing.T) {
	dotted := []byte("stroke-dasharray:1.5,1.5")
	for run, want := range map[*result.Run]bool{failing(): true, sample.Frozen(): false} {
		svgs := svgs(t, run)
		if got := bytes.Contains(svgs["timeline"], dotted); got != want {
			t.Errorf("%s: failures in the timeline: %v", run.Trials[0].Scenario, got)
		}
		if got := slices.Contains(texts(t, svgs["timeline"]), "failed"); got != want {
			t.Errorf("%s: failures in the legend: %v", run.Trials[0].Scenario, got)
		}
		said := slices.ContainsFunc(texts(t, svgs["latency"]), func(s string) bool { return strings.HasPrefix(s, "Of the successes only: ") })
		if said != want {
			t.Errorf("%s: failures above the latencies: %v", run.Trials[0].Scenario, said)
		}
	}
}

// A moment's figure is drawn over all of it, and ends with it.
func TestMomentsAreSteps(t *testing.T) {
	moments := []view.Moment{{AtS: 0, WidthS: 1, OKPerS: 0, P50S: math.NaN()}, {AtS: 1, WidthS: 0.5, OKPerS: 4, P50S: 2}, {AtS: 1.5, WidthS: 1, OKPerS: 3, P50S: math.NaN()}}
	rates := steps(moments, succeeded)
	want := plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 0}, {X: 1, Y: 4}, {X: 1.5, Y: 4}, {X: 1.5, Y: 3}, {X: 2.5, Y: 3}}
	if len(rates) != 1 || !slices.Equal(rates[0], want) {
		t.Errorf("rates: %v", rates)
	}
	if medians := pieces(moments, median); !slices.Equal(medians, []piece{{1, 1.5, 2}}) {
		t.Errorf("medians: %v", medians)
	}
}

// A text is as long as it was measured, whatever font a reader has.
func TestTextsKeepTheirLength(t *testing.T) {
	svg := string(svgs(t, foreign())["latency"])
	if texts, lengths := strings.Count(svg, "<text "), strings.Count(svg, "<text textLength="); lengths < texts/2 {
		t.Errorf("%d of %d texts say how long they are", lengths, texts)
	}
	title := regexp.MustCompile(`textLength="([0-9.]+)"[^>]*>&lt;script&gt;`).FindStringSubmatch(svg)
	want := fmt.Sprintf("%.4g", float64(titleStyle.Width("<script>alert(1)</script>: latency by percentile")))
	if title == nil || title[1] != want {
		t.Errorf("the title is %v long, want %s", title, want)
	}
	if shown := string(withOtherFonts([]byte("<text style=\"font-weight:bold;font-size:9px\">日本</text>"))); strings.Contains(shown, "textLength") {
		t.Errorf("letters that the font lacks are squeezed: %s", shown)
	}
}

// The lines of a batch rise where its calls were over, and go level between; what took no
// time stands at the edge of a logarithmic axis.
func TestStairs(t *testing.T) {
	p := newPanel("", "")
	p.X.Min = 0.1
	want := plotter.XYs{{X: 0.1, Y: 0}, {X: 0.1, Y: 0.25}, {X: 2, Y: 0.25}, {X: 2, Y: 0.5}, {X: 3, Y: 0.5}, {X: 3, Y: 1}}
	if got := p.stair([]result.Mark{{0.25, 0}, {0.5, 2}, {1, 3}}); !slices.Equal(got, want) {
		t.Errorf("%v instead of %v", got, want)
	}
	if line := p.stair(nil); line != nil {
		t.Errorf("%v of calls that never ended", line)
	}
}

// Both orders of every mode are drawn, those of the last place of the sweep.
func TestCompletionsChart(t *testing.T) {
	charts := drawn(t, sample.Completions())
	said := texts(t, charts["completions"].SVG)
	for _, text := range []string{"downloads: when the calls of a batch are over, requests 300", "as completed", "in order", "sequential", "concurrent-20", "concurrent", "100 %", "A failure is an end, too."} {
		if !slices.Contains(said, text) {
			t.Errorf("nothing says %q: %q", text, said)
		}
	}
	if _, is := drawn(t, sample.Frozen())["completions"]; is {
		t.Error("there is no batch, and a chart of it")
	}
}
