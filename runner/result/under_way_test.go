package result

import (
	"strings"
	"testing"
)

// A trial that is under way has no calls yet, and only in a run without an end
// is one.
func TestWhatIsUnderWayHasNoCalls(t *testing.T) {
	for says, spoil := range map[string]func(*Run){
		"":                     func(*Run) {},
		"has calls but no end": func(r *Run) { r.UnderWay.Scheduled, r.UnderWay.Dropped = 1, 1 },
		"only the last of a run that has not ended": func(r *Run) { r.Exit = 0 },
	} {
		run := &Run{Format: Format, Exit: UnderWay, UnderWay: &Trial{Scenario: "s", Mode: "m", Requests: 1}}
		spoil(run)
		if err := run.Check(); (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
}
