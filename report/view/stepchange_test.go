package view_test

import (
	"slices"
	"strings"
	"testing"

	"plimsoll/report/compare"
	"plimsoll/report/sample"
	"plimsoll/report/view"
)

// What got worse in a step is told by its name, first of all; of many figures
// those are left out that are as they were, and counted.
func TestChangesOfSteps(t *testing.T) {
	c, err := compare.Runs(sample.Journey(), sample.SlowJourney(), compare.Options{})
	if err != nil {
		t.Fatal(err)
	}
	v := view.NewComparison(c)
	if got := v.Answer[0].Text; !strings.Contains(got, "figures worse (buy/pay: p50 +50.0 %") {
		t.Errorf("says %s", got)
	}
	if len(v.Sections) != 1 {
		t.Fatalf("%d sections of one scenario", len(v.Sections))
	}
	table := v.Sections[0].Tables[0]
	column := func(name string) int {
		return slices.IndexFunc(table.Columns, func(c view.Column) bool { return c.Name == name })
	}
	metric, verdict, left := column("metric"), column("verdict"), 0
	worse := map[string]string{}
	for _, row := range table.Rows {
		if row[0].Text == "rate-limited-40/s" {
			worse[row[metric].Text] = row[verdict].Text
		}
		if strings.Contains(row[metric].Text, ": ") && row[verdict].Text == string(compare.NoChange) {
			left++
		}
	}
	if worse["buy/pay: p99"] != "worse" || worse["p99"] != "worse" || worse["buy/search: p50"] != "" || left > 0 {
		t.Errorf("verdicts are %q", worse)
	}
	if len(table.Remarks) != 1 || table.Remarks[0] != "without more figures of steps: 20 no change: --format json has all" {
		t.Errorf("says %q", table.Remarks)
	}
	for _, row := range table.Rows {
		if row[metric].Text == "throughput" && !strings.HasSuffix(row[column("baseline")].Text, " it/s") {
			t.Errorf("throughput was %s", row[column("baseline")].Text)
		}
	}
	var names []string
	for _, check := range view.Checks(c, false) {
		names = append(names, check.Name)
	}
	if !slices.Contains(names, "rate-limited-40/s buy/pay: p99") || len(names) != len(c.Changes) {
		t.Errorf("checks are %q", names)
	}
	slices.Sort(names)
	if len(slices.Compact(names)) != len(c.Changes) {
		t.Error("two checks have one name")
	}
}
