package view_test

import (
	"slices"
	"strings"
	"testing"

	"plimsoll/report/sample"
	"plimsoll/report/view"
	"plimsoll/runner/result"
)

// exact is an estimate without an interval.
func exact(v float64) result.Value { return result.Value{Value: v} }

func TestLawsInPlainWords(t *testing.T) {
	usl := func(peak *result.Value, noneBelow float64) result.Scaling {
		return result.Scaling{Law: result.USL, Axis: result.AxisRequests, Serial: exact(0.02), Crosstalk: exact(1e-4), Peak: peak, NoneBelow: noneBelow}
	}
	amdahl := func(serial result.Value) result.Scaling {
		return result.Scaling{Law: result.Amdahl, Axis: result.AxisConcurrency, Serial: serial}
	}
	poor := amdahl(exact(0.02))
	poor.Off = 0.28
	for _, c := range []struct {
		law   result.Scaling
		basis string
		want  string
	}{
		{usl(&result.Value{Value: 92.7, Low: 86.1, High: 103.2}, 0), result.FromRepetitions, "Adding calls stops paying at about 93 (86–103); beyond 100 this is extrapolation."},
		{usl(&result.Value{Value: 92.7}, 0), "", "Adding calls stops paying at about 93; beyond 100 this is extrapolation."},
		{usl(&result.Value{Value: 92.7, Low: 92.6, High: 92.9}, 0), result.FromResiduals, "Adding calls stops paying at about 93; beyond 100 this is extrapolation."},
		{usl(&result.Value{Value: 141, Low: 120, High: 190}, 0), result.FromRepetitions,
			"Adding calls pays up to 100, the most that was measured, and by the law up to about 141 (120–190), which is extrapolation."},
		{usl(&result.Value{Value: 2.71, Low: 2.5, High: 3}, 0), result.FromRepetitions,
			"Adding calls never pays: the more than 5 there are, the less gets done; beyond 100 this is extrapolation."},
		{usl(nil, 71.2), result.FromRepetitions, "Adding calls may stop paying from 71 on, or never: the data do not tell; beyond 100 this is extrapolation."},
		{usl(nil, 0), "", "Where adding calls stops paying the data do not tell; beyond 100 this is extrapolation."},
		{amdahl(result.Value{Value: 0.025, Low: 0.02, High: 0.04}), result.FromRepetitions,
			"Adding callers pays ever less: however many there are, no more than 40 (25–50) times as much gets done as by one; beyond 100 this is extrapolation."},
		{amdahl(result.Value{Value: 0.025, High: 0.04}), result.FromRepetitions,
			"Adding callers pays ever less: however many there are, no more than 40 (at least 25) times as much gets done as by one; beyond 100 this is extrapolation."},
		{amdahl(exact(0)), "", "Adding callers pays in full up to 100, the most that was measured."},
		{poor, "", "No law fits: the better of the two misses a point by 28 %, so nothing is said of more than was measured."},
	} {
		run := sample.Published()
		c.law.Scenario, c.law.Mode, c.law.Chosen, c.law.Basis = "fetch-urls", "concurrent", true, c.basis
		c.law.Smallest, c.law.Largest, c.law.X1 = 5, 100, exact(1)
		run.Scaling = []result.Scaling{c.law}
		if err := run.Check(); err != nil {
			t.Fatal(err)
		}
		scaling := table(t, of(t, run), 0, "Scaling over requests")
		if !slices.Equal(scaling.Remarks, []string{c.want}) {
			t.Errorf("got  %q\nwant %q", scaling.Remarks, c.want)
		}
		supported := map[bool]string{true: "no", false: "yes"}[strings.HasPrefix(c.want, "No law fits")]
		if got := scaling.Rows[0][2].Text; got != supported {
			t.Errorf("%q: the law is supported: %s", c.want, got)
		}
	}
}

// Where a law was refused, a sentence says why: below the table of the other
// law, or above all tables.
func TestRefusedLawsAreExplained(t *testing.T) {
	run := sample.Published()
	few := run.Scaling[1]
	few.Law, few.Refused, few.Chosen = result.USL, "the Universal Scalability Law needs 5 points; there are 4", false
	run.Scaling[0].Chosen, run.Scaling[1] = true, few
	scaling := table(t, of(t, run), 0, "Scaling")
	if len(scaling.Rows) != 1 || !strings.HasSuffix(scaling.Remarks[0], " The Universal Scalability Law needs 5 points; there are 4.") {
		t.Errorf("%d rows, remarks %q", len(scaling.Rows), scaling.Remarks)
	}
	run.Scaling = run.Scaling[1:]
	v := of(t, run)
	want := view.Note{Tone: view.Plain, Text: "no law of scaling: The Universal Scalability Law needs 5 points; there are 4."}
	if !slices.Contains(v.Sections[0].Notes, want) {
		t.Errorf("notes: %+v", v.Sections[0].Notes)
	}
	for _, table := range v.Sections[0].Tables {
		if strings.HasPrefix(table.Title, "Scaling") {
			t.Error("a table of no laws")
		}
	}
}

func TestTheScalingTable(t *testing.T) {
	scaling := table(t, of(t, sample.Callers()), 0, "Scaling over concurrency")
	var rows []string
	for _, row := range scaling.Rows {
		var texts []string
		for _, cell := range row {
			texts = append(texts, cell.Text)
		}
		rows = append(rows, strings.Join(texts, " | "))
	}
	want := []string{
		"concurrent | Amdahl | no | 3.40 | 2.98–3.82 | – | – | – | – | -46.7",
		"concurrent | USL | yes | 1.94 | 1.25–2.63 | 0.0211 | 0.0079–0.0342 | 68 | 54–110 | -68.9",
	}
	if !slices.Equal(rows, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(rows, "\n"), strings.Join(want, "\n"))
	}
}

// Curves are drawn of what a law tells about, and of nothing else.
func TestWhatALawTells(t *testing.T) {
	published, callers := of(t, sample.Published()).Sections[0].Scenario, of(t, sample.Callers()).Sections[0].Scenario
	law := published.Law("concurrent")
	if got := published.ByLaw(law, view.Speedup, 100); !(got > 27.5 && got < 27.54) {
		t.Errorf("a speedup of %v at 100", got)
	}
	if got := published.ByLaw(law, view.Makespan, 100); got == got {
		t.Errorf("a law of speedups tells a makespan: %v", got)
	}
	if published.Law("sequential") != nil {
		t.Error("a law of one call at a time")
	}
	own := callers.Law("concurrent")
	if got := callers.ByLaw(own, view.Rate, 1); got != own.X1.Value {
		t.Errorf("one caller gets %v/s done, want %v", got, own.X1.Value)
	}
	published.Baseline = "another"
	if got := published.ByLaw(law, view.Speedup, 100); got == got {
		t.Errorf("a speedup over another baseline: %v", got)
	}
}

func TestContradictionsAreLoud(t *testing.T) {
	run := sample.Frozen()
	run.Trials[0].Warnings = []string{"Little's law is broken"}
	want := view.Note{Tone: view.Bad, Text: "rate-limited-200/s: Little's law is broken"}
	if notes := of(t, run).Sections[0].Notes; !slices.Contains(notes, want) {
		t.Errorf("notes: %+v", notes)
	}
}
