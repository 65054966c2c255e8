package view

import (
	"testing"

	"plimsoll/report/compare"
	"plimsoll/report/sample"
	"plimsoll/runner/result"
)

// The command to carry a run out again is one that a shell takes, and of what was carried
// out; there is none where no file was.
func TestAgain(t *testing.T) {
	for _, c := range []struct {
		name string
		only []string
		want string
	}{
		{"shop.yaml", nil, "plimsoll run shop.yaml --seed 7"},
		{"my shop's.yaml", nil, `plimsoll run 'my shop'\''s.yaml' --seed 7`},
		{"$(reboot).yaml", nil, "plimsoll run '$(reboot).yaml' --seed 7"},
		{"a;b.yaml", nil, "plimsoll run 'a;b.yaml' --seed 7"},
		{"-x.yaml", nil, "plimsoll run ./-x.yaml --seed 7"},
		{"shop.yaml", []string{"steady", "at noon"}, "plimsoll run shop.yaml --only steady --only 'at noon' --seed 7"},
		{"stdin", nil, ""},
		{"bench", nil, ""},
	} {
		got := ""
		for _, f := range again(&result.Run{Seed: 7, Only: c.only, File: result.File{Name: c.name}}) {
			got = f.Text
		}
		if got != c.want {
			t.Errorf("of %s: %q, want %q", c.name, got, c.want)
		}
	}
}

// A run that is worse than its base says so at its head, unless it is itself no good: then
// that stands there.
func TestTheHeadOfAComparison(t *testing.T) {
	worse, err := compare.Runs(sample.Journey(), sample.SlowJourney(), compare.Options{})
	if err != nil {
		t.Fatal(err)
	}
	same, err := compare.Runs(sample.Journey(), sample.Journey(), compare.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		exit result.Exit
		of   *compare.Comparison
		want string
	}{
		{0, worse, "worse than the base"}, {0, same, "read the remarks"}, {1, worse, "failed"}, {2, worse, "not comparable"},
		{3, worse, "not valid"}, {130, worse, "interrupted"},
	} {
		run := sample.SlowJourney()
		run.Exit = c.exit
		p, err := Options{}.Page(run, Against{Comparison: c.of})
		if err != nil {
			t.Fatal(err)
		}
		if p.Verdict.Text != c.want {
			t.Errorf("a run that ended with %d: %q, want %q", c.exit, p.Verdict.Text, c.want)
		}
	}
}
