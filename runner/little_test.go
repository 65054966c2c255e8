package runner

import (
	"strings"
	"testing"

	"plimsoll/runner/result"
)

// A trial that contradicts itself is told; so is by which record.
func TestBrokenRecordsAreTold(t *testing.T) {
	sound := func() *result.Trial {
		// Two calls at once for 2 s and an error of 1 s that was held for 0.5 s.
		return &result.Trial{
			MakespanS: 2.5, InFlightMean: 2,
			Measure: result.Measure{
				Started: 3, OK: 2, Errors: map[string]result.Error{"timeout": {Count: 1}},
				Response: result.Dist{Count: 2, MeanS: 2}, Service: result.Dist{Count: 2, MeanS: 2}, ErrorResponse: result.Dist{Count: 1, MeanS: 1.5},
				Held: result.Dist{Count: 3, MeanS: 0.5 / 3}, Lateness: result.Dist{Count: 3},
				Timeline: []result.Window{{WidthS: 2, InFlightMean: 2.25}, {AtS: 2, WidthS: 2, InFlightMean: 0.25}},
			},
		}
	}
	for _, c := range []struct {
		name  string
		spoil func(*result.Trial)
		says  string
	}{
		{"sound", func(*result.Trial) {}, ""},
		{"the sum", func(t *result.Trial) { t.InFlightMean *= 1.001 }, "by the timeline"},
		{"the timeline", func(t *result.Trial) { t.Timeline[1].InFlightMean = 0.26 }, "by the timeline it was 2.008"},
		{"service", func(t *result.Trial) { t.Service.MeanS = 1.9 }, ""}, // its error is the waiting's: the sum is the same
		{"errors", func(t *result.Trial) { t.ErrorResponse.MeanS = 1.6 }, "by the distributions it was 2.04"},
		{"held", func(t *result.Trial) { t.Held.MeanS = 0 }, "by the distributions it was 2.2"},
		{"held and cancelled", func(t *result.Trial) { t.Held.MeanS, t.Cancelled = 0, 1 }, ""},
		{"longer than an hour", func(t *result.Trial) { t.Response.MaxS, t.Held.MeanS = 3600, 0 }, "by the distributions it was 2.2"},
	} {
		trial := sound()
		c.spoil(trial)
		checkLittle(trial)
		got := strings.Join(trial.Warnings, "\n")
		if c.says == "" && got != "" || !strings.Contains(got, c.says) {
			t.Errorf("%s: %q, want %q", c.name, got, c.says)
		}
	}
}
