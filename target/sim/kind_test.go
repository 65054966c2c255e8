package sim

import (
	"testing"
	"time"

	"plimsoll/target/delay"
	"plimsoll/target/quantity"
)

// How many calls fit into a quota's time depends on the shortest of them, and
// calls that fail may be shorter than the others, or longer.
func TestQuotasAreMetByTheShortestCalls(t *testing.T) {
	const quota = "a call over the quota fails at once"
	ms := func(n time.Duration) *time.Duration { d := n * time.Millisecond; return &d }
	for _, c := range []struct {
		share float64
		after *time.Duration
		n     int64
		want  string
	}{
		{0, nil, 50, ""}, // 11 calls of 10 ms within 100 ms
		{0.5, ms(1), 50, quota},
		{0.5, ms(1), 101, ""},
		{0.5, ms(50), 50, ""},
		{0.5, ms(50), 10, quota},
		{0.5, nil, 50, ""},
		{0, ms(1), 50, ""},
	} {
		model := &Settings{
			Delay:  delay.Of(10 * time.Millisecond),
			Errors: Errors{Rate: c.share, Kind: Reset, After: c.after},
			Quota:  quantity.Rate{N: c.n, Per: 100 * time.Millisecond},
		}
		if got := model.AtOnce(1); got != c.want {
			t.Errorf("%+v, a quota of %d: %q, want %q", model.Errors, c.n, got, c.want)
		}
	}
}
