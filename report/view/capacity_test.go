package view_test

import (
	"slices"
	"strings"
	"testing"

	"plimsoll/report/sample"
	"plimsoll/report/view"
	"plimsoll/runner/result"
)

// What a search found is the first that is said of its scenario.
func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*result.Capacity)
		want   []string
		tone   view.Tone
	}{
		{"found", func(*result.Capacity) {}, []string{"capacity 351/s (336 … 367), limited by errors", "headroom of 40 % (35 % … 47 %) above the peak load of 250/s"}, view.Good},
		{"thousands", func(c *result.Capacity) { c.Value, c.Low, c.High, c.PeakLoad = 1240.4, 1189.6, 1260.2, 0 },
			[]string{"capacity 1,240/s (1,190 … 1,260), limited by errors"}, view.Good},
		{"of callers", func(c *result.Capacity) {
			c.Find, c.Value, c.Low, c.High, c.PeakLoad = result.FindConcurrency, 12345, 12340, 12350, 0
		}, []string{"capacity 12,345 in flight (12,340 … 12,350), limited by errors"}, view.Good},
		{"wide", func(c *result.Capacity) { c.Precise, c.Reason, c.PeakLoad = false, "not as precise as 5%", 345 },
			[]string{"capacity 351/s (336 … 367), limited by errors", "2 % above the peak load of 345/s, which is within the uncertainty", "not as precise as 5%"}, view.Good},
		{"too little", func(c *result.Capacity) { c.PeakLoad = 400 },
			[]string{"capacity 351/s (336 … 367), limited by errors", "12 % short of the peak load of 400/s"}, view.Good},
		{"enough", func(c *result.Capacity) {
			c.Bound, c.Value, c.Low, c.High, c.LimitedBy = result.AtLeast, 2000, 0, 0, ""
		},
			[]string{"capacity at least 2,000/s: up to there every promise was kept", "headroom of at least 700 % above the peak load of 250/s"}, view.Plain},
		{"below", func(c *result.Capacity) { c.Bound, c.Value, c.Low, c.High = result.Below, 50, 0, 0 },
			[]string{"capacity below 50/s, where errors < 0.1% is broken already", "at least 80 % short of the peak load of 250/s"}, view.Bad},
		{"nothing", func(c *result.Capacity) { c.Bound, c.Value, c.Low, c.High, c.Reason = "", 0, 0, 0, "why" },
			[]string{"capacity unknown", "why"}, view.Bad},
	} {
		run := sample.Searched()
		c.change(&run.Capacities[0])
		notes := of(t, run).Sections[0].Notes
		var got []string
		for _, n := range notes[:min(len(notes), len(c.want))] {
			got = append(got, n.Text)
		}
		if !slices.Equal(got, c.want) || notes[0].Tone != c.tone {
			t.Errorf("%s: tone %v, %q", c.name, notes[0].Tone, got)
		}
	}
}

// A generator that fell behind is an answer of a search, no alarm.
func TestVoidStepIsNoAlarm(t *testing.T) {
	v := of(t, sample.GeneratorLimited())
	if len(v.Answer) != 1 || v.Answer[0].Tone != view.Warn {
		t.Errorf("%+v", v.Answer)
	}
	sec := v.Sections[0]
	if n := sec.Notes[0]; n.Text != "capacity at least 200/s: the generator was the limit" || n.Tone != view.Warn {
		t.Errorf("%+v", sec.Notes)
	}
	steps := table(t, v, 0, "Steps")
	verdict := steps.Rows[3][column(t, steps, "", "verdict")]
	if notes := footnotes(steps, verdict.Marks); verdict.Text != "void" || len(notes) != 1 || !strings.Contains(notes[0], "lateness p99 was 3.1ms") {
		t.Errorf("%+v, %q", verdict, notes)
	}
}

// The table has every step once, by load, and says which was which.
func TestStepTable(t *testing.T) {
	run := sample.Searched()
	v := of(t, run)
	steps := table(t, v, 0, "Steps")
	var rates, order []string
	for _, row := range steps.Rows {
		rates, order = append(rates, row[0].Text), append(order, row[1].Text)
	}
	if want := strings.Fields("50 100 200 282.8 336.4 336.4 336.4 366.8 366.8 400"); !slices.Equal(rates, want) {
		t.Errorf("rates %v", rates)
	}
	if want := strings.Fields("1 2 3 5 6 8 10 7 9 4"); !slices.Equal(order, want) {
		t.Errorf("order %v", order)
	}
	column(t, steps, "response", "p95") // it was promised, too
	for _, table := range v.Sections[0].Tables {
		if table.Title != "Steps" && table.Title != "Errors" {
			t.Errorf("a search is no sweep, and yet there is a table %q", table.Title)
		}
	}
}

// The line over the load goes through the medians, and void steps are no
// measurement.
func TestLoadCourses(t *testing.T) {
	s := of(t, sample.GeneratorLimited()).Sections[0].Scenario
	errors := s.LoadErrors()
	if len(errors.Points) != 4 || len(errors.Line) != 3 || !errors.Points[3].Void || errors.Limit != 0.1 {
		t.Errorf("%+v", errors)
	}
	var names []string
	for _, c := range s.LoadLatencies() {
		names = append(names, c.Name)
	}
	if !slices.Equal(names, []string{"p50", "p95", "p99"}) {
		t.Errorf("%v", names)
	}
	run := sample.Searched()
	for i := range run.Capacities[0].Steps {
		run.Capacities[0].Steps[i].P50S = float64(1 + i)
	}
	line := of(t, run).Sections[0].Scenario.LoadLatencies()[0].Line
	if at := line[4]; at.Level != 336.4 || at.Value != 8 { // of 6, 8 and 10
		t.Errorf("%+v", line)
	}
}
