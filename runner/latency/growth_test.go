package latency

import (
	"testing"
	"time"
)

// Values that spread bit by bit, upwards or downwards, have a histogram make room a
// few times: it must not be copied for each stretch of some buckets.
func TestRoomIsMadeAFewTimes(t *testing.T) {
	for name, value := range map[string]func(i int) time.Duration{
		"upwards":   func(i int) time.Duration { return time.Duration(i) * time.Microsecond },
		"downwards": func(i int) time.Duration { return time.Duration(100_000-i) * time.Microsecond },
	} {
		made := testing.AllocsPerRun(1, func() {
			h := New(Fine)
			for i := range 100_000 {
				h.Record(value(i))
			}
		})
		if made > 30 { // 8,000 buckets and more
			t.Errorf("%s: room was made %v times", name, made)
		}
	}
}
