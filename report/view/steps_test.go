package view_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"plimsoll/report/sample"
	"plimsoll/report/view"
	"plimsoll/runner/result"
)

func TestSamplesOfJourneysKeepTheLaws(t *testing.T) {
	for name, run := range map[string]*result.Run{"journey": sample.Journey(), "steps": sample.Steps(200)} {
		for i := range run.Trials {
			if err := run.Trials[i].Check(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// tables are those of a run's only scenario, by title.
func tables(t *testing.T, run *result.Run) map[string]view.Table {
	t.Helper()
	v, err := view.New(run)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]view.Table{}
	for _, table := range v.Sections[0].Tables {
		all[table.Title] = table
	}
	return all
}

// cells are a table's rows by their first column: the texts under a head.
func cells(t *testing.T, table view.Table, head string) map[string]string {
	t.Helper()
	for i, c := range table.Columns {
		if c.Name == head {
			all := map[string]string{}
			for _, row := range table.Rows {
				all[row[0].Text] = row[i].Text
			}
			return all
		}
	}
	t.Fatalf("%s has no column %s", table.Title, head)
	return nil
}

// Shares of the calls that follow each other make the whole, blocks are the
// sums of theirs, and what users do besides has no share.
func TestSharesOfSteps(t *testing.T) {
	run := sample.Steps(20)
	table := tables(t, run)["Steps"]
	sum, blocks := 0.0, 0.0
	for i, row := range table.Rows {
		share := 0.0
		if _, err := fmt.Sscan(row[len(row)-1].Text, &share); err != nil {
			t.Fatal(err)
		}
		switch {
		case i == 0 && share != 100:
			t.Errorf("iterations take %v %% of their time", share)
		case strings.HasPrefix(row[0].Text, "· "):
			sum += share
		case i > 0:
			blocks += share
		}
	}
	if math.Abs(sum-100) > 1.1 || math.Abs(blocks-100) > 0.2 { // each is rounded
		t.Errorf("steps take %v %%, blocks %v %%", sum, blocks)
	}
	shop := tables(t, sample.Journey())
	for title, want := range map[string]bool{"Steps, rate-limited-10/s": true, "Outside of iterations, rate-limited-10/s": false} {
		table := shop[title]
		if len(table.Rows) == 0 || (table.Columns[len(table.Columns)-1].Name == "share") != want {
			t.Errorf("%s: %+v", title, table.Columns)
		}
	}
}

// Calls, errors and hops are the sums over the repetitions.
func TestCountsOfSteps(t *testing.T) {
	run := sample.Journey()
	calls, failed, hops := map[string]int64{}, map[string]int64{}, map[string]int64{}
	for _, trial := range run.Trials {
		if trial.Mode != "rate-limited-40/s" {
			continue
		}
		for _, s := range trial.Steps {
			name := s.Path[strings.LastIndex(s.Path, "buy/")+1:]
			if name = strings.Repeat("· ", strings.Count(s.Path, "buy/")) + s.Name; !strings.HasPrefix(s.Path, "buy") {
				continue
			}
			calls[name] += s.Started
			failed[name] += s.Failed()
			hops[name] += s.Hops
		}
	}
	table := tables(t, run)["Steps, rate-limited-40/s"]
	for head, want := range map[string]map[string]int64{"calls": calls, "errors": failed, "hops": hops} {
		got := cells(t, table, head)
		if len(want) != 4 {
			t.Fatalf("there are %v", want)
		}
		for name, n := range want {
			if got[name] != fmt.Sprint(n) {
				t.Errorf("%s of %s: %s, want %d", head, name, got[name], n)
			}
		}
	}
}

// Many steps are folded to those that take the most time, with their blocks,
// and how much the others take is said.
func TestManySteps(t *testing.T) {
	run := sample.Steps(1000)
	table := tables(t, run)["Steps"]
	if len(table.Rows) < 25 || len(table.Rows) > 31 {
		t.Errorf("%d rows", len(table.Rows))
	}
	longest, shown := 0.0, false
	for _, s := range run.Trials[0].Steps {
		if s.Kind != "" && s.Response.MeanS > longest {
			longest, shown = s.Response.MeanS, false
			for _, row := range table.Rows {
				shown = shown || row[0].Text == "· "+s.Name
			}
		}
	}
	if !shown {
		t.Error("the longest step is not there")
	}
	for i, row := range table.Rows[1:] {
		if strings.HasPrefix(row[0].Text, "· ") && i == 0 {
			t.Errorf("%s stands without its block", row[0].Text)
		}
	}
	if len(table.Remarks) == 0 || !strings.Contains(strings.Join(table.Remarks, " "), "more steps that take 9") {
		t.Errorf("says %q", table.Remarks)
	}
}

// A bar begins and ends where the step does, at the median, on an axis that
// pauses are part of; a step that is called several times says so.
func TestWaterfalls(t *testing.T) {
	v, err := view.New(sample.Journey())
	if err != nil {
		t.Fatal(err)
	}
	all := v.Sections[0].Scenario.Waterfalls([]string{"rate-limited-10/s"}, 40)
	if len(all) != 1 || all[0].Mode != "rate-limited-10/s" || all[0].Left != "" {
		t.Fatalf("%+v", all)
	}
	bars := map[string]view.StepBar{}
	for _, b := range all[0].Bars {
		bars[b.Name] = b
	}
	product, buy, pay := bars["· GET /products/${id} ×3"], bars["buy"], bars["· pay"]
	switch {
	case len(bars) != 7:
		t.Errorf("%d bars: %+v", len(bars), bars)
	case product.LengthS > 0.05 || product.EarlyS > 0.15 || product.LateS < 1:
		t.Errorf("a product takes %v s, 9 of 10 begin from %v to %v s", product.LengthS, product.EarlyS, product.LateS)
	case buy.Part != view.OfBlock || pay.Part != view.OfCall || bars["iteration"].Part != view.OfAll:
		t.Errorf("parts: %+v", bars)
	case pay.BeginS < buy.BeginS+0.2 || math.Abs(pay.EndS()-buy.EndS()) > 0.1:
		t.Errorf("buying is from %v to %v s, paying, its last step, from %v to %v s", buy.BeginS, buy.EndS(), pay.BeginS, pay.EndS())
	}
	few := v.Sections[0].Scenario.Waterfalls([]string{"rate-limited-10/s", "rate-limited-40/s"}, 6)
	if len(few) != 2 || len(few[0].Bars) != 7 || few[0].Left != "" { // six, and the whole
		t.Errorf("%d bars, and says %q", len(few[0].Bars), few[0].Left)
	}
}

// A step that never succeeded has no bar, and is told by its name; of many, how many.
func TestWaterfallsTellWhatNeverSucceeded(t *testing.T) {
	for failing, want := range map[string]string{
		"":        "",
		"buy/pay": "Without what never succeeded: pay.",
	} {
		run := sample.Journey()
		for i := range run.Trials {
			for j := range run.Trials[i].Steps {
				if step := &run.Trials[i].Steps[j]; step.Path == failing {
					step.OK = 0
				}
			}
		}
		all := of(t, run).Sections[0].Scenario.Waterfalls([]string{"rate-limited-10/s"}, 40)
		bars := slices.ContainsFunc(all[0].Bars, func(b view.StepBar) bool { return strings.HasSuffix(b.Name, "pay") })
		if all[0].Left != want || bars == (failing != "") {
			t.Errorf("without a success of %q: says %q, has its bar: %v", failing, all[0].Left, bars)
		}
	}
	steps := sample.Steps(9)
	for i := range steps.Trials {
		for j := range steps.Trials[i].Steps {
			steps.Trials[i].Steps[j].OK = 0
		}
	}
	scenario := of(t, steps).Sections[0].Scenario
	if all := scenario.Waterfalls([]string{scenario.Stepped[0].Mode}, 40); len(all) != 1 || !strings.HasPrefix(all[0].Left, "Without ") || !strings.HasSuffix(all[0].Left, " steps that never succeeded.") {
		t.Errorf("of many steps: %+v", all)
	}
}

// Where iterations are counted nothing speaks of calls that are none.
func TestIterationsAreCalledSo(t *testing.T) {
	v, err := view.New(sample.Journey())
	if err != nil {
		t.Fatal(err)
	}
	sec := v.Sections[0]
	var said []string
	for _, n := range append(v.Answer, sec.Notes...) {
		said = append(said, n.Text)
	}
	for _, table := range sec.Tables {
		if !strings.HasPrefix(table.Title, "Steps") && !strings.HasPrefix(table.Title, "Outside") {
			said = append(append(said, table.Notes...), table.Remarks...)
			for _, c := range table.Columns {
				said = append(said, c.Name, c.Unit)
			}
		}
	}
	for _, text := range said {
		if strings.Contains(text, "call") || text == "/s" {
			t.Errorf("says %q", text)
		}
	}
	if all := strings.Join(said, "\n"); !strings.Contains(all, "% of iterations failed") || !strings.Contains(all, "it/s") {
		t.Errorf("says\n%s", all)
	}
}

// A CSV file has all steps of each trial and of all repetitions, in as many
// columns as its head, and what they add up to.
func TestRecordsOfSteps(t *testing.T) {
	run := sample.Journey()
	for _, o := range []view.Options{{}, {Confidence: true}} {
		v, err := o.View(run)
		if err != nil {
			t.Fatal(err)
		}
		records, err := v.LatencyRecords()
		if err != nil {
			t.Fatal(err)
		}
		at := map[string]int{}
		for i, name := range records[0] {
			if _, twice := at[name]; twice {
				t.Fatalf("two columns are called %s", name)
			}
			at[name] = i
		}
		started, recorded := map[string]map[string]int{}, 0
		for _, row := range records[1:] {
			if len(row) != len(records[0]) {
				t.Fatalf("%d fields, %d columns: %q", len(row), len(records[0]), row)
			}
			if row[at["record"]] != "" {
				recorded++
				continue
			}
			key := row[at["mode"]] + " " + row[at["step"]]
			if started[key] == nil {
				started[key] = map[string]int{}
			}
			n := 0
			if _, err := fmt.Sscan(row[at["started"]], &n); err != nil {
				t.Fatal(err)
			}
			started[key][row[at["repeat"]]] += n
			if isStep := row[at["step"]] != ""; isStep != (row[at["unit"]] != "iteration") || isStep != (row[at["begin_p50_s"]] != "") {
				t.Errorf("%s counts %ss and begins after %s s", key, row[at["unit"]], row[at["begin_p50_s"]])
			}
		}
		if len(started) != 2*8 || recorded != 2*3 {
			t.Errorf("%d places, %d rows of recorded numbers", len(started), recorded)
		}
		for key, n := range started {
			if n["1"]+n["2"] != n["merged"] || n["1"] == 0 {
				t.Errorf("%s: %v", key, n)
			}
		}
	}
}
