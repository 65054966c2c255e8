package view_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"plimsoll/report/sample"
	"plimsoll/report/view"
	"plimsoll/runner/latency"
	"plimsoll/runner/result"
)

func programsOf(t *testing.T, run *result.Run, shell string) *view.Bench {
	t.Helper()
	b, err := view.Options{}.Programs(run, view.Programs{Scenario: "bench", Shell: shell})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var (
	short = sample.Program{Mode: "short", Mean: 100 * time.Millisecond, Memory: 80_000_000}
	long  = sample.Program{Mode: "long", Mean: 150 * time.Millisecond, Memory: 10_000_000}
	start = sample.Program{Mode: sample.TheShell, Mean: 50 * time.Millisecond}
)

var ratioTold = regexp.MustCompile(`: ([0-9.]+) times as fast \(([0-9.]+)–([0-9.]+)\)$|is ([0-9.]+) times as fast as '.*' \(([0-9.]+)–([0-9.]+)\)$`)

// told are the ratio and its interval in a sentence.
func told(t *testing.T, note view.Note) (ratio, low, high float64) {
	t.Helper()
	found := ratioTold.FindStringSubmatch(note.Text)
	if found == nil {
		t.Fatalf("%q tells no ratio", note.Text)
	}
	figure := func(i int) float64 {
		v, _ := strconv.ParseFloat(found[i]+found[i+3], 64)
		return v
	}
	return figure(1), figure(2), figure(3)
}

// The fastest comes first, and what all programs of a round met cancels: though
// rounds differ by 5 %, the ratio is known to a hundredth.
func TestTheFastestProgram(t *testing.T) {
	b := programsOf(t, sample.Programs(1, 10, 3, long, short), "")
	ratio, low, high := told(t, b.Answer[0])
	if !strings.HasPrefix(b.Answer[0].Text, "'short' is ") || b.Answer[0].Tone != view.Good || ratio < 1.48 || ratio > 1.52 || low > 1.5 || high < 1.5 || high-low > 0.04 {
		t.Errorf("%+v", b.Answer)
	}
	if got := cell(t, b, "What a run takes, and speedup over long", "short", "speedup"); !strings.HasPrefix(got, "1.5") && !strings.HasPrefix(got, "1.49") {
		t.Errorf("speedup %s", got)
	}
	if got := cell(t, b, "What a run takes", "long", "speedup"); got != "1" {
		t.Errorf("the reference's speedup is %s", got)
	}
	for row, want := range map[string]string{"short": "80 MB", "long": "≤ 24.00 MB"} { // plimsoll itself had 25 MB
		if got := cell(t, b, "What a run takes", row, "memory"); got != want && got != want[:2]+".00 MB" {
			t.Errorf("%s had %s, want %s", row, got, want)
		}
	}
	if got := cell(t, b, "What a run takes", "short", "user"); got != "10.00" && got != "10.0" && got != "10" {
		t.Errorf("user %s", got)
	}
}

// What a shell took to start is taken off, round by round.
func TestTheShellsStartIsTakenOff(t *testing.T) {
	run := sample.Programs(2, 10, 3, short, long, start)
	b := programsOf(t, run, sample.TheShell)
	if ratio, low, high := told(t, b.Answer[0]); ratio < 1.96 || ratio > 2.04 || low > 2 || high < 2 {
		t.Errorf("(150 − 50) / (100 − 50) is told as %+v", b.Answer[0])
	}
	for row, want := range map[string]float64{"short": 50, "long": 100} {
		for _, column := range []string{"mean", "median"} {
			if got, err := strconv.ParseFloat(cell(t, b, "Times in ms", row, column), 64); err != nil || got < 0.95*want || got > 1.05*want {
				t.Errorf("the %s of %s is %v, want about %v", column, row, got, want)
			}
		}
		if got := cell(t, b, "What a run takes", row, "user"); !strings.HasPrefix(got, fmt.Sprint(want/10)) {
			t.Errorf("user time of %s: %s", row, got)
		}
	}
	for _, table := range b.Tables {
		for _, row := range table.Rows {
			if row[0].Text == sample.TheShell {
				t.Errorf("%s has a row of the shell", table.Title)
			}
		}
	}
	if len(b.Tables[0].Remarks) != 1 || !strings.HasPrefix(b.Tables[0].Remarks[0], "a shell's start took ") {
		t.Errorf("remarks: %q", b.Tables[0].Remarks)
	}
	// As long as the shell itself: nothing is known of the rest.
	same := sample.Program{Mode: "nothing", Mean: 49 * time.Millisecond}
	b = programsOf(t, sample.Programs(2, 10, 3, same, short, start), sample.TheShell)
	if want := "cannot tell how much faster 'nothing' is than 'short': it takes no longer than the shell's own start"; b.Answer[0].Text != want {
		t.Errorf("%+v", b.Answer)
	}
}

func TestNobodyCanTell(t *testing.T) {
	same := short
	same.Mode = "same"
	told := 0
	for seed := range uint64(40) {
		b := programsOf(t, sample.Programs(seed, 10, 3, short, same), "")
		if strings.HasPrefix(b.Answer[0].Text, "cannot tell whether '") {
			told++
		} else if b.Answer[0].Tone != view.Good {
			t.Errorf("%+v", b.Answer)
		}
	}
	if told < 34 { // 38 by theory
		t.Errorf("of equal programs one was called faster %d times of 40", 40-told)
	}
	b := programsOf(t, sample.Programs(1, 2, 3, short, long), "")
	if !strings.HasSuffix(b.Answer[0].Text, ": too few rounds to tell how sure that is") {
		t.Errorf("two rounds: %+v", b.Answer)
	}
}

// The interval of 95 % has the true ratio in it about so often.
func TestIntervalsOfProgramsHold(t *testing.T) {
	const tries = 100
	held := 0
	for seed := range uint64(tries) {
		_, low, high := told(t, programsOf(t, sample.Programs(100+seed, 10, 2, short, long), "").Answer[0])
		if low <= 1.5005 && high >= 1.4995 { // as they are rounded
			held++
		}
	}
	if held < 88 {
		t.Errorf("%d of %d intervals have the truth in them", held, tries)
	}
}

func TestOneProgram(t *testing.T) {
	b := programsOf(t, sample.Programs(3, 10, 3, short), "")
	if !regexp.MustCompile(`^'short' takes (9[5-9]|10[0-5])(\.\d+)? ms \([0-9.]+–[0-9.]+\)$`).MatchString(b.Answer[0].Text) {
		t.Errorf("%+v", b.Answer)
	}
	for _, table := range b.Tables {
		if strings.Contains(table.Title, "speedup") {
			t.Errorf("one program has a %s", table.Title)
		}
	}
}

// Runs that something held up are told, those of the first round apart.
func TestOutliersAreTold(t *testing.T) {
	for _, rounds := range [][]int{{0}, {0, 4}, {7}} {
		run := sample.Programs(4, 10, 3, short, long)
		for i := range run.Trials {
			d := &run.Trials[i]
			for _, r := range rounds {
				if d.Repeat == r && d.Mode == "short" {
					h, err := d.Service.Histogram()
					if err != nil {
						t.Fatal(err)
					}
					late := latency.New(latency.Fine)
					late.Record(3 * time.Second)
					late.Merge(h)
					if d.Service, err = result.NewDist(late); err != nil {
						t.Fatal(err)
					}
					d.OK++
				}
			}
		}
		b := programsOf(t, run, "")
		want, why := fmt.Sprintf("%d of %d runs of 'short' took more than ", len(rounds), 30+len(rounds)), "something else ran on this machine?"
		if len(rounds) == 1 && rounds[0] == 0 {
			why = "all in the first round: something was cold, --warmup-runs 3 would warm it"
		}
		if len(b.Notes) != 1 || !strings.HasPrefix(b.Notes[0].Text, want) || !strings.HasSuffix(b.Notes[0].Text, why) {
			t.Errorf("rounds %v: %+v", rounds, b.Notes)
		}
	}
	if b := programsOf(t, sample.Programs(4, 10, 3, short, long), ""); len(b.Notes) != 0 {
		t.Errorf("without any: %+v", b.Notes)
	}
}

// What is swept is told by where each command is the fastest.
func TestVariedPrograms(t *testing.T) {
	var all []sample.Program
	for i, ms := range []time.Duration{100, 55, 32, 60} {
		all = append(all, sample.Program{Mode: "prog {n}", Vary: fmt.Sprint("n=", 1<<i), Mean: ms * time.Millisecond})
	}
	b := programsOf(t, sample.Programs(5, 10, 2, all...), "")
	if !strings.HasPrefix(b.Answer[0].Text, "'prog {n}' with n=4 is 3.1") || !strings.Contains(b.Answer[0].Text, " times as fast as with n=1 (") {
		t.Errorf("%+v", b.Answer)
	}
	if got := cell(t, b, "What a run takes, and speedup over n=1", "2", "speedup"); !strings.HasPrefix(got, "1.8") {
		t.Errorf("speedup at n=2: %s", got)
	}
}

// Short runs under a shell are mostly the shell.
func TestShortRunsUnderAShell(t *testing.T) {
	tiny := sample.Program{Mode: "tiny", Mean: 52 * time.Millisecond}
	b := programsOf(t, sample.Programs(6, 10, 3, tiny, start), sample.TheShell)
	if len(b.Notes) != 1 || !strings.HasPrefix(b.Notes[0].Text, "'tiny' takes less than 5 ms") {
		t.Errorf("%+v", b.Notes)
	}
}

// A run in which nothing was measured is shown all the same.
func TestProgramsThatWereNotRun(t *testing.T) {
	run := sample.Programs(7, 1, 1, short)
	run.Trials = nil
	if b := programsOf(t, run, ""); b.Answer[len(b.Answer)-1].Text != "no program was measured" {
		t.Errorf("%+v", b.Answer)
	}
	run = sample.Failing()
	for i := range run.Trials {
		run.Trials[i].Scenario = "bench"
	}
	programsOf(t, run, "")
	programsOf(t, run, run.Trials[0].Mode)
}
