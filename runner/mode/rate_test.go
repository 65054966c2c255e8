package mode

import (
	"math"
	"testing"
	"time"

	"plimsoll/target/quantity"
)

// The rate that is asked for is the line of the stages, between them, too; behind the
// last of them nothing is asked.
func TestRateAt(t *testing.T) {
	per := func(n int64) quantity.Rate { return quantity.Rate{N: n, Per: time.Second} }
	staged := Open{Start: per(20), Stages: []Stage[quantity.Rate]{
		{Target: per(100), Duration: 10 * time.Second}, {Target: per(50), Duration: 0}, {Target: per(50), Duration: 5 * time.Second}, {Duration: time.Second},
	}}
	for _, c := range []struct {
		open Open
		at   time.Duration
		want float64
	}{
		{Open{Rate: quantity.Rate{N: 5, Per: 2 * time.Second}}, time.Hour, 2.5},
		{staged, 0, 20}, {staged, 5 * time.Second, 60}, {staged, 10 * time.Second, 50}, {staged, 12 * time.Second, 50},
		{staged, 15500 * time.Millisecond, 25}, {staged, 16 * time.Second, 0}, {staged, time.Hour, 0},
	} {
		if got := c.open.RateAt(c.at); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("after %v: %v a second, want %v", c.at, got, c.want)
		}
	}
}
