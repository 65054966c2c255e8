package view

import (
	"testing"

	"plimsoll/report/compare"
	"plimsoll/runner/result"
)

// A change is told in percent with its sign, and what there is not is no 0.
func TestChangesAreSignedPercents(t *testing.T) {
	for ratio, want := range map[float64]string{1.172: "+17.2 %", 0.95: "-5.0 %", 1: "0.0 %", 1.00001: "0.0 %", 0.99999: "0.0 %", 12: "+1,100 %", 0.5: "-50.0 %"} {
		ch := compare.Change{Metric: compare.P99, Change: &ratio, Low: &ratio, High: &ratio}
		if got, interval := changeTexts(&ch); got != want || interval != want+" … "+want {
			t.Errorf("%v is told as %s, %s", ratio, got, interval)
		}
	}
	points := 0.0123
	if got, _ := changeTexts(&compare.Change{Metric: compare.Errors, Change: &points, Low: &points, High: &points}); got != "+1.23 pp" {
		t.Errorf("%s", got)
	}
}

// Where nothing succeeded there is no response time, and places come in the
// sweep's order, whatever the file's is.
func TestComparedPlaces(t *testing.T) {
	at := func(n int) compare.Place {
		return compare.Place{Scenario: "s", Mode: "m", Point: result.Point{Requests: n}}
	}
	section := comparedSection(&compare.Comparison{}, []compare.Change{
		{Place: at(100), Metric: compare.P99, Current: 0.02, NoBaseline: true, Verdict: compare.CannotTell},
		{Place: at(5), Metric: compare.P99, Baseline: 0.01, NoCurrent: true, Verdict: compare.CannotTell},
	})
	var got [][3]string
	for _, row := range section.Tables[0].Rows {
		got = append(got, [3]string{row[0].Text, row[3].Text, row[4].Text})
	}
	if len(got) != 2 || got[0] != [3]string{"5", "10.00 ms", None} || got[1] != [3]string{"100", None, "20.00 ms"} {
		t.Errorf("%q", got)
	}
}
