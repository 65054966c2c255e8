package text_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/olekukonko/tablewriter/pkg/twwidth"

	"plimsoll/report/sample"
	"plimsoll/report/text"
	"plimsoll/report/view"
	"plimsoll/runner/result"
)

// wide is made and looked at once: its 240 trials take a while.
var wide = sync.OnceValues(func() (*view.View, error) { return view.New(sample.Wide()) })

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
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (go test -update writes it anew); got:\n%s", file, got)
	}
}

func of(t *testing.T, run *result.Run) *view.View {
	t.Helper()
	v, err := view.New(run)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func terminal(t *testing.T, v *view.View, o text.Options) string {
	t.Helper()
	var out bytes.Buffer
	if err := text.Terminal(&out, v, o); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestGoldenFiles(t *testing.T) {
	for name, run := range map[string]*result.Run{"published": sample.Published(), "frozen": sample.Frozen(),
		"failing": sample.Failing(), "wide": nil, "bars": sample.Bars(), "names": sample.Odd()["names"],
		"rates": sample.Rates(), "callers": sample.Callers(), "interrupted": sample.Interrupted(), "journey": sample.Journey(), "noisy": sample.Noisy(), "streams": sample.Streams(), "completions": sample.Completions(),
		"queue": sample.Queue(), "crawl": sample.Crawl(), "watched": sample.Watched(), "fleet": sample.Fleet()} {
		v, err := wide()
		if run != nil {
			v, err = view.New(run)
		}
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name+".txt", []byte(terminal(t, v, text.Options{Width: 120})))
		var markdown, speedups, latencies bytes.Buffer
		if err := text.Markdown(&markdown, v, func(sec view.Section) []string { return []string{"a picture.svg"} }); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".md", markdown.Bytes())
		if name != "published" && name != "failing" && name != "journey" && name != "noisy" && name != "streams" && name != "completions" && name != "queue" && name != "crawl" && name != "watched" {
			continue
		}
		records, err := v.LatencyRecords()
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(text.CSV(&speedups, v.SpeedupRecords()), text.CSV(&latencies, records)); err != nil {
			t.Fatal(err)
		}
		golden(t, name+"-speedup.csv", speedups.Bytes())
		golden(t, name+"-latency.csv", latencies.Bytes())
	}
}

// No table gets wider than the terminal by being split.
func TestWideTablesAreSplit(t *testing.T) {
	v, err := wide()
	if err != nil {
		t.Fatal(err)
	}
	for width := 60; width <= 260; width += 19 {
		split := terminal(t, v, text.Options{Width: width})
		for line := range strings.Lines(split) {
			if got := twwidth.Width(strings.TrimRight(line, "\n")); got > width {
				t.Fatalf("at %d columns a line takes %d: %s", width, got, line)
			}
		}
	}
}

func TestColourOnlyAddsColour(t *testing.T) {
	escapes := regexp.MustCompile("\x1b\\[[0-9]+m")
	for name, run := range map[string]*result.Run{"failing": sample.Failing(), "published": sample.Published(), "names": sample.Odd()["names"]} {
		plain, coloured := terminal(t, of(t, run), text.Options{Width: 100}), terminal(t, of(t, run), text.Options{Width: 100, Colour: true})
		if strings.Contains(plain, "\x1b") {
			t.Errorf("%s: colour that nobody asked for", name)
		}
		if !strings.Contains(coloured, "\x1b[") || escapes.ReplaceAllString(coloured, "") != plain {
			t.Errorf("%s: without its colours it is\n%s\nwant\n%s", name, escapes.ReplaceAllString(coloured, ""), plain)
		}
	}
	coloured := terminal(t, of(t, sample.Failing()), text.Options{Colour: true})
	for _, want := range []string{"\x1b[32mpass", "\x1b[31mFAIL", "\x1b[31m! THE GENERATOR FELL BEHIND", "\x1b[33mrate-limited-400/s"} {
		if !strings.Contains(coloured, want) {
			t.Errorf("%q is not there", want)
		}
	}
}

func TestLinesEndClean(t *testing.T) {
	v, err := wide()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(terminal(t, v, text.Options{Width: 100})) {
		if line = strings.TrimSuffix(line, "\n"); strings.TrimRight(line, " \t\r") != line {
			t.Fatalf("blanks at the end of %q", line)
		}
	}
}

// Names may hold what Markdown means something by.
func TestMarkdownTablesKeepTheirColumns(t *testing.T) {
	for name, run := range map[string]*result.Run{"names": sample.Odd()["names"], "failing": sample.Failing()} {
		var out bytes.Buffer
		if err := text.Markdown(&out, of(t, run), nil); err != nil {
			t.Fatal(err)
		}
		columns := 0
		for line := range strings.Lines(out.String()) {
			bars := strings.Count(line, "|") - strings.Count(line, `\|`)
			if !strings.HasPrefix(line, "|") {
				columns = 0
			} else if columns == 0 {
				columns = bars
			} else if bars != columns {
				t.Errorf("%s: %d bars where the head has %d: %s", name, bars, columns, line)
			}
			if strings.Contains(line, "<b>") {
				t.Errorf("%s: a tag comes through: %s", name, line)
			}
		}
	}
}

// Every number of a CSV file reads back as a number, and there is one row for
// each trial and each group.
func TestCSVReadsBack(t *testing.T) {
	run := sample.Bars()
	records, err := of(t, run).LatencyRecords()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := text.CSV(&out, records); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if want := 1 + len(run.Trials) + 5; len(rows) != want {
		t.Errorf("%d rows, want %d", len(rows), want)
	}
	for i, head := range rows[0] {
		for _, row := range rows[1:] {
			if !strings.HasSuffix(head, "_s") || row[i] == "" {
				continue
			}
			if _, err := strconv.ParseFloat(row[i], 64); err != nil {
				t.Errorf("%s: %v", head, err)
			}
		}
	}
	p90 := 0
	for i, head := range rows[0] {
		if head == "response_p90_s" {
			p90 = i
		}
	}
	if got, want := rows[1][p90], strconv.FormatFloat(run.Trials[0].Response.P90S, 'g', -1, 64); got != want {
		t.Errorf("p90 of the first trial: %s, want %s", got, want)
	}
}

type full struct{ room int }

func (f *full) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, errors.New("no space left")
	}
	return len(p), nil
}

func TestAFullDiskIsTold(t *testing.T) {
	v := of(t, sample.Failing())
	for room := 0; room < 2000; room += 100 {
		if text.Terminal(&full{room}, v, text.Options{}) == nil || text.Markdown(&full{room}, v, nil) == nil {
			t.Errorf("with room for %d bytes nothing went wrong", room)
		}
	}
}

func TestTablesOfPlainTexts(t *testing.T) {
	var out bytes.Buffer
	if err := text.Table(&out, []string{"scenario", "takes"}, [][]string{{"a\x1b[1m", "1 s"}, {"longer-name"}, {}}); err != nil {
		t.Fatal(err)
	}
	want := " scenario     takes\n────────────────────\n a [1m        1 s\n longer-name\n\n"
	if out.String() != want {
		t.Errorf("got\n%q\nwant\n%q", out.String(), want)
	}
}
